import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createLookupGate } from './lookup-gate.ts';

describe('look-up gate', () => {
  it('never lets more than its number run, lets everybody in in the end, and passes errors on', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.scheduler(),
        fc.integer({ min: 1, max: 4 }),
        fc.array(fc.boolean(), { maxLength: 20 }),
        async (scheduler, width, works) => {
          const gate = createLookupGate({ running: width, waiting: 100 });
          let running = 0;
          let most = 0;

          const settled = Promise.allSettled(
            works.map((fails, number) =>
              gate(async () => {
                running += 1;
                most = Math.max(most, running);
                await scheduler.schedule(Promise.resolve());
                running -= 1;
                if (fails) throw new Error(`work ${number}`);
                return number;
              }),
            ),
          );
          await scheduler.waitFor(settled);

          expect(most).toBe(Math.min(width, works.length));
          expect((await settled).map(({ status }) => status)).toEqual(
            works.map((fails) => (fails ? 'rejected' : 'fulfilled')),
          );
        },
      ),
    );
  });

  it('turns away who would make the line too long, and says when to come back', async () => {
    const gate = createLookupGate({ running: 1, waiting: 1 });
    let finish = () => {};
    const first = gate(() => new Promise<void>((resolve) => (finish = resolve)));
    const second = gate(async () => 'second');

    await expect(gate(async () => 'third')).rejects.toMatchObject({ code: 'unavailable', retryAfterMs: 1000 });

    finish();
    await first;
    expect(await second).toBe('second');
    expect(await gate(async () => 'fourth')).toBe('fourth');
  });
});

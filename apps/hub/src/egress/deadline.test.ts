import { createFakeClock } from '@inthub/testing';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createDeadlineWatch } from './deadline.ts';

it('wakes each entry once its time has come, never before, with one timer', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ afterMs: fc.integer({ min: 0, max: 500 }), done: fc.boolean() }), {
        minLength: 1,
        maxLength: 20,
      }),
      async (plans) => {
        const clock = createFakeClock();
        const watch = createDeadlineWatch(clock);
        const woken: number[] = [];
        plans.forEach(({ afterMs, done }, index) => {
          const entry = {
            dueMs: afterMs,
            onDue(nowMs: number) {
              expect(nowMs).toBeGreaterThanOrEqual(afterMs);
              woken.push(index);
              watch.remove(entry);
            },
          };
          watch.add(entry);
          if (done) watch.remove(entry);
          expect(clock.sleeping).toBeLessThanOrEqual(1);
        });

        await clock.advance(500);

        expect([...woken].sort()).toEqual(plans.flatMap(({ done }, index) => (done ? [] : [index])).sort());
        watch.close();
        expect(clock.sleeping).toBe(0);
      },
    ),
    { numRuns: 50 },
  );
});

it('follows an entry whose time moves, later by itself and earlier when added again', async () => {
  const clock = createFakeClock();
  const watch = createDeadlineWatch(clock);
  const wakings: number[] = [];
  const entry = {
    dueMs: 100,
    onDue(nowMs: number) {
      wakings.push(nowMs);
      watch.remove(entry);
    },
  };
  watch.add(entry);
  entry.dueMs = 300;
  await clock.advance(200);
  expect(wakings).toEqual([]);

  entry.dueMs = 250;
  watch.add(entry);
  await clock.advance(50);

  expect(wakings).toEqual([250]);
});

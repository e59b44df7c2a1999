import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createFakeClock } from './fake-clock.ts';

describe('createFakeClock', () => {
  it('stands still until advanced', async () => {
    const clock = createFakeClock('2026-03-01T00:00:00Z');
    let woken = false;
    void clock.sleep(1000).then(() => {
      woken = true;
    });

    await clock.advance(999);
    expect([woken, clock.sleeping, clock.nextDueMs]).toEqual([false, 1, 1]);

    await clock.advance(1);
    expect([woken, clock.sleeping, clock.nextDueMs]).toEqual([true, 0, undefined]);
    expect(clock.now().toISOString()).toBe('2026-03-01T00:00:01.000Z');
    expect(clock.monotonicMs()).toBe(1000);
  });

  it('lets a loop of sleeps run through in one advance, each step at its own time', async () => {
    const clock = createFakeClock();
    const seen: number[] = [];
    const loop = (async () => {
      for (const ms of [1000, 2000, 4000]) {
        await clock.sleep(ms);
        seen.push(clock.monotonicMs());
      }
    })();

    await clock.advance(10_000);
    await loop;

    expect(seen).toEqual([1000, 3000, 7000]);
    expect(clock.sleeps).toEqual([1000, 2000, 4000]);
    expect(clock.monotonicMs()).toBe(10_000);
  });

  it('rejects a sleeper with the reason of its signal, and does not wake it again', async () => {
    const clock = createFakeClock();
    const abort = new AbortController();
    const sleeping = clock.sleep(1000, abort.signal);
    const other = clock.sleep(1000);

    abort.abort(new Error('shutting down'));

    await expect(sleeping).rejects.toThrow('shutting down');
    await expect(clock.sleep(5, abort.signal)).rejects.toThrow('shutting down');
    expect(clock.sleeping).toBe(1);
    await clock.advance(1000);
    await other;
  });

  it('refuses to go back, and dates that are none', async () => {
    await expect(createFakeClock().advance(-1)).rejects.toThrow(RangeError);
    await expect(createFakeClock().advance(Number.NaN)).rejects.toThrow(RangeError);
    expect(() => createFakeClock('yesterday')).toThrow(RangeError);
  });

  it('wakes any sleepers in order of due time, then of call', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 0, max: 50 }), { maxLength: 20 }),
        fc.array(fc.integer({ min: 0, max: 30 }), { maxLength: 5 }),
        async (delays, steps) => {
          const clock = createFakeClock();
          const woken: { delay: number; call: number; at: number }[] = [];
          for (const [call, delay] of delays.entries())
            void clock.sleep(delay).then(() => woken.push({ delay, call, at: clock.monotonicMs() }));

          for (const step of steps) await clock.advance(step);

          const total = steps.reduce((sum, step) => sum + step, 0);
          const expected =
            steps.length === 0
              ? []
              : [...delays.entries()]
                  .map(([call, delay]) => ({ delay, call, at: delay }))
                  .filter(({ delay }) => delay <= total);
          expect(woken).toEqual(expected.sort((a, b) => a.delay - b.delay || a.call - b.call));
        },
      ),
    );
  });
});

import { createFakeClock } from '@inthub/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { arrivalsPerMinute, createArrivalLimit } from './arrival-limit.ts';

describe('arrival limit', () => {
  it('lets a minute’s limit through at once, then as many as refill, and says when the next may come', async () => {
    const clock = createFakeClock();
    const limit = createArrivalLimit(clock);
    const take = () => limit.take('noisy', 60);

    expect(Array.from({ length: 60 }, take)).toEqual(Array.from({ length: 60 }, () => 0));
    expect(take()).toBe(1_000);
    await clock.advance(400);
    expect(take()).toBe(600);
    await clock.advance(600);
    expect([take(), take()]).toEqual([0, 1_000]);
    expect(limit.take('quiet', 60)).toBe(0);
  });

  it('never lets one integration fill more than half of the queue at once, however high its limit', () => {
    const limit = createArrivalLimit(createFakeClock());

    let taken = 0;
    while (limit.take('noisy', 1_000_000) === 0) taken += 1;

    expect(taken).toBe(5_000);
  });

  it('goes by a limit that was changed', async () => {
    const clock = createFakeClock();
    const limit = createArrivalLimit(clock);
    while (limit.take('x', 600) === 0);

    expect(limit.take('x', 60)).toBe(1_000);
    await clock.advance(1_000);
    expect(limit.take('x', 60)).toBe(0);
    expect(limit.take('x', 600)).toBe(100);
  });

  it('lets no more through in any time than the bucket and what refills, and who waits as told passes', async () => {
    const arrivals = fc.array(fc.record({ waitMs: fc.integer({ min: 0, max: 5_000 }), obey: fc.boolean() }), {
      maxLength: 300,
    });
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 600 }), arrivals, async (perMinute, steps) => {
        const clock = createFakeClock();
        const limit = createArrivalLimit(clock);
        const startMs = clock.monotonicMs();
        let taken = 0;
        for (const { waitMs, obey } of steps) {
          const retryMs = limit.take('x', perMinute);
          if (retryMs === 0) taken += 1;
          else if (obey) {
            await clock.advance(retryMs);
            expect(limit.take('x', perMinute)).toBe(0);
            taken += 1;
          }
          await clock.advance(waitMs / 10);
          const passedMs = clock.monotonicMs() - startMs;
          expect(taken).toBeLessThanOrEqual(perMinute + (passedMs * perMinute) / 60_000 + 1e-6);
        }
      }),
      { numRuns: 50 },
    );
  });
});

it('an integration’s own limit wins over its connector’s pace, and that over the default', () => {
  expect(arrivalsPerMinute({ webhooksPerMinute: 5 }, { webhooksPerMinute: 7 })).toBe(5);
  expect(arrivalsPerMinute({ requestsPerMinute: 5 }, { webhooksPerMinute: 7 })).toBe(7);
  expect(arrivalsPerMinute({}, undefined)).toBe(30_000);
});

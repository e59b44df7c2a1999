import { type IntegrationStatus, integrationStatuses } from '@inthub/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { defaultTiming, nextCheckIn } from './check-timing.ts';

describe('time until the next check', () => {
  it.each([
    ['active', 60_000],
    ['degraded', 60_000],
    ['failed', 300_000],
    ['pending_verification', 300_000],
    ['draft', null],
    ['paused', null],
    ['uninstalling', null],
    ['uninstalled', null],
  ] as const)('%s: %s ms in the middle of the jitter', (status, expected) => {
    expect(nextCheckIn(status, defaultTiming, 0.5)).toBe(expected);
  });

  it('stays within 20 % of the wait, and reaches both ends', () => {
    const random = fc.double({ min: 0, max: 0.999999, noNaN: true });
    fc.assert(
      fc.property(fc.constantFrom<IntegrationStatus>(...integrationStatuses), random, (status, value) => {
        const middle = nextCheckIn(status, defaultTiming, 0.5);
        const wait = nextCheckIn(status, defaultTiming, value);
        if (middle === null) return wait === null;
        return wait !== null && wait >= middle * 0.8 - 1 && wait <= middle * 1.2 + 1;
      }),
    );
    expect(nextCheckIn('active', defaultTiming, 0)).toBe(48_000);
    expect(nextCheckIn('active', defaultTiming, 0.999999)).toBe(72_000);
  });
});

import { createFakeClock } from '@inthub/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { requireDuration, requireMoment } from './times.ts';

const clock = createFakeClock(new Date('2026-11-21T10:15:30.000Z'));

describe('requireMoment', () => {
  it.each([
    ['24h', 'ago', '2026-11-20T10:15:30.000Z'],
    ['7d', 'ahead', '2026-11-28T10:15:30.000Z'],
    ['2026-11-21', 'ago', '2026-11-21T00:00:00.000Z'],
    ['2026-11-21T10:15:00+02:00', 'ago', '2026-11-21T08:15:00.000Z'],
    ['2026-11-21 10:15:00Z', 'ago', '2026-11-21T10:15:00.000Z'],
  ] as const)('reads %s (%s)', (text, direction, expected) => {
    expect(requireMoment('--since', text, clock, direction)).toBe(expected);
  });

  it.each(['', 'yesterday', '7', '2026', '2026-13-01', '2026-02-30', '21.11.2026', '999999999d', '-1h', '1h30m'])(
    'refuses %j',
    (text) => {
      expect(() => requireMoment('--since', text, clock, 'ago')).toThrow(`--since "${text}" is not a time.`);
    },
  );

  it('takes back what it gives', () => {
    fc.assert(
      fc.property(fc.date({ min: new Date(0), max: new Date('9999-12-31T00:00:00Z'), noInvalidDate: true }), (date) => {
        expect(requireMoment('--since', date.toISOString(), clock, 'ago')).toBe(date.toISOString());
      }),
    );
  });
});

describe('requireDuration', () => {
  it('knows its units', () => {
    expect(['250ms', '30s', '5m', '2h', '1d'].map((text) => requireDuration('--timeout', text))).toEqual([
      250, 30_000, 300_000, 7_200_000, 86_400_000,
    ]);
  });

  it.each(['30', '0s', '1.5s', '-1s', '1w', ''])('refuses %j', (text) => {
    expect(() => requireDuration('--timeout', text)).toThrow('is not a duration');
  });
});

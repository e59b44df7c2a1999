import { createId, HubError, isId } from '@inthub/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mergeHeaders } from './custom-headers.ts';
import { deliveryIdOf } from './delivery-id.ts';
import { refill, roomOf } from './pacing.ts';

describe('delivery id', () => {
  it('is the same for the same event and subscription, another for any other, and sorts as events do', () => {
    const [event, other, a, b] = [createId<string>(), createId<string>(), createId<string>(), createId<string>()];
    const id = deliveryIdOf(event, a);

    expect(isId(id)).toBe(true);
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(deliveryIdOf(event, a)).toBe(id);
    expect(new Set([id, deliveryIdOf(event, b), deliveryIdOf(other, a)]).size).toBe(3);
    expect(id.slice(0, 13)).toBe(event.slice(0, 13));
  });
});

describe('custom headers', () => {
  it('are merged in lower case, and null removes one', () => {
    expect(mergeHeaders({ 'x-a': '1', 'x-b': '2' }, { 'X-A': '3', 'x-b': null, Authorization: 'Bearer x' })).toEqual({
      'x-a': '3',
      authorization: 'Bearer x',
    });
  });

  it.each([
    ['Host', 'x'],
    ['webhook-signature', 'x'],
    ['X-Forwarded-For', 'x'],
    ['bad name', 'x'],
    ['x-break', 'a\r\nb'],
  ])('refuse %s, without repeating the value', (name, value) => {
    expect(() => mergeHeaders({}, { [name]: value })).toThrowError(HubError);
  });
});

describe('pacing', () => {
  it('never lets more pass than the rate and a second’s worth', () => {
    const steps = fc.array(
      fc.record({ waitMs: fc.integer({ min: 0, max: 500 }), wanted: fc.integer({ min: 0, max: 50 }) }),
    );
    fc.assert(
      fc.property(steps, fc.integer({ min: 1, max: 100 }), (given, perSecond) => {
        let [tokens, elapsedMs, passed] = [0, 0, 0];
        for (const { waitMs, wanted } of given) {
          elapsedMs += waitMs;
          tokens = refill(tokens, perSecond, waitMs);
          const take = Math.min(wanted, roomOf({ concurrency: 1_000, leased: 0, tokens, failing: false }));
          tokens -= take;
          passed += take;
        }
        expect(passed).toBeLessThanOrEqual(perSecond + (perSecond * elapsedMs) / 1000 + 1);
      }),
    );
  });

  it('leaves a failing endpoint one probe, and nobody more than twice its concurrency', () => {
    const room = { concurrency: 4, tokens: undefined };
    expect(roomOf({ ...room, leased: 0, failing: true })).toBe(1);
    expect(roomOf({ ...room, leased: 1, failing: true })).toBe(0);
    expect(roomOf({ ...room, leased: 5, failing: false })).toBe(3);
    expect(roomOf({ ...room, leased: 9, failing: false })).toBe(0);
  });
});

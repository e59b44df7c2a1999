import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { applyMove, type BudgetMove } from './budget-authority.ts';

const none: BudgetMove = { budgetId: 'b', windowStartMs: 0, spent: 0, deficit: 0, giveBack: 0, need: 0, want: 0 };

describe('applyMove', () => {
  it('gives what is needed and a small part of the rest, or nothing', () => {
    const full = { limit: 1_000, charged: 0, used: 0 };

    expect(applyMove(full, { ...none, need: 1, want: 500 })).toEqual({
      granted: 16,
      count: { limit: 1_000, charged: 16, used: 0 },
    });
    expect(applyMove({ ...full, charged: 990 }, { ...none, need: 10, want: 500 }).granted).toBe(10);
    expect(applyMove({ ...full, charged: 991 }, { ...none, need: 10, want: 500 })).toEqual({
      granted: 0,
      count: { limit: 1_000, charged: 991, used: 0 },
    });
  });

  it('never grants beyond the limit, whatever replicas tell', () => {
    const amount = fc.integer({ min: 0, max: 2_000 });
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5_000 }),
        fc.array(fc.record({ need: amount, want: amount, useOfIt: fc.double({ min: 0, max: 1, noNaN: true }) }), {
          maxLength: 60,
        }),
        (limit, calls) => {
          let count = { limit, charged: 0, used: 0 };
          for (const { need, want, useOfIt } of calls) {
            const drawn = applyMove(count, { ...none, need, want });
            expect(drawn.count.charged).toBeLessThanOrEqual(limit);
            const spent = Math.floor(drawn.granted * useOfIt);
            count = applyMove(drawn.count, { ...none, spent, giveBack: drawn.granted - spent }).count;
          }
          // All is given back or used: nothing is lost on the way.
          expect(count.charged).toBe(count.used);
          expect(count.used).toBeLessThanOrEqual(limit);
        },
      ),
    );
  });

  it('books what was used beyond what was drawn, also beyond the limit', () => {
    const { count } = applyMove({ limit: 100, charged: 90, used: 80 }, { ...none, spent: 50, deficit: 40 });

    expect(count).toEqual({ limit: 100, charged: 130, used: 130 });
    expect(applyMove(count, { ...none, need: 1 }).granted).toBe(0);
  });
});

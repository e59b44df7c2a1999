import type { ModelPrice } from '@inthub/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { costOfTokens, findModelPrice } from '../index.ts';

const price: ModelPrice = {
  model: 'm',
  currency: 'USD',
  inputPerMillion: '3',
  outputPerMillion: '15',
  cachedInputPerMillion: '0.3',
  cacheWritePerMillion: '3.75',
  cacheWrite1hPerMillion: '6',
  source: 'test',
  asOf: '2026-11-21',
};

describe('costOfTokens', () => {
  it.each([
    [{ inputTokens: 1000, outputTokens: 100 }, 4500],
    [{ inputTokens: 1000, outputTokens: 0, cachedInputTokens: 900 }, 570],
    [{ inputTokens: 1000, outputTokens: 0, cacheWriteTokens: 500, cacheWrite1hTokens: 200 }, 3825],
    [{ inputTokens: 0, outputTokens: 0 }, 0],
  ])('%j costs %d micro-units', (counts, amountMicros) => {
    expect(costOfTokens(counts, price)).toEqual({ amountMicros, currency: 'USD' });
  });

  it('is unknown, not 0, where the price does not cover what was used', () => {
    const { cachedInputPerMillion: _cached, ...uncached } = price;

    expect(costOfTokens({ inputTokens: 10, outputTokens: 1, cachedInputTokens: 1 }, uncached)).toBeNull();
    expect(costOfTokens({ inputTokens: 10, outputTokens: 1, cachedInputTokens: 0 }, uncached)).not.toBeNull();
    expect(costOfTokens({ inputTokens: 10, outputTokens: 1 }, { ...price, outputPerMillion: null })).toBeNull();
    expect(costOfTokens({ inputTokens: 11, outputTokens: 1 }, { ...price, upToInputTokens: 10 })).toBeNull();
  });

  it('rounds the exact sum once, half up, also where floating point would drift', () => {
    const decimal = fc.tuple(fc.nat(2_000), fc.nat(999_999)).map(([whole, part]) => [whole, part] as const);
    fc.assert(
      fc.property(
        fc.nat(2_000_000_000),
        fc.nat(2_000_000_000),
        decimal,
        decimal,
        (inputTokens, outputTokens, input, output) => {
          const text = ([whole, part]: readonly [number, number]) => `${whole}.${String(part).padStart(6, '0')}`;
          const micros = ([whole, part]: readonly [number, number]) => BigInt(whole) * 1_000_000n + BigInt(part);
          const exact = BigInt(inputTokens) * micros(input) + BigInt(outputTokens) * micros(output);

          const cost = costOfTokens(
            { inputTokens, outputTokens },
            { ...price, inputPerMillion: text(input), outputPerMillion: text(output) },
          );

          expect(BigInt(cost?.amountMicros ?? -1)).toBe((exact * 2n + 1_000_000n) / 2_000_000n);
        },
      ),
    );
  });
});

describe('findModelPrice', () => {
  const prices = ['gpt-9', 'gpt-9-2026-01-02', 'claude-x'].map((model) => ({ ...price, model }));

  it.each([
    [['gpt-9-2026-01-02', 'gpt-9'], 'gpt-9-2026-01-02'],
    [['gpt-9-2025-01-02'], 'gpt-9'],
    [['claude-x-20260102'], 'claude-x'],
    [['unknown', 'gpt-9'], 'gpt-9'],
    [['gpt-9-mini'], undefined],
  ])('%j has the price of %s', (names, model) => {
    expect(findModelPrice(prices, ...names)?.model).toBe(model);
  });

  it('has none without a table', () => {
    expect(findModelPrice(undefined, 'gpt-9')).toBeUndefined();
  });
});

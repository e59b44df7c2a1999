import type { ModelPrice, Money } from '@inthub/contracts';
import type { ModelDefinition } from './model-provider-schemas.ts';

/** What a provider counted of one call. `inputTokens` holds all input, cached or not. Null: it does not tell. */
export interface TokenCounts {
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly cachedInputTokens?: number | null;
  /** All that were written to a cache, those kept for an hour included. */
  readonly cacheWriteTokens?: number | null;
  readonly cacheWrite1hTokens?: number | null;
  readonly reasoningTokens?: number | null;
}

/** Date at the end of a snapshot's name: `gpt-4o-2024-08-06`, `claude-haiku-4-5-20251001`. */
const snapshotDate = /-(?:\d{8}|\d{4}-\d{2}-\d{2})$/;

/**
 * The price of a model by the name that answered, else the one that was asked for, else the name without its snapshot date. Undefined
 * when none of them has one.
 */
export function findModelPrice(
  prices: readonly ModelPrice[] | undefined,
  ...names: readonly string[]
): ModelPrice | undefined {
  if (prices === undefined || prices.length === 0) return undefined;
  const known = indexOf(prices);
  for (const name of names) {
    const price = known.get(name);
    if (price !== undefined) return price;
  }
  for (const name of names) {
    const undated = name.replace(snapshotDate, '');
    const price = undated === name ? undefined : known.get(undated);
    if (price !== undefined) return price;
  }
  return undefined;
}

/**
 * Cost in whole micro-units, rounded half up once. Null where the price does not cover what was used: an unknown cost is never 0.
 */
export function costOfTokens(counts: TokenCounts, price: ModelPrice): Money | null {
  if (price.upToInputTokens != null && counts.inputTokens > price.upToInputTokens) return null;
  const cached = counts.cachedInputTokens ?? 0;
  const written = counts.cacheWriteTokens ?? 0;
  const written1h = Math.min(written, counts.cacheWrite1hTokens ?? 0);
  const classes: readonly (readonly [number, string | null | undefined])[] = [
    [Math.max(0, counts.inputTokens - cached - written), price.inputPerMillion],
    [cached, price.cachedInputPerMillion],
    [written - written1h, price.cacheWritePerMillion],
    [written1h, price.cacheWrite1hPerMillion],
    [counts.outputTokens, price.outputPerMillion],
  ];
  let millionths = 0n;
  for (const [tokens, perMillion] of classes) {
    if (tokens === 0) continue;
    if (perMillion == null) return null;
    millionths += BigInt(tokens) * microsOf(perMillion);
  }
  return { amountMicros: Number((millionths + 500_000n) / 1_000_000n), currency: price.currency };
}

/** The price as model definitions show it: for a thousand tokens. */
export function pricingOf(price: ModelPrice | undefined): ModelDefinition['pricing'] {
  if (price === undefined) return null;
  const { inputPerMillion, outputPerMillion, currency, source, asOf } = price;
  return {
    inputPer1kTokens: Number(inputPerMillion) / 1000,
    outputPer1kTokens: outputPerMillion == null ? null : Number(outputPerMillion) / 1000,
    currency,
    source,
    asOf,
  };
}

/** A decimal with at most 6 places, in micro-units. */
function microsOf(decimal: string): bigint {
  const [whole = '0', places = ''] = decimal.split('.');
  return BigInt(whole) * 1_000_000n + BigInt(places.padEnd(6, '0'));
}

const indexes = new WeakMap<readonly ModelPrice[], ReadonlyMap<string, ModelPrice>>();

function indexOf(prices: readonly ModelPrice[]): ReadonlyMap<string, ModelPrice> {
  let index = indexes.get(prices);
  if (index === undefined) {
    index = new Map(prices.map((price) => [price.model, price]));
    indexes.set(prices, index);
  }
  return index;
}

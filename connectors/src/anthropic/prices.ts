import type { ModelPrice } from '@inthub/contracts';

/** List prices in US dollars, as Anthropic's own pages said on that day. */
const priceList = 'https://platform.claude.com/docs/en/about-claude/pricing';
const overview = 'https://platform.claude.com/docs/about-claude/models/whats-new-opus-5';
const asOf = '2026-11-21';

interface Cache {
  readonly read: string;
  readonly write: string;
  readonly write1h: string;
}

function price(model: string, input: string, output: string, cache: Cache | null): ModelPrice {
  return {
    model,
    currency: 'USD',
    inputPerMillion: input,
    outputPerMillion: output,
    // Where the page that was read names no cache prices, a call that uses the cache has no known cost.
    cachedInputPerMillion: cache?.read ?? null,
    cacheWritePerMillion: cache?.write ?? null,
    cacheWrite1hPerMillion: cache?.write1h ?? null,
    source: cache === null ? overview : priceList,
    asOf,
  };
}

const opusCache: Cache = { read: '0.5', write: '6.25', write1h: '10' };

export const prices: readonly ModelPrice[] = [
  price('claude-fable-5-1', '10', '50', { read: '0.25', write: '12.5', write1h: '20' }),
  price('claude-fable-5', '10', '50', { read: '1', write: '12.5', write1h: '20' }),
  price('claude-opus-5-5', '4', '20', null),
  price('claude-opus-5', '5', '25', opusCache),
  price('claude-opus-4-8', '5', '25', opusCache),
  price('claude-opus-4-7', '5', '25', opusCache),
  price('claude-opus-4-6', '5', '25', opusCache),
  price('claude-opus-4-5', '5', '25', opusCache),
  price('claude-sonnet-5-5', '2', '10', null),
  price('claude-sonnet-5', '2', '10', null),
  price('claude-haiku-4-5', '1', '5', null),
];

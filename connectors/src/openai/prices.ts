import type { ModelPrice } from '@inthub/contracts';

/**
 * List prices for the standard tier in US dollars, as OpenAI's page developers.openai.com/api/docs/pricing was quoted on the days named
 * here; that page itself could not be read. Beyond 272,000 input tokens the large models cost more, so that no cost is told there.
 */
const page = 'developers.openai.com/api/docs/pricing';
const june = {
  source: `${page}, quoted by tokenmix.ai/blog/openai-api-cost-2026-gpt-5-5-5-4-nano-batch`,
  asOf: '2026-06-04',
};
const lateJune = { source: `${page}, quoted by tokenmath.io/openai-api-pricing-explained`, asOf: '2026-06-21' };
const march = { source: `${page}, quoted by deploybase.ai/articles/openai-pricing`, asOf: '2026-03-31' };
const april = {
  source: `${page}, quoted by goitreels-com.pages.dev/blog/openai-api-pricing-guide`,
  asOf: '2026-04-06',
};

type Quote = Pick<ModelPrice, 'source' | 'asOf'>;

/** Where the price of cached input was not found, a call that uses any has no known cost. */
function chat(model: string, input: string, cached: string | null, output: string, quote: Quote): ModelPrice {
  return {
    model,
    currency: 'USD',
    inputPerMillion: input,
    cachedInputPerMillion: cached,
    outputPerMillion: output,
    upToInputTokens: 272_000,
    ...quote,
  };
}

function embedding(model: string, input: string, quote: Quote): ModelPrice {
  return { model, currency: 'USD', inputPerMillion: input, outputPerMillion: null, ...quote };
}

export const prices: readonly ModelPrice[] = [
  chat('gpt-5.5', '5', '0.5', '30', june),
  chat('gpt-5.4', '2.5', '0.25', '15', june),
  chat('gpt-5.4-mini', '0.75', '0.075', '4.5', june),
  chat('gpt-5.4-nano', '0.2', '0.02', '1.25', june),
  chat('gpt-5', '1.25', null, '10', march),
  chat('gpt-5-mini', '0.25', null, '2', march),
  chat('gpt-5-nano', '0.05', null, '0.4', march),
  chat('gpt-4.1', '2', null, '8', lateJune),
  chat('gpt-4.1-mini', '0.4', null, '1.6', lateJune),
  chat('gpt-4.1-nano', '0.1', null, '0.4', march),
  chat('gpt-4o', '2.5', null, '10', april),
  chat('gpt-4o-mini', '0.15', null, '0.6', april),
  embedding('text-embedding-3-small', '0.02', lateJune),
  embedding('text-embedding-3-large', '0.13', april),
];

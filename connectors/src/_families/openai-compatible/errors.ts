/**
 * What OpenAI's error codes mean. Source: Error of its OpenAPI document, the guide on error codes
 * (platform.openai.com/docs/guides/error-codes), and `code` values of its SDK's error classes.
 */
import { explainModelError, type ModelFault, type ModelRefusal } from '@inthub/connector-sdk';

const byCode: Readonly<Record<string, ModelRefusal>> = {
  context_length_exceeded: 'context_length_exceeded',
  content_filter: 'content_filter',
  content_policy_violation: 'content_filter',
  insufficient_quota: 'quota_exhausted',
  billing_hard_limit_reached: 'quota_exhausted',
  server_overloaded: 'overloaded',
  overloaded_error: 'overloaded',
};

export function refusalOf(...words: readonly unknown[]): ModelRefusal | undefined {
  for (const word of words) {
    if (typeof word === 'string' && Object.hasOwn(byCode, word)) return byCode[word];
  }
  return undefined;
}

function classify({ status, body, message }: ModelFault): ModelRefusal | undefined {
  const { code, type } = (body as { error?: { code?: unknown; type?: unknown } } | undefined)?.error ?? {};
  const named = refusalOf(code, type);
  if (named !== undefined) return named;
  if (status === 400 && /context (?:length|window)/i.test(message)) return 'context_length_exceeded';
  return status === 503 ? 'overloaded' : undefined;
}

/** Runs a request; its failure says why, where the product does. */
export function explained<Value>(work: Promise<Value>): Promise<Value> {
  return work.catch((error: unknown) => {
    throw explainModelError(error, classify);
  });
}

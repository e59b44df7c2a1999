/** What Anthropic's error types mean. Source: ErrorResponse of its OpenAPI document; docs.claude.com/en/api/errors. */
import { explainModelError, type ModelFault, type ModelRefusal } from '@inthub/connector-sdk';

export function refusalOf(type: unknown): ModelRefusal | undefined {
  if (type === 'overloaded_error') return 'overloaded';
  return type === 'billing_error' ? 'quota_exhausted' : undefined;
}

function classify({ status, body, message }: ModelFault): ModelRefusal | undefined {
  const named = refusalOf((body as { error?: { type?: unknown } } | undefined)?.error?.type);
  if (named !== undefined) return named;
  if (status === 529) return 'overloaded';
  if (status === 402 || (status === 400 && /credit balance is too low/i.test(message))) return 'quota_exhausted';
  const tooLong = status === 400 && /prompt is too long|exceed(?:s|ed)? (?:the )?context/i.test(message);
  return tooLong ? 'context_length_exceeded' : undefined;
}

/** Runs a request; its failure says why, where the product does. */
export async function explained<Value>(work: Promise<Value>): Promise<Value> {
  try {
    return await work;
  } catch (error) {
    throw explainModelError(error, classify);
  }
}

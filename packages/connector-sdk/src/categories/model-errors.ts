import { type FieldError, HubError } from '@inthub/contracts';
import type { ActionContext } from '../context.ts';
import type { Availability } from './model-provider-schemas.ts';

/** Why a provider did not answer, where a caller can act on it; stands in `details.reason` of the error. */
export const modelRefusals = ['context_length_exceeded', 'content_filter', 'overloaded', 'quota_exhausted'] as const;
export type ModelRefusal = (typeof modelRefusals)[number];

/** A failed answer as a product's own reading of errors gets it. */
export interface ModelFault {
  readonly status: number;
  /** The body, where it is JSON and was kept; else undefined. */
  readonly body: unknown;
  /** The error's public message, which quotes what the provider said. */
  readonly message: string;
}

const advice: Readonly<Record<ModelRefusal, string>> = {
  context_length_exceeded:
    'The prompt is longer than the model takes: shorten it or choose a model with a larger context.',
  content_filter: 'The provider’s content filter refused the prompt.',
  overloaded: 'The provider is overloaded: try again later, or let another integration answer.',
  quota_exhausted: 'The account’s quota or credit at the provider is used up; waiting does not help.',
};

/**
 * The error with its reason, where `classify` finds one; else as it is. Code, blame and waiting time stay. A quota that is used up is
 * no longer retryable.
 */
export function explainModelError(error: unknown, classify: (fault: ModelFault) => ModelRefusal | undefined): unknown {
  if (!(error instanceof HubError)) return error;
  const { status } = error.details;
  if (typeof status !== 'number') return error;
  const reason = classify({ status, body: bodyOf(error.cause), message: error.message });
  if (reason === undefined) return error;
  return new HubError(error.code, `${error.message} ${advice[reason]}`, {
    errors: error.errors as readonly FieldError[],
    details: { ...error.details, reason },
    blame: error.blame,
    retryable: reason === 'quota_exhausted' ? false : error.retryable,
    cause: error.cause,
    ...(error.retryAfterMs === undefined ? {} : { retryAfterMs: error.retryAfterMs }),
  });
}

/** The error of an answer that breaks off because the provider says so in the middle. `kind` is the provider's word for it. */
export function midStreamError(provider: string, kind: unknown, reason?: ModelRefusal): HubError {
  const word = typeof kind === 'string' && /^[A-Za-z][A-Za-z0-9_.-]{0,63}$/.test(kind) ? ` (${kind})` : '';
  const code =
    reason === 'context_length_exceeded' || reason === 'content_filter' ? 'provider_rejected' : 'provider_unavailable';
  return new HubError(
    code,
    `${provider} broke the answer off with an error${word}.${reason === undefined ? '' : ` ${advice[reason]}`}`,
    { details: { midStream: true, ...(reason === undefined ? {} : { reason }) } },
  );
}

/** Egress keeps the beginning of a failed answer as the error's private cause. */
function bodyOf(cause: unknown): unknown {
  const body = (cause as { body?: unknown } | undefined)?.body;
  if (typeof body !== 'string') return undefined;
  try {
    return JSON.parse(body);
  } catch {
    return undefined; // cut off, or no JSON: the status and message have to do
  }
}

const absences: readonly string[] = [
  'provider_unavailable',
  'provider_timeout',
  'provider_unreachable',
  'provider_rate_limited',
  'provider_bad_response',
];

/** Whether `probe` comes back. What the operator has to mend (credential, endpoint) is thrown. */
export async function probeAvailability(
  probe: () => Promise<unknown>,
  { clock }: ActionContext,
): Promise<Availability> {
  const startedMs = clock.monotonicMs();
  const latencyMs = () => Math.max(0, clock.monotonicMs() - startedMs);
  try {
    await probe();
    return { available: true, latencyMs: latencyMs(), reason: null };
  } catch (error) {
    if (!(error instanceof HubError) || !absences.includes(error.code)) throw error;
    return { available: false, latencyMs: latencyMs(), reason: error.code };
  }
}

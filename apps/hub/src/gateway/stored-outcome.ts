// What an idempotency key remembers of its first call.
import { HubError, type HubErrorOptions } from '@inthub/contracts';
import type { EgressAttempt } from '../egress/egress.ts';
import type { CallState, Outcome } from './call-state.ts';
import type { StoredOutcome } from './stores/idempotency-store.ts';

/**
 * What is kept of an outcome, or null when the key becomes new again.
 *
 * Results and final answers of the provider are kept, and so is every failure after which nobody knows whether the provider acted (no
 * answer in time, a 5xx): the caller looks first, then uses a new key. Not kept is what cannot have changed anything: refusals of the
 * hub, retryable failures of reads, a provider that was never reached or asked to slow down, a set-up that an operator mends.
 */
export function outcomeToKeep(state: CallState): StoredOutcome | null {
  const { outcome, executed, plan } = state;
  if (outcome === null || !executed) return null;
  if (outcome.ok) return { ok: true, value: outcome.value };
  const { error } = outcome;
  const harmless = plan?.safe === true ? error.retryable || error.code === 'cancelled' : cannotHaveActed(error, state);
  if (harmless) return null;
  const { code, message, details, errors, blame, retryable, retryAfterMs } = error;
  return { ok: false, code, message, details, errors, blame, retryable, retryAfterMs: retryAfterMs ?? null };
}

/** A kept outcome, as its twins get it. */
export function replay(stored: StoredOutcome): Outcome {
  if (stored.ok) return { ok: true, value: stored.value };
  const { code, message, details, errors, blame, retryable, retryAfterMs } = stored;
  const options: HubErrorOptions = {
    details,
    errors,
    blame,
    retryable,
    ...(retryAfterMs === null ? {} : { retryAfterMs }),
  };
  return { ok: false, error: new HubError(code, message, options) };
}

function cannotHaveActed(error: HubError, { attempts, apiCalls }: CallState): boolean {
  if (apiCalls > attempts.length || attempts.some(changedSomething)) return false;
  if (error.blame === 'configuration' || error.code === 'provider_rate_limited' || error.code === 'invalid_request')
    return true;
  return error.code === 'provider_unreachable' && connectFailures.has(String(error.details['reason']));
}

function changedSomething({ purpose, method, status }: EgressAttempt): boolean {
  return purpose === 'action' && method !== 'GET' && method !== 'HEAD' && status !== null && status < 400;
}

/** Reasons that egress gives when no connection came about. */
const connectFailures = new Set([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EHOSTDOWN',
  'ENOTFOUND',
  'ENODATA',
  'EAI_AGAIN',
  'UND_ERR_CONNECT_TIMEOUT',
]);

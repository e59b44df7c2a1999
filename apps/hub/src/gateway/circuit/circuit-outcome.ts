import type { ErrorCode } from '@inthub/contracts';
import { type CallState, hasSucceeded } from '../call-state.ts';
import type { CircuitOutcome } from './circuit-breaker.ts';

/** Answers that show a provider at work, though they refuse this request. */
const answered: ReadonlySet<ErrorCode> = new Set([
  'provider_not_found',
  'provider_conflict',
  'provider_rejected',
  'provider_unauthenticated',
  'provider_forbidden',
]);
/** The provider's doing, but not a sign that it is ill: it paces, or this one answer is large. */
const paced: ReadonlySet<ErrorCode> = new Set(['provider_rate_limited', 'provider_response_too_large']);

/**
 * What a call says about its provider's health (GW-3, BEY-6). Only the provider's own faults are failures: blame decides, and egress
 * blames the provider for connections that it refused or cut, the network for those that never got there.
 */
export function circuitOutcomeOf(state: CallState): CircuitOutcome {
  const { outcome, executed } = state;
  if (!executed || outcome === null) return 'neutral';
  if (outcome.ok) return hasSucceeded(state) && state.apiCalls > 0 ? 'success' : 'neutral';
  const { code, blame } = outcome.error;
  if (answered.has(code)) return state.apiCalls > 0 ? 'success' : 'neutral';
  return blame === 'provider' && !paced.has(code) ? 'failure' : 'neutral';
}

// A settled call in the words of each kind of caller.
import type { CheckOutcome, RegisteredWebhook } from '@inthub/connector-sdk';
import { type ActionResult, type ConnectionTestResult, HubError, type Page, type Resource } from '@inthub/contracts';
import type { ActionOutcome } from './call.ts';
import type { CallState } from './call-state.ts';
import type { TestReport } from './plan.ts';
import { roundMs } from './round-ms.ts';

export function actionOutcomeOf(state: CallState): ActionOutcome {
  const { outcome } = state;
  const metadata: ActionResult['metadata'] = {
    durationMs: roundMs(state.durationMs),
    apiCalls: state.apiCalls,
    cached: state.cached,
  };
  if (state.tokensUsed !== null) metadata.tokensUsed = state.tokensUsed;
  if (state.cost !== null) metadata.cost = state.cost;
  if (state.rateLimitRemaining !== null)
    metadata.rateLimitRemaining = Math.max(0, Math.trunc(state.rateLimitRemaining));
  if (state.rateLimitResetAt !== null) metadata.rateLimitResetAt = state.rateLimitResetAt.toISOString();
  if (outcome?.ok === true) return { result: { success: true, data: outcome.value, metadata } };
  const error = outcome?.error ?? new HubError('internal');
  const { code, message, retryable, retryAfterMs } = error;
  const shown = {
    code,
    message,
    retryable,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs: Math.ceil(retryAfterMs) }),
  };
  return { result: { success: false, data: null, error: shown, metadata }, error };
}

/** @throws HubError when the hub refused to test. */
export function testResultOf(state: CallState): ConnectionTestResult {
  const { outcome, admitted, cached } = state;
  if (outcome?.ok === true) {
    // A cached result says how long the provider took when it was asked.
    const { success, message, details, latencyMs } = outcome.value as TestReport;
    return { success, message, details: { ...details }, latencyMs: roundMs(latencyMs), ...(cached ? { cached } : {}) };
  }
  const error = outcome?.error ?? new HubError('internal');
  if (!admitted || error.code === 'cancelled') throw error;
  const { code, blame, retryable, retryAfterMs, details } = error;
  return {
    success: false,
    message: error.message,
    latencyMs: roundMs(state.durationMs),
    details: { ...details, code, blame, retryable, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) },
  };
}

/** @throws HubError when the check could not be made, or broke. */
export function findingOf(state: CallState): CheckOutcome {
  const { outcome } = state;
  if (outcome?.ok === true) return outcome.value as CheckOutcome;
  throw outcome?.error ?? new HubError('internal');
}

/** The webhook at the product; null when it was removed. @throws HubError */
export function registrationOf(state: CallState): RegisteredWebhook | null {
  const { outcome } = state;
  if (outcome?.ok === true) return outcome.value as RegisteredWebhook | null;
  throw outcome?.error ?? new HubError('internal');
}

/** @throws HubError */
export function pageOf(state: CallState): Page<Resource> {
  const { outcome } = state;
  if (outcome?.ok === true) return outcome.value as Page<Resource>;
  throw outcome?.error ?? new HubError('internal');
}

// Stage 3: token buckets and concurrency of the tenant and the integration, and what the provider has left.
import { type Clock, HubError, type RateLimits } from '@inthub/contracts';
import { type CallState, known } from '../call-state.ts';
import { isPromise } from '../maybe-promise.ts';
import type { LimitDecision, LimitStore, LimitType } from '../stores/limit-store.ts';
import type { Stage } from './stage.ts';

export interface LimitDeps {
  readonly limits: LimitStore;
  readonly tenantLimits: RateLimits;
  readonly clock: Clock;
}

export function createLimit({ limits, tenantLimits, clock }: LimitDeps): Stage {
  return {
    name: 'limit',
    run(state) {
      const { view, plan } = known(state);
      const decision = limits.take({
        tenantKey: view.tenantKey,
        integrationKey: view.key,
        weight: plan.weight,
        tenant: tenantLimits,
        integration: view.limits,
        ...(plan.bucket === undefined ? {} : { bucket: plan.bucket }),
      });
      return isPromise(decision) ? decision.then((answer) => take(state, answer)) : take(state, decision);
    },
  };

  function take(state: CallState, decision: LimitDecision): void {
    if (decision.allowed) {
      state.limitPermit = decision.permit;
      return;
    }
    const { limitType, retryAfterMs, remaining, resetInMs } = decision;
    throw new HubError(
      'rate_limited',
      `${whose[limitType]} is used up; try again in ${Math.ceil(retryAfterMs / 1_000)} s.`,
      {
        retryAfterMs: Math.ceil(retryAfterMs),
        blame: limitType === 'external' ? 'provider' : 'caller',
        details: {
          limitType,
          remaining,
          resetAt: new Date(clock.now().getTime() + resetInMs).toISOString(),
        },
      },
    );
  }
}

const whose: Readonly<Record<LimitType, string>> = {
  tenant: "The tenant's rate limit",
  connector: "The integration's rate limit",
  external: "The provider's own rate limit",
};

// Stage 7: the connector's code runs; every byte it sends goes through egress, which retries, paces and guards.
import type { ReportedUsage, TagCache } from '@inthub/connector-sdk';
import { type ActionEvent, type Clock, HubError, isMoney, type Page, type Resource } from '@inthub/contracts';
import type { DeadlineWatch, Egress, EgressAttempt, EgressScope, RateLimitState } from '../../egress/egress.ts';
import type { Invocation, Runtime } from '../../runtime/runtime.ts';
import type { Log } from '../../telemetry/telemetry.ts';
import { traceIdOfCall } from '../call-labels.ts';
import { armSignal, type CallState, known } from '../call-state.ts';
import { discoveryScopeOf, withinDataScope } from '../data-scope.ts';
import type { IntegrationView } from '../integration-view.ts';
import { isPromise } from '../maybe-promise.ts';
import type { ExternalLimit, LimitStore } from '../stores/limit-store.ts';
import type { DiscoveryTarget } from '../target.ts';
import type { Stage } from './stage.ts';

/** Attempts that the audit of one call lists; the rest are counted. */
const maxAttempts = 20;

export interface ExecuteDeps {
  readonly egress: Pick<Egress, 'client'>;
  readonly runtime: Runtime;
  readonly limits: LimitStore;
  readonly clock: Clock;
  readonly deadlines: DeadlineWatch;
  readonly log: Log;
  tags(integrationKey: string): TagCache;
}

type Draft<T> = { -readonly [Field in keyof T]: T[Field] };

export interface Execute extends Stage {
  /** The same for a stream. */
  stream(state: CallState): AsyncIterable<ActionEvent>;
}

export function createExecute({ egress, runtime, limits, clock, deadlines, log, tags }: ExecuteDeps): Execute {
  function invocationOf(state: CallState): Invocation {
    const { integration, view } = known(state);
    const { call, target, auth, credential, trace } = state;
    if (auth === null) throw new HubError('internal');
    const signal = armSignal(state, deadlines);
    state.executed = true;
    trace?.executing();
    const traceId = traceIdOfCall(state);
    const { rateLimitHeaders, limitBuckets } = view.connector.definition.manifest;
    // Put together field by field: this runs for every call, and spreads of what is often not there cost more than all the rest.
    const scope: Draft<EgressScope> = {
      tenantId: integration.tenantId,
      integrationId: integration.id,
      connectorId: view.connectorId,
      config: integration.config,
      allowedHosts: view.allowedHosts,
      blockedHosts: view.blockedHosts,
      auth,
      signal,
      deadlineMs: state.deadlineMs,
      deadlineFrom: state.deadlineFrom,
      onAttempt: (attempt) => noteAttempt(state, attempt),
    };
    if (credential !== undefined) scope.credential = credential;
    if (rateLimitHeaders !== undefined) scope.rateLimitHeaders = rateLimitHeaders;
    if (limitBuckets !== undefined) scope.limitBucketHeader = limitBuckets.header;
    if (call.traceparent !== undefined) scope.traceparent = call.traceparent;
    if (call.tracestate !== undefined) scope.tracestate = call.tracestate;
    if (trace !== null) scope.traceAttempt = trace.attempt;
    const http = egress.client(scope);
    const invocation: Draft<Invocation> = {
      integration,
      connector: view.connector,
      http,
      signal,
      requestId: call.requestId,
      tags: tags(view.key),
      reportUsage: (used) => noteUsage(state, used),
    };
    if (traceId !== undefined) invocation.traceId = traceId;
    if (target.kind === 'action' && target.idempotencyKey !== undefined) {
      invocation.idempotencyKey = target.idempotencyKey;
    }
    return invocation;
  }

  function noteAttempt(state: CallState, attempt: EgressAttempt): void {
    state.apiCalls += 1;
    state.call.onAttempt?.(attempt);
    if (state.attempts.length < maxAttempts) state.attempts.push(attempt);
    const { rateLimit } = attempt;
    if (rateLimit === undefined || attempt.purpose === 'token') return;
    if (rateLimit.remaining !== undefined) state.rateLimitRemaining = rateLimit.remaining;
    if (rateLimit.resetAt !== undefined) state.rateLimitResetAt = rateLimit.resetAt;
    const { view } = known(state);
    const reported = limits.report(view.key, inBucket(externalLimitOf(attempt, rateLimit), rateLimit.bucket, view));
    if (isPromise(reported)) reported.catch((error: unknown) => log.warn({ err: error }, 'provider limit not noted'));
  }

  return {
    name: 'execute',
    run(state) {
      const { plan, view } = known(state);
      return plan.invoke(runtime, state.input, invocationOf(state), clock).then((value) => {
        state.returned = { value: state.target.kind === 'discovery' ? coveredBy(view, state.target, value) : value };
      });
    },
    stream(state) {
      const { action } = known(state).plan;
      if (action === null) throw new HubError('internal');
      return runtime.stream(action, state.input, invocationOf(state));
    },
  };
}

/** Discovery shows what the grant covers, and nothing else. */
function coveredBy({ grant, connector }: IntegrationView, { resourceType }: DiscoveryTarget, page: unknown): unknown {
  if (grant === null || grant.dataScope === null) return page;
  const scope = discoveryScopeOf(connector.definition.manifest, resourceType);
  return withinDataScope(grant.dataScope, page as Page<Resource>, scope);
}

/** What concerns a window that no action draws on is of no use; that the provider has had enough is, whatever it names. */
function inBucket(
  external: ExternalLimit,
  named: string | undefined,
  { buckets, connector }: IntegrationView,
): ExternalLimit {
  if (named === undefined || buckets === null) return external;
  if (buckets.has(named)) return { ...external, bucket: named };
  if (named === connector.definition.manifest.limitBuckets?.default) return external;
  const { retryAfterMs, remaining } = external;
  return retryAfterMs === undefined || remaining === 0 ? {} : { retryAfterMs };
}

/** @throws HubError `connector_failed` for a cost that nobody could add up. */
function noteUsage(state: CallState, { tokensUsed, cost }: ReportedUsage): void {
  if (tokensUsed !== undefined && Number.isFinite(tokensUsed) && tokensUsed > 0)
    state.tokensUsed = (state.tokensUsed ?? 0) + Math.trunc(tokensUsed);
  if (cost === undefined) return;
  if (!isMoney(cost)) {
    throw new HubError(
      'connector_failed',
      'The connector reports a cost that is none: amountMicros is a whole number of micro-units, 0 or more, currency an ISO 4217 code.',
    );
  }
  const { amountMicros, currency } = cost;
  const before = state.cost;
  if (before !== null && before.currency !== currency) {
    throw new HubError('connector_failed', 'The connector reports costs in two currencies for one call.');
  }
  state.cost = { amountMicros: (before?.amountMicros ?? 0) + amountMicros, currency };
}

/** Retry-After says "slow down" with 429 and 403 only; with 202, 301 or 503 it means something else. */
function externalLimitOf(
  { status }: EgressAttempt,
  { retryAfterMs, bucket: _, ...rest }: RateLimitState,
): ExternalLimit {
  return retryAfterMs !== undefined && (status === 429 || status === 403) ? { ...rest, retryAfterMs } : rest;
}

import type { IncomingHttpHeaders } from 'node:http';
import type { Clock } from '@inthub/contracts';
import type { CallBounds } from './call-bounds.ts';
import type { DeadlineWatch } from './deadline.ts';
import { type ExchangeResult, exchange, type SendLimits, type SentAnswer } from './exchange.ts';
import { headerText } from './headers.ts';
import type { IntegrationSettings } from './integration-settings.ts';
import type { EgressPolicy, Target } from './policy.ts';
import type { Pools, RoutePool } from './pools.ts';
import { parseRateLimit } from './rate-limit.ts';
import type { AttemptTrace, EgressAttempt, EgressLog, EgressScope, RateLimitState } from './scope.ts';
import type { ClientIdentity } from './tls.ts';

/** One request for the wire, whoever wants it: an action or a token. */
export interface Sending {
  readonly scope: EgressScope;
  readonly settings: IntegrationSettings;
  readonly policy: EgressPolicy;
  readonly target: Target;
  readonly method: string;
  readonly path: string;
  /** Told to listeners instead of a path that is a secret. */
  readonly reportedPath?: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | undefined;
  readonly identity: ClientIdentity | undefined;
  readonly maxBytes: number;
  readonly stream: boolean;
  accepts(status: number): boolean;
  readonly limits: SendLimits;
  readonly bounds: CallBounds;
  readonly attempt: number;
  readonly purpose: EgressAttempt['purpose'];
}

/** The last yard: picks the connection, counts, sends, reports. */
export interface Sender {
  readonly attempts: number;
  send(sending: Sending): Promise<SentAnswer>;
}

export function createSender(parts: { pools: Pools; clock: Clock; watch: DeadlineWatch; log: EgressLog }): Sender {
  const { pools, clock, watch, log } = parts;
  let attempts = 0;

  function report(
    sending: Sending,
    result: ExchangeResult,
    rateLimit: RateLimitState | undefined,
    traced: AttemptTrace | undefined,
  ): void {
    const { scope, target, method, attempt, purpose, body } = sending;
    const path = sending.reportedPath ?? sending.path;
    const query = path.indexOf('?');
    try {
      const report: EgressAttempt = {
        method,
        host: target.host,
        path: query === -1 ? path : path.slice(0, query),
        attempt,
        purpose,
        status: result.status,
        errorCode: result.error?.code ?? null,
        durationMs: result.ms,
        requestBytes: body?.length ?? 0,
        responseBytes: result.bytes,
        ...(rateLimit === undefined ? {} : { rateLimit }),
      };
      traced?.end(report);
      scope.onAttempt(report);
    } catch (error) {
      // It runs inside the HTTP parser: an exception here would end somebody's connection.
      log.warn({ err: error }, 'the listener of an outside call failed');
    }
  }

  function sendBy(route: RoutePool, sending: Sending): Promise<SentAnswer> {
    const { scope, settings, target, method, attempt, purpose } = sending;
    // The call may have ended while its credential was opened; from here on the exchange itself is told.
    const refusal = sending.bounds.refusal(clock.monotonicMs());
    if (refusal !== undefined) return Promise.reject(refusal);
    attempts += 1;
    const traced = scope.traceAttempt?.({ method, host: target.host, attempt, purpose });
    const headers = traced === undefined ? sending.headers : { ...sending.headers, traceparent: traced.traceparent };
    return exchange(
      {
        route,
        host: target.host,
        // Only where the proxy itself answers for the connection; behind a tunnel it is the target's.
        proxy: route.pathPrefix === '' ? undefined : settings.proxy?.host,
        method,
        path: sending.path,
        headers: route.pathPrefix === '' ? headers : { ...headers, host: target.host },
        body: sending.body,
        maxBytes: sending.maxBytes,
        stream: sending.stream,
        accepts: sending.accepts,
        limits: sending.limits,
        bounds: sending.bounds,
        onEnd(result) {
          const rateLimit = withBucket(
            parseRateLimit(result.headers, scope.rateLimitHeaders, clock),
            result.headers,
            scope,
          );
          report(sending, result, rateLimit, traced);
          return rateLimit;
        },
      },
      clock,
      watch,
    );
  }

  return {
    get attempts() {
      return attempts;
    },
    send(sending) {
      const { scope, settings, policy, target, identity } = sending;
      let route: RoutePool;
      try {
        route = pools.get({
          tenantId: scope.tenantId,
          policy,
          target,
          authority: settings.authority,
          identity,
          proxy: settings.proxy,
        });
      } catch (error) {
        return Promise.reject(error as Error);
      }
      if (route.guard === undefined) return sendBy(route, sending);
      return sending.bounds.race(route.guard()).then(() => sendBy(route, sending));
    },
  };
}

/** Names are bounded: they come from the provider and become keys of what is kept. */
function withBucket(
  rateLimit: RateLimitState | undefined,
  headers: IncomingHttpHeaders,
  { limitBucketHeader }: EgressScope,
): RateLimitState | undefined {
  if (rateLimit === undefined || limitBucketHeader === undefined) return rateLimit;
  const bucket = headerText(headers, limitBucketHeader.toLowerCase());
  return bucket === undefined ? rateLimit : { ...rateLimit, bucket: bucket.slice(0, 128) };
}

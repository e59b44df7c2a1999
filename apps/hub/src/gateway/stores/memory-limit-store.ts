import type { Clock, RateLimits } from '@inthub/contracts';
import { LRUCache } from 'lru-cache';
import { afterTaking, type BucketSettings, tokensLeft, waitMs } from '../limit/token-bucket.ts';
import {
  bucketKeyOf,
  concernsBucketOnly,
  type ExternalLimit,
  type LimitDecision,
  type LimitPermit,
  type LimitRequest,
  type LimitStore,
  type LimitType,
  longestBlockMs,
  sameWindowMs,
} from './limit-store.ts';

const minuteMs = 60_000;
const hourMs = 3_600_000;
/** A full house empties when some call ends; nobody knows when. */
const concurrencyRetryMs = 1_000;

interface Counters {
  minuteFullAtMs: number;
  hourFullAtMs: number;
  inFlight: number;
  /** Nothing passes before; from Retry-After. */
  blockedUntilMs: number;
  /** Requests left in the provider's window that ends at `windowEndsMs`; Infinity when it has not said. */
  externalLeft: number;
  windowEndsMs: number;
}

interface Permit {
  readonly tenant: Counters;
  readonly integration: Counters;
  /** Whose provider's window it draws on. */
  readonly window: Counters;
  readonly windowEndsMs: number;
  released: boolean;
}

interface Refusal {
  readonly allowed: false;
  readonly limitType: LimitType;
  readonly retryAfterMs: number;
  readonly remaining: number;
  readonly resetInMs: number;
}

export interface MemoryLimitStoreOptions {
  readonly clock: Clock;
  /** Tenants and integrations kept; beyond, the one unused for longest starts afresh. Default 100 000. */
  readonly max?: number;
}

/** Counters of this process: N processes allow N times the limits. */
export function createMemoryLimitStore({ clock, max = 100_000 }: MemoryLimitStoreOptions): LimitStore {
  const all = new LRUCache<string, Counters>({ max });

  function countersOf(key: string): Counters {
    let counters = all.get(key);
    if (counters === undefined) {
      counters = {
        minuteFullAtMs: 0,
        hourFullAtMs: 0,
        inFlight: 0,
        blockedUntilMs: 0,
        externalLeft: Number.POSITIVE_INFINITY,
        windowEndsMs: 0,
      };
      all.set(key, counters);
    }
    return counters;
  }

  return {
    take({ tenantKey, integrationKey, weight, tenant, integration, bucket }: LimitRequest): LimitDecision {
      const now = clock.monotonicMs();
      const ofTenant = countersOf(tenantKey);
      const ofIntegration = countersOf(integrationKey);
      const window = bucket === undefined ? ofIntegration : countersOf(bucketKeyOf(integrationKey, bucket));
      const refusal = worst(
        refusalOf(ofTenant, tenant, weight, now, 'tenant'),
        worst(
          bucket === undefined
            ? externalRefusal(window, now)
            : worst(blockRefusal(ofIntegration.blockedUntilMs, now), externalRefusal(window, now)),
          refusalOf(ofIntegration, integration, weight, now, 'connector'),
        ),
      );
      if (refusal !== null) return refusal;
      takeFrom(ofTenant, tenant, weight, now);
      takeFrom(ofIntegration, integration, weight, now);
      if (window.windowEndsMs > now) window.externalLeft -= 1;
      const permit: Permit = {
        tenant: ofTenant,
        integration: ofIntegration,
        window,
        windowEndsMs: window.windowEndsMs,
        released: false,
      };
      return { allowed: true, permit };
    },

    release(given: LimitPermit, apiCalls: number): void {
      const permit = given as Permit;
      if (permit.released) return;
      permit.released = true;
      permit.tenant.inFlight -= 1;
      permit.integration.inFlight -= 1;
      if (apiCalls === 0 && permit.window.windowEndsMs === permit.windowEndsMs) permit.window.externalLeft += 1;
    },

    report(integrationKey: string, external: ExternalLimit): void {
      const { remaining, resetAt, retryAfterMs, bucket } = external;
      const counters = countersOf(bucket === undefined ? integrationKey : bucketKeyOf(integrationKey, bucket));
      const now = clock.monotonicMs();
      if (retryAfterMs !== undefined && retryAfterMs > 0) {
        const blocked = concernsBucketOnly(external) ? counters : countersOf(integrationKey);
        blocked.blockedUntilMs = Math.max(blocked.blockedUntilMs, now + Math.min(retryAfterMs, longestBlockMs));
      }
      if (remaining === undefined || resetAt === undefined) return;
      const resetInMs = Math.min(resetAt.getTime() - clock.now().getTime(), longestBlockMs);
      if (!(resetInMs > 0)) return;
      const endsMs = now + resetInMs;
      const sameWindow = counters.windowEndsMs > now && Math.abs(endsMs - counters.windowEndsMs) <= sameWindowMs;
      counters.externalLeft = sameWindow ? Math.min(counters.externalLeft, remaining) : remaining;
      if (!sameWindow) counters.windowEndsMs = endsMs;
    },
  };
}

function refusalOf(
  counters: Counters,
  limits: RateLimits,
  weight: number,
  now: number,
  limitType: LimitType,
): Refusal | null {
  let refusal: Refusal | null = null;
  if (limits.requestsPerMinute !== undefined) {
    refusal = bucketRefusal(counters.minuteFullAtMs, limits.requestsPerMinute, minuteMs, weight, now, limitType);
  }
  if (limits.requestsPerHour !== undefined) {
    refusal = worst(
      refusal,
      bucketRefusal(counters.hourFullAtMs, limits.requestsPerHour, hourMs, weight, now, limitType),
    );
  }
  if (limits.concurrentRequests !== undefined && counters.inFlight >= limits.concurrentRequests) {
    const full: Refusal = {
      allowed: false,
      limitType,
      retryAfterMs: concurrencyRetryMs,
      remaining: 0,
      resetInMs: concurrencyRetryMs,
    };
    refusal = worst(refusal, full);
  }
  return refusal;
}

function bucketRefusal(
  fullAtMs: number,
  limit: number,
  periodMs: number,
  weight: number,
  now: number,
  limitType: LimitType,
): Refusal | null {
  const bucket: BucketSettings = { limit, periodMs };
  const retryAfterMs = waitMs(fullAtMs, bucket, weight, now);
  if (retryAfterMs === 0) return null;
  return {
    allowed: false,
    limitType,
    retryAfterMs,
    remaining: tokensLeft(fullAtMs, bucket, now),
    resetInMs: fullAtMs - now,
  };
}

function externalRefusal(counters: Counters, now: number): Refusal | null {
  const emptyUntilMs = counters.externalLeft < 1 ? counters.windowEndsMs : 0;
  return blockRefusal(Math.max(counters.blockedUntilMs, emptyUntilMs), now);
}

function blockRefusal(untilMs: number, now: number): Refusal | null {
  if (untilMs <= now) return null;
  return { allowed: false, limitType: 'external', retryAfterMs: untilMs - now, remaining: 0, resetInMs: untilMs - now };
}

function takeFrom(counters: Counters, limits: RateLimits, weight: number, now: number): void {
  const { requestsPerMinute, requestsPerHour } = limits;
  if (requestsPerMinute !== undefined) {
    counters.minuteFullAtMs = afterTaking(
      counters.minuteFullAtMs,
      { limit: requestsPerMinute, periodMs: minuteMs },
      weight,
      now,
    );
  }
  if (requestsPerHour !== undefined) {
    counters.hourFullAtMs = afterTaking(
      counters.hourFullAtMs,
      { limit: requestsPerHour, periodMs: hourMs },
      weight,
      now,
    );
  }
  counters.inFlight += 1;
}

/** The refusal that lasts longest, so that Retry-After is the truth. */
function worst(a: Refusal | null, b: Refusal | null): Refusal | null {
  if (a === null) return b;
  return b === null || a.retryAfterMs >= b.retryAfterMs ? a : b;
}

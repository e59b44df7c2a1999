import type { RateLimits } from '@inthub/contracts';

/**
 * For one tenant, all its integrations together. Generous: it keeps one tenant from taking the hub away from the others, not from
 * working. 1 000 calls a second is about a fifth of what one core of the hub carries.
 */
export const defaultTenantLimits: RateLimits = { requestsPerMinute: 60_000, concurrentRequests: 1_000 };

/** For one integration whose own `rateLimits` and whose connector's `pace` say nothing. */
export const defaultIntegrationLimits: RateLimits = { requestsPerMinute: 6_000, concurrentRequests: 100 };

/** An integration's limits, field by field: its own, else the connector's pace, else the default. */
export function limitsOf(
  own: RateLimits,
  pace: RateLimits | undefined,
  fallback: RateLimits = defaultIntegrationLimits,
): RateLimits {
  const perMinute = own.requestsPerMinute ?? pace?.requestsPerMinute;
  const perHour = own.requestsPerHour ?? pace?.requestsPerHour;
  // Somebody who limits by the hour only has chosen how to pace; the default minute would narrow that.
  const minute = perMinute ?? (perHour === undefined ? fallback.requestsPerMinute : undefined);
  const hour = perHour ?? (perMinute === undefined ? fallback.requestsPerHour : undefined);
  const concurrent = own.concurrentRequests ?? pace?.concurrentRequests ?? fallback.concurrentRequests;
  return {
    ...(minute === undefined ? {} : { requestsPerMinute: minute }),
    ...(hour === undefined ? {} : { requestsPerHour: hour }),
    ...(concurrent === undefined ? {} : { concurrentRequests: concurrent }),
  };
}

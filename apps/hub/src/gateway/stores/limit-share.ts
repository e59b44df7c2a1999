// A replica's share of the limits while the shared counters cannot be reached: an equal part, going on from what was last heard.
import type { RateLimits } from '@inthub/contracts';
import { afterTaking, tokensLeft, waitMs } from '../limit/token-bucket.ts';
import { fullRefusal, hourMs, minuteMs, occupy, type Part, worst } from './limit-account.ts';
import type { StepRefusal } from './limit-script.ts';

export function shareRefusal(
  { account, limits, window }: Part,
  weight: number,
  replicas: number,
  now: number,
): StepRefusal | null {
  const { minute, hour, inUse, kind } = account;
  const share = shareOf(limits, replicas);
  let refusal: StepRefusal | null = null;
  if (kind === 'connector') {
    const emptyUntilMs = window && account.externalLeft < 1 ? account.windowEndsMs : 0;
    const untilMs = Math.max(account.blockedUntilMs, emptyUntilMs);
    if (untilMs > now)
      refusal = { limitType: 'external', retryAfterMs: untilMs - now, remaining: 0, resetInMs: untilMs - now };
  }
  for (const [lease, limit, periodMs] of [
    [minute, share.requestsPerMinute, minuteMs],
    [hour, share.requestsPerHour, hourMs],
  ] as const) {
    if (limit === undefined) continue;
    const bucket = { limit, periodMs };
    const retryAfterMs = waitMs(lease.fullAtMs, bucket, weight, now);
    if (retryAfterMs === 0) continue;
    const remaining = tokensLeft(lease.fullAtMs, bucket, now);
    refusal = worst(refusal, { limitType: kind, retryAfterMs, remaining, resetInMs: lease.fullAtMs - now });
  }
  if (share.concurrentRequests !== undefined && inUse >= share.concurrentRequests)
    refusal = worst(refusal, fullRefusal(account));
  return refusal;
}

export function takeFromShare({ account, limits, window }: Part, weight: number, replicas: number, now: number): void {
  const { requestsPerMinute, requestsPerHour, concurrentRequests } = shareOf(limits, replicas);
  const { minute, hour } = account;
  if (requestsPerMinute !== undefined)
    minute.fullAtMs = afterTaking(minute.fullAtMs, { limit: requestsPerMinute, periodMs: minuteMs }, weight, now);
  if (requestsPerHour !== undefined)
    hour.fullAtMs = afterTaking(hour.fullAtMs, { limit: requestsPerHour, periodMs: hourMs }, weight, now);
  if (concurrentRequests !== undefined) occupy(account);
  // As if every replica took one.
  if (window && now < account.windowEndsMs) account.externalLeft -= replicas;
}

function shareOf(limits: RateLimits, replicas: number): RateLimits {
  const part = (limit: number) => Math.max(1, Math.floor(limit / replicas));
  const { requestsPerMinute, requestsPerHour, concurrentRequests } = limits;
  return {
    ...(requestsPerMinute === undefined ? {} : { requestsPerMinute: part(requestsPerMinute) }),
    ...(requestsPerHour === undefined ? {} : { requestsPerHour: part(requestsPerHour) }),
    ...(concurrentRequests === undefined ? {} : { concurrentRequests: part(concurrentRequests) }),
  };
}

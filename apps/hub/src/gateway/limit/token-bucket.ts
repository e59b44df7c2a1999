// A token bucket in one number, by the generic cell rate algorithm (ITU-T I.371): the time at which the bucket will be full again.
// It holds `limit` tokens and refills evenly over `periodMs`, so a window of w ms sees at most limit × (1 + w / periodMs) tokens.

export interface BucketSettings {
  readonly limit: number;
  readonly periodMs: number;
}

/** Sums of many small steps drift; a microsecond of grace keeps the last whole token reachable. */
const graceMs = 1e-3;

/** Milliseconds until `weight` tokens are there; 0 when they are now. More than the bucket holds counts as a full bucket. */
export function waitMs(fullAtMs: number, { limit, periodMs }: BucketSettings, weight: number, nowMs: number): number {
  const after = afterTaking(fullAtMs, { limit, periodMs }, weight, nowMs);
  const wait = after - nowMs - periodMs;
  return wait <= graceMs ? 0 : wait;
}

/** The new time of being full, once `weight` tokens are taken. */
export function afterTaking(
  fullAtMs: number,
  { limit, periodMs }: BucketSettings,
  weight: number,
  nowMs: number,
): number {
  return Math.max(fullAtMs, nowMs) + (Math.min(weight, limit) * periodMs) / limit;
}

/** Whole tokens that are there now. */
export function tokensLeft(fullAtMs: number, { limit, periodMs }: BucketSettings, nowMs: number): number {
  const missing = (Math.max(0, fullAtMs - nowMs) * limit) / periodMs;
  return Math.max(0, Math.floor(limit - missing + graceMs));
}

/** The token bucket of an endpoint with a rate limit: a second's worth may go at once. Pure; the bucket is a row in webhook_pacing. */
export function refill(tokens: number, perSecond: number, elapsedMs: number): number {
  return Math.min(Math.max(1, perSecond), tokens + (perSecond * Math.max(0, elapsedMs)) / 1000);
}

export interface RoomQuestion {
  readonly concurrency: number;
  /** Deliveries in the hands of all workers. */
  readonly leased: number;
  /** Of the bucket; undefined without a rate limit. */
  readonly tokens: number | undefined;
  /** The circuit was open until now. */
  readonly failing: boolean;
}

/**
 * How many deliveries of a subscription may be leased now. Each worker sends at most `concurrency` at once; as many again wait beside, so that it
 * does not run dry while outcomes are written. All workers together thus stay within twice the limit.
 */
export function roomOf({ concurrency, leased, tokens, failing }: RoomQuestion): number {
  // One probe decides for all.
  if (failing) return leased === 0 && (tokens === undefined || tokens >= 1) ? 1 : 0;
  const room = Math.max(0, 2 * concurrency - leased);
  return tokens === undefined ? room : Math.min(room, Math.floor(tokens));
}

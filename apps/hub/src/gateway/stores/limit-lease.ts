// Tokens of a shared bucket that one replica has drawn ahead. No I/O.

/** Tokens drawn ahead are void after this, and so is what was heard. With it a limit is exceeded by no more than its tokens of this time. */
export const leaseMs = 1_000;
/** Smaller limits are counted call by call: nothing is drawn ahead. */
const leaseFrom = 1_000;
/** Of a limit, no replica draws more ahead at once. */
const leaseShare = 1 / 16;

/** Tokens of one bucket. */
export interface Lease {
  left: number;
  untilMs: number;
  /** Used since this lease began. */
  spent: number;
  /** When the shared bucket is full, as far as known: it holds no more tokens than that says. */
  fullAtMs: number;
}

export function holds({ left, untilMs }: Lease, weight: number, now: number): boolean {
  return left >= weight && now < untilMs;
}

export function spend(lease: Lease, weight: number, now: number): number {
  if (now >= lease.untilMs) lease.left = 0;
  const taken = Math.min(lease.left, weight);
  lease.left -= taken;
  lease.spent += taken;
  return taken;
}

/**
 * Half of what this replica has used within the second, so that no more than a third of what it draws goes to waste, whatever the
 * traffic; every second begins with single tokens. At 1 000 calls a second that makes some twenty questions.
 */
export function wanted(lease: Lease, limit: number, now: number): number {
  if (limit < leaseFrom) return 0;
  if (now >= lease.untilMs) lease.spent = 0;
  return Math.min(Math.floor(lease.spent / 2), Math.floor(limit * leaseShare));
}

export function learnLease(lease: Lease, got: number, sentMs: number, fullInMs: number | null): void {
  if (fullInMs === null) return;
  lease.fullAtMs = sentMs + fullInMs;
  if (got === 0) return;
  // What was left of an older lease keeps its end, and so does what comes on top of it.
  if (lease.left === 0 || sentMs >= lease.untilMs) {
    lease.left = 0;
    lease.untilMs = sentMs + leaseMs;
  }
  lease.left += got;
}

export function createLease(): Lease {
  return { left: 0, untilMs: 0, spent: 0, fullAtMs: Number.NEGATIVE_INFINITY };
}

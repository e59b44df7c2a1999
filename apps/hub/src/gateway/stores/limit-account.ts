// What one replica holds of a shared account: tokens drawn ahead, slots, and what it last heard of the shared state. No I/O.
import type { RateLimits } from '@inthub/contracts';
import { tokensLeft, waitMs } from '../limit/token-bucket.ts';
import { createLease, holds, type Lease, learnLease, leaseMs, spend, wanted } from './limit-lease.ts';
import type { AccountAnswer, AccountQuestion, StepRefusal } from './limit-script.ts';

export const minuteMs = 60_000;
export const hourMs = 3_600_000;
/** After a refusal for want of a slot the server is not asked again for this long, unless one comes back here. */
const fullMs = 25;
/** When a full house empties nobody knows. */
const fullRetryMs = 1_000;

/** Times are `Clock.monotonicMs`. */
export interface Account {
  readonly name: string;
  readonly kind: 'tenant' | 'connector';
  readonly minute: Lease;
  readonly hour: Lease;
  /** Slots that the server counts for this replica. */
  granted: number;
  inUse: number;
  /** Most in use since the last sweep. */
  peak: number;
  slotLimit: number;
  contendedUntilMs: number;
  fullUntilMs: number;
  blockedUntilMs: number;
  windowEndsMs: number;
  window: string;
  /** Left in the provider's window, as last heard. */
  externalLeft: number;
  /** Requests of that window drawn ahead. */
  externalHeld: number;
  externalSpent: number;
  heardUntilMs: number;
  touchedMs: number;
  /** Connection on which the server was last told what is held; another one means that both may be wrong. */
  epoch: number;
  /** A question that draws ahead is under way. */
  drawing: boolean;
}

export function createAccount(name: string, kind: Account['kind']): Account {
  return {
    name,
    kind,
    minute: createLease(),
    hour: createLease(),
    granted: 0,
    inUse: 0,
    peak: 0,
    slotLimit: 0,
    contendedUntilMs: 0,
    fullUntilMs: 0,
    blockedUntilMs: 0,
    windowEndsMs: 0,
    window: '',
    externalLeft: 0,
    externalHeld: 0,
    externalSpent: 0,
    heardUntilMs: Number.NEGATIVE_INFINITY,
    touchedMs: 0,
    epoch: 0,
    drawing: false,
  };
}

export function worst(a: StepRefusal | null, b: StepRefusal | null): StepRefusal | null {
  if (a === null) return b;
  return b === null || a.retryAfterMs >= b.retryAfterMs ? a : b;
}

/** What a call asks of one account. */
export interface Part {
  readonly key: string;
  readonly account: Account;
  readonly limits: RateLimits;
  /** The call draws on the provider's window that is kept here. */
  readonly window: boolean;
}

/** A refusal that the server would give too, known without asking: shared buckets hold no more than was last heard. */
export function knownRefusal(part: Part, weight: number, now: number): StepRefusal | null {
  const { account, limits } = part;
  const { requestsPerMinute, requestsPerHour, concurrentRequests } = limits;
  let refusal = account.kind === 'connector' ? externalRefusal(part, now) : null;
  if (requestsPerMinute !== undefined)
    refusal = worst(refusal, leaseRefusal(account, account.minute, requestsPerMinute, minuteMs, weight, now));
  if (requestsPerHour !== undefined)
    refusal = worst(refusal, leaseRefusal(account, account.hour, requestsPerHour, hourMs, weight, now));
  if (concurrentRequests !== undefined && idleSlots(account) < 1 && now < account.fullUntilMs)
    refusal = worst(refusal, fullRefusal(account));
  return refusal;
}

function leaseRefusal(
  { kind }: Account,
  lease: Lease,
  limit: number,
  periodMs: number,
  weight: number,
  now: number,
): StepRefusal | null {
  const left = now < lease.untilMs ? lease.left : 0;
  const need = Math.min(weight, limit) - left;
  if (need <= 0) return null;
  const retryAfterMs = waitMs(lease.fullAtMs, { limit, periodMs }, need, now);
  if (retryAfterMs === 0) return null;
  const remaining = tokensLeft(lease.fullAtMs, { limit, periodMs }, now) + Math.floor(left);
  return { limitType: kind, retryAfterMs, remaining, resetInMs: lease.fullAtMs - now };
}

export function fullRefusal({ kind }: Account): StepRefusal {
  return { limitType: kind, retryAfterMs: fullRetryMs, remaining: 0, resetInMs: fullRetryMs };
}

function externalRefusal({ account, window }: Part, now: number): StepRefusal | null {
  const { externalHeld, externalLeft, windowEndsMs, blockedUntilMs, heardUntilMs } = account;
  // Somebody's unused share may come back, so an empty window is believed for a while only.
  const empty = window && externalHeld < 1 && externalLeft < 1 && now < heardUntilMs;
  const untilMs = Math.max(blockedUntilMs, empty ? windowEndsMs : 0);
  if (untilMs <= now) return null;
  return { limitType: 'external', retryAfterMs: untilMs - now, remaining: 0, resetInMs: untilMs - now };
}

function idleSlots({ granted, inUse }: Account): number {
  return granted - inUse;
}

/** Whether a call can go with what is in hand. */
export function covers({ account, limits, window }: Part, weight: number, now: number): boolean {
  const { minute, hour } = account;
  const { requestsPerMinute, requestsPerHour, concurrentRequests } = limits;
  if (requestsPerMinute !== undefined && !holds(minute, Math.min(weight, requestsPerMinute), now)) return false;
  if (requestsPerHour !== undefined && !holds(hour, Math.min(weight, requestsPerHour), now)) return false;
  if (concurrentRequests !== undefined && (idleSlots(account) < 1 || now >= account.heardUntilMs)) return false;
  if (account.kind === 'tenant') return true;
  return now < account.heardUntilMs && (!window || account.externalHeld >= 1 || now >= account.windowEndsMs);
}

/** What was taken from hand, for one call; given back if the rest of it is refused. */
export interface Taken {
  readonly minute: number;
  readonly hour: number;
  readonly slot: boolean;
  readonly external: boolean;
}

/** Takes as much of a call as is in hand: all of it after `covers`. */
export function takeInHand({ account, limits, window }: Part, weight: number, now: number): Taken {
  const { requestsPerMinute, requestsPerHour, concurrentRequests } = limits;
  const slot = concurrentRequests !== undefined && idleSlots(account) >= 1;
  if (slot) occupy(account);
  const inWindow = now < account.windowEndsMs;
  if (!inWindow) account.externalHeld = 0;
  const external = window && inWindow && account.externalHeld >= 1;
  if (external) {
    account.externalHeld -= 1;
    account.externalSpent += 1;
  }
  return {
    minute: requestsPerMinute === undefined ? 0 : spend(account.minute, Math.min(weight, requestsPerMinute), now),
    hour: requestsPerHour === undefined ? 0 : spend(account.hour, Math.min(weight, requestsPerHour), now),
    slot,
    external,
  };
}

export function putBack(account: Account, { minute, hour, slot, external }: Taken): void {
  account.minute.left += minute;
  account.minute.spent -= minute;
  account.hour.left += hour;
  account.hour.spent -= hour;
  if (slot) account.inUse -= 1;
  if (external) account.externalHeld += 1;
}

export function occupy(account: Account): void {
  account.inUse += 1;
  account.peak = Math.max(account.peak, account.inUse);
}

/** What the server is asked on behalf of a call that took `taken` from hand. */
export function questionFor(
  { account, limits, window }: Part,
  weight: number,
  taken: Taken,
  now: number,
): AccountQuestion {
  const { requestsPerMinute = 0, requestsPerHour = 0, concurrentRequests = 0 } = limits;
  const draws = !account.drawing;
  account.slotLimit = concurrentRequests;
  return {
    ...upkeep(account, now),
    minuteLimit: requestsPerMinute,
    minuteNeed: Math.min(weight, requestsPerMinute) - taken.minute,
    minuteWant: draws ? wanted(account.minute, requestsPerMinute, now) : 0,
    hourLimit: requestsPerHour,
    hourNeed: Math.min(weight, requestsPerHour) - taken.hour,
    hourWant: draws ? wanted(account.hour, requestsPerHour, now) : 0,
    slotLimit: concurrentRequests,
    slotNeed: concurrentRequests === 0 || taken.slot ? 0 : 1,
    externalNeed: account.kind === 'tenant' ? -1 : window && !taken.external ? 1 : 0,
    externalWant: draws && window ? account.externalSpent * 2 : 0,
  };
}

/** A question that takes nothing: tells what is held, and gives back. */
export function upkeep(account: Account, now: number, slotsBack = 0): AccountQuestion {
  const externalBack = now < account.windowEndsMs && now >= account.heardUntilMs ? account.externalHeld : 0;
  account.externalHeld -= externalBack;
  account.granted -= slotsBack;
  return {
    kind: account.kind,
    minuteLimit: 0,
    minuteNeed: 0,
    minuteWant: 0,
    hourLimit: 0,
    hourNeed: 0,
    hourWant: 0,
    slotLimit: 0,
    slotNeed: 0,
    inUse: account.inUse,
    slotsBack,
    reset: 0,
    externalNeed: account.kind === 'tenant' ? -1 : 0,
    externalWant: 0,
    externalBack,
    window: account.window,
  };
}

/** 1 when the server has to be told anew what is held, because the connection was lost since. */
export function resume(account: Account, epoch: number): 0 | 1 {
  if (account.epoch === epoch) return 0;
  account.epoch = epoch;
  account.granted = account.inUse;
  return 1;
}

/** Takes in an answer. @param sentMs When the question left: everything in the answer is at least as young. */
export function learn(account: Account, question: AccountQuestion, answer: AccountAnswer, sentMs: number): void {
  learnLease(account.minute, answer.minuteGot, sentMs, question.minuteLimit > 0 ? answer.minuteFullInMs : null);
  learnLease(account.hour, answer.hourGot, sentMs, question.hourLimit > 0 ? answer.hourFullInMs : null);
  if (answer.contended) account.contendedUntilMs = sentMs + 2 * fullRetryMs;
  if (answer.full) account.fullUntilMs = sentMs + fullMs;
  account.touchedMs = sentMs;
  account.heardUntilMs = sentMs + leaseMs;
  account.blockedUntilMs = sentMs + answer.blockedInMs;
  if (account.window !== answer.window) account.externalHeld = 0;
  account.window = answer.window;
  account.windowEndsMs = sentMs + answer.windowInMs;
  account.externalLeft = answer.externalLeft;
  account.externalHeld += answer.externalGot;
  if (answer.externalGot > 0) account.externalSpent = 0;
}

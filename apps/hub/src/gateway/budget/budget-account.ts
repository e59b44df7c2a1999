// What one replica holds of one window of a budget. No I/O.
import { type BudgetRule, budgetWindowAt, type Money, type TenantId } from '@inthub/contracts';
import type { BudgetMove } from './budget-authority.ts';

/** Drawn ahead and untouched for this long, it goes back. */
const idleMs = 2_000;
/** A refusal is believed for this long: others may give back, and an admin may raise the limit. */
const refusalMs = 1_000;
/** Weight of the newest call in the average that the next reservation goes by. */
const newestWeight = 0.2;

/** What a call used. */
export interface CallUse {
  /** 1 when it reached the connector, else 0. */
  readonly requests: number;
  readonly tokens: number;
  readonly cost: Money | null;
}

/** Times are `Clock.monotonicMs`, except those of the window. */
export interface BudgetAccount {
  readonly tenantId: TenantId;
  readonly rule: BudgetRule;
  readonly windowStartMs: number;
  readonly windowEndMs: number;
  /** Drawn and not reserved; below 0 when calls used more than was drawn. */
  held: number;
  /** For calls under way. */
  reserved: number;
  /** Settled, not yet reported. */
  spent: number;
  /** What a call used of late; 0 before the first. */
  average: number;
  /** Reserved since the last draw. */
  recent: number;
  touchedMs: number;
  refusedUntilMs: number;
  /** The least that was refused. */
  refusedNeed: number;
  /** As last heard. */
  used: number;
  limit: number;
  /** A question to the authority is under way. */
  asking: Promise<void> | undefined;
}

export function createBudgetAccount(tenantId: TenantId, rule: BudgetRule, at: Date): BudgetAccount {
  const { startMs, endMs } = budgetWindowAt(rule.window, at);
  return {
    tenantId,
    rule,
    windowStartMs: startMs,
    windowEndMs: endMs,
    held: 0,
    reserved: 0,
    spent: 0,
    average: 0,
    recent: 0,
    touchedMs: Number.NEGATIVE_INFINITY,
    refusedUntilMs: Number.NEGATIVE_INFINITY,
    refusedNeed: Number.POSITIVE_INFINITY,
    used: 0,
    limit: rule.limit,
    asking: undefined,
  };
}

/** What to set aside for a call: what it is expected to use, or what calls used of late. At least 1, so that an empty budget refuses. */
export function amountFor(
  account: BudgetAccount,
  expected: { readonly tokens?: number; readonly costMicros?: number },
): number {
  const { measure } = account.rule;
  if (measure === 'requests') return 1;
  const known = measure === 'tokens' ? expected.tokens : expected.costMicros;
  return Math.max(1, Math.ceil(known ?? account.average));
}

export function take(account: BudgetAccount, amount: number, nowMs: number): void {
  account.held -= amount;
  account.reserved += amount;
  account.recent += amount;
  account.touchedMs = nowMs;
}

/** The call is over: what it used is booked, the rest of what was set aside is free again. */
export function settle(account: BudgetAccount, amount: number, use: CallUse): void {
  const { measure, currency } = account.rule;
  const cost = use.cost !== null && use.cost.currency === currency ? use.cost.amountMicros : 0;
  const actual = measure === 'requests' ? use.requests : measure === 'tokens' ? use.tokens : cost;
  account.reserved -= amount;
  account.held += amount - actual;
  account.spent += actual;
  if (actual > 0)
    account.average = account.average === 0 ? actual : account.average * (1 - newestWeight) + actual * newestWeight;
}

/** Something is to be told to the authority, now or once it has lain idle. */
export function isOpen({ held, spent, reserved }: BudgetAccount): boolean {
  return held !== 0 || spent > 0 || reserved > 0;
}

/** What the authority is told; the account counts it as told. @param need What a call lacks; null tells only. */
export function moveOf(account: BudgetAccount, nowMs: number, need: number | null, all = false): BudgetMove {
  const { rule, windowStartMs, spent, held } = account;
  const deficit = Math.max(0, -held);
  const idle = all || nowMs - account.touchedMs >= idleMs;
  const giveBack = need === null && idle ? Math.max(0, held) : 0;
  const want = need === null ? 0 : account.recent;
  account.spent = 0;
  account.held += deficit - giveBack;
  account.recent = 0;
  return { budgetId: rule.id, windowStartMs, spent, deficit, giveBack, need: need ?? 0, want };
}

/** Nobody heard the move: it is still to be told. */
export function takeBack(account: BudgetAccount, { spent, deficit, giveBack, want }: BudgetMove): void {
  account.spent += spent;
  account.held += giveBack - deficit;
  account.recent += want;
}

export function noteRefusal(account: BudgetAccount, need: number, nowMs: number): void {
  const stillRefused = nowMs < account.refusedUntilMs;
  account.refusedNeed = stillRefused ? Math.min(account.refusedNeed, need) : need;
  account.refusedUntilMs = nowMs + refusalMs;
}

/** Refused a moment ago, for this much or less. */
export function isKnownRefused({ refusedUntilMs, refusedNeed }: BudgetAccount, need: number, nowMs: number): boolean {
  return nowMs < refusedUntilMs && need >= refusedNeed;
}

import type { TenantId } from '@inthub/contracts';

/** What a replica tells and asks of one window of a budget. Whole numbers, 0 or more. */
export interface BudgetMove {
  readonly budgetId: string;
  readonly windowStartMs: number;
  /** Used since the last time, by calls that have ended. */
  readonly spent: number;
  /** Of it, what calls used beyond all that this replica had drawn: charged whatever the limit says. */
  readonly deficit: number;
  /** Drawn ahead and not needed. */
  readonly giveBack: number;
  /** Without this much the call cannot go; 0 asks for nothing. */
  readonly need: number;
  /** To take along for calls to come. */
  readonly want: number;
}

export interface BudgetAnswer {
  /** 0 when `need` does not fit. */
  readonly granted: number;
  readonly limit: number;
  readonly used: number;
  /** What may still be drawn. */
  readonly remaining: number;
}

/** Who alone says what is left of a budget; all replicas ask the same one. */
export interface BudgetAuthority {
  /** All moves of a tenant, all or nothing. The answer to a move is undefined when there is no such budget (any more). */
  move(tenantId: TenantId, moves: readonly BudgetMove[]): Promise<readonly (BudgetAnswer | undefined)[]>;
}

/** A window as the authority keeps it. */
export interface BudgetCount {
  readonly limit: number;
  /** Drawn by replicas and not given back. Never below `used`. */
  readonly charged: number;
  readonly used: number;
}

/** Of what is left beyond the need, one replica takes along no more: the last of a budget is shared out call by call. */
const shareAhead = 64;

/** One move, as arithmetic. */
export function applyMove(
  { limit, charged, used }: BudgetCount,
  { spent, deficit, giveBack, need, want }: BudgetMove,
): { readonly count: BudgetCount; readonly granted: number } {
  const usedNow = used + spent;
  const before = Math.max(usedNow, charged + deficit - giveBack);
  const left = limit - before;
  const granted = need > 0 && need <= left ? need + Math.min(want, Math.floor((left - need) / shareAhead)) : 0;
  return { count: { limit, charged: before + granted, used: usedNow }, granted };
}

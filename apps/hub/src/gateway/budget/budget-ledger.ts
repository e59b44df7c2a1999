// Reserve before, settle after (BEY-10): calls are counted here, in this process, against what it has drawn from the authority.
import { type BudgetRule, type Clock, HubError, type TenantId } from '@inthub/contracts';
import { LRUCache } from 'lru-cache';
import type { Log } from '../../telemetry/telemetry.ts';
import type { MaybePromise } from '../maybe-promise.ts';
import {
  amountFor,
  type BudgetAccount,
  type CallUse,
  createBudgetAccount,
  isKnownRefused,
  isOpen,
  moveOf,
  noteRefusal,
  settle,
  take,
  takeBack,
} from './budget-account.ts';
import type { BudgetAuthority } from './budget-authority.ts';

/** Use is reported this often. */
const reportEveryMs = 1_000;
const triesOnClose = 3;
const maxAccounts = 50_000;

/** What a call is expected to use; what is not known is taken from the calls before. */
export interface ExpectedUse {
  readonly tokens?: number;
  readonly costMicros?: number;
}

/** What was set aside for one call. */
export interface BudgetPermit {
  readonly shares: readonly { readonly account: BudgetAccount; readonly amount: number }[];
  settled: boolean;
}

export interface BudgetLedger {
  /**
   * Sets aside what a call will use, of every budget that concerns it, or nothing. At once where this process has drawn enough.
   * @throws HubError `budget_exceeded`; `unavailable` when the authority does not answer.
   */
  reserve(tenantId: TenantId, rules: readonly BudgetRule[], expected: ExpectedUse): MaybePromise<BudgetPermit>;
  /** Exactly once for each permit, with what was really used, also when that is more. */
  settle(permit: BudgetPermit, use: CallUse): void;
  /** Budgets of the tenant have changed: what is held goes back, what was refused is asked again. */
  recall(tenantId: string): void;
  /** Reports what was used and gives the rest back. */
  close(): Promise<void>;
}

export interface BudgetLedgerDeps {
  readonly authority: BudgetAuthority;
  readonly clock: Clock;
  readonly log: Log;
}

export function createBudgetLedger({ authority, clock, log }: BudgetLedgerDeps): BudgetLedger {
  /** By budget, in its present window. One that is forgotten begins with nothing in hand, which is safe. */
  const current = new LRUCache<string, BudgetAccount>({ max: maxAccounts });
  /** With calls under way or something to tell, whatever their window. */
  const open = new Set<BudgetAccount>();
  const stop = new AbortController();
  let ticking = false;
  let reporting: Promise<void> = Promise.resolve();

  function accountOf(tenantId: TenantId, rule: BudgetRule, now: Date): BudgetAccount {
    const known = current.get(rule.id);
    const nowMs = now.getTime();
    if (known !== undefined && nowMs < known.windowEndMs && nowMs >= known.windowStartMs) return known;
    const account = createBudgetAccount(tenantId, rule, now);
    account.average = known?.average ?? 0;
    current.set(rule.id, account);
    return account;
  }

  function reserve(
    tenantId: TenantId,
    rules: readonly BudgetRule[],
    expected: ExpectedUse,
  ): MaybePromise<BudgetPermit> {
    const now = clock.now();
    const shares = rules.map((rule) => {
      const account = accountOf(tenantId, rule, now);
      // Warning budgets refuse nothing, so nothing is set aside for them.
      return { account, amount: rule.mode === 'warn' ? 0 : amountFor(account, expected) };
    });
    if (shares.every(({ account, amount }) => amount === 0 || account.held >= amount)) {
      const nowMs = clock.monotonicMs();
      for (const { account, amount } of shares) if (amount > 0) takeNow(account, amount, nowMs);
      return { shares, settled: false };
    }
    return reserveAsking(shares);
  }

  async function reserveAsking(shares: BudgetPermit['shares']): Promise<BudgetPermit> {
    const taken: { account: BudgetAccount; amount: number }[] = [];
    try {
      for (const { account, amount } of shares) {
        if (amount === 0) continue;
        await takeAsking(account, amount);
        taken.push({ account, amount });
      }
      return { shares, settled: false };
    } catch (error) {
      settleAll(taken, { requests: 0, tokens: 0, cost: null });
      throw error;
    }
  }

  async function takeAsking(account: BudgetAccount, amount: number): Promise<void> {
    for (;;) {
      const nowMs = clock.monotonicMs();
      if (account.held >= amount) return takeNow(account, amount, nowMs);
      const need = amount - Math.max(0, account.held);
      if (isKnownRefused(account, need, nowMs)) throw exceeded(account, clock.now());
      if (account.asking === undefined) {
        account.asking = ask(account, need).finally(() => {
          account.asking = undefined;
        });
      }
      await account.asking;
    }
  }

  async function ask(account: BudgetAccount, need: number): Promise<void> {
    const move = moveOf(account, clock.monotonicMs(), need);
    try {
      const [answer] = await authority.move(account.tenantId, [move]);
      if (answer === undefined) {
        // Removed meanwhile: what is gone limits nothing.
        account.held += need;
        return;
      }
      account.held += answer.granted;
      account.used = answer.used;
      account.limit = answer.limit;
      if (answer.granted === 0) noteRefusal(account, need, clock.monotonicMs());
      else note(account);
    } catch (error) {
      takeBack(account, move);
      log.warn({ err: error, budgetId: account.rule.id }, 'budget could not be asked for');
      throw new HubError('unavailable', 'The budget of this call cannot be checked at the moment, so it is not made.', {
        retryAfterMs: 1_000,
        cause: error,
      });
    }
  }

  function takeNow(account: BudgetAccount, amount: number, nowMs: number): void {
    take(account, amount, nowMs);
    note(account);
  }

  function settleAll(shares: BudgetPermit['shares'], use: CallUse): void {
    for (const { account, amount } of shares) {
      settle(account, amount, use);
      note(account);
    }
  }

  /** Has the account reported in time. */
  function note(account: BudgetAccount): void {
    if (isOpen(account)) open.add(account);
    if (open.size > 0) tick();
  }

  function tick(): void {
    if (ticking || stop.signal.aborted) return;
    ticking = true;
    clock.sleep(reportEveryMs, stop.signal).then(
      () => {
        ticking = false;
        void report();
      },
      () => undefined,
    );
  }

  function report(all = false): Promise<void> {
    reporting = reporting.then(() => reportNow(all));
    return reporting;
  }

  async function reportNow(all: boolean): Promise<void> {
    const nowMs = clock.monotonicMs();
    const ofTenants = Map.groupBy(open, ({ tenantId }) => tenantId);
    for (const [tenantId, accounts] of ofTenants) await reportTenant(tenantId, accounts, nowMs, all);
    if (open.size > 0) tick();
  }

  async function reportTenant(tenantId: TenantId, accounts: readonly BudgetAccount[], nowMs: number, all: boolean) {
    const told: { account: BudgetAccount; move: ReturnType<typeof moveOf> }[] = [];
    for (const account of accounts) {
      const move = moveOf(account, nowMs, null, all);
      if (move.spent > 0 || move.deficit > 0 || move.giveBack > 0) told.push({ account, move });
    }
    try {
      const answers =
        told.length === 0
          ? []
          : await authority.move(
              tenantId,
              told.map(({ move }) => move),
            );
      told.forEach(({ account }, index) => {
        const answer = answers[index];
        if (answer === undefined) return;
        account.used = answer.used;
        account.limit = answer.limit;
      });
    } catch (error) {
      for (const { account, move } of told) takeBack(account, move);
      log.warn({ err: error, budgets: told.length }, 'use of budgets not reported; kept for the next try');
      return;
    }
    for (const account of accounts) if (!isOpen(account)) open.delete(account);
  }

  return {
    reserve,
    settle(permit, use) {
      if (permit.settled) return;
      permit.settled = true;
      settleAll(permit.shares, use);
    },
    recall(tenantId) {
      for (const account of current.values()) {
        if (account.tenantId !== tenantId) continue;
        account.refusedUntilMs = Number.NEGATIVE_INFINITY;
        account.touchedMs = Number.NEGATIVE_INFINITY;
      }
    },
    async close() {
      stop.abort(null);
      for (let tries = 0; tries < triesOnClose && open.size > 0; tries += 1) await report(true);
      const lost = [...open].reduce((sum, { spent }) => sum + (spent > 0 ? 1 : 0), 0);
      if (lost > 0) log.error({ budgets: lost }, 'use of budgets lost: it could not be written before the end');
    },
  };
}

function exceeded({ rule, used, limit, windowEndMs }: BudgetAccount, now: Date): HubError {
  const { id, integrationId, measure, currency, window, mode } = rule;
  const whose = integrationId === null ? 'tenant' : 'integration';
  const of = measure === 'money' ? `${currency ?? ''} spent` : measure;
  const resetAt = new Date(windowEndMs).toISOString();
  return new HubError(
    'budget_exceeded',
    `The ${whose}'s budget of ${of} a ${window} does not allow this call; it begins anew at ${resetAt}. An admin can raise it.`,
    {
      retryAfterMs: Math.max(1, windowEndMs - now.getTime()),
      details: { budgetId: id, scope: whose, measure, currency, window, mode, limit, used, resetAt },
    },
  );
}

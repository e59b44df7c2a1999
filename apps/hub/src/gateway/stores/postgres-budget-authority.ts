// The authority of budgets in PostgreSQL: one row for each window, changed under its lock; what is reached is announced with the change.
import { type Clock, createId, type TenantId } from '@inthub/contracts';
import type { AuditWriter } from '../../audit/audit.ts';
import type { Database, TenantTx } from '../../database/database.ts';
import type { EventWriter } from '../../events/events.ts';
import { applyMove, type BudgetAnswer, type BudgetAuthority, type BudgetMove } from '../budget/budget-authority.ts';
import { type LockedWindow, lockBudgetWindows, saveBudgetWindow } from './budget-repository.ts';

const warnAtPercent = 80;

export interface PostgresBudgetAuthorityDeps {
  readonly database: Database;
  readonly events: EventWriter;
  readonly audit: AuditWriter;
  readonly clock: Clock;
}

export function createPostgresBudgetAuthority(deps: PostgresBudgetAuthorityDeps): BudgetAuthority {
  const { database, clock } = deps;
  const keyOf = (budgetId: string, startMs: number) => `${budgetId}/${startMs}`;

  return {
    move: (tenantId, moves) =>
      database.tenant(tenantId, async (tx) => {
        const windows = await lockBudgetWindows(
          tx,
          moves.map(({ budgetId, windowStartMs }) => ({ budgetId, windowStart: new Date(windowStartMs) })),
        );
        const asked = new Map(moves.map((move) => [keyOf(move.budgetId, move.windowStartMs), move]));
        const answers = new Map<BudgetMove, BudgetAnswer>();
        const reached: Reached[] = [];
        for (const window of windows) {
          const move = asked.get(keyOf(window.rule.id, window.windowStart.getTime()));
          if (move === undefined) continue;
          const { count, granted } = applyMove(window, move);
          const news = thresholds(window, count.used, move.need > 0 && granted === 0);
          const at = (percent: number) => (news.some((one) => one.percent === percent) ? clock.now() : null);
          await saveBudgetWindow(tx, window, count, { warnedAt: at(warnAtPercent), reachedAt: at(100) });
          reached.push(...news);
          const { limit, charged, used } = count;
          answers.set(move, { granted, limit, used, remaining: Math.max(0, limit - charged) });
        }
        await announce(deps, tx, tenantId, reached);
        return moves.map((move) => answers.get(move));
      }),
  };
}

interface Reached {
  readonly window: LockedWindow;
  readonly percent: 80 | 100;
  readonly used: number;
  /** A call was refused for want of it, though some may be left. */
  readonly refused: boolean;
}

function thresholds(window: LockedWindow, used: number, refused: boolean): Reached[] {
  const { limit, warned, reached } = window;
  const news: Reached[] = [];
  if (!warned && used * 100 >= limit * warnAtPercent) news.push({ window, percent: 80, used, refused: false });
  if (!reached && (refused || used >= limit)) news.push({ window, percent: 100, used, refused });
  return news;
}

/** Event and audit in the transaction of the change, the audit last: it locks the tenant's chain. */
async function announce(
  { events, audit }: PostgresBudgetAuthorityDeps,
  tx: TenantTx,
  tenantId: TenantId,
  reached: readonly Reached[],
): Promise<void> {
  if (reached.length === 0) return;
  const requestId = createId();
  const facts = reached.map(({ window: { rule, windowStart, limit }, percent, used, refused }) => {
    const { id, integrationId, measure, currency, window, mode } = rule;
    return {
      integrationId,
      data: {
        budgetId: id,
        integrationId,
        measure,
        currency,
        window,
        mode,
        windowStart: windowStart.toISOString(),
        percent,
        limit,
        used,
        refused,
      },
    };
  });
  await events.appendAll(
    tx,
    facts.map(({ integrationId, data }) => ({
      type: 'budget.reached',
      source: integrationId ?? 'hub',
      data,
      correlationId: requestId,
    })),
  );
  await audit.appendAll(
    tx,
    facts.map(({ integrationId, data }) => ({
      actor: { kind: 'system', id: 'budgets', name: 'Budgets' },
      action: 'budget.reach',
      target: integrationId === null ? { type: 'tenant', id: tenantId } : { type: 'integration', id: integrationId },
      outcome: 'success',
      requestId,
      details: data,
    })),
  );
}

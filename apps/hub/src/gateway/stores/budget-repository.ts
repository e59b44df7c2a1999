import type { BudgetMeasure, BudgetMode, BudgetRule, BudgetSetting, BudgetWindow } from '@inthub/contracts';
import { sql } from 'kysely';
import type { TenantTx } from '../../database/database.ts';
import type { BudgetCount } from '../budget/budget-authority.ts';

interface BudgetRow {
  id: string;
  integration_id: string | null;
  measure: BudgetMeasure;
  currency: string | null;
  period: BudgetWindow;
  amount: string;
  mode: BudgetMode;
  created_at: Date;
  modified_at: Date;
  modified_by: string;
}

/** A budget as stored. */
export interface BudgetRecord extends BudgetRule {
  readonly createdAt: string;
  readonly modifiedAt: string;
  readonly modifiedBy: string;
}

export interface BudgetWindowRecord {
  readonly budgetId: string;
  readonly windowStart: Date;
  readonly charged: number;
  readonly used: number;
}

const columns = sql`id, integration_id, measure, currency, period, amount, mode, created_at, modified_at, modified_by`;
/** Windows of a budget that are kept. */
const keepDays = 400;

/** Those that concern an integration: its own and the tenant's. */
export async function findBudgetRules({ db, tenantId }: TenantTx, integrationId: string): Promise<BudgetRule[]> {
  const { rows } = await sql<BudgetRow>`
    SELECT ${columns} FROM budgets
    WHERE tenant_id = ${tenantId} AND (integration_id IS NULL OR integration_id = ${integrationId}) ORDER BY id`.execute(
    db,
  );
  return rows.map(ruleOf);
}

export async function listBudgets(
  { db, tenantId }: TenantTx,
  filter: { readonly integrationId: string | null; readonly afterId: string | null; readonly take: number },
): Promise<BudgetRecord[]> {
  const { integrationId, afterId, take } = filter;
  const { rows } = await sql<BudgetRow>`
    SELECT ${columns} FROM budgets
    WHERE tenant_id = ${tenantId} AND (${integrationId}::uuid IS NULL OR integration_id = ${integrationId}::uuid)
      AND (${afterId}::uuid IS NULL OR id > ${afterId}::uuid)
    ORDER BY id LIMIT ${take}`.execute(db);
  return rows.map(recordOf);
}

export async function findBudget({ db, tenantId }: TenantTx, id: string): Promise<BudgetRecord | undefined> {
  const { rows } = await sql<BudgetRow>`
    SELECT ${columns} FROM budgets WHERE tenant_id = ${tenantId} AND id = ${id}`.execute(db);
  return rows[0] && recordOf(rows[0]);
}

/** The one budget for the same things; null when there is none. */
export async function findSameBudget(
  { db, tenantId }: TenantTx,
  { integrationId, measure, currency, window }: BudgetSetting,
): Promise<BudgetRecord | null> {
  const { rows } = await sql<BudgetRow>`
    SELECT ${columns} FROM budgets
    WHERE tenant_id = ${tenantId} AND integration_id IS NOT DISTINCT FROM ${integrationId}::uuid AND measure = ${measure}
      AND currency IS NOT DISTINCT FROM ${currency}::text AND period = ${window}`.execute(db);
  return rows[0] === undefined ? null : recordOf(rows[0]);
}

export async function countBudgets({ db, tenantId }: TenantTx): Promise<number> {
  const { rows } = await sql<{ count: string }>`
    SELECT count(*) FROM budgets WHERE tenant_id = ${tenantId}`.execute(db);
  return Number(rows[0]?.count);
}

/** Stores a new budget, or another limit and mode under the same id; what has been announced of it may then be announced again. */
export async function saveBudget(
  { db, tenantId }: TenantTx,
  id: string,
  setting: BudgetSetting,
  { at, by }: { readonly at: Date; readonly by: string },
): Promise<BudgetRecord> {
  const { integrationId, measure, currency, window, limit, mode } = setting;
  const { rows } = await sql<BudgetRow>`
    INSERT INTO budgets (tenant_id, ${columns})
    VALUES (${tenantId}, ${id}, ${integrationId}, ${measure}, ${currency}, ${window}, ${limit}, ${mode}, ${at}, ${at}, ${by})
    ON CONFLICT (tenant_id, integration_id, measure, currency, period) DO UPDATE SET
      amount = excluded.amount, mode = excluded.mode, modified_at = excluded.modified_at, modified_by = excluded.modified_by
    RETURNING ${columns}`.execute(db);
  const [row] = rows as [BudgetRow];
  await sql`
    UPDATE budget_usage SET warned_at = NULL, reached_at = NULL
    WHERE tenant_id = ${tenantId} AND budget_id = ${row.id} AND used < ${limit}`.execute(db);
  return recordOf(row);
}

/** With its windows. @returns false when there was none. */
export async function deleteBudget({ db, tenantId }: TenantTx, id: string): Promise<boolean> {
  const { rows } = await sql`DELETE FROM budgets WHERE tenant_id = ${tenantId} AND id = ${id} RETURNING 1`.execute(db);
  return rows.length === 1;
}

/** Windows of budgets by their start; those in which nothing was asked for are not there. */
export async function findBudgetWindows(
  { db, tenantId }: TenantTx,
  wanted: readonly { readonly budgetId: string; readonly windowStart: Date }[],
): Promise<BudgetWindowRecord[]> {
  if (wanted.length === 0) return [];
  const { rows } = await sql<UsageRow>`
    SELECT budget_id, window_start, charged, used FROM budget_usage
    WHERE tenant_id = ${tenantId} AND (budget_id, window_start) IN (
      SELECT * FROM unnest(${wanted.map(({ budgetId }) => budgetId)}::uuid[], ${wanted.map(({ windowStart }) => windowStart)}::timestamptz[]))`.execute(
    db,
  );
  return rows.map(windowOf);
}

/** The newest windows of a budget in which something was asked for. */
export async function listBudgetWindows(
  { db, tenantId }: TenantTx,
  budgetId: string,
  take: number,
): Promise<BudgetWindowRecord[]> {
  const { rows } = await sql<UsageRow>`
    SELECT budget_id, window_start, charged, used FROM budget_usage
    WHERE tenant_id = ${tenantId} AND budget_id = ${budgetId} ORDER BY window_start DESC LIMIT ${take}`.execute(db);
  return rows.map(windowOf);
}

interface UsageRow {
  budget_id: string;
  window_start: Date;
  charged: string;
  used: string;
}

/** A window, locked, with the budget that it belongs to. */
export interface LockedWindow extends BudgetCount {
  readonly rule: BudgetRule;
  readonly windowStart: Date;
  readonly warned: boolean;
  readonly reached: boolean;
}

/** Locks windows of budgets, made where they are new, in an order that all replicas share; those of removed budgets are left out. */
export async function lockBudgetWindows(
  { db, tenantId }: TenantTx,
  wanted: readonly { readonly budgetId: string; readonly windowStart: Date }[],
): Promise<LockedWindow[]> {
  const ids = wanted.map(({ budgetId }) => budgetId);
  const starts = wanted.map(({ windowStart }) => windowStart);
  const asked = sql`unnest(${ids}::uuid[], ${starts}::timestamptz[]) AS asked (budget_id, window_start)`;
  const made = await sql<{ budget_id: string; window_start: Date }>`
    INSERT INTO budget_usage (tenant_id, budget_id, window_start)
    SELECT b.tenant_id, b.id, asked.window_start FROM ${asked} JOIN budgets b ON b.tenant_id = ${tenantId} AND b.id = asked.budget_id
    ORDER BY b.id, asked.window_start
    ON CONFLICT DO NOTHING RETURNING budget_id, window_start`.execute(db);
  for (const { budget_id, window_start } of made.rows) {
    // A new window is the occasion to let go of the oldest.
    await sql`
      DELETE FROM budget_usage WHERE tenant_id = ${tenantId} AND budget_id = ${budget_id}
        AND window_start < ${window_start}::timestamptz - make_interval(days => ${keepDays})`.execute(db);
  }
  const { rows } = await sql<BudgetRow & UsageRow & { warned: boolean; reached: boolean }>`
    SELECT b.id, b.integration_id, b.measure, b.currency, b.period, b.amount, b.mode, u.budget_id, u.window_start, u.charged, u.used,
      u.warned_at IS NOT NULL AS warned, u.reached_at IS NOT NULL AS reached
    FROM ${asked} JOIN budget_usage u ON u.tenant_id = ${tenantId} AND u.budget_id = asked.budget_id AND u.window_start = asked.window_start
      JOIN budgets b ON b.tenant_id = ${tenantId} AND b.id = u.budget_id
    ORDER BY u.budget_id, u.window_start FOR UPDATE OF u`.execute(db);
  return rows.map((row) => ({
    rule: ruleOf(row),
    windowStart: row.window_start,
    limit: Number(row.amount),
    charged: Number(row.charged),
    used: Number(row.used),
    warned: row.warned,
    reached: row.reached,
  }));
}

/** @param notes When thresholds were announced now. */
export async function saveBudgetWindow(
  { db, tenantId }: TenantTx,
  { rule, windowStart }: Pick<LockedWindow, 'rule' | 'windowStart'>,
  { charged, used }: BudgetCount,
  notes: { readonly warnedAt: Date | null; readonly reachedAt: Date | null },
): Promise<void> {
  await sql`
    UPDATE budget_usage SET charged = ${charged}, used = ${used}, warned_at = coalesce(warned_at, ${notes.warnedAt}::timestamptz),
      reached_at = coalesce(reached_at, ${notes.reachedAt}::timestamptz)
    WHERE tenant_id = ${tenantId} AND budget_id = ${rule.id} AND window_start = ${windowStart}`.execute(db);
}

function ruleOf(row: Omit<BudgetRow, 'created_at' | 'modified_at' | 'modified_by'>): BudgetRule {
  const { id, integration_id, measure, currency, period, amount, mode } = row;
  return { id, integrationId: integration_id, measure, currency, window: period, limit: Number(amount), mode };
}

function recordOf(row: BudgetRow): BudgetRecord {
  return {
    ...ruleOf(row),
    createdAt: row.created_at.toISOString(),
    modifiedAt: row.modified_at.toISOString(),
    modifiedBy: row.modified_by,
  };
}

function windowOf({ budget_id, window_start, charged, used }: UsageRow): BudgetWindowRecord {
  return { budgetId: budget_id, windowStart: window_start, charged: Number(charged), used: Number(used) };
}

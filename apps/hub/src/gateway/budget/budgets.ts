// What admins do with budgets: set, read, remove. Event and audit are part of each change.
import {
  type Budget,
  type BudgetRule,
  type BudgetSetting,
  type BudgetUsage,
  budgetWindowAt,
  type Clock,
  createId,
  HubError,
  invalidField,
  isId,
  type Page,
  type Principal,
  type TenantId,
} from '@inthub/contracts';
import type { AuditWriter } from '../../audit/audit.ts';
import { cursorKind, type Database, pageById, type TenantTx } from '../../database/database.ts';
import type { EventWriter } from '../../events/events.ts';
import {
  type BudgetRecord,
  countBudgets,
  deleteBudget,
  findBudget,
  findBudgetRules,
  findBudgetWindows,
  findSameBudget,
  listBudgets,
  listBudgetWindows,
  saveBudget,
} from '../stores/budget-repository.ts';

/** Budgets of one tenant; every one of the tenant concerns each call. */
const maxBudgets = 1_000;

export interface BudgetActing {
  readonly principal: Principal;
  readonly requestId: string;
}

export interface Budgets {
  /** Those that concern calls of an integration. */
  rulesFor(tenantId: TenantId, integrationId: string): Promise<readonly BudgetRule[]>;
  /** Makes a budget, or gives the one for the same things another limit and mode. @throws HubError `invalid_request`, `not_found`, `conflict` */
  set(acting: BudgetActing, setting: BudgetSetting): Promise<Budget>;
  list(
    tenantId: TenantId,
    query: { readonly integrationId?: string; readonly cursor?: string; readonly limit: number },
  ): Promise<Page<Budget>>;
  /** @throws HubError `not_found` */
  get(tenantId: TenantId, id: string): Promise<Budget>;
  /** Windows in which there was use, the newest first. @throws HubError `not_found` */
  history(tenantId: TenantId, id: string, limit: number): Promise<readonly BudgetUsage[]>;
  /** @throws HubError `not_found` */
  remove(acting: BudgetActing, id: string): Promise<void>;
}

export interface BudgetsDeps {
  readonly database: Database;
  readonly events: EventWriter;
  readonly audit: AuditWriter;
  readonly clock: Clock;
  /** @throws HubError `not_found` when the tenant has no such integration. */
  findIntegration(tenantId: TenantId, id: string): unknown;
  /** After commit, on this replica. */
  onChanged(tenantId: TenantId, integrationId: string | null): void;
}

export function createBudgets({ database, events, audit, clock, findIntegration, onChanged }: BudgetsDeps): Budgets {
  async function withUsage(tx: TenantTx, records: readonly BudgetRecord[]): Promise<Budget[]> {
    const now = clock.now();
    const starts = records.map(({ id, window }) => ({
      budgetId: id,
      windowStart: new Date(budgetWindowAt(window, now).startMs),
    }));
    const found = new Map((await findBudgetWindows(tx, starts)).map((window) => [window.budgetId, window]));
    return records.map((record) => ({ ...record, usage: usageOf(record, found.get(record.id) ?? {}, now) }));
  }

  async function record(tx: TenantTx, { principal, requestId }: BudgetActing, change: Change): Promise<void> {
    const { what, before, after } = change;
    const { id, integrationId } = (after ?? before) as BudgetRecord;
    const view = (budget: BudgetRecord | null) => (budget === null ? {} : settingOf(budget));
    await events.append(tx, {
      type: what === 'set' ? 'budget.changed' : 'budget.removed',
      source: integrationId ?? 'hub',
      data: { budgetId: id, ...view(after ?? before) },
      correlationId: requestId,
    });
    await audit.append(tx, {
      actor: { kind: principal.kind, id: principal.id, name: principal.name },
      action: `budget.${what}`,
      target: integrationId === null ? { type: 'tenant', id: tx.tenantId } : { type: 'integration', id: integrationId },
      outcome: 'success',
      requestId,
      ...(before === null ? {} : { before: view(before) }),
      ...(after === null ? {} : { after: view(after) }),
      details: { budgetId: id },
    });
    tx.afterCommit(() => onChanged(tx.tenantId, integrationId));
  }

  return {
    rulesFor: (tenantId, integrationId) => database.tenant(tenantId, (tx) => findBudgetRules(tx, integrationId)),

    async set(acting, setting) {
      const { tenantId, id: by } = acting.principal;
      const { integrationId, measure, currency } = setting;
      if (measure === 'money' && currency === null)
        throw invalidField('/currency', 'must name a currency, for example USD: money is counted in one.', 'required');
      if (measure !== 'money' && currency !== null)
        throw invalidField('/currency', `must be null: ${measure} have no currency.`, 'type');
      if (integrationId !== null) await findIntegration(tenantId, integrationId);
      return database.tenant(tenantId, async (tx) => {
        const before = await findSameBudget(tx, setting);
        if (before === null && (await countBudgets(tx)) >= maxBudgets) {
          throw new HubError('conflict', `There are ${maxBudgets} budgets already; remove one that is not needed.`);
        }
        const after = await saveBudget(tx, before?.id ?? createId(), setting, { at: clock.now(), by });
        const [budget] = (await withUsage(tx, [after])) as [Budget];
        await record(tx, acting, { what: 'set', before, after });
        return budget;
      });
    },

    async list(tenantId, { integrationId, cursor, limit }) {
      if (integrationId !== undefined && !isId(integrationId)) return { items: [], nextCursor: null };
      const kind = cursorKind('budgets', { integrationId });
      return database.tenant(tenantId, async (tx) => {
        const { items, nextCursor } = await pageById(kind, { cursor, limit }, (from) =>
          listBudgets(tx, { integrationId: integrationId ?? null, ...from }),
        );
        return { items: await withUsage(tx, items), nextCursor };
      });
    },

    get: (tenantId, id) =>
      database.tenant(tenantId, async (tx) => {
        const [budget] = (await withUsage(tx, [await existing(tx, id)])) as [Budget];
        return budget;
      }),

    history: (tenantId, id, limit) =>
      database.tenant(tenantId, async (tx) => {
        const budget = await existing(tx, id);
        const windows = await listBudgetWindows(tx, id, limit);
        return windows.map((window) => usageOf(budget, window, window.windowStart));
      }),

    async remove(acting, id) {
      await database.tenant(acting.principal.tenantId, async (tx) => {
        const before = await existing(tx, id);
        if (!(await deleteBudget(tx, id))) throw noBudget();
        await record(tx, acting, { what: 'remove', before, after: null });
      });
    },
  };
}

interface Change {
  readonly what: 'set' | 'remove';
  readonly before: BudgetRecord | null;
  readonly after: BudgetRecord | null;
}

function settingOf({ integrationId, measure, currency, window, limit, mode }: BudgetRecord): BudgetSetting {
  return { integrationId, measure, currency, window, limit, mode };
}

/** The window that holds a moment. */
function usageOf(
  { window, limit }: BudgetRecord,
  { charged = 0, used = 0 }: { readonly charged?: number; readonly used?: number },
  at: Date,
): BudgetUsage {
  const { startMs, endMs } = budgetWindowAt(window, at);
  return {
    windowStart: new Date(startMs).toISOString(),
    windowEnd: new Date(endMs).toISOString(),
    used,
    reserved: charged - used,
    remaining: Math.max(0, limit - charged),
  };
}

async function existing(tx: TenantTx, id: string): Promise<BudgetRecord> {
  const found = isId(id) ? await findBudget(tx, id) : undefined;
  if (found === undefined) throw noBudget();
  return found;
}

function noBudget(): HubError {
  return new HubError('not_found', 'There is no such budget.');
}

/** BEY-10 against PostgreSQL: several ledgers are several replicas. */
import { type BudgetRule, type BudgetSetting, createId, type Principal, type TenantId } from '@inthub/contracts';
import { createFakeClock, type FakeClock } from '@inthub/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createAuditLog } from '../../audit/audit.ts';
import { createTestTenant, type OpenTestDatabase, openTestDatabase } from '../../database/testing.ts';
import { createEventLog } from '../../events/events.ts';
import { createPostgresBudgetAuthority } from '../stores/postgres-budget-authority.ts';
import { quietLog } from '../testing.ts';
import { type BudgetLedger, createBudgetLedger } from './budget-ledger.ts';
import { createBudgets } from './budgets.ts';

let opened: OpenTestDatabase;
let clock: FakeClock;
let tenantId: TenantId;
let setUp: ReturnType<typeof wire>;

beforeAll(async () => {
  opened = await openTestDatabase();
});
afterAll(() => opened?.close());
beforeEach(async () => {
  clock = createFakeClock('2026-03-14T22:00:00Z');
  tenantId = await createTestTenant(opened.database);
  setUp = wire();
});

function wire() {
  const { database } = opened;
  const events = createEventLog({ database, clock });
  const audit = createAuditLog({ database, clock, redact: (value) => value, chainKey: Buffer.alloc(32, 7) });
  const deps = { database, events, audit, clock, log: quietLog };
  const ledgers: BudgetLedger[] = [];
  return {
    ...deps,
    budgets: createBudgets({ ...deps, findIntegration: () => ({}), onChanged: () => undefined }),
    replica() {
      const ledger = createBudgetLedger({ ...deps, authority: createPostgresBudgetAuthority(deps) });
      ledgers.push(ledger);
      return ledger;
    },
    async closeAll() {
      await Promise.all(ledgers.map((ledger) => ledger.close()));
    },
  };
}

const acting = () => {
  const principal: Principal = { tenantId, kind: 'user', id: 'admin', name: 'Admin', scopes: new Set() };
  return { principal, requestId: 'r1' };
};
const integrationId = createId<string>();

async function budget(changes: Partial<BudgetSetting>): Promise<BudgetRule> {
  return setUp.budgets.set(acting(), {
    integrationId: null,
    measure: 'requests',
    currency: null,
    window: 'day',
    limit: 10,
    mode: 'hard',
    ...changes,
  });
}

async function usedOf({ id }: BudgetRule): Promise<number> {
  return (await setUp.budgets.get(tenantId, id)).usage.used;
}

interface Use {
  readonly tokens?: number;
  readonly micros?: number;
}

/** One call from reservation to settlement. @returns the code of a refusal, or `passed`. */
async function call(ledger: BudgetLedger, rules: readonly BudgetRule[], use: Use = {}, expected = {}): Promise<string> {
  try {
    const permit = await ledger.reserve(tenantId, rules, expected);
    const cost = use.micros === undefined ? null : { amountMicros: use.micros, currency: 'USD' };
    ledger.settle(permit, { requests: 1, tokens: use.tokens ?? 0, cost });
    return 'passed';
  } catch (error) {
    return (error as { code: string }).code;
  }
}

describe('budgets', { timeout: 120_000 }, () => {
  it('let through what they allow, then refuse until their window begins anew', async () => {
    const rule = await budget({ limit: 3 });
    const replica = setUp.replica();

    const results: string[] = [];
    for (let i = 0; i < 5; i += 1) results.push(await call(replica, [rule]));
    const refusal = await Promise.resolve(replica.reserve(tenantId, [rule], {})).catch((error: unknown) => error);

    expect(results).toEqual(['passed', 'passed', 'passed', 'budget_exceeded', 'budget_exceeded']);
    expect(refusal).toMatchObject({
      status: 429,
      blame: 'caller',
      retryAfterMs: 2 * 3_600_000,
      details: { scope: 'tenant', measure: 'requests', window: 'day', limit: 3, resetAt: '2026-03-15T00:00:00.000Z' },
    });

    await clock.advance(2 * 3_600_000);
    expect(await call(replica, [rule])).toBe('passed');
    await setUp.closeAll();
    const [today, yesterday] = await setUp.budgets.history(tenantId, rule.id, 5);
    expect([today, yesterday]).toMatchObject([
      { windowStart: '2026-03-15T00:00:00.000Z', used: 1, reserved: 0, remaining: 2 },
      {
        windowStart: '2026-03-14T00:00:00.000Z',
        windowEnd: '2026-03-15T00:00:00.000Z',
        used: 3,
        reserved: 0,
        remaining: 0,
      },
    ]);
  });

  it.each([1, 7, 200, 1_000])(
    'of %i requests are never exceeded by several replicas, and are used up',
    async (limit) => {
      const rule = await budget({ limit, window: 'month' });
      const replicas = Array.from({ length: 4 }, () => setUp.replica());

      let passed = 0;
      for (let round = 0; round < 400 && passed < limit; round += 1) {
        const results = await Promise.all(
          replicas.flatMap((replica) => [call(replica, [rule]), call(replica, [rule])]),
        );
        passed += results.filter((result) => result === 'passed').length;
        // Idle parts go back, refusals are forgotten.
        if (results.includes('budget_exceeded')) await passSeconds(3);
      }
      await setUp.closeAll();

      expect(passed).toBe(limit);
      expect(await usedOf(rule)).toBe(limit);
    },
  );

  it('of tokens exceed by no more than calls under way used beyond what was set aside', async () => {
    const rule = await budget({ measure: 'tokens', limit: 1_000 });
    const replica = setUp.replica();

    // Four at once, each set to use 200 and using 300.
    const permits = await Promise.all(
      Array.from({ length: 4 }, () => replica.reserve(tenantId, [rule], { tokens: 200 })),
    );
    for (const permit of permits) replica.settle(permit, { requests: 1, tokens: 300, cost: null });

    expect(await call(replica, [rule], { tokens: 1 }, { tokens: 1 })).toBe('budget_exceeded');
    await setUp.closeAll();
    expect(await usedOf(rule)).toBe(1_200);
  });

  it('set aside what calls used of late where nobody knows better', async () => {
    const rule = await budget({ measure: 'tokens', limit: 1_000 });
    const replica = setUp.replica();
    await call(replica, [rule], { tokens: 400 });

    const second = await replica.reserve(tenantId, [rule], {});
    expect(await call(replica, [rule], { tokens: 1 })).toBe('budget_exceeded');
    replica.settle(second, { requests: 1, tokens: 0, cost: null });
    expect(await call(replica, [rule], { tokens: 100 })).toBe('passed');
  });

  it('count money of their own currency only', async () => {
    const usd = await budget({ measure: 'money', currency: 'USD', limit: 5_000_000, window: 'month' });
    const eur = await budget({ measure: 'money', currency: 'EUR', limit: 5_000_000, window: 'month' });
    const replica = setUp.replica();

    await call(replica, [usd, eur], { micros: 1_500_000 });
    await setUp.closeAll();

    expect([await usedOf(usd), await usedOf(eur)]).toEqual([1_500_000, 0]);
  });

  it('take all or nothing where several concern a call', async () => {
    const wide = await budget({ limit: 100 });
    const narrow = await budget({ integrationId, limit: 1 });
    const replica = setUp.replica();

    const results = [await call(replica, [wide, narrow]), await call(replica, [wide, narrow])];
    await setUp.closeAll();

    expect(results).toEqual(['passed', 'budget_exceeded']);
    expect([await usedOf(wide), await usedOf(narrow)]).toEqual([1, 1]);
    expect((await setUp.budgets.get(tenantId, wide.id)).usage.reserved).toBe(0);
  });

  it('that only warn let everything through, and tell', async () => {
    const rule = await budget({ mode: 'warn', limit: 2 });
    const replica = setUp.replica();

    const results = await Promise.all([1, 2, 3].map(() => call(replica, [rule])));
    await setUp.closeAll();

    expect(results).toEqual(['passed', 'passed', 'passed']);
    expect(await usedOf(rule)).toBe(3);
    expect((await reached()).map(({ percent }) => percent)).toEqual([80, 100]);
  });

  it('tell once at 80 and at 100 percent, in events and audit, whichever replica gets there', async () => {
    const rule = await budget({ limit: 10 });
    const replicas = [setUp.replica(), setUp.replica()];
    for (let i = 0; i < 7; i += 1) await call(replicas[i % 2] as BudgetLedger, [rule]);
    await settleReports();
    expect(await reached()).toEqual([]);

    await call(replicas[0] as BudgetLedger, [rule]);
    await expectReached([80]);
    for (let i = 0; i < 6; i += 1) await call(replicas[i % 2] as BudgetLedger, [rule]);
    await setUp.closeAll();

    await expectReached([80, 100]);
    const { items } = await setUp.audit.list(tenantId, { limit: 50, action: 'budget.reach' });
    expect(items.map(({ actor, details }) => [actor.kind, details?.['percent']])).toEqual([
      ['system', 100],
      ['system', 80],
    ]);
    expect((await setUp.audit.verify(tenantId)).intact).toBe(true);
  });

  it('that are raised let calls pass again, and may be announced again', async () => {
    const rule = await budget({ limit: 1 });
    const replica = setUp.replica();
    expect([await call(replica, [rule]), await call(replica, [rule])]).toEqual(['passed', 'budget_exceeded']);

    const raised = await budget({ limit: 2 });
    replica.recall(tenantId);

    expect(raised.id).toBe(rule.id);
    expect([await call(replica, [raised]), await call(replica, [raised])]).toEqual(['passed', 'budget_exceeded']);
  });

  it('that are removed limit nothing', async () => {
    const rule = await budget({ limit: 1 });
    const replica = setUp.replica();
    await call(replica, [rule]);
    await setUp.budgets.remove(acting(), rule.id);
    replica.recall(tenantId);

    expect(await call(replica, [rule])).toBe('passed');
    await setUp.closeAll();
    await expect(setUp.budgets.get(tenantId, rule.id)).rejects.toMatchObject({ code: 'not_found' });
  });

  it('keep what a replica that died had drawn: nobody knows what it used', async () => {
    const rule = await budget({ limit: 1_000 });
    await call(setUp.replica(), [rule]); // never closed, never reports

    const survivor = setUp.replica();
    let passed = 0;
    while ((await call(survivor, [rule])) === 'passed') passed += 1;

    expect(passed).toBe(999);
  });

  it('refuse with unavailable while nobody can say what is left, and lose no use', async () => {
    const rule = await budget({ limit: 10, mode: 'warn' });
    const hard = await budget({ limit: 10, integrationId });
    let broken = true;
    const authority = createPostgresBudgetAuthority(setUp);
    const ledger = createBudgetLedger({
      clock,
      log: quietLog,
      authority: {
        move: async (tenant, moves) => (broken ? Promise.reject(new Error('down')) : authority.move(tenant, moves)),
      },
    });

    expect([await call(ledger, [rule]), await call(ledger, [hard])]).toEqual(['passed', 'unavailable']);
    await clock.advance(1_000);
    broken = false;
    await ledger.close();

    expect(await usedOf(rule)).toBe(1);
  });
});

describe('what admins do with budgets', () => {
  it('is checked, audited and told', async () => {
    await expect(budget({ measure: 'money' })).rejects.toMatchObject({
      code: 'invalid_request',
      errors: [{ path: '/currency' }],
    });
    await expect(budget({ currency: 'USD' })).rejects.toMatchObject({ errors: [{ path: '/currency' }] });

    const rule = await budget({});
    await budget({ limit: 20, mode: 'warn' });
    await setUp.budgets.remove(acting(), rule.id);

    const { items } = await setUp.audit.list(tenantId, { limit: 10 });
    expect(items.map(({ action, before, after }) => [action, before, after])).toMatchObject([
      ['budget.remove', { limit: 20 }, undefined],
      ['budget.set', { limit: 10, mode: 'hard' }, { limit: 20, mode: 'warn' }],
      ['budget.set', undefined, { limit: 10 }],
    ]);
    const { items: facts } = await setUp.events.list(tenantId, { type: 'budget.*', limit: 10 });
    expect(facts.map(({ type }) => type)).toEqual(['budget.removed', 'budget.changed', 'budget.changed']);
  });

  it('lists page by page, of one integration or all', async () => {
    const [first, second] = [await budget({}), await budget({ integrationId })];

    const page = await setUp.budgets.list(tenantId, { limit: 1 });
    const rest = await setUp.budgets.list(tenantId, { limit: 1, cursor: page.nextCursor ?? '' });
    const own = await setUp.budgets.list(tenantId, { limit: 10, integrationId });

    expect([page.items, rest.items, own.items].map((items) => items.map(({ id }) => id))).toEqual([
      [first.id],
      [second.id],
      [second.id],
    ]);
    expect(rest.nextCursor).toBeNull();
    expect((await setUp.budgets.rulesFor(tenantId, integrationId)).length).toBe(2);
    expect((await setUp.budgets.rulesFor(tenantId, createId())).length).toBe(1);
  });
});

async function passSeconds(count: number): Promise<void> {
  for (let i = 0; i < count; i += 1) {
    await clock.advance(1_000);
    await settleReports();
  }
}

/** Lets reports that are under way reach the database. */
async function settleReports(): Promise<void> {
  await opened.database.tenant(tenantId, async () => undefined);
  await opened.database.tenant(tenantId, async () => undefined);
}

async function reached(): Promise<Record<string, unknown>[]> {
  const { items } = await setUp.events.list(tenantId, { type: 'budget.reached', limit: 50 });
  return items.map(({ data }) => data).reverse();
}

async function expectReached(percents: readonly number[]): Promise<void> {
  await expect
    .poll(
      async () => {
        await clock.advance(1_000);
        return (await reached()).map(({ percent }) => percent);
      },
      { timeout: 15_000 },
    )
    .toEqual(percents);
}

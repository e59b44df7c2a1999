/** BEY-10 with real processes on one PostgreSQL, in real time. */
import { join } from 'node:path';
import { type BudgetRule, createId, type Principal, systemClock } from '@inthub/contracts';
import { startChild } from '@inthub/testing';
import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createAuditLog } from '../../audit/audit.ts';
import { createTestTenant, type OpenTestDatabase, openTestDatabase } from '../../database/testing.ts';
import { createEventLog } from '../../events/events.ts';
import { createBudgets } from './budgets.ts';

let opened: OpenTestDatabase;
beforeAll(async () => {
  opened = await openTestDatabase({ maxConnections: 12 });
});
afterAll(() => opened?.close());

it('four processes together pass a budget to the last request and no further', { timeout: 180_000 }, async () => {
  const { database } = opened;
  const clock = systemClock;
  const tenantId = await createTestTenant(database);
  const principal: Principal = { tenantId, kind: 'user', id: 'admin', name: 'Admin', scopes: new Set() };
  const budgets = createBudgets({
    database,
    clock,
    events: createEventLog({ database, clock }),
    audit: createAuditLog({ database, clock, redact: (value) => value, chainKey: Buffer.alloc(32, 7) }),
    findIntegration: () => ({}),
    onChanged: () => undefined,
  });
  const rule = await budgets.set(
    { principal, requestId: createId() },
    { integrationId: null, measure: 'requests', currency: null, window: 'month', limit: 300, mode: 'hard' },
  );

  const passed = await startLedgerProcesses({ count: 4, url: opened.url, tenantId, rule });

  const sum = passed.reduce((all, one) => all + one, 0);
  const admin = new pg.Client({ connectionString: opened.url });
  await admin.connect();
  const { rows } = await admin.query('SELECT used, charged FROM inthub.budget_usage WHERE budget_id = $1', [rule.id]);
  await admin.end();
  expect(sum).toBeLessThanOrEqual(300);
  // They all ended in order, so what is used is what passed, and nothing is held any more.
  expect(rows).toEqual([{ used: String(sum), charged: String(sum) }]);
  // All but what one may still have held idle when the others gave up.
  expect(sum).toBeGreaterThan(280);
});

/** Each calls as long as it is let, four at a time; what it may not is tried again until two seconds have passed without a single pass. */
async function startLedgerProcesses(options: {
  readonly count: number;
  readonly url: string;
  readonly tenantId: string;
  readonly rule: BudgetRule;
}): Promise<readonly number[]> {
  const module = (path: string) => JSON.stringify(join(import.meta.dirname, path));
  const script = `
    import { systemClock as clock } from '@inthub/contracts';
    const { createDatabase } = await import(${module('../../database/database.ts')});
    const { createAuditLog } = await import(${module('../../audit/audit.ts')});
    const { createEventLog } = await import(${module('../../events/events.ts')});
    const { createBudgetLedger } = await import(${module('budget-ledger.ts')});
    const { createPostgresBudgetAuthority } = await import(${module('../stores/postgres-budget-authority.ts')});
    const log = { debug() {}, info() {}, warn() {}, error() {} };
    const database = await createDatabase({ url: ${JSON.stringify(options.url)}, log, maxConnections: 2 });
    const audit = createAuditLog({ database, clock, redact: (value) => value, chainKey: Buffer.alloc(32, 7) });
    const events = createEventLog({ database, clock });
    const ledger = createBudgetLedger({ clock, log, authority: createPostgresBudgetAuthority({ database, audit, events, clock }) });
    const rule = ${JSON.stringify(options.rule)};
    let passed = 0;
    let lastMs = clock.monotonicMs();
    await Promise.all([1, 2, 3, 4].map(async () => {
      while (clock.monotonicMs() - lastMs < 5_000) {
        try {
          const permit = await ledger.reserve(${JSON.stringify(options.tenantId)}, [rule], {});
          await clock.sleep(1);
          ledger.settle(permit, { requests: 1, tokens: 0, cost: null });
          passed += 1;
          lastMs = clock.monotonicMs();
        } catch (error) {
          if (error.code !== 'budget_exceeded') throw error;
          await clock.sleep(100);
        }
      }
    }));
    await ledger.close();
    await database.close();
    console.log(JSON.stringify(passed));
  `;
  const children = await Promise.all(
    Array.from({ length: options.count }, () =>
      startChild({
        command: process.execPath,
        args: ['--conditions=source', '--no-warnings', '--input-type=module', '-e', script],
        cwd: import.meta.dirname,
      }),
    ),
  );
  return Promise.all(
    children.map(async (child) => {
      const code = await child.ended;
      if (code !== 0) throw new Error(`a replica ended with ${code}:\n${child.logs()}`);
      return JSON.parse(child.logs()) as number;
    }),
  );
}

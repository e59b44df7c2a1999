// For tests: replicas as processes of their own, each with a ledger on the same database.
import { join } from 'node:path';
import type { BudgetRule } from '@inthub/contracts';
import { startChild } from '@inthub/testing';

/** Each calls as long as it is let, four at a time; what it may not is tried again until two seconds have passed without a single pass. */
export async function startLedgerProcesses(options: {
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

// Wires budgets: the authority in PostgreSQL, the ledger that calls are counted in, and what admins do with them.
import type { Clock, TenantId } from '@inthub/contracts';
import type { AuditWriter } from './audit/audit.ts';
import type { Database } from './database/database.ts';
import type { EventWriter } from './events/events.ts';
import { type Budgets, createBudgetLedger, createBudgets, createPostgresBudgetAuthority } from './gateway/gateway.ts';
import type { Log } from './telemetry/telemetry.ts';

export interface StartBudgetsDeps {
  readonly database: Database;
  readonly events: EventWriter;
  readonly audit: AuditWriter;
  readonly clock: Clock;
  readonly log: Log;
  findIntegration(tenantId: TenantId, id: string): unknown;
  /** Calls of the tenant, or of one integration, go by other budgets from now on. */
  onChanged(tenantId: TenantId, integrationId: string | null): void;
}

export interface StartedBudgets {
  readonly ledger: ReturnType<typeof createBudgetLedger>;
  readonly budgets: Budgets;
}

export function startBudgets({ onChanged, ...deps }: StartBudgetsDeps): StartedBudgets {
  const ledger = createBudgetLedger({ ...deps, authority: createPostgresBudgetAuthority(deps) });
  const budgets = createBudgets({
    ...deps,
    onChanged(tenantId, integrationId) {
      ledger.recall(tenantId);
      onChanged(tenantId, integrationId);
    },
  });
  return { ledger, budgets };
}

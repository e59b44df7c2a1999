import { type HealthStatus, storableText } from '@inthub/contracts';
import type { TenantTx } from '../database/database.ts';
import type { CatalogContext } from './catalog-context.ts';
import type { Acting, CheckOutcomeRecord } from './catalog-types.ts';
import { consequences } from './change-events.ts';
import { isAboutIntegration } from './check-outcome.ts';
import type { IntegrationRecord } from './integration-record.ts';
import { legalState } from './move-integration.ts';
import { lockExisting, recordChange, save } from './record-change.ts';

/**
 * Moves the lifecycle by what a test or poll found. The version stays: it counts what people change, and an ETag should outlive the
 * next poll. Events and audit entries of the hub's own polls are written only when status or health changed.
 */
export async function recordCheck(
  ctx: CatalogContext,
  acting: Acting,
  id: string,
  outcome: CheckOutcomeRecord,
): Promise<IntegrationRecord> {
  return ctx.database.tenant(acting.principal.tenantId, async (tx) => {
    const before = await lockExisting(tx, id);
    if (!isAboutIntegration(outcome)) return before;

    const after = await checked(ctx, tx, before, outcome);
    await save(tx, before, after);
    const events = consequences(before, after);
    const isStatusNew = before.status !== after.status;
    if (events.length === 0 && acting.principal.kind === 'system') return after;
    const { success, latencyMs, errorCode, message } = outcome;
    await recordChange(ctx, tx, {
      acting,
      integration: after,
      events,
      action: 'integration.check',
      audit: {
        outcome: success ? 'success' : 'failure',
        before: { status: before.status, health: before.health },
        after: { status: after.status, health: after.health },
        details: { latencyMs, errorCode, message: storableText(message, 1_000), statusChanged: isStatusNew },
      },
    });
    return after;
  });
}

async function checked(
  ctx: CatalogContext,
  tx: TenantTx,
  before: IntegrationRecord,
  { success, message }: CheckOutcomeRecord,
): Promise<IntegrationRecord> {
  const activates = success && before.status === 'pending_verification';
  const approvalRequired = activates && (await ctx.approvalRequired(tx));
  const state = legalState(before, success ? 'check_passed' : 'check_failed', { approvalRequired });
  return {
    ...before,
    ...state,
    health: healthAfter(success, { ...before, ...state }),
    lastTestedAt: ctx.clock.now(),
    lastError: success ? null : storableText(message, 2_000),
  };
}

/**
 * `healthy` after a success, `unhealthy` once the integration has failed (or does not work at all before its first activation),
 * `degraded` in between: a single failed check shows, but does not alarm.
 */
function healthAfter(success: boolean, { status }: IntegrationRecord): HealthStatus {
  if (success) return 'healthy';
  return status === 'active' || status === 'degraded' ? 'degraded' : 'unhealthy';
}

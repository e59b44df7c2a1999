import type { CatalogContext } from './catalog-context.ts';
import type { Acting } from './catalog-types.ts';
import { consequences } from './change-events.ts';
import type { IntegrationRecord } from './integration-record.ts';
import { legalState } from './move-integration.ts';
import { auditView } from './present-integration.ts';
import { lockExisting, recordChange, save, staleVersion } from './record-change.ts';
import { deleteUsage } from './usage-repository.ts';

export interface UninstallOptions {
  /** Also forgets what was counted for it. */
  readonly deleteData: boolean;
  /** Asked for by the caller, noted in the audit; the stored credentials are destroyed in any case. */
  readonly revokeTokens: boolean;
  readonly expectedVersion?: number;
}

/** Both moves, `uninstalling` and `uninstalled`, in one transaction: nobody sees the first, and the name is free again. */
export async function uninstallIntegration(
  ctx: CatalogContext,
  acting: Acting,
  id: string,
  { deleteData, revokeTokens, expectedVersion }: UninstallOptions,
): Promise<void> {
  const { principal, requestId } = acting;
  await ctx.database.tenant(principal.tenantId, async (tx) => {
    const before = await lockExisting(tx, id);
    if (expectedVersion !== undefined && before.version !== expectedVersion) throw staleVersion(before.version);
    const uninstalling: IntegrationRecord = { ...before, ...legalState(before, 'uninstall') };
    const after: IntegrationRecord = {
      ...uninstalling,
      ...legalState(uninstalling, 'removed'),
      authRef: null,
      credentialKind: null,
      health: 'unknown',
      version: before.version + 1,
      modifiedAt: ctx.clock.now(),
      modifiedBy: principal.id,
    };
    await save(tx, before, after);
    await ctx.schedule.stop(tx, id);
    if (deleteData) await deleteUsage(tx, id);
    await ctx.onUninstall?.(tx, id);
    const credentials = await ctx.vault.revoke(tx, { integrationId: id, principal, requestId });

    const details = { deleteData, revokeTokens, credentialsRevoked: credentials };
    const follows = consequences(before, after).filter(({ type }) => type === 'integration.status_changed');
    await recordChange(ctx, tx, {
      acting,
      integration: after,
      events: [...follows, { type: 'integration.deleted', data: details }],
      action: 'integration.uninstall',
      audit: { before: auditView(before), after: { status: after.status }, details },
    });
  });
}

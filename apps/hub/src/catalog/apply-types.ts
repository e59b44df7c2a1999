import { createId, type TenantId } from '@inthub/contracts';
import type { TenantTx } from '../database/database.ts';
import type { CatalogContext } from './catalog-context.ts';
import type { Acting, CatalogType } from './catalog-types.ts';
import { consequences } from './change-events.ts';
import type { IntegrationRecord } from './integration-record.ts';
import { connectorMissing, legalState } from './move-integration.ts';
import { save, toAudit, toEvent } from './record-change.ts';
import { compareSeenTypes, lockAffected, markApplied, type SeenType, tenantsWithTypes } from './types-repository.ts';

const batchSize = 200;

/**
 * Tells integrations what became of their connectors (CAT-5). The types of the last start are remembered in the database, so an
 * ordinary start, where nothing changed, reads one small table. A start that dies on the way is taken up by the next: what was moved
 * is no longer found, what was not still is. Its `connector.*` events are at-least-once.
 */
export async function applyTypes(ctx: CatalogContext, types: readonly CatalogType[]): Promise<void> {
  const loaded = types.map(({ id, connectorId, connectorVersion }) => ({ typeId: id, connectorId, connectorVersion }));
  const changes = await ctx.database.system('inthub_scheduler', (tx) => compareSeenTypes(tx, loaded, ctx.clock.now()));
  if (changes.length === 0) return;

  const tenants = await ctx.database.system('inthub_scheduler', (tx) =>
    tenantsWithTypes(
      tx,
      changes.map(({ typeId }) => typeId),
    ),
  );
  let failed = 0;
  for (const tenant of tenants) {
    try {
      await tellTenant(ctx, tenant as TenantId, changes);
    } catch (error) {
      // One tenant's trouble (a broken audit chain, …) does not keep the others waiting; the next start tries again.
      failed += 1;
      ctx.log.error({ err: error, tenantId: tenant }, 'integrations could not be told of their connector');
    }
  }
  if (failed === 0) await ctx.database.system('inthub_scheduler', (tx) => markApplied(tx, changes));
  ctx.log.info({ types: changes.length, tenants: tenants.length, failed }, 'connectors compared with the last start');
}

async function tellTenant(ctx: CatalogContext, tenantId: TenantId, changes: readonly SeenType[]): Promise<void> {
  const acting: Acting = {
    principal: { tenantId, kind: 'system', id: 'catalog', name: 'Integration Hub', scopes: new Set() },
    requestId: `catalog-${createId()}`,
  };
  const lost = changes.filter(({ present }) => !present).map(({ typeId }) => typeId);
  const returned = changes.filter(({ present }) => present).map(({ typeId }) => typeId);
  for (let isFirst = true; ; isFirst = false) {
    const moved = await ctx.database.tenant(tenantId, async (tx) => {
      const affected = await lockAffected(tx, { lost, returned, limit: batchSize });
      if (isFirst) await ctx.events.appendAll(tx, connectorEvents(changes, acting));
      await moveAll(ctx, tx, acting, affected);
      return affected.length;
    });
    if (moved < batchSize) return;
  }
}

async function moveAll(
  ctx: CatalogContext,
  tx: TenantTx,
  acting: Acting,
  affected: readonly IntegrationRecord[],
): Promise<void> {
  if (affected.length === 0) return;
  const moves = affected.map((before) => ({ before, after: moved(before) }));
  // Started together, they travel together.
  await Promise.all(moves.map(({ before, after }) => save(tx, before, after)));
  const back = moves.filter(({ after }) => after.status === 'active').map(({ after }) => after.id);
  if (back.length > 0) await ctx.schedule.checkNow(tx, back);
  await ctx.events.appendAll(
    tx,
    moves.flatMap(({ before, after }) => consequences(before, after).map((event) => toEvent(acting, after, event))),
  );
  await ctx.audit.appendAll(
    tx,
    moves.map(({ before, after }) =>
      toAudit(acting, after, after.status === 'active' ? 'integration.recover' : 'integration.fail', {
        before: { status: before.status },
        after: { status: after.status, statusReason: after.statusReason },
        reason: after.lastError ?? `Connector ${after.connectorId} is loaded again.`,
      }),
    ),
  );
  const { tenantId } = tx;
  tx.afterCommit(() => {
    for (const { after } of moves) ctx.onChanged?.(tenantId, after.id);
  });
}

function moved(before: IntegrationRecord): IntegrationRecord {
  return before.status === 'failed'
    ? { ...before, ...legalState(before, 'connector_returned'), health: 'unknown', lastError: null }
    : { ...before, ...legalState(before, 'connector_lost'), health: 'unhealthy', lastError: connectorMissing(before) };
}

/** One event a connector, about those of its types that changed. */
function connectorEvents(changes: readonly SeenType[], { requestId }: Acting) {
  const groups = Map.groupBy(changes, ({ connectorId, present }) => `${connectorId} ${present}`);
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    const { connectorId, connectorVersion, present, changedAt } = first;
    const types = group.map(({ typeId }) => typeId);
    return [
      {
        type: present ? 'connector.registered' : 'connector.unregistered',
        source: 'hub',
        data: { connectorId, connectorVersion, types, changedAt },
        correlationId: requestId,
        connectorId,
        connectorVersion,
      },
    ];
  });
}

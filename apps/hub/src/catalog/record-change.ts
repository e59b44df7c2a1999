import { HubError, isId } from '@inthub/contracts';
import type { AuditRecord } from '../audit/audit.ts';
import type { TenantTx } from '../database/database.ts';
import type { NewEvent } from '../events/events.ts';
import type { CatalogContext } from './catalog-context.ts';
import type { Acting } from './catalog-types.ts';
import type { ChangeEvent } from './change-events.ts';
import type { IntegrationRecord } from './integration-record.ts';
import { lockIntegration, updateIntegration } from './integration-repository.ts';

/** What is written beside a changed row. */
export interface ChangeRecord {
  readonly acting: Acting;
  readonly integration: IntegrationRecord;
  readonly events: readonly ChangeEvent[];
  /** Imperative: `integration.update`. */
  readonly action: string;
  readonly audit?: Partial<AuditRecord>;
}

/**
 * The second half of every change, in its transaction: events, then the audit, which locks the tenant's chain and therefore comes
 * last.
 */
export async function recordChange(ctx: CatalogContext, tx: TenantTx, change: ChangeRecord): Promise<void> {
  const { acting, integration, events, action, audit } = change;
  await ctx.events.appendAll(
    tx,
    events.map((event) => toEvent(acting, integration, event)),
  );
  await ctx.audit.append(tx, toAudit(acting, integration, action, audit));
  const { tenantId } = tx;
  tx.afterCommit(() => ctx.onChanged?.(tenantId, integration.id));
}

export function toEvent(acting: Acting, integration: IntegrationRecord, { type, data }: ChangeEvent): NewEvent {
  const { id, name, type: integrationType, connectorId, connectorVersion } = integration;
  return {
    type,
    source: id,
    data: { integrationId: id, name, integrationType, ...data },
    correlationId: acting.requestId,
    connectorId,
    connectorVersion,
  };
}

export function toAudit(
  { principal, requestId }: Acting,
  { id, name }: IntegrationRecord,
  action: string,
  more: Partial<AuditRecord> = {},
): AuditRecord {
  return {
    actor: { kind: principal.kind, id: principal.id, name: principal.name },
    action,
    target: { type: 'integration', id, name },
    outcome: 'success',
    requestId,
    ...more,
  };
}

/** The integration, locked. @throws HubError `not_found` */
export async function lockExisting(tx: TenantTx, id: string): Promise<IntegrationRecord> {
  const found = isId(id) ? await lockIntegration(tx, id) : undefined;
  if (found === undefined) throw noSuchIntegration();
  return found;
}

/** Also for another tenant's integration and for an uninstalled one: the three cannot be told apart. */
export function noSuchIntegration(): HubError {
  return new HubError('not_found', 'There is no such integration.');
}

/** Writes the row that `lockExisting` gave, changed. @throws HubError `conflict`, `version_mismatch` */
export async function save(tx: TenantTx, before: IntegrationRecord, after: IntegrationRecord): Promise<void> {
  const result = await updateIntegration(tx, before, after);
  if (result === 'name_taken') throw nameTaken(after.name);
  if (result === 'stale') throw staleVersion(before.version);
}

export function nameTaken(name: string): HubError {
  const message = 'is the name of another integration; choose another one';
  return new HubError('conflict', `/name: "${name}" ${message}.`, {
    errors: [{ path: '/name', rule: 'unique', message }],
  });
}

export function staleVersion(currentVersion: number): HubError {
  return new HubError(
    'version_mismatch',
    `The integration has changed since it was read: it is at version ${currentVersion}. Read it again and repeat the change.`,
    { details: { currentVersion } },
  );
}

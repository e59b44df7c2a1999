// What an integration may do, as its tenant's admin decided (RUN-5). The gateway enforces it; this room keeps it.
import { type Clock, type FieldError, HubError, type Principal, type TenantId } from '@inthub/contracts';
import type { AuditWriter } from '../audit/audit.ts';
import type { Database } from '../database/database.ts';
import type { EventWriter } from '../events/events.ts';
import { declaredCapabilities } from './capabilities.ts';
import type { ConnectorRegistry } from './connector-registry.ts';
import { findGrant, saveGrant } from './grants-repository.ts';
import type { Grant } from './installed-integration.ts';

/** What an admin sets; the rest of a Grant is the hub's. */
export type GrantChange = Pick<
  Grant,
  'grantedCapabilities' | 'deniedCapabilities' | 'dataScope' | 'networkScope' | 'expiresAt' | 'reviewedAt'
>;

/** Grants of integrations (RUN-5). */
export interface Grants {
  /** Null when no admin has narrowed the integration yet: all that its connector declares is allowed. */
  find(tenantId: TenantId, integrationId: string): Promise<Grant | null>;
  /**
   * Replaces the grant; event and audit in the same transaction.
   * @throws HubError `invalid_request` naming a capability that the connector does not declare, or a date that is none.
   */
  put(
    acting: { readonly principal: Principal; readonly requestId: string },
    integration: { readonly id: string; readonly connectorId: string; readonly type: string },
    change: GrantChange,
  ): Promise<Grant>;
}

export interface GrantsDeps {
  readonly database: Database;
  readonly registry: ConnectorRegistry;
  readonly events: EventWriter;
  readonly audit: AuditWriter;
  readonly clock: Clock;
  /** After commit: drop what was cached of the integration. */
  onChanged(tenantId: TenantId, integrationId: string): void;
}

export function createGrants({ database, registry, events, audit, clock, onChanged }: GrantsDeps): Grants {
  return {
    find: (tenantId, integrationId) => database.tenant(tenantId, (tx) => findGrant(tx, integrationId)),

    async put({ principal, requestId }, integration, change) {
      const { definition } = registry.find(integration.connectorId) ?? {};
      if (definition === undefined) {
        throw new HubError(
          'connector_unavailable',
          `Connector ${integration.connectorId} is not loaded, so its capabilities are unknown.`,
        );
      }
      refuseFaults(change, declaredCapabilities(definition, integration.type));
      const grant: Grant = {
        ...change,
        grantedCapabilities: [...new Set(change.grantedCapabilities)],
        deniedCapabilities: [...new Set(change.deniedCapabilities)],
        expiresAt: utcOf(change.expiresAt),
        reviewedAt: utcOf(change.reviewedAt),
        grantedBy: principal.id,
        grantedAt: clock.now().toISOString(),
      };
      await database.tenant(principal.tenantId, async (tx) => {
        const before = await findGrant(tx, integration.id, { lock: true });
        await saveGrant(tx, integration.id, grant);
        await events.append(tx, {
          type: 'grant.changed',
          source: integration.id,
          data: {
            grantedCapabilities: grant.grantedCapabilities,
            deniedCapabilities: grant.deniedCapabilities,
            expiresAt: grant.expiresAt,
          },
          correlationId: requestId,
          connectorId: definition.manifest.id,
          connectorVersion: definition.manifest.version,
        });
        await audit.append(tx, {
          actor: { kind: principal.kind, id: principal.id, name: principal.name },
          action: 'grant.change',
          target: { type: 'integration', id: integration.id },
          outcome: 'success',
          requestId,
          before,
          after: grant,
        });
        tx.afterCommit(() => onChanged(principal.tenantId, integration.id));
      });
      return grant;
    },
  };
}

function refuseFaults(change: GrantChange, declared: readonly string[]): void {
  const errors: FieldError[] = [];
  for (const field of ['grantedCapabilities', 'deniedCapabilities'] as const) {
    change[field].forEach((capability, index) => {
      if (declared.includes(capability)) return;
      const message = `"${capability.slice(0, 128)}" is not declared by the connector; declared: ${declared.join(', ')}.`;
      errors.push({ path: `/${field}/${index}`, rule: 'declared_capability', message });
    });
  }
  for (const field of ['expiresAt', 'reviewedAt'] as const) {
    const value = change[field];
    if (value !== null && Number.isNaN(Date.parse(value))) {
      errors.push({
        path: `/${field}`,
        rule: 'format',
        message: 'must be a UTC date-time such as 2027-01-31T00:00:00.000Z.',
      });
    }
  }
  const [first] = errors;
  if (first !== undefined) {
    throw new HubError('invalid_request', `${first.path}: ${first.message}`, { errors: errors.slice(0, 20) });
  }
}

function utcOf(text: string | null): string | null {
  return text === null ? null : new Date(text).toISOString();
}

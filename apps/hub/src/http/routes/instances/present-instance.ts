import { type Integration, instanceStatusOf } from '@inthub/contracts';
import type { ConnectorInstance } from '../../schemas.ts';

/** The same row in the connector API's words. */
export function presentInstance(integration: Integration, capabilities: readonly string[]): ConnectorInstance {
  return {
    instanceId: integration.id,
    connectorId: integration.connectorId,
    type: integration.type,
    tenantId: integration.tenantId,
    displayName: integration.name,
    version: integration.connectorVersion,
    revision: integration.version,
    status: instanceStatusOf[integration.status],
    config: integration.config,
    capabilities: [...capabilities],
    installedAt: integration.createdAt,
    installedBy: integration.createdBy,
    lastActivityAt: integration.usage.lastActivityAt,
    health:
      integration.lastTestedAt === null
        ? null
        : { status: integration.health, checkedAt: integration.lastTestedAt, lastError: integration.lastError },
    usage: integration.usage,
  };
}

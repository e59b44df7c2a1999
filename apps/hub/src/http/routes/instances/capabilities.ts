import type { Integration } from '@inthub/contracts';
import { type ConnectorRegistry, declaredCapabilities as declaredBy, type Grant } from '../../../runtime/runtime.ts';

/** Capabilities that an integration's type declares. */
export function declaredCapabilities(
  registry: ConnectorRegistry,
  integration: Pick<Integration, 'connectorId' | 'type'>,
): readonly string[] {
  const connector = registry.find(integration.connectorId);
  return connector === undefined ? [] : declaredBy(connector.definition, integration.type);
}

/** Those of them that may be used now. */
export function effectiveCapabilities(declared: readonly string[], grant: Grant | null, now: Date): string[] {
  if (grant === null) return [...declared];
  if (grant.expiresAt !== null && Date.parse(grant.expiresAt) <= now.getTime()) return [];
  return declared.filter((id) => grant.grantedCapabilities.includes(id) && !grant.deniedCapabilities.includes(id));
}

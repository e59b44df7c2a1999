import type { CatalogType } from '../../../catalog/catalog.ts';
import type { IntegrationType } from '../../schemas.ts';

export function presentType(type: CatalogType): IntegrationType {
  return {
    id: type.id,
    displayName: type.manifest.displayName,
    description: type.manifest.description,
    category: type.manifest.category,
    icon: type.icon,
    connectorId: type.connectorId,
    connectorVersion: type.connectorVersion,
    capabilities: [...type.manifest.capabilities],
    actions: [...type.actionIds],
    configSchema: { ...type.configSchema },
    auth: type.auth.map((method) => ({ ...method })),
    defaultEndpoint: type.manifest.defaultEndpoint,
    templates: (type.manifest.templates ?? []).map((template) => ({ ...template, config: { ...template.config } })),
  };
}

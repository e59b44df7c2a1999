import { actionsOfType, authMethodsOf, composeConfigSchema } from '@inthub/connector-sdk';
import type { CatalogType } from './catalog/catalog.ts';
import type { ConnectorRegistry } from './runtime/runtime.ts';

/** The connector registry as the catalog sees it: a list of types. The two rooms do not know each other. */
export function catalogTypes(registry: ConnectorRegistry): CatalogType[] {
  return registry.list().flatMap(({ definition }) => {
    const { manifest } = definition;
    return manifest.types.map((type) => ({
      id: type.id,
      connectorId: manifest.id,
      connectorVersion: manifest.version,
      connectorName: manifest.metadata.name,
      icon: manifest.metadata.icon,
      manifest: type,
      configSchema: composeConfigSchema(manifest, type),
      auth: authMethodsOf(manifest, type.id).map(({ mode, kind, title, help }) => ({ mode, kind, title, help })),
      actionIds: actionsOfType(definition, type.id).map((action) => action.id),
    }));
  });
}

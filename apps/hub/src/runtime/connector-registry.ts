import { type ConnectorDefinition, ManifestError } from '@inthub/connector-sdk';

/** A connector as the registry holds it. */
export interface LoadedConnector {
  readonly definition: ConnectorDefinition;
  readonly origin: 'built-in' | 'plugin';
}

/** A plugin that could not be loaded: reported, skipped, never fatal. */
export interface BrokenPlugin {
  readonly path: string;
  readonly reason: string;
}

export interface ConnectorRegistry {
  list(): readonly LoadedConnector[];
  find(connectorId: string): LoadedConnector | undefined;
  findByType(typeId: string): LoadedConnector | undefined;
  broken(): readonly BrokenPlugin[];
}

/** The registry while it is being filled. */
export interface ConnectorRegistryBuilder extends ConnectorRegistry {
  /** Why this connector cannot stand beside those already there; undefined when it can. */
  collision(definition: ConnectorDefinition): string | undefined;
  add(connector: LoadedConnector): void;
  addBroken(plugin: BrokenPlugin): void;
}

/** @throws ManifestError when two built-in connectors claim one id or type: the product itself is at fault. */
export function createConnectorRegistry(builtIns: readonly ConnectorDefinition[]): ConnectorRegistryBuilder {
  const byId = new Map<string, LoadedConnector>();
  const byType = new Map<string, LoadedConnector>();
  const broken: BrokenPlugin[] = [];

  const registry: ConnectorRegistryBuilder = {
    list: () => [...byId.values()],
    find: (connectorId) => byId.get(connectorId),
    findByType: (typeId) => byType.get(typeId),
    broken: () => [...broken],
    collision({ manifest }) {
      const sameId = byId.get(manifest.id);
      if (sameId !== undefined) return `connector id "${manifest.id}" is taken by a ${sameId.origin} connector`;
      for (const { id } of manifest.types) {
        const owner = byType.get(id);
        if (owner) return `integration type "${id}" already belongs to ${owner.origin} ${owner.definition.manifest.id}`;
      }
      return undefined;
    },
    add(connector) {
      const { manifest } = connector.definition;
      const collision = registry.collision(connector.definition);
      if (collision !== undefined) throw new ManifestError(manifest.id, [collision]);
      byId.set(manifest.id, connector);
      for (const { id } of manifest.types) byType.set(id, connector);
    },
    addBroken(plugin) {
      broken.push(plugin);
    },
  };
  for (const definition of builtIns) registry.add({ definition, origin: 'built-in' });
  return registry;
}

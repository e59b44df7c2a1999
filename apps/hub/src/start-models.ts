// Wires models: names and routes of a tenant's models, and what they cost, over the catalog, the connectors and the gateway.
import type { ModelPrice, TenantId } from '@inthub/contracts';
import type { Catalog } from './catalog/catalog.ts';
import { createModels, type Models, type ModelsDeps } from './models/models.ts';
import type { ConnectorRegistry } from './runtime/runtime.ts';

export interface StartModelsDeps
  extends Pick<ModelsDeps, 'database' | 'audit' | 'events' | 'clock' | 'gateway' | 'onPricesChanged'> {
  readonly catalog: () => Pick<Catalog, 'list'>;
  readonly registry: Pick<ConnectorRegistry, 'list'>;
}

export function startModels({ catalog, registry, ...deps }: StartModelsDeps): Models {
  return createModels({
    ...deps,
    listIntegrations: (tenantId: TenantId, page) => catalog().list(tenantId, { category: 'model_provider' }, page),
    shippedPrices: () => shippedPrices(registry),
  });
}

function shippedPrices({ list }: Pick<ConnectorRegistry, 'list'>): ReadonlyMap<string, readonly ModelPrice[]> {
  const found = new Map<string, readonly ModelPrice[]>();
  for (const { definition } of list()) {
    const { id, types, modelPrices = [] } = definition.manifest;
    if (types.some(({ category }) => category === 'model_provider')) found.set(id, modelPrices);
  }
  return found;
}

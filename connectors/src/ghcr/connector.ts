import { defineConnector, type RegistryHandlers, registryActions, registryDiscovery } from '@inthub/connector-sdk';
import { testOciConnection } from '../_families/oci/connection.ts';
import { ociHandlers } from '../_families/oci/handlers.ts';
import { checks } from './checks.ts';
import { manifest } from './manifest.ts';
import { listPackages } from './packages.ts';
import { product, remedies } from './product.ts';

const handlers: RegistryHandlers = {
  ...ociHandlers(product),
  'repository.list': async ({ namespace, cursor, limit = 50 }, ctx) => {
    const { items, nextCursor } = await listPackages({ namespace, cursor, limit }, ctx);
    return { items: [...items], nextCursor };
  },
};

const read = ['read:packages'];

export const ghcr = defineConnector({
  manifest,
  actions: registryActions(handlers, {
    requiredScopes: {
      'repository.list': read,
      'tag.list': read,
      'tag.resolve': read,
      'manifest.get': read,
      'digest.verify': read,
    },
  }),
  testConnection: (ctx) => testOciConnection({ product, remedies }, ctx),
  discover: registryDiscovery(handlers),
  checks,
});

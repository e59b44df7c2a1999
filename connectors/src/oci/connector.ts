import { defineConnector, registryActions, registryDiscovery } from '@inthub/connector-sdk';
import { testOciConnection } from '../_families/oci/connection.ts';
import { ociHandlers } from '../_families/oci/handlers.ts';
import { checks } from './checks.ts';
import { manifest } from './manifest.ts';
import { product, remedies } from './product.ts';
import { distributionNotifications } from './webhooks.ts';

const handlers = ociHandlers(product);

export const oci = defineConnector({
  manifest,
  actions: registryActions(handlers, {
    requiredScopes: {
      'repository.list': ['registry:catalog:*'],
      'tag.list': ['repository:pull'],
      'tag.resolve': ['repository:pull'],
      'manifest.get': ['repository:pull'],
      'digest.verify': ['repository:pull'],
    },
  }),
  testConnection: (ctx) => testOciConnection({ product, remedies }, ctx),
  discover: registryDiscovery(handlers),
  checks,
  webhooks: [distributionNotifications],
});

import { defineConnector, registryActions, registryDiscovery } from '@inthub/connector-sdk';
import { testOciConnection } from '../_families/oci/connection.ts';
import { ociHandlers } from '../_families/oci/handlers.ts';
import { checks, connectionSteps } from './checks.ts';
import { manifest } from './manifest.ts';
import { product, remedies } from './product.ts';
import { listDockerRepositories, repositoryKeys } from './repositories.ts';

const handlers = ociHandlers(product);
const read = ['read on the repository'];

export const artifactory = defineConnector({
  manifest,
  actions: [
    ...registryActions(handlers, {
      requiredScopes: {
        'repository.list': read,
        'tag.list': read,
        'tag.resolve': read,
        'manifest.get': read,
        'digest.verify': read,
      },
    }),
    repositoryKeys,
  ],
  testConnection: (ctx) => testOciConnection({ product, remedies, steps: connectionSteps }, ctx),
  discover: {
    registries: async (_query, ctx) => {
      const items = (await listDockerRepositories(ctx)).map(({ key, ...attributes }) => ({
        id: key,
        name: key,
        type: 'registries',
        attributes,
      }));
      return { items, nextCursor: null };
    },
    ...registryDiscovery(handlers),
  },
  checks,
});

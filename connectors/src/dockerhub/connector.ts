import {
  type ActionContext,
  defineConnector,
  type RegistryHandlers,
  registryActions,
  registryDiscovery,
} from '@inthub/connector-sdk';
import { invalidField } from '@inthub/contracts';
import { testOciConnection } from '../_families/oci/connection.ts';
import { ociHandlers } from '../_families/oci/handlers.ts';
import { requireRepository } from '../_families/oci/image-target.ts';
import { checks } from './checks.ts';
import { listRepositories, listTags } from './hub-api.ts';
import { manifest } from './manifest.ts';
import { product, remedies } from './product.ts';
import { dockerhubPushes } from './webhooks.ts';

const handlers: RegistryHandlers = {
  ...ociHandlers(product),
  // Docker Hub has no /v2/_catalog.
  'repository.list': async ({ namespace, cursor, limit = 50 }, ctx) => {
    const { items, nextCursor } = await listRepositories(namespace ?? configuredNamespace(ctx), { cursor, limit }, ctx);
    return { items: [...items], nextCursor };
  },
  'tag.list': async ({ repository, cursor, limit = 50 }, ctx) => {
    const name = requireRepository(repository, product, ctx);
    const { items, nextCursor } = await listTags(name, { cursor, limit }, ctx);
    return { repository: name, items: [...items], nextCursor };
  },
};

function configuredNamespace(ctx: ActionContext): string {
  const { namespace } = ctx.integration.config;
  if (typeof namespace === 'string') return namespace;
  throw invalidField(
    '/namespace',
    'is required: Docker Hub lists the repositories of one user or organisation. Set it here or in the config of the integration.',
    'required',
  );
}

const read = ['repo:read'];

export const dockerhub = defineConnector({
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
  webhooks: [dockerhubPushes],
});

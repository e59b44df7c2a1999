import { defineConnector, type RegistryHandlers, registryActions, registryDiscovery } from '@inthub/connector-sdk';
import { testOciConnection } from '../_families/oci/connection.ts';
import { ociHandlers } from '../_families/oci/handlers.ts';
import { requireRepository, resolveImage } from '../_families/oci/image-target.ts';
import { checks } from './checks.ts';
import { manifest } from './manifest.ts';
import { product, remedies } from './product.ts';
import { getScan, listRepositories, listTags } from './quay-api.ts';
import { quayNotifications } from './webhooks.ts';

const oci = ociHandlers(product);

const handlers: RegistryHandlers = {
  ...oci,
  'repository.list': async ({ namespace, cursor, limit = 50 }, ctx) => {
    const { items, nextCursor } = await listRepositories(namespace, { cursor, limit }, ctx);
    return { items: [...items], nextCursor };
  },
  'tag.list': async ({ repository, cursor, limit = 50 }, ctx) => {
    // The API shows a robot account public repositories only; the registry shows it all that it may pull.
    if (ctx.integration.config.authMode === 'basic')
      return oci['tag.list']({ repository, limit, ...(cursor === undefined ? {} : { cursor }) }, ctx);
    const name = requireRepository(repository, product, ctx);
    const { items, nextCursor } = await listTags(name, { cursor, limit }, ctx);
    return { repository: name, items: [...items], nextCursor };
  },
  'scan.get': async (input, ctx) => {
    const { repository, tag, digest } = resolveImage(input, product, ctx);
    // Scans belong to manifests; the API does not know them by tag.
    const found = digest ?? (await oci['tag.resolve']({ repository, tag: tag ?? 'latest', fresh: true }, ctx)).digest;
    return getScan(repository, found, ctx);
  },
};

const read = ['repo:read'];

export const quay = defineConnector({
  manifest,
  actions: registryActions(handlers, {
    requiredScopes: {
      'repository.list': read,
      'tag.list': read,
      'tag.resolve': read,
      'manifest.get': read,
      'digest.verify': read,
      'scan.get': read,
    },
  }),
  testConnection: (ctx) => testOciConnection({ product, remedies }, ctx),
  discover: registryDiscovery(handlers),
  checks,
  webhooks: [quayNotifications],
});

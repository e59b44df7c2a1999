import { defineConnector, type RegistryHandlers, registryActions, registryDiscovery } from '@inthub/connector-sdk';
import { testOciConnection } from '../_families/oci/connection.ts';
import { ociHandlers } from '../_families/oci/handlers.ts';
import { requireRepository, resolveImage } from '../_families/oci/image-target.ts';
import { getScan, listTags } from './artifacts.ts';
import { checks, connectionSteps, isAnonymous } from './checks.ts';
import { manifest } from './manifest.ts';
import { product, remedies } from './product.ts';
import { listProjects, listRepositories, projectList } from './projects.ts';
import { harborEvents } from './webhooks.ts';

const handlers: RegistryHandlers = {
  ...ociHandlers(product),
  // Harbor opens /v2/_catalog to administrators only; its own API shows each account what it may see.
  'repository.list': async ({ namespace, cursor, limit = 50 }, ctx) => {
    const { items, nextCursor } = await listRepositories(namespace, { cursor, limit }, ctx);
    return { items: [...items], nextCursor };
  },
  'tag.list': async ({ repository, cursor, limit = 50 }, ctx) => {
    const name = requireRepository(repository, product, ctx);
    const { items, nextCursor } = await listTags(name, { cursor, limit }, ctx);
    return { repository: name, items: [...items], nextCursor };
  },
  'scan.get': async (input, ctx) => {
    const { repository, tag, digest } = resolveImage(input, product, ctx);
    return getScan(repository, digest ?? tag ?? 'latest', ctx);
  },
};

const pull = ['repository: pull, list'];
const artifacts = ['artifact: read, list'];

export const harbor = defineConnector({
  manifest,
  actions: [
    ...registryActions(handlers, {
      requiredScopes: {
        'repository.list': pull,
        'tag.list': artifacts,
        'tag.resolve': pull,
        'manifest.get': pull,
        'digest.verify': pull,
        'scan.get': artifacts,
      },
    }),
    projectList,
  ],
  testConnection: (ctx) =>
    testOciConnection({ product, remedies, steps: connectionSteps, skipPing: isAnonymous(ctx) }, ctx),
  discover: {
    projects: async ({ cursor, limit }, ctx) => {
      const { items, nextCursor } = await listProjects({ cursor, limit }, ctx);
      return {
        items: items.map(({ name, ...attributes }) => ({ id: name, name, type: 'projects', attributes })),
        nextCursor,
      };
    },
    ...registryDiscovery(handlers),
  },
  checks,
  webhooks: [harborEvents],
});

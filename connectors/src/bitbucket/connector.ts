import { defineConnector, testBySteps } from '@inthub/connector-sdk';
import { checks, connectionSteps, product, remedies } from './checks.ts';
import { manifest } from './manifest.ts';
import { listRepositories } from './repositories.ts';
import { bitbucketEvents } from './webhooks.ts';

export const bitbucket = defineConnector({
  manifest,
  actions: [],
  testConnection: (ctx) => testBySteps({ product, remedies, steps: connectionSteps }, ctx),
  discover: {
    repositories: ({ cursor, limit }, ctx) =>
      listRepositories({ limit, ...(cursor === undefined ? {} : { cursor }) }, ctx),
  },
  checks,
  webhooks: [bitbucketEvents],
});

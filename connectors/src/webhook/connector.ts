import { defineConnector } from '@inthub/connector-sdk';
import { checks } from './checks.ts';
import { manifest } from './manifest.ts';
import { standardWebhooks } from './webhooks.ts';

export const webhook = defineConnector({
  manifest,
  actions: [],
  checks,
  webhooks: [standardWebhooks],
  testConnection: async () => ({
    success: true,
    message: 'There is nothing to connect to: this integration only receives.',
    details: {},
  }),
});

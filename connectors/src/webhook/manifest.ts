import { type ConnectorManifest, letterIcon } from '@inthub/connector-sdk';
import { Config } from './schema.ts';

export const manifest: ConnectorManifest = {
  id: 'webhook',
  version: '1.0.0',
  metadata: {
    name: 'Webhook',
    description: 'Takes in webhooks of any product that signs them by Standard Webhooks, as events of the hub.',
    icon: letterIcon('W', '#4f46e5'),
    category: 'custom',
    vendor: 'Standard Webhooks',
    documentationUrl: 'https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md',
    supportUrl: 'https://www.standardwebhooks.com',
    privacyPolicyUrl: 'https://www.standardwebhooks.com',
    tags: ['webhook', 'standard-webhooks', 'svix'],
    minPlatformVersion: '0.1.0',
    targetApiVersion: '1.0.0',
  },
  types: [
    {
      id: 'custom.webhook',
      displayName: 'Standard Webhooks',
      description: 'Receives signed webhooks; calls nobody.',
      category: 'custom',
      capabilities: ['webhooks'],
      config: Config,
      defaultEndpoint: 'http://webhook.invalid',
    },
  ],
  auth: [
    {
      mode: 'none',
      kind: null,
      title: 'None',
      help: 'Nothing is called, so there is nothing to sign in to.',
      apply: { scheme: 'none' },
    },
  ],
  egress: { hosts: [] },
  requiredPermissions: [],
};

import { type ConnectorManifest, letterIcon } from '@inthub/connector-sdk';
import Type from 'typebox';
import { prices } from './prices.ts';

export const manifest: ConnectorManifest = {
  id: 'anthropic',
  version: '1.0.0',
  metadata: {
    name: 'Anthropic',
    description: 'Chat, streaming, tools, thinking and token counts of Claude models.',
    icon: letterIcon('A', '#c96442'),
    category: 'model_provider',
    vendor: 'Anthropic',
    documentationUrl: 'https://docs.claude.com/en/api/overview',
    supportUrl: 'https://support.claude.com',
    privacyPolicyUrl: 'https://www.anthropic.com/legal/privacy',
    tags: ['models', 'chat', 'claude'],
    minPlatformVersion: '0.1.0',
    targetApiVersion: '2023-06-01',
  },
  types: [
    {
      id: 'model.anthropic',
      displayName: 'Anthropic',
      description: 'The Claude API of Anthropic.',
      category: 'model_provider',
      capabilities: ['chat', 'streaming', 'tools', 'images', 'thinking', 'token count', 'cost'],
      config: Type.Object({}),
      defaultEndpoint: 'https://api.anthropic.com',
    },
  ],
  auth: [
    {
      mode: 'token',
      kind: 'api_key',
      title: 'API key',
      help: 'platform.claude.com → API keys → Create key, in the workspace that is to be billed.',
      apply: { scheme: 'header', name: 'x-api-key', value: '{key}' },
    },
    {
      mode: 'token',
      kind: 'bearer_token',
      title: 'Access token',
      help: 'A short-lived token from workload identity federation, or the key of a gateway that takes Authorization: Bearer.',
      apply: { scheme: 'bearer', token: '{token}' },
    },
  ],
  egress: { hosts: [] },
  // Keys carry no scopes; a workspace has all of the API.
  requiredPermissions: [],
  // Source: docs.claude.com/en/api/rate-limits, "Response headers".
  rateLimitHeaders: {
    limit: 'anthropic-ratelimit-requests-limit',
    remaining: 'anthropic-ratelimit-requests-remaining',
    reset: { name: 'anthropic-ratelimit-requests-reset', unit: 'date-time' },
  },
  modelPrices: prices,
};

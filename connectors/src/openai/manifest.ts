import { type ConnectorManifest, letterIcon } from '@inthub/connector-sdk';
import Type from 'typebox';
import { prices } from './prices.ts';

export const manifest: ConnectorManifest = {
  id: 'openai',
  version: '1.0.0',
  metadata: {
    name: 'OpenAI',
    description: 'Chat, streaming, tools, embeddings and token counts of OpenAI models.',
    icon: letterIcon('O', '#10a37f'),
    category: 'model_provider',
    vendor: 'OpenAI',
    documentationUrl: 'https://platform.openai.com/docs/api-reference',
    supportUrl: 'https://help.openai.com',
    privacyPolicyUrl: 'https://openai.com/policies/privacy-policy',
    tags: ['models', 'chat', 'embeddings', 'gpt'],
    minPlatformVersion: '0.1.0',
    targetApiVersion: 'v1',
  },
  types: [
    {
      id: 'model.openai',
      displayName: 'OpenAI',
      description: 'The API of OpenAI, or a server that speaks it.',
      category: 'model_provider',
      capabilities: ['chat', 'streaming', 'tools', 'images', 'embeddings', 'token count', 'cost'],
      config: Type.Object({
        organization: Type.Optional(
          Type.String({
            title: 'Organization',
            pattern: '^[A-Za-z0-9_-]{1,128}$',
            description: 'For a user key that belongs to several organizations: org-…',
          }),
        ),
        project: Type.Optional(
          Type.String({
            title: 'Project',
            pattern: '^[A-Za-z0-9_-]{1,128}$',
            description: 'For a user key: the project that is billed, proj_…',
          }),
        ),
      }),
      defaultEndpoint: 'https://api.openai.com/v1',
    },
  ],
  auth: [
    {
      mode: 'token',
      kind: 'bearer_token',
      title: 'API key',
      help: 'A project key: platform.openai.com → API keys → Create new secret key. Restricted keys need Models: Read and Model capabilities: Write.',
      apply: { scheme: 'bearer', token: '{token}' },
    },
    {
      mode: 'none',
      kind: null,
      title: 'No key',
      help: 'For servers of your own that speak this API and ask for no key.',
      apply: { scheme: 'none' },
    },
  ],
  egress: { hosts: [] },
  requiredPermissions: [
    {
      scope: 'model.read',
      description: 'List models.',
      required: true,
      justification: 'The connection test and the lists of models ask for GET /models.',
    },
    {
      scope: 'model.request',
      description: 'Use models: chat, embeddings, token counts.',
      required: true,
      justification: 'Without it no prompt is answered.',
    },
  ],
  // Source: platform.openai.com/docs/guides/rate-limits, "Rate limits in headers".
  rateLimitHeaders: {
    limit: 'x-ratelimit-limit-requests',
    remaining: 'x-ratelimit-remaining-requests',
    reset: { name: 'x-ratelimit-reset-requests', unit: 'duration' },
  },
  modelPrices: prices,
};

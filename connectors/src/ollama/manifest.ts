import { type ConnectorManifest, letterIcon } from '@inthub/connector-sdk';
import Type from 'typebox';

export const manifest: ConnectorManifest = {
  id: 'ollama',
  version: '1.0.0',
  metadata: {
    name: 'Ollama',
    description: 'Chat, streaming, tools and embeddings of models on machines of your own.',
    icon: letterIcon('O', '#111827'),
    category: 'model_provider',
    vendor: 'Ollama',
    documentationUrl: 'https://docs.ollama.com/api',
    supportUrl: 'https://github.com/ollama/ollama/issues',
    privacyPolicyUrl: 'https://ollama.com/privacy',
    tags: ['models', 'chat', 'embeddings', 'self-hosted'],
    minPlatformVersion: '0.1.0',
    targetApiVersion: '0.1.0',
  },
  types: [
    {
      id: 'model.ollama',
      displayName: 'Ollama',
      description: 'An Ollama server, or ollama.com.',
      category: 'model_provider',
      capabilities: ['chat', 'streaming', 'tools', 'images', 'thinking', 'embeddings'],
      config: Type.Object({}),
      defaultEndpoint: 'http://localhost:11434',
    },
  ],
  auth: [
    {
      mode: 'none',
      kind: null,
      title: 'No key',
      help: 'An Ollama of your own asks for none. Its host must be opened in HUB_EGRESS_ALLOW when it is on a private network.',
      apply: { scheme: 'none' },
    },
    {
      mode: 'token',
      kind: 'bearer_token',
      title: 'API key',
      help: 'For ollama.com: ollama.com/settings/keys; or the token of a proxy before your own server.',
      apply: { scheme: 'bearer', token: '{token}' },
    },
  ],
  egress: { hosts: [] },
  requiredPermissions: [],
};

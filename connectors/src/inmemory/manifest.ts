import type { ConnectorManifest } from '@inthub/connector-sdk';
import { Config } from './schema.ts';

const svg =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="7" fill="#6b7280"/><path d="M9 11h14M9 16h14M9 21h9" stroke="#fff" stroke-width="3" stroke-linecap="round"/></svg>';

export const manifest: ConnectorManifest = {
  id: 'inmemory',
  version: '1.0.0',
  metadata: {
    name: 'In-memory',
    description:
      'A product that exists only inside the hub: for demonstrations, and for trying how the hub behaves when things go wrong.',
    icon: `data:image/svg+xml,${encodeURIComponent(svg)}`,
    category: 'custom',
    vendor: 'Integration Hub',
    // There is no product behind it; this is what its endpoint's name means.
    documentationUrl: 'https://www.rfc-editor.org/rfc/rfc6761#section-6.4',
    supportUrl: 'https://www.rfc-editor.org/rfc/rfc6761#section-6.4',
    privacyPolicyUrl: 'https://www.rfc-editor.org/rfc/rfc6761#section-6.4',
    tags: ['test', 'demo'],
    minPlatformVersion: '0.1.0',
    targetApiVersion: '1',
  },
  types: [
    {
      id: 'test.inmemory',
      displayName: 'In-memory double',
      description: 'Answers as its config tells it to; needs no network and no account.',
      category: 'custom',
      capabilities: ['echo', 'faults', 'latency', 'streaming', 'resources'],
      config: Config,
      defaultEndpoint: 'http://inmemory.invalid',
      templates: [
        { name: 'Healthy', description: 'Everything works, at once.', config: {} },
        { name: 'Slow', description: 'Everything works, after two seconds.', config: { latencyMs: 2000 } },
        {
          name: 'Down',
          description: 'The connection test and every action fail as if the provider were unreachable.',
          config: { failure: { scope: 'all', code: 'provider_unreachable' } },
        },
      ],
    },
  ],
  auth: [
    { mode: 'none', kind: null, title: 'None', help: 'It needs no credential.', apply: { scheme: 'none' } },
    {
      mode: 'token',
      kind: 'bearer_token',
      title: 'Any token',
      help: 'Any text will do: it is kept in the vault like a real one and never used.',
      apply: { scheme: 'bearer', token: '{token}' },
    },
    {
      mode: 'basic',
      kind: 'basic_auth',
      title: 'Any user name and password',
      help: 'Any text will do: it is kept in the vault like a real one and never used.',
      apply: { scheme: 'basic', username: '{username}', password: '{password}' },
    },
  ],
  egress: { hosts: [] },
  requiredPermissions: [],
};

// A tiny connector for tests of runtime and of rooms above; shipped code never imports this.
import {
  type AnyAction,
  type ConnectorDefinition,
  type ConnectorManifest,
  type ConnectorOptions,
  defineAction,
  defineConnector,
} from '@inthub/connector-sdk';
import Type from 'typebox';

export const sampleManifest: ConnectorManifest = {
  id: 'sample',
  version: '1.0.0',
  metadata: {
    name: 'Sample',
    description: 'For tests.',
    icon: 'data:image/svg+xml,%3Csvg/%3E',
    category: 'registry',
    vendor: 'Integration Hub',
    documentationUrl: 'https://example.com/docs',
    supportUrl: 'https://example.com/support',
    privacyPolicyUrl: 'https://example.com/privacy',
    tags: [],
    minPlatformVersion: '0.1.0',
    targetApiVersion: '1',
  },
  types: [
    {
      id: 'registry.sample',
      displayName: 'Sample',
      description: 'For tests.',
      category: 'registry',
      capabilities: ['tags'],
      config: Type.Object({ project: Type.Optional(Type.String()) }),
      defaultEndpoint: null,
    },
  ],
  auth: [
    { mode: 'none', kind: null, title: 'None', help: 'Nothing needed.', apply: { scheme: 'none' } },
    {
      mode: 'token',
      kind: 'api_key',
      title: 'Key',
      help: 'Ask.',
      apply: { scheme: 'header', name: 'x-key', value: '{key}' },
    },
    {
      mode: 'token',
      kind: 'bearer_token',
      title: 'Token',
      help: 'Ask.',
      apply: { scheme: 'bearer', token: '{token}' },
    },
  ],
  egress: { hosts: ['auth.example.com'] },
  requiredPermissions: [],
};

/** Reads through `ctx.http`, may be cached. */
export const listTags = defineAction({
  id: 'tag.list',
  title: 'List tags',
  description: 'Lists tags.',
  input: Type.Object(
    { repository: Type.String({ minLength: 1 }), limit: Type.Integer({ minimum: 1, maximum: 100, default: 10 }) },
    { additionalProperties: false, required: ['repository'] },
  ),
  output: Type.Object({ tags: Type.Array(Type.String()) }),
  safe: true,
  cacheTtlMs: 60_000,
  async run({ repository }, ctx) {
    const response = await ctx.http.get(`/v2/${repository}/tags/list`);
    return (await response.json()) as { tags: string[] };
  },
});

/** Writes; says what it was given. */
export const deployTag = defineAction({
  id: 'tag.deploy',
  title: 'Deploy a tag',
  description: 'Deploys.',
  input: Type.Object({ tag: Type.String() }, { additionalProperties: false }),
  output: Type.Object({ deployed: Type.String() }),
  safe: false,
  weight: 5,
  async run({ tag }, ctx) {
    await ctx.http.post('/deploy', { json: { tag } });
    return { deployed: tag };
  },
});

/** Gives a secret away. */
export const readSecret = defineAction({
  id: 'secret.read',
  title: 'Read a secret',
  description: 'Reads.',
  input: Type.Object({}, { additionalProperties: false }),
  output: Type.Object({ value: Type.String() }),
  safe: true,
  sensitive: true,
  cacheTtlMs: 60_000,
  async run(_input, ctx) {
    await ctx.http.get('/secret');
    return { value: 'hidden' };
  },
});

/** The sample connector with other parts put in. */
export function createSampleConnector(
  parts: Partial<Omit<ConnectorOptions, 'manifest'>> & { manifest?: Partial<ConnectorManifest> } = {},
): ConnectorDefinition {
  const actions: readonly AnyAction[] = [listTags, deployTag];
  return defineConnector({
    actions,
    testConnection: async (ctx) => {
      await ctx.http.get('/v2/');
      return { success: true, message: 'Reached.', details: { version: '2' } };
    },
    discover: {
      tags: async () => ({ items: [{ id: '1', name: 'latest', type: 'tag' }], nextCursor: null }),
    },
    ...parts,
    manifest: { ...sampleManifest, ...parts.manifest },
  });
}

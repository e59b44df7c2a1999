// A connector for tests of the whole hub, loaded from PLUGINS_DIR as an operator's own would be: it sends what it is told to.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createTemporaryDirectory, type TemporaryDirectory } from '@inthub/testing';

/** Opens the breaker of `probe` integrations. */
export const probeFailureThreshold = 2;

const manifest = {
  id: 'probe',
  version: '1.0.0',
  metadata: {
    name: 'Probe',
    description: 'For tests.',
    icon: 'data:image/svg+xml,%3Csvg/%3E',
    category: 'custom',
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
      id: 'custom.probe',
      displayName: 'Probe',
      description: 'For tests.',
      category: 'custom',
      capabilities: ['probe'],
      config: { type: 'object', properties: {} },
      defaultEndpoint: null,
    },
  ],
  auth: [
    { mode: 'none', kind: null, title: 'None', help: 'Nothing.', apply: { scheme: 'none' } },
    {
      mode: 'token',
      kind: 'bearer_token',
      title: 'Token',
      help: 'Any.',
      apply: { scheme: 'bearer', token: '{token}' },
    },
  ],
  egress: { hosts: [] },
  requiredPermissions: [],
  circuit: { failureThreshold: probeFailureThreshold, successThreshold: 1, timeoutMs: 60_000, halfOpenMaxRequests: 1 },
};

const path = {
  type: 'object',
  properties: { path: { type: 'string', pattern: '^/' } },
  required: ['path'],
  additionalProperties: false,
};

// Plain JavaScript: plugins stand outside the repository and find none of its packages.
const source = `
const input = ${JSON.stringify(path)};
const action = (id, safe, run, stream) =>
  [id, { id, title: id, description: 'For tests.', input, output: {}, safe, run, ...(stream && { stream }) }];
const read = async ({ path }, { http }) => (await http.get(path)).json();
const write = async ({ path }, { http }) => (await http.post(path, { json: {} })).json();
async function* chunks({ path }, { http }) {
  const response = await http.get(path, { stream: true, maxBytes: 2 ** 30 });
  for await (const chunk of response.chunks()) yield { type: 'data', chunk: Buffer.from(chunk).toString('latin1') };
}
export const connector = {
  manifest: ${JSON.stringify(manifest)},
  actions: new Map([
    action('probe.read', true, read),
    action('probe.write', false, write),
    action('probe.stream', true, read, chunks),
  ]),
  testConnection: async ({ http }) => {
    await http.get('/ping');
    return { success: true, message: 'Reached.', details: {} };
  },
  discover: {},
  checks: [],
};
`;

/** A folder for PLUGINS_DIR with the connector `probe` (type `custom.probe`): `probe.read`, `probe.write`, `probe.stream` {path}. */
export function writeProbePlugin(): TemporaryDirectory {
  const directory = createTemporaryDirectory('plugins');
  writeFileSync(join(directory.path, 'probe.mjs'), source);
  return directory;
}

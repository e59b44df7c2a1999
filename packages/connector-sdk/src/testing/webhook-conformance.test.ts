import { createHmac } from 'node:crypto';
import { HubError } from '@inthub/contracts';
import Type from 'typebox';
import { type ConnectorManifest, defineConnector, hmacProof, tokenProof, type WebhookDefinition } from '../index.ts';
import { webhookConformance } from './webhook-conformance.ts';

interface Body {
  readonly id?: unknown;
  readonly event?: unknown;
}

function read(body: Uint8Array): Body {
  try {
    const value: unknown = JSON.parse(Buffer.from(body).toString('utf8'));
    if (typeof value === 'object' && value !== null) return value;
  } catch (cause) {
    throw new HubError('invalid_request', 'The body is not JSON.', { cause });
  }
  throw new HubError('invalid_request', 'The body is not an object.');
}

const base = {
  title: 'Acme',
  events: ['acme.thing.made'],
  kind: ({ headers }) => headers.get('x-acme-event'),
  deliveryId: ({ headers }) => headers.get('x-acme-id'),
  translate: ({ body, headers }) =>
    headers.get('x-acme-event') === 'made' ? [{ type: 'acme.thing.made', data: { id: String(read(body).id) } }] : [],
} satisfies Partial<WebhookDefinition>;

const signature: WebhookDefinition = {
  ...base,
  id: 'acme.signed',
  proof: 'signature',
  verify: hmacProof({
    header: 'x-acme-signature',
    signed: ({ body, headers }) => {
      const time = headers.get('x-acme-time');
      return time === undefined ? undefined : [`${time}.`, body];
    },
    timestampMs: ({ headers }) => Number(headers.get('x-acme-time') || Number.NaN) * 1000,
  }),
};
const token: WebhookDefinition = { ...base, id: 'acme.token', proof: 'token', verify: tokenProof('x-acme-token') };
const url: WebhookDefinition = { ...base, id: 'acme.url', proof: 'url', verify: () => 'valid' };
const manifest: ConnectorManifest = {
  id: 'acme',
  version: '1.0.0',
  metadata: {
    name: 'Acme',
    description: 'A connector that is made to be tested.',
    icon: 'data:image/svg+xml,%3Csvg/%3E',
    category: 'registry',
    vendor: 'Acme',
    documentationUrl: 'https://acme.test',
    supportUrl: 'https://acme.test',
    privacyPolicyUrl: 'https://acme.test',
    tags: [],
    minPlatformVersion: '0.1.0',
    targetApiVersion: '1',
  },
  types: [
    {
      id: 'registry.acme',
      displayName: 'Acme',
      description: 'Acme',
      category: 'registry',
      capabilities: [],
      config: Type.Object({}),
      defaultEndpoint: null,
    },
  ],
  auth: [{ mode: 'none', kind: null, title: 'None', help: 'Nothing is needed.', apply: { scheme: 'none' } }],
  egress: { hosts: [] },
  requiredPermissions: [],
};
const connector = defineConnector({
  manifest,
  actions: [],
  webhooks: [signature, token, url],
  testConnection: async () => ({ success: true, message: 'ok', details: {} }),
});

const samples = [
  {
    name: 'made',
    body: { id: 1 },
    headers: { 'x-acme-event': 'made', 'x-acme-id': 'd1' },
    events: ['acme.thing.made'],
    deliveryId: 'd1',
    kind: 'made',
  },
];
const unknown = { body: { id: 2 }, headers: { 'x-acme-event': 'unmade' }, kind: 'unmade' };

webhookConformance({
  connector,
  definition: signature,
  samples,
  unknown,
  toleranceMs: 300_000,
  sign(body, secret, at) {
    const time = String(Math.floor(at.getTime() / 1000));
    return {
      'x-acme-time': time,
      'x-acme-signature': createHmac('sha256', secret).update(`${time}.`).update(body).digest('hex'),
    };
  },
});
webhookConformance({
  connector,
  definition: token,
  samples,
  unknown,
  sign: (_body, secret) => ({ 'x-acme-token': secret }),
});
webhookConformance({ connector, definition: url, samples, unknown });

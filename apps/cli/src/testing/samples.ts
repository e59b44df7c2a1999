import type { GetConnectorResponse, GetPermissionsResponse, Integration, IntegrationType } from '@inthub/client';

const id = (last: number) => `0199a1b2-0000-7000-8000-${String(last).padStart(12, '0')}`;
export const ids = { integration: id(1), other: id(2), tenant: id(3), key: id(4), user: id(5) } as const;
const at = '2026-11-20T08:00:00.000Z';

export function sampleIntegration(change: Partial<Integration> = {}): Integration {
  return {
    id: ids.integration,
    tenantId: ids.tenant,
    type: 'registry.harbor',
    category: 'registry',
    connectorId: 'harbor',
    connectorVersion: '1.2.0',
    name: 'main registry',
    description: null,
    config: { endpoint: 'https://harbor.example.com', authMode: 'basic', network: { proxyUrl: 'http://proxy:3128' } },
    authRef: 'ref://integrations/harbor/main',
    credentialKind: 'basic_auth',
    environment: 'production',
    tags: ['images'],
    ownerId: null,
    status: 'active',
    statusReason: null,
    pauseReason: null,
    pauseTicket: null,
    approvedBy: null,
    health: 'healthy',
    lastTestedAt: at,
    lastTestSuccess: true,
    lastError: null,
    consecutiveFailures: 0,
    features: { syncEnabled: false, webhooksEnabled: false, streamingEnabled: true },
    rateLimits: {},
    usage: { totalRequests: 12, totalErrors: 1, averageLatencyMs: 40, last24hRequests: 3, lastActivityAt: at },
    createdAt: at,
    createdBy: 'key-1',
    modifiedAt: at,
    modifiedBy: 'key-1',
    version: 7,
    ...change,
  };
}

export const sampleType: IntegrationType = {
  id: 'registry.harbor',
  displayName: 'Harbor',
  description: 'Harbor registry.',
  category: 'registry',
  icon: '',
  connectorId: 'harbor',
  connectorVersion: '1.2.0',
  capabilities: ['repos', 'tags'],
  actions: ['tag.list', 'tag.resolve'],
  configSchema: {
    type: 'object',
    required: ['endpoint', 'authMode'],
    additionalProperties: false,
    properties: {
      endpoint: { type: 'string', title: 'Endpoint', description: 'Base URL.' },
      authMode: { enum: ['basic', 'token', 'none'] },
      timeout: { type: 'integer', minimum: 100, maximum: 300_000, default: 30_000 },
      insecure: { type: 'boolean' },
      projectId: { type: 'string' },
      include: { type: 'array', items: { type: 'string' } },
      network: { type: 'object', properties: { proxyUrl: { type: 'string' }, caCertificate: { type: 'string' } } },
      customHeaders: { type: 'object', patternProperties: { '^.+$': { type: 'string' } } },
    },
  },
  auth: [
    { mode: 'none', kind: null, title: 'Anonymous', help: 'Nothing to do.' },
    { mode: 'basic', kind: 'basic_auth', title: 'User', help: 'A robot account.' },
    { mode: 'token', kind: 'bearer_token', title: 'Token', help: 'A token.' },
  ],
  defaultEndpoint: 'https://harbor.example.com',
  templates: [{ name: 'patient', description: 'Waits longer.', config: { timeout: 60_000 } }],
};

export const sampleConnector: GetConnectorResponse = {
  id: 'harbor',
  name: 'Harbor',
  description: 'Harbor registry.',
  category: 'registry',
  vendor: 'Example',
  latestVersion: '1.2.0',
  icon: '',
  documentationUrl: 'https://example.com/docs',
  supportUrl: 'https://example.com/support',
  privacyPolicyUrl: 'https://example.com/privacy',
  tags: [],
  isFirstParty: true,
  types: ['registry.harbor', 'registry.other'],
  capabilities: [],
  requiredPermissions: [{ scope: 'pull', description: 'Pull', required: true, justification: 'to read tags' }],
  actions: [
    sampleAction('tag.list', ['registry.harbor'], {
      type: 'object',
      required: ['repository'],
      properties: {
        repository: { type: 'string', description: 'Name of the repository.' },
        limit: { type: 'integer' },
        exact: { type: 'boolean' },
        labels: { type: 'array', items: { type: 'string' } },
      },
    }),
    sampleAction('tag.resolve', ['registry.harbor'], { type: 'object', properties: { tag: { type: 'string' } } }),
    sampleAction('other.thing', ['registry.other'], { type: 'object' }),
  ],
};

function sampleAction(action: string, types: string[], input: Record<string, unknown>) {
  const output = { type: 'object', properties: { tags: { type: 'array', items: { type: 'string' } } } };
  const about = {
    title: action,
    description: `Does ${action}.`,
    capability: action,
    safe: true,
    sensitive: false,
    weight: 1,
  };
  return { id: action, ...about, streams: false, types, input, output };
}

export function samplePermissions(change: Partial<GetPermissionsResponse> = {}): GetPermissionsResponse {
  const declared = ['tag.list', 'tag.resolve'];
  return {
    instanceId: ids.integration,
    connectorId: 'harbor',
    declaredCapabilities: declared,
    effectiveCapabilities: declared,
    grant: null,
    ...change,
  };
}

export const sampleIdentity = {
  kind: 'api_key',
  id: ids.key,
  name: 'bootstrap',
  scopes: ['platform.admin'],
  tenant: {
    id: ids.tenant,
    slug: 'main',
    name: 'Main',
    approvalRequired: false,
    offline: false,
    egressAllow: [],
    createdAt: at,
  },
} as const;

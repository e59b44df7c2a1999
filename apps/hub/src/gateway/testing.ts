// A gateway with a stub of everything around it, for tests; shipped code never imports this.
import type { ConnectorDefinition, HttpClient, HttpRequest, HttpResponse } from '@inthub/connector-sdk';
import { type Clock, createId, expandScopes, HubError, type Principal, type TenantId } from '@inthub/contracts';
import { type StartValkeyOptions, startValkey } from '@inthub/testing';
import type { AuditRecord } from '../audit/audit.ts';
import type { EgressAttempt, EgressScope } from '../egress/egress.ts';
import { createRuntime, type InstalledIntegration } from '../runtime/runtime.ts';
import { createTelemetry, type Log } from '../telemetry/telemetry.ts';
import type { ResolveRequest } from '../vault/vault.ts';
import { createGateway, type GatewayDeps, type UsageDelta } from './gateway.ts';
import { openValkey, type ValkeyConnection } from './stores/valkey-connection.ts';

/** What the provider answers to one request: a JSON body, or an error as egress throws it. */
export type Provider = (request: HttpRequest, scope: EgressScope) => Promise<unknown>;

export interface RigOptions {
  readonly clock: Clock;
  readonly connector: ConnectorDefinition;
  readonly provider?: Provider;
  readonly integration?: Partial<InstalledIntegration>;
  readonly deps?: Partial<GatewayDeps>;
}

export const tenantId = createId<TenantId>();

export function createRig({ clock, connector, provider = async () => ({}), integration: changes, deps }: RigOptions) {
  const integration: InstalledIntegration = {
    id: createId(),
    tenantId,
    name: 'Main registry',
    type: 'registry.sample',
    connectorId: 'sample',
    connectorVersion: '1.0.0',
    status: 'active',
    config: { endpoint: 'https://registry.example.com', authMode: 'none' },
    authRef: null,
    features: { syncEnabled: false, webhooksEnabled: false, streamingEnabled: true },
    rateLimits: {},
    grant: null,
    version: 1,
    ...changes,
  };
  const audit: AuditRecord[] = [];
  const usage: UsageDelta[] = [];
  const logged: object[] = [];
  const resolved: ResolveRequest[] = [];
  const scopes: EgressScope[] = [];
  const installed = new Map([[integration.id, integration]]);
  const write = (level: string) => (fields: object, message: string) => logged.push({ level, message, ...fields });
  const log = { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
  const { metrics } = createTelemetry();
  const loaded = { definition: connector, origin: 'built-in' as const };
  const registry = {
    list: () => [loaded],
    find: (id: string) => (id === connector.manifest.id ? loaded : undefined),
    findByType: () => loaded,
    broken: () => [],
  };
  const gateway = createGateway({
    findIntegration: async (_, id) => {
      const found = installed.get(id);
      if (found === undefined) throw new HubError('not_found');
      return found;
    },
    resolveCredential: async (request) => {
      resolved.push(request);
      return { kind: request.kind, material: { kind: 'bearer_token', token: 't' }, fingerprint: 'f' };
    },
    egress: {
      client(scope) {
        scopes.push(scope);
        return stubClient(scope, provider);
      },
    },
    runtime: createRuntime({ registry, clock, log, redact: (fields) => fields }),
    writeAudit: async (_, records) => {
      // Nobody prepares them here.
      audit.push(...(records as readonly AuditRecord[]));
    },
    onUsage: async (batch) => {
      usage.push(...batch);
    },
    metrics,
    clock,
    log,
    ...deps,
  });
  const principal: Principal = {
    tenantId,
    kind: 'api_key',
    id: 'k1',
    name: 'Key',
    scopes: expandScopes(['integrations.execute', 'integrations.admin']),
  };
  const call = { principal, integrationId: integration.id, requestId: 'r1' };
  return {
    gateway,
    integration,
    /** Puts another version of the integration in its place. */
    change(next: Partial<InstalledIntegration>) {
      installed.set(integration.id, { ...integration, version: integration.version + 1, ...next });
    },
    audit,
    usage,
    logged,
    resolved,
    scopes,
    metrics,
    call,
    /** `connector_requests_total` and the like, as Prometheus would scrape them. */
    async scrape(name: string): Promise<string[]> {
      return (await metrics.render()).split('\n').filter((line) => line.startsWith(`${name}{`));
    },
  };
}

function stubClient(scope: EgressScope, provider: Provider): HttpClient {
  async function request(given: HttpRequest): Promise<HttpResponse> {
    if (scope.credential !== undefined) await scope.credential.open();
    const report = (status: number | null, errorCode: string | null, extra: Partial<EgressAttempt> = {}) =>
      scope.onAttempt({
        method: given.method,
        host: 'registry.example.com',
        path: given.path,
        attempt: 1,
        purpose: 'action',
        status,
        errorCode,
        durationMs: 1,
        requestBytes: 0,
        responseBytes: 0,
        ...extra,
      });
    try {
      const body = await provider(given, scope);
      report(200, null);
      return responseOf(body);
    } catch (error) {
      report(null, error instanceof HubError ? error.code : 'internal');
      throw error;
    }
  }
  const method = (name: HttpRequest['method']) => (path: string, options?: object) =>
    request({ method: name, path, ...options });
  return {
    request,
    get: method('GET'),
    head: method('HEAD'),
    post: method('POST'),
    put: method('PUT'),
    patch: method('PATCH'),
    delete: method('DELETE'),
  };
}

function responseOf(body: unknown): HttpResponse {
  const text = JSON.stringify(body);
  return {
    status: 200,
    url: 'https://registry.example.com/',
    headers: { get: () => undefined, entries: () => [] },
    bytes: async () => new TextEncoder().encode(text),
    text: async () => text,
    json: async () => body,
    async *chunks() {
      yield new TextEncoder().encode(text);
    },
  };
}

export async function collect<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const all: Item[] = [];
  for await (const item of items) all.push(item);
  return all;
}

/** A Valkey of the test's own, and connections to it as replicas have them. */
export async function startTestValkey(options: StartValkeyOptions = {}) {
  const server = await startValkey(options);
  const connections: ValkeyConnection[] = [];
  let prefixes = 0;
  return {
    server,
    async connect(log: Log = quietLog): Promise<ValkeyConnection> {
      const connection = await openValkey({ url: server.url, log });
      connections.push(connection);
      return connection;
    },
    /** For keys of one test only. */
    newPrefix(): string {
      prefixes += 1;
      return `test${prefixes}:`;
    },
    async stop() {
      await Promise.all(connections.map((connection) => connection.close()));
      await server.stop();
    },
  };
}

export type TestValkey = Awaited<ReturnType<typeof startTestValkey>>;

export const quietLog: Log = { debug() {}, info() {}, warn() {}, error() {} };

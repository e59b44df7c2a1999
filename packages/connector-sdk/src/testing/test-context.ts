import type { Clock, CredentialMaterial, IntegrationConfig } from '@inthub/contracts';
import {
  type ActionContext,
  type AuthMethod,
  authMethodsOf,
  type ConnectorDefinition,
  checkValue,
  composeConfigSchema,
  type IntegrationTypeManifest,
} from '../index.ts';
import { canaryCredential, secretsOf } from './credentials.ts';
import type { Responder, SentRequest } from './exchange.ts';
import { createTestHttpClient } from './http-client.ts';
import { createManualClock } from './manual-clock.ts';

export interface TestContextOptions {
  readonly connector: ConnectorDefinition;
  /** Default the connector's first type. */
  readonly type?: string;
  /** Laid over an endpoint (the type's default, else https://provider.test) and the first authentication mode. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** Default a canary of the kind that the authentication mode takes. */
  readonly credential?: CredentialMaterial;
  /** Who answers; a fake provider's `respond`, a fake registry's, or a transport to a real server. */
  readonly respond: Responder;
  readonly clock?: Clock;
  readonly signal?: AbortSignal;
  readonly idempotencyKey?: string;
}

export interface TestContext {
  readonly ctx: ActionContext;
  readonly auth: AuthMethod;
  readonly requests: readonly SentRequest[];
  readonly logs: readonly { level: 'debug' | 'info' | 'warn'; message: string; fields: unknown }[];
  readonly tokensUsed: number;
  /** Of all costs that were reported; tests report in one currency. */
  readonly costMicros: number;
  /** Texts that may not turn up in results, errors or logs. */
  readonly secrets: readonly string[];
  /** Breaches that fail a test even when the connector swallowed the error: an undeclared host, an unanswered request. */
  readonly faults: readonly string[];
}

/** What an action needs to run in a test. @throws when the config does not fit the connector's own schema. */
export function createTestContext(options: TestContextOptions): TestContext {
  const { connector, respond, clock = createManualClock(), signal = new AbortController().signal } = options;
  const type = findType(connector, options.type);
  const config = buildConfig(connector, type, options.config);
  const auth = chooseAuth(connector, type, config, options.credential);
  const credential = auth.kind === null ? undefined : (options.credential ?? canaryCredential(auth.kind));

  const requests: SentRequest[] = [];
  const logs: TestContext['logs'][number][] = [];
  const faults: string[] = [];
  const cache = new Map<string, string>();
  let tokensUsed = 0;
  let costMicros = 0;
  const log = (level: 'debug' | 'info' | 'warn') => (message: string, fields?: unknown) => {
    logs.push({ level, message, fields: fields ?? {} });
  };

  const ctx: ActionContext = {
    integration: { id: '0198c0de-0000-7000-8000-000000000001', name: 'under-test', type: type.id, config },
    http: createTestHttpClient({
      endpoint: config.endpoint,
      hosts: connector.manifest.egress.hosts,
      auth,
      credential,
      clock,
      signal,
      respond,
      onRequest: (request) => requests.push(request),
      onFault: (message) => faults.push(message),
    }),
    clock,
    log: { debug: log('debug'), info: log('info'), warn: log('warn') },
    signal,
    cache: { get: (key) => cache.get(key), set: (key, value) => void cache.set(key, value) },
    reportUsage: (usage) => {
      tokensUsed += usage.tokensUsed ?? 0;
      costMicros += usage.cost?.amountMicros ?? 0;
    },
    ...(connector.manifest.modelPrices === undefined ? {} : { modelPrices: connector.manifest.modelPrices }),
    ...(options.idempotencyKey === undefined ? {} : { idempotencyKey: options.idempotencyKey }),
  };
  return {
    ctx,
    auth,
    requests,
    logs,
    secrets: secretsOf(credential),
    faults,
    get tokensUsed() {
      return tokensUsed;
    },
    get costMicros() {
      return costMicros;
    },
  };
}

function findType(connector: ConnectorDefinition, id: string | undefined): IntegrationTypeManifest {
  const { types } = connector.manifest;
  const type = id === undefined ? types[0] : types.find((candidate) => candidate.id === id);
  if (type === undefined)
    throw new Error(`${connector.manifest.id} has no type ${id}; it has ${types.map((t) => t.id).join(', ')}.`);
  return type;
}

function buildConfig(
  { manifest }: ConnectorDefinition,
  type: IntegrationTypeManifest,
  given: Readonly<Record<string, unknown>> = {},
): IntegrationConfig {
  const config = {
    endpoint: type.defaultEndpoint ?? 'https://provider.test',
    authMode: authMethodsOf(manifest, type.id)[0]?.mode ?? 'none',
    ...given,
  };
  const errors = checkValue(composeConfigSchema(manifest, type), config, '/config');
  if (errors.length === 0) return config;
  throw new Error(
    `The test's config does not fit ${type.id}: ${errors.map(({ path, message }) => `${path} ${message}`).join(' ')}`,
  );
}

function chooseAuth(
  { manifest }: ConnectorDefinition,
  type: IntegrationTypeManifest,
  { authMode }: IntegrationConfig,
  credential: CredentialMaterial | undefined,
): AuthMethod {
  const methods = authMethodsOf(manifest, type.id).filter(({ mode }) => mode === authMode);
  const auth = credential === undefined ? methods[0] : methods.find(({ kind }) => kind === credential.kind);
  if (auth === undefined)
    throw new Error(`${manifest.id} has no authentication ${authMode} with ${credential?.kind ?? 'no credential'}.`);
  return auth;
}

import { resolve } from 'node:path';

/** Configuration of one hub process; every name is fixed, tests and operators rely on them. */
export interface HubConfig {
  readonly port: number;
  readonly host: string;
  /** Absolute path of the embedded database, the key file and the pointer files. */
  readonly dataDir: string;
  /** External PostgreSQL (≥ 15) instead of the embedded one. */
  readonly databaseUrl: string | null;
  readonly roles: ReadonlySet<HubRole>;
  readonly bootstrapApiKey: string | null;
  readonly masterKey: string | null;
  readonly masterKeyFile: string | null;
  readonly publicUrl: string | null;
  readonly pluginsDir: string | null;
  readonly offline: boolean;
  /** CIDRs, hosts, host:port and `*.suffix` that egress may reach although they are private. */
  readonly egressAllow: readonly string[];
  readonly eventBus: 'postgres' | 'nats';
  readonly natsUrl: string | null;
  readonly counters: 'memory' | 'valkey';
  readonly valkeyUrl: string | null;
  readonly oidc: { readonly issuer: string; readonly audience: string } | null;
  readonly otlpEndpoint: string | null;
  readonly logLevel: (typeof logLevels)[number];
  /** `HUB_SECRET_*` variables, for `ref://env/...` references; read once, never logged. */
  readonly secretEnvironment: ReadonlyMap<string, string>;
}

export type HubRole = 'api' | 'worker';
const hubRoles: readonly HubRole[] = ['api', 'worker'];
const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;

/** A variable that cannot be used. `main.ts` prints the message and exits 2. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly variable: string;

  constructor(variable: string, problem: string) {
    super(`${variable}: ${problem}`);
    this.variable = variable;
  }
}

type Environment = Readonly<Record<string, string | undefined>>;

const known = new Set([
  'HUB_PORT',
  'HUB_HOST',
  'HUB_DATA_DIR',
  'HUB_ROLES',
  'HUB_BOOTSTRAP_API_KEY',
  'HUB_MASTER_KEY',
  'HUB_MASTER_KEY_FILE',
  'HUB_PUBLIC_URL',
  'HUB_OFFLINE',
  'HUB_EGRESS_ALLOW',
]);
const secretPrefix = 'HUB_SECRET_';

/**
 * Reads the environment. Unknown `HUB_*` names are refused, so that a typing mistake is not silently a default.
 * @throws ConfigError naming the variable.
 */
export function readConfig(environment: Environment = process.env): HubConfig {
  for (const name of Object.keys(environment)) {
    if (name.startsWith('HUB_') && !known.has(name) && !name.startsWith(secretPrefix)) {
      throw new ConfigError(name, `unknown variable; the hub knows ${[...known].join(', ')} and ${secretPrefix}*`);
    }
  }
  const text = (name: string): string | null => {
    const value = environment[name]?.trim();
    return value === undefined || value === '' ? null : value;
  };
  const databaseUrl = optionalUrl('DATABASE_URL', text('DATABASE_URL'), ['postgres:', 'postgresql:']);
  const masterKey = text('HUB_MASTER_KEY');
  const masterKeyFile = text('HUB_MASTER_KEY_FILE');
  if (masterKey !== null && masterKeyFile !== null) {
    throw new ConfigError('HUB_MASTER_KEY', 'set either this or HUB_MASTER_KEY_FILE, not both');
  }
  const bootstrapApiKey = text('HUB_BOOTSTRAP_API_KEY');
  if (bootstrapApiKey !== null && !/^[\x21-\x7e]{32,256}$/.test(bootstrapApiKey)) {
    throw new ConfigError('HUB_BOOTSTRAP_API_KEY', 'must be 32 to 256 printable characters without spaces');
  }
  const eventBus = oneOf('EVENT_BUS', text('EVENT_BUS') ?? 'postgres', ['postgres', 'nats'] as const);
  const natsUrl = optionalUrl('NATS_URL', text('NATS_URL'), ['nats:', 'tls:']);
  if (eventBus === 'nats' && natsUrl === null) throw new ConfigError('NATS_URL', 'is required when EVENT_BUS=nats');
  const counters = oneOf('COUNTERS', text('COUNTERS') ?? 'memory', ['memory', 'valkey'] as const);
  const valkeyUrl = optionalUrl('VALKEY_URL', text('VALKEY_URL'), ['redis:', 'rediss:', 'valkey:']);
  if (counters === 'valkey' && valkeyUrl === null)
    throw new ConfigError('VALKEY_URL', 'is required when COUNTERS=valkey');

  return {
    port: integer('HUB_PORT', text('HUB_PORT') ?? '8080', 0, 65_535),
    host: text('HUB_HOST') ?? '127.0.0.1',
    dataDir: resolve(text('HUB_DATA_DIR') ?? './.inthub'),
    databaseUrl,
    roles: roleSet(text('HUB_ROLES') ?? 'api,worker'),
    bootstrapApiKey,
    masterKey,
    masterKeyFile,
    publicUrl: optionalUrl('HUB_PUBLIC_URL', text('HUB_PUBLIC_URL'), ['http:', 'https:'])?.replace(/\/+$/, '') ?? null,
    pluginsDir: text('PLUGINS_DIR') === null ? null : resolve(text('PLUGINS_DIR') ?? ''),
    offline: flag('HUB_OFFLINE', text('HUB_OFFLINE')),
    egressAllow: list(text('HUB_EGRESS_ALLOW')),
    eventBus,
    natsUrl,
    counters,
    valkeyUrl,
    oidc: oidc(optionalUrl('OIDC_ISSUER', text('OIDC_ISSUER'), ['http:', 'https:']), text('OIDC_AUDIENCE')),
    otlpEndpoint: optionalUrl('OTEL_EXPORTER_OTLP_ENDPOINT', text('OTEL_EXPORTER_OTLP_ENDPOINT'), ['http:', 'https:']),
    logLevel: oneOf('LOG_LEVEL', text('LOG_LEVEL') ?? 'info', logLevels),
    secretEnvironment: new Map(
      Object.entries(environment).flatMap(([name, value]) =>
        name.startsWith(secretPrefix) && value !== undefined ? [[name, value] as const] : [],
      ),
    ),
  };
}

function oidc(issuer: string | null, audience: string | null): HubConfig['oidc'] {
  if (issuer === null && audience === null) return null;
  if (issuer === null) throw new ConfigError('OIDC_ISSUER', 'is required when OIDC_AUDIENCE is set');
  if (audience === null) throw new ConfigError('OIDC_AUDIENCE', 'is required when OIDC_ISSUER is set');
  return { issuer, audience };
}

function integer(name: string, text: string, min: number, max: number): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < min || value > max) {
    throw new ConfigError(name, `"${text}" is not a whole number from ${min} to ${max}`);
  }
  return value;
}

function oneOf<const Value extends string>(name: string, text: string, values: readonly Value[]): Value {
  const found = values.find((value) => value === text);
  if (found === undefined) throw new ConfigError(name, `"${text}" is not one of ${values.join(', ')}`);
  return found;
}

function flag(name: string, text: string | null): boolean {
  if (text === null) return false;
  if (['1', 'true', 'yes', 'on'].includes(text.toLowerCase())) return true;
  if (['0', 'false', 'no', 'off'].includes(text.toLowerCase())) return false;
  throw new ConfigError(name, `"${text}" is not true or false`);
}

function list(text: string | null): readonly string[] {
  return (text ?? '')
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}

function roleSet(text: string): ReadonlySet<HubRole> {
  const names = list(text).map((name) => oneOf('HUB_ROLES', name, hubRoles));
  if (names.length === 0) throw new ConfigError('HUB_ROLES', 'names no role; use api, worker or api,worker');
  return new Set(names);
}

function optionalUrl(name: string, text: string | null, protocols: readonly string[]): string | null {
  if (text === null) return null;
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !protocols.includes(url.protocol)) {
    // The value may hold a password, so it is not repeated.
    throw new ConfigError(
      name,
      `is not a URL that starts with ${protocols.map((protocol) => `${protocol}//`).join(' or ')}`,
    );
  }
  return text;
}

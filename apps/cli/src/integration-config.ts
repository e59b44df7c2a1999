import type { Credentials, IntegrationType } from '@inthub/client';
import type { AuthMode } from '@inthub/contracts';
import { assign, type JsonObject } from './assignments.ts';
import { usageError } from './cli-error.ts';
import { isSchema } from './json-schema.ts';

export interface ConfigFlags {
  readonly endpoint?: string;
  readonly authMode?: AuthMode;
  readonly set?: readonly string[];
}

/** The config of a new integration: the given JSON, then the flags, then what the type makes plain. */
export function newConfig(
  type: IntegrationType,
  json: JsonObject,
  flags: ConfigFlags,
  credential: { readonly kind: Credentials['kind'] | undefined; readonly hasAuthRef: boolean },
): JsonObject {
  const config: Record<string, unknown> = { ...changedConfig(type, json, flags) };
  if (config['endpoint'] === undefined && type.defaultEndpoint !== null) config['endpoint'] = type.defaultEndpoint;
  if (config['authMode'] === undefined) config['authMode'] = chooseAuthMode(type, credential);
  return config;
}

/** The config with the flags put into it. */
export function changedConfig(
  type: Pick<IntegrationType, 'configSchema'> | undefined,
  json: JsonObject,
  { endpoint, authMode, set = [] }: ConfigFlags,
): JsonObject {
  const direct = {
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(authMode === undefined ? {} : { authMode }),
  };
  return assign('--set', { ...json, ...direct }, set, type?.configSchema);
}

/** The mode that the credential leaves no doubt about. @throws CliError with the modes to choose from. */
function chooseAuthMode(
  type: IntegrationType,
  { kind, hasAuthRef }: { readonly kind: Credentials['kind'] | undefined; readonly hasAuthRef: boolean },
): string {
  const fitting = type.auth.filter((method) => (hasAuthRef ? method.kind !== null : method.kind === (kind ?? null)));
  const modes = [...new Set(fitting.map(({ mode }) => mode))];
  if (modes.length === 1 && modes[0] !== undefined) return modes[0];
  if (kind === undefined && !hasAuthRef && modes.includes('none')) return 'none';
  const offered = type.auth.map(({ mode, kind: takes }) => (takes === null ? mode : `${mode} (takes ${takes})`));
  throw usageError(
    `--auth-mode is needed: ${type.id} offers ${[...new Set(offered)].join(', ')}.`,
    `inthub types show ${type.id} explains them.`,
  );
}

/**
 * Only the top-level fields that differ: the hub merges a config by its top-level fields, and null removes one (RFC 7396).
 */
export function configChange(before: JsonObject, after: JsonObject, unset: readonly string[]): JsonObject {
  const change: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(after)) {
    if (JSON.stringify(before[name]) !== JSON.stringify(value)) change[name] = value;
  }
  for (const name of unset) {
    const [outer = '', ...inner] = name.split('.');
    if (inner.length === 0) {
      change[outer] = null;
      continue;
    }
    const present = change[outer] ?? before[outer];
    change[outer] = removeAt(name, present, inner);
  }
  return change;
}

function removeAt(name: string, target: unknown, path: readonly string[]): unknown {
  const [first = '', ...rest] = path;
  if (!isSchema(target) || !Object.hasOwn(target, first)) throw usageError(`--unset ${name}: there is no such field.`);
  const { [first]: removed, ...others } = target;
  return rest.length === 0 ? others : { ...others, [first]: removeAt(name, removed, rest) };
}

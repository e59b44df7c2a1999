import { type FieldError, HubError, type IntegrationConfig } from '@inthub/contracts';
import type { ErrorObject, ValidateFunction } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import type { TObject } from 'typebox';
import type { CatalogType } from './catalog-types.ts';
import { suggest } from './near-matches.ts';
import { normaliseEndpoint } from './normalise.ts';
import { findSecretFields } from './secret-fields.ts';

const maxErrors = 20;
const maxConfigBytes = 131_072;

/** Checks configs against the types' schemas. */
export interface ConfigChecker {
  /**
   * The config as it is to be stored: valid for the type, without secrets, the endpoint in its normal form.
   * @throws HubError `invalid_request` with every faulty field below `/config`; `connector_failed` when the schema itself is broken.
   */
  check(type: CatalogType, config: unknown): IntegrationConfig;
  /** The same for a part of a config: none of its fields is required. Faults stand below `path`. */
  checkPart(type: CatalogType, config: unknown, path: string): Partial<IntegrationConfig>;
}

export function createConfigChecker(): ConfigChecker {
  // Keyed by the schema: it goes when its connector is unloaded.
  const whole = new WeakMap<TObject, ValidateFunction>();
  const part = new WeakMap<TObject, ValidateFunction>();

  return {
    check: (type, config) =>
      checked(type, config, '/config', () => validatorOf(type, whole, type.configSchema)) as IntegrationConfig,
    checkPart: (type, config, path) =>
      checked(type, config, path, () => validatorOf(type, part, { ...type.configSchema, required: [] })),
  };
}

function validatorOf(
  type: CatalogType,
  compiled: WeakMap<TObject, ValidateFunction>,
  schema: object,
): ValidateFunction {
  let validate = compiled.get(type.configSchema);
  if (validate === undefined) {
    try {
      // One instance for each schema: connectors may use the same $id, and Ajv would hold on to unloaded schemas.
      const ajv = new Ajv2020({ allErrors: true, strict: false });
      addFormats.default(ajv);
      validate = ajv.compile(schema);
    } catch (cause) {
      throw new HubError(
        'connector_failed',
        `Connector ${type.connectorId} has a broken config schema for ${type.id}.`,
        { cause },
      );
    }
    compiled.set(type.configSchema, validate);
  }
  return validate;
}

function checked(
  type: CatalogType,
  config: unknown,
  path: string,
  validator: () => ValidateFunction,
): Partial<IntegrationConfig> {
  const fields = Object.keys(type.configSchema.properties);
  // First, because "unknown field" would not tell anybody where a secret belongs.
  refuse(type, findSecretFields(config, new Set(fields), path));
  const text = JSON.stringify(config) ?? '';
  // JSON.stringify escapes nothing else in this way: what is found cannot be stored.
  if (/\\u(?:0000|d[89a-f][0-9a-f]{2})/.test(text)) {
    refuse(type, [{ path, rule: 'text', message: 'has a NUL character or invalid Unicode in a text' }]);
  }
  const bytes = Buffer.byteLength(text);
  if (bytes > maxConfigBytes) {
    refuse(type, [{ path, rule: 'size', message: `has ${bytes} bytes; at most ${maxConfigBytes} fit` }]);
  }
  const validate = validator();
  if (!validate(config)) {
    refuse(
      type,
      (validate.errors ?? []).map((error) => toFieldError(error, type.configSchema, path)),
    );
  }
  const valid = config as Partial<IntegrationConfig>;
  if (valid.endpoint === undefined) return valid;
  return { ...valid, endpoint: normaliseEndpoint(valid.endpoint, `${path}/endpoint`) };
}

function refuse(type: CatalogType, errors: readonly FieldError[]): void {
  const [first] = errors;
  if (first === undefined) return;
  const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : '';
  throw new HubError('invalid_request', `The config does not fit ${type.id}: ${first.path} ${first.message}${more}.`, {
    errors: errors.slice(0, maxErrors),
  });
}

function toFieldError(
  { instancePath, keyword, params, message }: ErrorObject,
  schema: TObject,
  path: string,
): FieldError {
  const at = `${path}${instancePath}`;
  const below = (name: string) => `${at}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`.slice(0, 300);
  switch (keyword) {
    case 'additionalProperties': {
      const name = String(params['additionalProperty']);
      const known = instancePath === '' ? Object.keys(schema.properties) : [];
      const hint = known.length === 0 ? '' : `; fields: ${known.toSorted().join(', ')}`;
      return { path: below(name), rule: 'unknown_field', message: `is not a known field${hint}` };
    }
    case 'required':
      return { path: below(String(params['missingProperty'])), rule: 'required', message: 'is required' };
    case 'enum': {
      const allowed = Array.isArray(params['allowedValues']) ? params['allowedValues'].map(String) : [];
      return { path: at, rule: 'enum', message: `must be one of ${allowed.slice(0, 40).join(', ')}` };
    }
    case 'format':
      return { path: at, rule: 'format', message: `is not a valid ${String(params['format'])}` };
    default:
      return { path: at.slice(0, 300), rule: keyword, message: message ?? 'is invalid' };
  }
}

/** What to say of a type that no loaded connector offers. */
export function unknownType(id: string, known: Iterable<string>): string {
  return `"${id.slice(0, 128)}" is not a type of any loaded connector; ${suggest(id, known)}`;
}

import { type FieldError, HubError } from '@inthub/contracts';
import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import formats from 'ajv-formats';
import type { Static, TSchema } from 'typebox';

const maxReported = 20;

/** A caller's input is worth every fault at once; a provider's 10 MB of nonsense is not worth a million error objects. */
const every = createCompiler(true);
const first = createCompiler(false);

/** Every place where a value does not fit, at most 20; empty when it fits. `root` is put before each path (`/params`). */
export function checkValue(schema: TSchema, value: unknown, root = ''): readonly FieldError[] {
  const validate = every(schema);
  return validate(value) ? [] : (validate.errors ?? []).slice(0, maxReported).map((error) => toFieldError(error, root));
}

/** The value, typed. @throws HubError `invalid_request` with every fault. */
export function requireValue<Schema extends TSchema>(schema: Schema, value: unknown, root = ''): Static<Schema> {
  const errors = checkValue(schema, value, root);
  if (errors.length === 0) return value as Static<Schema>;
  throw new HubError('invalid_request', errors.map(({ path, message }) => `${path || '/'}: ${message}`).join(' '), {
    errors,
  });
}

/**
 * A provider's JSON, parsed and checked. `what` names it in the message (`The tag list`).
 * @throws HubError `provider_bad_response` naming the first place that does not fit; never quotes the answer itself.
 */
export function parseProviderJson(text: string, what?: string): unknown;
export function parseProviderJson<Schema extends TSchema>(text: string, what: string, schema: Schema): Static<Schema>;
export function parseProviderJson(text: string, what = 'The answer', schema?: TSchema): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new HubError('provider_bad_response', `${what} is not JSON.`, { cause });
  }
  if (schema === undefined) return value;
  const validate = first(schema);
  if (validate(value)) return value;
  const fault = toFieldError((validate.errors as ErrorObject[])[0] as ErrorObject, '');
  throw new HubError(
    'provider_bad_response',
    `${what} does not look as documented: ${fault.path || '/'} ${fault.message}`,
    {
      details: { path: fault.path || '/', rule: fault.rule },
    },
  );
}

/** UTF-8 text of bytes. @throws HubError `provider_bad_response` when they are not UTF-8. */
export function decodeProviderText(bytes: Uint8Array, what = 'The answer'): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new HubError('provider_bad_response', `${what} is not UTF-8 text.`, { cause });
  }
}

function createCompiler(allErrors: boolean): (schema: TSchema) => ValidateFunction {
  // addUsedSchema: two schemas may carry the same $id; each is compiled for itself.
  const ajv = new Ajv({ allErrors, strict: false, addUsedSchema: false, useDefaults: false, logger: false });
  formats.default(ajv);
  const compiled = new WeakMap<object, ValidateFunction>();
  return (schema) => {
    const known = compiled.get(schema);
    if (known !== undefined) return known;
    const validate = ajv.compile(schema);
    compiled.set(schema, validate);
    return validate;
  };
}

function toFieldError(
  { instancePath, keyword, params, message = 'is invalid' }: ErrorObject,
  root: string,
): FieldError {
  const at = (property: unknown) => `${root}${instancePath}/${escapePointer(String(property))}`;
  switch (keyword) {
    case 'required':
      return { path: at(params['missingProperty']), rule: keyword, message: 'is required.' };
    case 'additionalProperties':
      return { path: at(params['additionalProperty']), rule: keyword, message: 'is not a known field.' };
    case 'enum':
      return {
        path: root + instancePath,
        rule: keyword,
        message: `must be one of ${(params['allowedValues'] as unknown[]).map(String).join(', ')}.`,
      };
    default:
      return { path: root + instancePath, rule: keyword, message: `${message}.` };
  }
}

/** RFC 6901 §3. */
function escapePointer(segment: string): string {
  return segment.replaceAll('~', '~0').replaceAll('/', '~1');
}

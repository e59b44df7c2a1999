import type { FieldError } from '@inthub/contracts';
import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import ajvFormats from 'ajv-formats';

/** What is wrong with a value, at most `maxErrors` faults; null when nothing is. Never repeats the value itself: it may be secret. */
export type SchemaCheck = (value: unknown) => readonly FieldError[] | null;

export interface SchemaCheckOptions {
  /** JSON Pointer put before every path, for example `/params`. */
  readonly base: string;
  /** Writes the schema's defaults into the value (mutating it). Default false. */
  readonly applyDefaults?: boolean;
}

const maxErrors = 20;
/** Above this many values in the input, only the first fault is looked for: every faulty item would cost an error object. */
const maxValuesForAllErrors = 2_000;

const options = { strict: false, addUsedSchema: false, validateFormats: true } as const;
const checking = withFormats(new Ajv({ ...options }));
const defaulting = withFormats(new Ajv({ ...options, useDefaults: true }));
const explaining = withFormats(new Ajv({ ...options, allErrors: true }));

/** Compiles a JSON Schema once; the caller keeps the result. @throws Error with Ajv's reason when it is not a usable schema. */
export function createSchemaCheck(schema: object, { base, applyDefaults = false }: SchemaCheckOptions): SchemaCheck {
  const validate = compile(applyDefaults ? defaulting : checking, schema);
  let explain: ValidateFunction | undefined;
  return (value) => {
    if (validate(value)) return null;
    let errors = validate.errors ?? [];
    if (hasAtMost(value, maxValuesForAllErrors)) {
      explain ??= compile(explaining, schema);
      if (!explain(value)) errors = explain.errors ?? errors;
    }
    return errors.slice(0, maxErrors).map((error) => toFieldError(error, base));
  };
}

/** True when a schema gives any value a default, so that its input must be copied before it is checked. */
export function hasDefaults(schema: unknown, depth = 0): boolean {
  if (typeof schema !== 'object' || schema === null || depth > 64) return false;
  if (!Array.isArray(schema) && 'default' in schema) return true;
  return Object.values(schema).some((part) => hasDefaults(part, depth + 1));
}

function compile(ajv: Ajv, schema: object): ValidateFunction {
  const validate = ajv.compile(schema);
  // Ajv keeps every schema object for ever otherwise; connectors come and go.
  ajv.removeSchema(schema);
  return validate;
}

function withFormats(ajv: Ajv): Ajv {
  ajvFormats.default(ajv);
  return ajv;
}

function hasAtMost(value: unknown, limit: number): boolean {
  let left = limit;
  const visit = (part: unknown): boolean => {
    left -= 1;
    if (left < 0) return false;
    if (typeof part !== 'object' || part === null) return true;
    return Object.values(part).every(visit);
  };
  return visit(value);
}

function toFieldError({ instancePath, keyword, params, message }: ErrorObject, base: string): FieldError {
  const at = `${base}${instancePath}`;
  switch (keyword) {
    case 'required':
      return fault(`${at}/${pointer(params['missingProperty'])}`, keyword, 'is required.');
    case 'additionalProperties':
    case 'unevaluatedProperties': {
      const name = params['additionalProperty'] ?? params['unevaluatedProperty'];
      return fault(`${at}/${pointer(name)}`, keyword, 'is not a known field.');
    }
    case 'enum':
      return fault(at, keyword, `must be one of ${JSON.stringify(params['allowedValues'])}.`);
    case 'const':
      return fault(at, keyword, `must be ${JSON.stringify(params['allowedValue'])}.`);
    default:
      return fault(at, keyword, `${message ?? 'is not valid'}.`);
  }
}

function fault(path: string, rule: string, message: string): FieldError {
  return { path: path.slice(0, 300), rule, message: message.slice(0, 500) };
}

function pointer(name: unknown): string {
  return String(name).replaceAll('~', '~0').replaceAll('/', '~1');
}

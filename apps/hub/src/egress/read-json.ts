import { isUtf8 } from 'node:buffer';
import { HubError } from '@inthub/contracts';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import ajvFormats from 'ajv-formats';

/** Nothing that an API means to say is nested deeper; code that walks the value afterwards may recurse. */
const maxDepth = 512;

const ajv = new Ajv2020({ strict: false, validateFormats: true, addUsedSchema: false });
ajvFormats.default(ajv);
const validators = new WeakMap<object, ValidateFunction>();

/** @throws HubError `provider_bad_response` when the bytes are not UTF-8. A byte order mark is dropped. */
export function readText(bytes: Uint8Array, host: string): string {
  if (!isUtf8(bytes)) throw bad(`${host} sent text that is not UTF-8.`);
  const buffer = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const text = buffer.toString('utf8');
  return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
}

/**
 * @param schema JSON Schema (draft 2020-12), compiled once per object.
 * @throws HubError `provider_bad_response` naming the JSON Pointer that does not fit, never the value that stands there.
 */
export function readJson(bytes: Uint8Array, host: string, schema?: object): unknown {
  const text = readText(bytes, host);
  // Each level takes two characters at least.
  if (text.length > 2 * maxDepth && mayBeTooDeep(text) && isTooDeep(text))
    throw bad(`${host} sent JSON that is nested deeper than ${maxDepth} levels.`);
  const value = parse(text, host);
  if (schema === undefined) return value;
  const validate = validatorOf(schema);
  if (validate(value)) return value;
  const [error] = validate.errors ?? [];
  const pointer = error?.instancePath || '/';
  const message = `${host} sent JSON that does not fit at ${printable(pointer)}: ${error?.message ?? 'is not valid'}.`;
  throw new HubError('provider_bad_response', message, {
    details: { pointer: printable(pointer), rule: error?.keyword },
  });
}

function parse(text: string, host: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const what = text.trim() === '' ? 'an empty body' : /^\s*</.test(text) ? 'a web page' : 'a body';
    throw bad(
      `${host} sent ${what} where JSON was expected. Check that config.endpoint is the address of the API.`,
      cause,
    );
  }
}

function validatorOf(schema: object): ValidateFunction {
  let validate = validators.get(schema);
  if (validate === undefined) {
    validate = compile(schema);
    // Ajv would keep the schema for ever; the connector that owns it may be unloaded.
    ajv.removeSchema(schema);
    validators.set(schema, validate);
  }
  return validate;
}

function compile(schema: object): ValidateFunction {
  try {
    return ajv.compile(schema);
  } catch (cause) {
    throw new HubError('connector_failed', 'The connector reads a response with a JSON Schema that cannot be used.', {
      cause,
    });
  }
}

/** Few texts hold as many brackets, in strings or outside, and these are found ten times as fast. */
function mayBeTooDeep(text: string): boolean {
  let count = 0;
  for (const bracket of '[{') {
    for (let at = text.indexOf(bracket); at !== -1; at = text.indexOf(bracket, at + 1)) {
      count += 1;
      if (count > maxDepth) return true;
    }
  }
  return false;
}

/** Counts brackets outside strings; exact for valid JSON, and what is not valid fails in the parser. */
function isTooDeep(text: string): boolean {
  let depth = 0;
  for (let at = 0; at < text.length; at += 1) {
    switch (text.charCodeAt(at)) {
      case 0x22: // "
        at = endOfString(text, at);
        break;
      case 0x5b: // [
      case 0x7b: // {
        depth += 1;
        if (depth > maxDepth) return true;
        break;
      case 0x5d: // ]
      case 0x7d: // }
        depth -= 1;
        break;
    }
  }
  return false;
}

function endOfString(text: string, start: number): number {
  let at = start;
  for (;;) {
    at = text.indexOf('"', at + 1);
    if (at === -1) return text.length;
    let backslashes = 0;
    while (text.charCodeAt(at - 1 - backslashes) === 0x5c) backslashes += 1;
    if (backslashes % 2 === 0) return at;
  }
}

/** Keys in a pointer are the provider's. */
function printable(pointer: string): string {
  return pointer.slice(0, 200).replace(/[^\x20-\x7e]/g, '?');
}

function bad(message: string, cause?: unknown): HubError {
  return new HubError('provider_bad_response', message, { cause });
}

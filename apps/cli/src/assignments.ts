import { usageError } from './cli-error.ts';
import { isSchema, type JsonSchema, schemaAt } from './json-schema.ts';
import { isListField, typedValue } from './typed-value.ts';

export type JsonObject = Readonly<Record<string, unknown>>;

export interface Assignment {
  /** Property names from the outside in. */
  readonly path: readonly string[];
  readonly text: string;
  /** Written with `:=`: the text is JSON whatever the schema says. */
  readonly isJson: boolean;
}

/**
 * Parses `key=text`, `outer.inner=text` or `key:=json`. A dot, colon, equals sign or backslash within a name is written with a
 * backslash before it.
 * @throws CliError naming the flag.
 */
export function parseAssignment(flag: string, source: string): Assignment {
  const form = `${flag} takes name=value, outer.inner=value or name:=json.`;
  const path: string[] = [];
  let name = '';
  for (let at = 0; at < source.length; at++) {
    const character = source[at] ?? '';
    const isJson = character === ':' && source[at + 1] === '=';
    if (character === '\\' && at + 1 < source.length) {
      at += 1;
      name += source[at];
    } else if (character === '.' || character === '=' || isJson) {
      path.push(requireName(flag, name, form));
      name = '';
      if (character !== '.') return { path, text: source.slice(at + (isJson ? 2 : 1)), isJson };
    } else {
      name += character;
    }
  }
  // Not quoted whole: without "=" it may be anything, even a secret.
  throw usageError(`${flag}: "=" is missing.`, form);
}

function requireName(flag: string, name: string, form: string): string {
  if (name === '') throw usageError(`${flag}: a name is empty.`, form);
  if (name === '__proto__') throw usageError(`${flag}: "__proto__" cannot be a name.`);
  return name;
}

/**
 * The object with the assignments made, typed by the schema. A list field may be assigned several times, each time adding to
 * what these assignments gave; any other field once.
 * @throws CliError naming flag and field.
 */
export function assign(
  flag: string,
  base: JsonObject,
  sources: readonly string[],
  schema: JsonSchema = {},
): JsonObject {
  const made = new Map<string, unknown>();
  let result = base;
  for (const source of sources) {
    const { path, text, isJson } = parseAssignment(flag, source);
    const name = `${flag} ${path.join('.')}`;
    const field = schemaAt(schema, path);
    let value = isJson ? parseJsonText(name, text) : typedValue(name, text, field, schema);
    const key = JSON.stringify(path);
    if (made.has(key)) {
      const before = made.get(key);
      if (!isListField(field, schema) || !Array.isArray(before) || !Array.isArray(value)) {
        throw usageError(`${name} is given twice.`);
      }
      value = [...before, ...value];
    }
    made.set(key, value);
    result = setAt(name, result, path, value);
  }
  return result;
}

function setAt(name: string, target: JsonObject, path: readonly string[], value: unknown): JsonObject {
  const [first = '', ...rest] = path;
  if (rest.length === 0) return { ...target, [first]: value };
  const inner = Object.hasOwn(target, first) ? target[first] : {};
  if (!isSchema(inner)) throw usageError(`${name}: "${first}" holds a value, no fields.`);
  return { ...target, [first]: setAt(name, inner, rest, value) };
}

/** @throws CliError that does not repeat the text: it may be secret. */
export function parseJsonText(name: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const place = /line \d+ column \d+/.exec(error instanceof Error ? error.message : '')?.[0];
    throw usageError(`${name}: this is not valid JSON${place === undefined ? '' : ` (${place})`}.`);
  }
}

import { usageError } from './cli-error.ts';
import { alternatives, choicesOf, isSchema, type JsonSchema, typesOf } from './json-schema.ts';

/**
 * The value that a text from the command line means, by its schema: `5` is a number where the schema wants one and a text where
 * it wants that; where a text is allowed, a text it is. Without a schema, JSON is taken as JSON and all else as text.
 * @param name Flag and field, for the message. @throws CliError when no allowed type fits.
 */
export function typedValue(name: string, text: string, schema: JsonSchema | undefined, root: JsonSchema): unknown {
  const possible = schema === undefined ? [] : alternatives(schema, root);
  const choices = possible.flatMap((one) => choicesOf(one) ?? []);
  const chosen = choices.find((choice) => String(choice) === text);
  if (chosen !== undefined) return chosen;
  const open = possible.filter((one) => choicesOf(one) === undefined);
  const types = new Set(open.flatMap(typesOf));
  if (types.size === 0 && choices.length === 0) return guess(text);
  if (types.has('string')) return text;
  const parsed = parseJson(text);
  const list = open.find((one) => typesOf(one).includes('array'));
  if (list !== undefined && !Array.isArray(parsed)) {
    return [typedValue(name, text, isSchema(list['items']) ? list['items'] : undefined, root)];
  }
  if (parsed !== undefined && typeNames(parsed).some((type) => types.has(type))) return parsed;
  throw usageError(`${name}: "${text}" is not ${expected(types, choices)}.`);
}

/** Whether repeated texts for this field make a list. */
export function isListField(schema: JsonSchema | undefined, root: JsonSchema): boolean {
  if (schema === undefined) return false;
  const types = new Set(alternatives(schema, root).flatMap(typesOf));
  return types.has('array') && !types.has('string');
}

function guess(text: string): unknown {
  const parsed = parseJson(text);
  return parsed === undefined ? text : parsed;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function typeNames(value: unknown): readonly string[] {
  if (value === null) return ['null'];
  if (Array.isArray(value)) return ['array'];
  if (typeof value === 'number') return Number.isInteger(value) ? ['integer', 'number'] : ['number'];
  return [typeof value];
}

function expected(types: ReadonlySet<string>, choices: readonly unknown[]): string {
  const words: Readonly<Record<string, string>> = {
    integer: 'a whole number',
    number: 'a number',
    boolean: 'true or false',
    null: 'null',
    object: 'a JSON object',
    array: 'a JSON list',
  };
  const named = [...types].map((type) => words[type] ?? type);
  const listed = choices.length === 0 ? [] : [`one of ${choices.map(String).join(', ')}`];
  return [...named, ...listed].join(' or ');
}

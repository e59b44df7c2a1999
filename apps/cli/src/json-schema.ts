/** Reading of the JSON Schemas that the hub shows: fields for tables, and types for texts from the command line. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** Deep enough for every real schema; stops schemas that refer to themselves. */
const deepest = 16;

export function isSchema(value: unknown): value is JsonSchema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The schemas of which a value has to satisfy one: unions opened, local references followed. */
export function alternatives(schema: JsonSchema, root: JsonSchema, depth = 0): readonly JsonSchema[] {
  if (depth > deepest) return [];
  const { $ref: target } = schema;
  if (typeof target === 'string') {
    const found = dereference(target, root);
    return found === undefined ? [] : alternatives(found, root, depth + 1);
  }
  const union = schema['anyOf'] ?? schema['oneOf'];
  if (!Array.isArray(union)) return [schema];
  return union.filter(isSchema).flatMap((one) => alternatives(one, root, depth + 1));
}

/** The schema of the value at a path of property names; undefined where the schema says nothing about it. */
export function schemaAt(root: JsonSchema, path: readonly string[]): JsonSchema | undefined {
  let schema: JsonSchema | undefined = root;
  for (const name of path) {
    if (schema === undefined) return undefined;
    const possible: readonly JsonSchema[] = alternatives(schema, root);
    const found: readonly JsonSchema[] = possible.flatMap((one) => {
      const property = propertyOf(one, name);
      return property === undefined ? [] : [property];
    });
    schema = found.length > 1 ? { anyOf: found } : found[0];
  }
  return schema;
}

function propertyOf(schema: JsonSchema, name: string): JsonSchema | undefined {
  const { properties, patternProperties, additionalProperties } = schema;
  if (isSchema(properties) && Object.hasOwn(properties, name) && isSchema(properties[name])) return properties[name];
  if (isSchema(patternProperties)) {
    for (const [pattern, one] of Object.entries(patternProperties)) {
      if (isSchema(one) && matches(pattern, name)) return one;
    }
  }
  return isSchema(additionalProperties) ? additionalProperties : undefined;
}

function matches(pattern: string, name: string): boolean {
  try {
    return new RegExp(pattern, 'u').test(name);
  } catch {
    return false;
  }
}

function dereference(target: string, root: JsonSchema): JsonSchema | undefined {
  if (!target.startsWith('#')) return undefined;
  let at: unknown = root;
  for (const part of target.slice(1).split('/').filter(Boolean)) {
    const name = decodeURIComponent(part).replaceAll('~1', '/').replaceAll('~0', '~');
    at = isSchema(at) && Object.hasOwn(at, name) ? at[name] : undefined;
  }
  return isSchema(at) ? at : undefined;
}

/** Names of the JSON types that a leaf schema allows; empty when it does not say. */
export function typesOf(schema: JsonSchema): readonly string[] {
  const { type } = schema;
  if (typeof type === 'string') return [type];
  if (Array.isArray(type)) return type.filter((one) => typeof one === 'string');
  if (isSchema(schema['properties'])) return ['object'];
  return [];
}

/** The values of an enum or a constant; undefined when any value of the type may stand. */
export function choicesOf(schema: JsonSchema): readonly unknown[] | undefined {
  if (Array.isArray(schema['enum'])) return schema['enum'];
  return Object.hasOwn(schema, 'const') ? [schema['const']] : undefined;
}

/**
 * Checks requests and fake replies against a vendor's own OpenAPI 3.0/3.1 or Swagger 2.0 document (already parsed), so that a fake is
 * shaped by the vendor and not by our wishes.
 */
import { Ajv, type ValidateFunction } from 'ajv';
import formats from 'ajv-formats';
import type { SentRequest } from './exchange.ts';

export interface ApiDescription {
  /** What is wrong with a request: unknown path or method, unknown or ill-typed parameter, missing one, ill-shaped body. */
  checkRequest(request: SentRequest): readonly string[];
  /** What is wrong with a JSON reply to that request. */
  checkReply(request: SentRequest, status: number, json: unknown): readonly string[];
}

type Json = { readonly [key: string]: unknown };

interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly required: boolean;
  readonly schema: Json;
}

interface Operation {
  readonly parameters: readonly Parameter[];
  readonly body: Json | undefined;
  readonly responses: Json;
}

const documentId = 'https://document.invalid/';

/** @param document The parsed document. @param basePath Path that its paths are below, where the document does not say it. */
export function createApiDescription(document: unknown, basePath?: string): ApiDescription {
  const root = widenNullable(document) as Json;
  const ajv = new Ajv({ strict: false, allErrors: true, logger: false, validateFormats: false });
  formats.default(ajv);
  ajv.addSchema({ ...root, $id: documentId }, documentId);
  const compiled = new Map<string, ValidateFunction>();
  const base = basePath ?? (typeof root['basePath'] === 'string' ? root['basePath'] : '');

  const resolve = (value: unknown): Json => {
    const reference = (value as Json | undefined)?.['$ref'];
    if (typeof reference !== 'string') return (value ?? {}) as Json;
    const path = reference
      .slice(2)
      .split('/')
      .map((part) => decodeURIComponent(part).replaceAll('~1', '/').replaceAll('~0', '~'));
    return resolve(path.reduce<unknown>((at, key) => (at as Json | undefined)?.[key], root));
  };
  const validate = (schema: Json, value: unknown, what: string): string[] => {
    const text = JSON.stringify(rebase(schema));
    const check = compiled.get(text) ?? ajv.compile(JSON.parse(text) as object);
    compiled.set(text, check);
    return check(value)
      ? []
      : (check.errors ?? []).map(({ instancePath, message }) => `${what}${instancePath} ${message}`);
  };

  const find = ({ method, url }: SentRequest): { operation: Operation; path: Record<string, string> } | string => {
    if (!url.pathname.startsWith(base)) return `${url.pathname} is not below ${base}`;
    const below = url.pathname.slice(base.length);
    for (const [template, item] of Object.entries((root['paths'] ?? {}) as Record<string, Json>)) {
      const path = matchPath(template, below);
      const operation = item[method.toLowerCase()];
      if (path === undefined || operation === undefined) continue;
      return { operation: readOperation(resolve(item), resolve(operation), resolve), path };
    }
    return `${method} ${below} is not described`;
  };

  return {
    checkRequest(request) {
      const found = find(request);
      if (typeof found === 'string') return [found];
      const { operation, path } = found;
      const given = (parameter: Parameter): unknown => {
        if (parameter.in === 'path') return path[parameter.name];
        if (parameter.in === 'query') return request.url.searchParams.get(parameter.name) ?? undefined;
        return request.headers[parameter.name.toLowerCase()];
      };
      const queryNames = operation.parameters.filter((parameter) => parameter.in === 'query').map(({ name }) => name);
      const unknown = [...request.url.searchParams.keys()].filter((name) => !queryNames.includes(name));
      return [
        ...unknown.map((name) => `query parameter ${name} is not described`),
        ...operation.parameters.flatMap((parameter) => {
          const value = given(parameter);
          if (value === undefined)
            return parameter.required ? [`${parameter.in} parameter ${parameter.name} is missing`] : [];
          return validate(
            parameter.schema,
            coerce(value, parameter.schema),
            `${parameter.in} parameter ${parameter.name}`,
          );
        }),
        ...(operation.body === undefined || request.body === null
          ? []
          : validate(operation.body, JSON.parse(Buffer.from(request.body).toString()), 'body')),
      ];
    },
    checkReply(request, status, json) {
      const found = find(request);
      if (typeof found === 'string') return [found];
      const response = found.operation.responses[String(status)] ?? found.operation.responses['default'];
      if (response === undefined) return [`status ${status} is not described`];
      const { schema, content } = resolve(response) as { schema?: Json; content?: Record<string, { schema?: Json }> };
      const shape = schema ?? content?.['application/json']?.schema;
      return shape === undefined ? [] : validate(shape, json, 'reply');
    },
  };
}

function readOperation(item: Json, operation: Json, resolve: (value: unknown) => Json): Operation {
  const all = [...((item['parameters'] ?? []) as unknown[]), ...((operation['parameters'] ?? []) as unknown[])].map(
    resolve,
  );
  const parameters = all
    .filter((parameter) => parameter['in'] !== 'body')
    .map((parameter) => ({
      name: String(parameter['name']),
      in: String(parameter['in']),
      required: parameter['required'] === true,
      schema: (parameter['schema'] ?? parameter) as Json,
    }));
  const swaggerBody = all.find((parameter) => parameter['in'] === 'body')?.['schema'] as Json | undefined;
  const content = resolve(operation['requestBody'])['content'] as Record<string, { schema?: Json }> | undefined;
  return {
    parameters: parameters.map((parameter) => ({ ...parameter, schema: onlySchemaWords(parameter.schema) })),
    body: swaggerBody ?? content?.['application/json']?.schema,
    responses: (operation['responses'] ?? {}) as Json,
  };
}

/** Swagger 2.0 puts a parameter's type beside its name; only the words of JSON Schema are wanted. */
function onlySchemaWords(schema: Json): Json {
  const { name: _name, in: _in, required, default: _default, ...words } = schema;
  return Array.isArray(required) ? { ...words, required } : words;
}

/** `{name}` stands for one path segment; the value is decoded once, as a server does it. */
function matchPath(template: string, path: string): Record<string, string> | undefined {
  const wanted = template.split('/');
  const given = path.split('/');
  if (wanted.length !== given.length) return undefined;
  const values: Record<string, string> = {};
  for (const [index, part] of wanted.entries()) {
    const segment = given[index] as string;
    const name = /^\{(.+)\}$/.exec(part)?.[1];
    if (name === undefined ? part !== segment : segment === '') return undefined;
    if (name !== undefined) values[name] = decodeURIComponent(segment);
  }
  return values;
}

/** Query, path and header values are text; schemas speak of numbers and booleans. */
function coerce(value: unknown, schema: Json): unknown {
  const type = schema['type'];
  if ((type === 'integer' || type === 'number') && typeof value === 'string' && /^-?\d+(?:[.]\d+)?$/.test(value))
    return Number(value);
  if (type === 'boolean' && (value === 'true' || value === 'false')) return value === 'true';
  return value;
}

/** Local references of a part point into the whole document. */
function rebase(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(rebase);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, part]) =>
      key === '$ref' && typeof part === 'string' && part.startsWith('#')
        ? [key, documentId + part]
        : [key, rebase(part)],
    ),
  );
}

/** OpenAPI 3.0 `nullable` and Swagger's `x-nullable` as JSON Schema. */
function widenNullable(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(widenNullable);
  if (typeof value !== 'object' || value === null) return value;
  const { nullable, 'x-nullable': xNullable, ...rest } = value as Record<string, unknown>;
  const widened = Object.fromEntries(Object.entries(rest).map(([key, part]) => [key, widenNullable(part)]));
  const isNullable = nullable === true || xNullable === true;
  return isNullable && typeof widened['type'] === 'string' ? { ...widened, type: [widened['type'], 'null'] } : widened;
}

// Plugin code is not trusted to have the shape that its types promise: everything is looked at before it is put beside the built-ins.
import {
  type AnyAction,
  type ConnectorCheck,
  type ConnectorDefinition,
  type ConnectorManifest,
  type Discover,
  defineConnector,
  ManifestError,
} from '@inthub/connector-sdk';
import { authModes, connectorCategories, credentialKinds, dataTypes, RateLimits } from '@inthub/contracts';
import Type from 'typebox';
import { asObject, functionOf, plainData, reasonOf } from './plugin-data.ts';
import { createSchemaCheck } from './schema-check.ts';
import { webhooksOf } from './validate-webhooks.ts';

const text = (maxLength = 1_000) => Type.String({ minLength: 1, maxLength });
const list = <Item extends Type.TSchema>(item: Item, maxItems = 200) => Type.Array(item, { maxItems });
const positive = (maximum: number) => Type.Integer({ minimum: 1, maximum });
const record = Type.Record(Type.String(), Type.Unknown());

const Scheme = Type.Object({
  scheme: Type.Enum([
    'none',
    'bearer',
    'basic',
    'header',
    'secret-url',
    'mtls',
    'registry-challenge',
    'token-exchange',
    'signed-jwt',
  ]),
});
const pointer = Type.String({ pattern: '^(/[^/]*)+$', maxLength: 256 });
const ExpirySign = Type.Object({
  status: Type.Integer({ minimum: 200, maximum: 599 }),
  header: Type.Optional(Type.Object({ name: text(128), includes: text(256) })),
  body: Type.Optional(
    Type.Object({ at: pointer, oneOf: list(Type.Union([text(256), Type.Number(), Type.Boolean()]), 50) }),
  ),
});
const scopeOfData = {
  dataTypes: Type.Optional(list(Type.Enum([...dataTypes]), dataTypes.length)),
  containsPii: Type.Optional(Type.Boolean()),
};
const ProjectPlace = Type.Union([
  pointer,
  Type.Object({ join: Type.Array(pointer, { minItems: 1, maxItems: 8 }) }),
  Type.Object({ imageReference: pointer }),
]);
const amount = Type.Integer({ minimum: 0, maximum: 1_000_000_000_000 });
const UsageAmount = Type.Union([amount, Type.Object({ at: pointer, otherwise: amount })]);
const ManifestShape = Type.Object({
  id: text(64),
  version: text(64),
  metadata: Type.Object({
    name: text(128),
    description: text(4_000),
    icon: text(200_000),
    category: Type.Enum([...connectorCategories]),
    vendor: text(128),
    documentationUrl: text(2_048),
    supportUrl: text(2_048),
    privacyPolicyUrl: text(2_048),
    tags: list(text(64)),
    minPlatformVersion: text(64),
    targetApiVersion: text(64),
  }),
  types: list(
    Type.Object({
      id: text(128),
      displayName: text(128),
      description: text(4_000),
      category: Type.Enum([...connectorCategories]),
      capabilities: list(text(128)),
      config: Type.Object({
        type: Type.Literal('object'),
        properties: Type.Record(Type.String(), record),
        required: Type.Optional(list(text(128))),
      }),
      defaultEndpoint: Type.Union([text(2_048), Type.Null()]),
      actions: Type.Optional(list(text(128))),
      templates: Type.Optional(list(Type.Object({ name: text(128), description: text(4_000), config: record }))),
    }),
    50,
  ),
  auth: list(
    Type.Object({
      mode: Type.Enum([...authModes]),
      kind: Type.Union([Type.Enum([...credentialKinds]), Type.Null()]),
      title: text(128),
      help: text(4_000),
      types: Type.Optional(list(text(128), 50)),
      apply: Scheme,
      perHost: Type.Optional(Type.Record(Type.String(), Scheme)),
      perPath: Type.Optional(Type.Record(Type.String(), Scheme)),
      expired: Type.Optional(list(ExpirySign, 20)),
    }),
    20,
  ),
  egress: Type.Object({ hosts: list(text(253)) }),
  requiredPermissions: list(
    Type.Object({ scope: text(256), description: text(4_000), required: Type.Boolean(), justification: text(4_000) }),
  ),
  pace: Type.Optional(RateLimits),
  circuit: Type.Optional(
    Type.Object({
      failureThreshold: positive(1_000),
      successThreshold: positive(1_000),
      timeoutMs: positive(3_600_000),
      halfOpenMaxRequests: positive(1_000),
    }),
  ),
  critical: Type.Optional(Type.Boolean()),
  rateLimitHeaders: Type.Optional(
    Type.Object({ limit: text(128), remaining: text(128), reset: Type.Optional(record) }),
  ),
  limitBuckets: Type.Optional(Type.Object({ header: text(128), default: text(128) })),
  discoveryScope: Type.Optional(
    Type.Record(
      Type.String(),
      Type.Object({
        ...scopeOfData,
        project: Type.Optional(Type.Union([Type.Enum(['id', 'name', 'parent']), Type.Null()])),
      }),
    ),
  ),
});
const ActionShape = Type.Object({
  id: text(128),
  title: text(256),
  description: text(4_000),
  input: record,
  output: record,
  capability: Type.Optional(text(128)),
  requiredScopes: Type.Optional(list(text(256))),
  safe: Type.Boolean(),
  sensitive: Type.Optional(Type.Boolean()),
  weight: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000 })),
  cacheTtlMs: Type.Optional(positive(86_400_000)),
  timeoutMs: Type.Optional(positive(300_000)),
  limitBucket: Type.Optional(text(128)),
  dataScope: Type.Optional(
    Type.Object({
      ...scopeOfData,
      project: Type.Optional(Type.Union([ProjectPlace, list(ProjectPlace, 8), Type.Null()])),
    }),
  ),
  estimate: Type.Optional(Type.Object({ tokens: Type.Optional(UsageAmount), costMicros: Type.Optional(UsageAmount) })),
});

const manifestCheck = createSchemaCheck(ManifestShape, { base: 'manifest' });
const actionCheck = createSchemaCheck(ActionShape, { base: '' });
const maxActions = 500;

/**
 * A definition of the hub's own making from what a plugin exports: data copied, functions checked and bound.
 * @throws ManifestError listing every fault.
 */
export function validateConnector(exported: unknown): ConnectorDefinition {
  const source = asObject(exported);
  if (source === undefined)
    throw new ManifestError('?', ['the export is not an object; export what defineConnector returns']);
  const faults: string[] = [];
  const manifest = plainData(source['manifest'], 'manifest', faults);
  const id = asObject(manifest)?.['id'];
  for (const { path, message } of manifest === undefined ? [] : (manifestCheck(manifest) ?? []))
    faults.push(`${path} ${message}`);
  const actions = actionsOf(source['actions'], faults);
  const testConnection = functionOf(source, 'testConnection', faults);
  const discover = functionsOf(source['discover'], 'discover', faults);
  const checks = checksOf(source['checks'], faults);
  const webhooks = webhooksOf(source['webhooks'], faults);
  if (faults.length > 0) throw new ManifestError(typeof id === 'string' ? id : '?', faults);
  return defineConnector({
    manifest: withOptionalMarks(manifest as ConnectorManifest),
    actions,
    testConnection: testConnection as ConnectorDefinition['testConnection'],
    discover: discover as Record<string, Discover>,
    checks,
    webhooks,
  });
}

/** typebox marks optional fields invisibly, and a copy as plain data has lost the marks; `required` says the same. */
function withOptionalMarks(manifest: ConnectorManifest): ConnectorManifest {
  const types = manifest.types.map((type) => {
    const { properties, required, ...rest } = type.config as {
      properties: Type.TProperties;
      required?: readonly string[];
    };
    const marked = Object.entries(properties).map(([name, schema]) => [
      name,
      required?.includes(name) === true ? schema : Type.Optional(schema),
    ]);
    return { ...type, config: Type.Object(Object.fromEntries(marked), rest) };
  });
  return { ...manifest, types };
}

function actionsOf(given: unknown, faults: string[]): AnyAction[] {
  const values = given instanceof Map ? [...given.values()] : given;
  if (!Array.isArray(values) || values.length > maxActions) {
    faults.push(`actions must be a Map or an array of at most ${maxActions} actions`);
    return [];
  }
  return values.flatMap((value: unknown, index) => actionOf(value, `actions[${index}]`, faults) ?? []);
}

function actionOf(value: unknown, where: string, faults: string[]): AnyAction | undefined {
  const source = asObject(value);
  if (source === undefined) {
    faults.push(`${where} is not an object`);
    return undefined;
  }
  const { run: _run, stream, ...rest } = source;
  const data = asObject(plainData(rest, where, faults));
  if (data === undefined) return undefined;
  const name = `action ${typeof data['id'] === 'string' ? data['id'].slice(0, 128) : where}`;
  const wrong = actionCheck(data) ?? [];
  for (const { path, message } of wrong) faults.push(`${name}: ${path} ${message}`);
  if (wrong.length === 0)
    for (const side of ['input', 'output'] as const) usableSchema(data[side], `${name}: ${side}`, faults);
  const run = functionOf(source, 'run', faults, name);
  const streaming = stream === undefined ? undefined : functionOf(source, 'stream', faults, name);
  return { ...data, run, ...(streaming === undefined ? {} : { stream: streaming }) } as unknown as AnyAction;
}

function usableSchema(schema: unknown, where: string, faults: string[]): void {
  try {
    createSchemaCheck(schema as object, { base: '' });
  } catch (error) {
    faults.push(`${where} is not a usable JSON Schema (${reasonOf(error)})`);
  }
}

function checksOf(given: unknown, faults: string[]): ConnectorCheck[] {
  if (given === undefined) return [];
  if (!Array.isArray(given)) {
    faults.push('checks is not an array');
    return [];
  }
  return given.map((value: unknown, index) => {
    const source = asObject(value) ?? {};
    if (typeof source['id'] !== 'string' || typeof source['title'] !== 'string')
      faults.push(`checks[${index}] needs id and title`);
    const run = functionOf(source, 'run', faults, `checks[${index}]`);
    return { id: source['id'], title: source['title'], run } as unknown as ConnectorCheck;
  });
}

function functionsOf(given: unknown, name: string, faults: string[]): Record<string, unknown> {
  if (given === undefined) return {};
  const source = asObject(given);
  if (source === undefined) {
    faults.push(`${name} is not an object of functions`);
    return {};
  }
  return Object.fromEntries(Object.keys(source).map((key) => [key, functionOf(source, key, faults, name)]));
}

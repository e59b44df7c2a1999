/** The shapes that every traffic router shares. */
import Type from 'typebox';

const closed = { additionalProperties: false };
const nullable = <Schema extends Type.TSchema>(schema: Schema) => Type.Union([schema, Type.Null()]);

const UpstreamName = Type.String({
  minLength: 1,
  maxLength: 255,
  title: 'Upstream',
  description: 'Upstream of nginx, backend of HAProxy: the group of servers that share the traffic.',
  examples: ['app'],
});
const BackendName = Type.String({
  minLength: 1,
  maxLength: 255,
  title: 'Backend',
  description: 'One server of an upstream, as upstream.get names it.',
  examples: ['blue'],
});
const Weight = Type.Integer({ minimum: 0, maximum: 65_535, title: 'Weight', description: '0: no new requests.' });
const Revision = Type.String({ minLength: 1, maxLength: 64, description: 'State of the configuration.' });
const ExpectedRevision = Type.Optional({
  ...Revision,
  description:
    'The revision that the change is meant for; another one is refused as a conflict. Default: whichever it is.',
});

export const RouterBackend = Type.Object({
  name: Type.String(),
  address: Type.String(),
  port: nullable(Type.Integer()),
  weight: Weight,
  isBackup: Type.Boolean(),
  liveWeight: nullable(Type.Integer({ description: 'As the running router has it; null where it does not tell.' })),
  state: Type.Enum(['up', 'down', 'unknown']),
});
export type RouterBackend = Type.Static<typeof RouterBackend>;
export const RouterUpstream = Type.Object({ name: Type.String(), backends: Type.Array(RouterBackend) });
export type RouterUpstream = Type.Static<typeof RouterUpstream>;

export const UpstreamListInput = Type.Object(
  {
    cursor: Type.Optional(
      Type.String({ minLength: 1, maxLength: 2048, description: 'nextCursor of the page before.' }),
    ),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 500, default: 50 })),
  },
  closed,
);
export const UpstreamListOutput = Type.Object({
  items: Type.Array(RouterUpstream),
  nextCursor: nullable(Type.String()),
});
export const UpstreamGetInput = Type.Object({ upstream: UpstreamName }, closed);
export const UpstreamGetOutput = Type.Object({ revision: Revision, upstream: RouterUpstream });

export const WeightSetInput = Type.Object(
  {
    upstream: UpstreamName,
    weights: Type.Record(BackendName, Weight, {
      minProperties: 1,
      maxProperties: 500,
      description: 'By backend; those that are not named keep theirs. All are set, or none.',
      examples: [{ blue: 90, green: 10 }],
    }),
    revision: ExpectedRevision,
  },
  closed,
);
export const BackendAddInput = Type.Object(
  {
    upstream: UpstreamName,
    name: Type.Optional({
      ...BackendName,
      description: 'Where backends have names of their own (HAProxy); default made of the address.',
    }),
    address: Type.String({ minLength: 1, maxLength: 255, pattern: '^[A-Za-z0-9.:_\\[\\]-]+$', examples: ['10.0.0.7'] }),
    port: Type.Integer({ minimum: 1, maximum: 65_535 }),
    weight: Weight,
    revision: ExpectedRevision,
  },
  closed,
);
export const BackendRemoveInput = Type.Object({ upstream: UpstreamName, backend: BackendName }, closed);
export const RouterChangeOutput = Type.Object({
  revision: Revision,
  previousRevision: { ...Revision, description: 'Hand it to rollback to undo this change.' },
  upstream: RouterUpstream,
});

export const ConfigValidateInput = Type.Object(
  {
    content: Type.Optional(
      Type.String({ maxLength: 1_000_000, description: 'A whole configuration to judge; default the present one.' }),
    ),
  },
  closed,
);
export const ConfigValidateOutput = Type.Object({
  valid: Type.Boolean(),
  messages: Type.Array(Type.String(), { description: 'What the router says about it, with file and line.' }),
});
export const ConfigReloadInput = Type.Object({}, closed);
export const RollbackInput = Type.Object(
  { revision: Type.Optional({ ...Revision, description: 'Default the one before the present one.' }) },
  closed,
);
export const RevisionOutput = Type.Object({ revision: Revision, previousRevision: Revision });

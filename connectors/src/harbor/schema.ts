/** The fields that are read. Source: goharbor/harbor api/v2.0/swagger.yaml at c50c7dd; none of them is required there. */
import Type from 'typebox';

const text = Type.String({ maxLength: 4096 });
const optional = <Schema extends Type.TSchema>(schema: Schema) => Type.Optional(Type.Union([schema, Type.Null()]));
const count = Type.Integer({ minimum: 0 });

export const Projects = Type.Array(
  Type.Object({
    project_id: count,
    name: text,
    repo_count: optional(count),
    creation_time: optional(text),
    metadata: optional(Type.Object({ public: optional(text) })),
  }),
);

export const Repositories = Type.Array(
  Type.Object({ name: text, description: optional(text), update_time: optional(text) }),
);

const Tag = Type.Object({ name: text, push_time: optional(text) });

const Summary = Type.Object({
  scan_status: text,
  severity: optional(text),
  end_time: optional(text),
  scanner: optional(Type.Object({ name: optional(text), version: optional(text) })),
  summary: optional(
    Type.Object({
      total: optional(count),
      fixable: optional(count),
      summary: optional(Type.Record(Type.String(), count)),
    }),
  ),
});
export type Summary = Type.Static<typeof Summary>;

export const Artifact = Type.Object({
  digest: Type.String({ minLength: 1, maxLength: 320 }),
  push_time: optional(text),
  tags: optional(Type.Array(Tag)),
  scan_overview: optional(Type.Record(Type.String(), Summary)),
});
export const Artifacts = Type.Array(Artifact);

export const Health = Type.Object({
  status: text,
  components: optional(Type.Array(Type.Object({ name: text, status: text, error: optional(text) }))),
});

/** Harbor leaves the version out for anonymous callers. */
export const SystemInfo = Type.Object({ harbor_version: optional(text) });

/** The fields that are read. Source: quay/quay endpoints/api/{repository,tag,secscan}.py and data/secscan_model/datatypes.py. */
import Type from 'typebox';

const optional = <Schema extends Type.TSchema>(schema: Schema) => Type.Optional(Type.Union([schema, Type.Null()]));
const text = Type.String({ maxLength: 4096 });

export const RepositoryPage = Type.Object({
  repositories: Type.Array(
    Type.Object({
      namespace: text,
      name: text,
      description: optional(Type.String({ maxLength: 65_536 })),
      is_public: optional(Type.Boolean()),
      /** Seconds since 1970. */
      last_modified: optional(Type.Number()),
    }),
  ),
  next_page: optional(Type.String({ minLength: 1, maxLength: 1024, pattern: '^[A-Za-z0-9_=-]+$' })),
});

export const Tag = Type.Object({
  name: text,
  manifest_digest: optional(text),
  /** Seconds since 1970. */
  start_ts: optional(Type.Number()),
});
export const TagPage = Type.Object({ tags: Type.Array(Tag), has_additional: Type.Boolean() });

const Feature = Type.Object({
  Vulnerabilities: optional(
    Type.Array(Type.Object({ Name: optional(text), Severity: optional(text), FixedBy: optional(text) })),
  ),
});
export const Security = Type.Object({
  status: text,
  data: optional(Type.Object({ Layer: optional(Type.Object({ Features: optional(Type.Array(Feature)) })) })),
});
export type Security = Type.Static<typeof Security>;

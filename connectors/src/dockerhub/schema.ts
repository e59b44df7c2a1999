/** The fields that are read. Source: docs.docker.com/reference/api/hub/latest (tags; listNamespaceRepositories since 2025-06-27). */
import Type from 'typebox';

const optional = <Schema extends Type.TSchema>(schema: Schema) => Type.Optional(Type.Union([schema, Type.Null()]));
const text = Type.String({ maxLength: 4096 });
const next = optional(text);

export const RepositoryPage = Type.Object({
  next,
  results: Type.Array(
    Type.Object({
      name: text,
      namespace: text,
      description: optional(Type.String({ maxLength: 65_536 })),
      is_private: optional(Type.Boolean()),
      last_updated: optional(text),
    }),
  ),
});

export const HubTag = Type.Object({
  name: text,
  /** Not in the description, but sent (seen 2025): the digest of what the tag points at. */
  digest: optional(text),
  last_updated: optional(text),
  tag_last_pushed: optional(text),
});
export const TagPage = Type.Object({ next, results: Type.Array(HubTag) });

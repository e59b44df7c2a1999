import Type from 'typebox';

const optional = <Schema extends Type.TSchema>(schema: Schema) => Type.Optional(Type.Union([schema, Type.Null()]));

/** The fields that are read. Source: docs.github.com/rest/packages/packages, "List packages for an organization". */
export const Packages = Type.Array(
  Type.Object({
    name: Type.String({ minLength: 1, maxLength: 512 }),
    visibility: optional(Type.String({ maxLength: 64 })),
    updated_at: optional(Type.String({ maxLength: 64 })),
  }),
);

/** The fields that are read. Source: jfrog.com/help/r/jfrog-rest-apis, "Get Repositories", "Version and Add-ons Information". */
import Type from 'typebox';

const optional = <Schema extends Type.TSchema>(schema: Schema) => Type.Optional(Type.Union([schema, Type.Null()]));
const text = Type.String({ maxLength: 4096 });

export const Repositories = Type.Array(
  Type.Object({
    key: Type.String({ minLength: 1, maxLength: 256 }),
    type: optional(text),
    description: optional(text),
  }),
);

export const Version = Type.Object({ version: Type.String({ maxLength: 64 }) });

/** Fields that the standard actions of several categories have in common. */
import { pageLimits } from '@inthub/contracts';
import Type, { type TSchema } from 'typebox';

export const closed = { additionalProperties: false };
export const nullable = <Schema extends TSchema>(schema: Schema) => Type.Union([schema, Type.Null()]);

/** A schema of objects with none of these fields; `dependentRequired` is not known to every validator that meets these schemas. */
export const lacking = (...fields: readonly string[]) => ({
  not: { anyOf: fields.map((field) => ({ required: [field] })) },
});

const Cursor = Type.Optional(
  Type.String({ minLength: 1, maxLength: 2048, title: 'Cursor', description: 'nextCursor of the page before.' }),
);
const Limit = Type.Optional(
  Type.Integer({
    minimum: 1,
    maximum: pageLimits.max,
    default: pageLimits.default,
    title: 'Limit',
    description: 'Largest page wanted; a product may give less.',
  }),
);
export const pageInput = { cursor: Cursor, limit: Limit };

export function pageOutput<Item extends TSchema>(item: Item) {
  return Type.Object({ items: Type.Array(item), nextCursor: nullable(Type.String()) });
}

// A path segment is never `.` or `..`, so that a name cannot climb out of the product's path.
const segment = '(?!\\.{1,2}(?:/|$))[^\\s/?#%\\\\\\x00-\\x1f\\x7f]+';

/** User, organisation, workspace or group; groups of GitLab nest. */
export const Owner = Type.String({
  minLength: 1,
  maxLength: 255,
  pattern: `^${segment}(?:/${segment})*$`,
  title: 'Owner',
  description: 'User, organisation or group that the repository belongs to; nested groups with slashes.',
  examples: ['octo-org', 'group/subgroup'],
});
export const RepositoryName = Type.String({
  minLength: 1,
  maxLength: 255,
  pattern: `^${segment}$`,
  title: 'Repository',
  description: 'Name of the repository without its owner.',
  examples: ['hello-world'],
});
export const Ref = Type.String({
  minLength: 1,
  maxLength: 255,
  // git check-ref-format: no spaces, control characters, `..`, `~^:?*[\\`; none of them can name a branch, tag or commit.
  pattern: '^(?!.*\\.\\.)[^\\s~^:?*\\[\\\\\\x00-\\x1f\\x7f]+$',
  title: 'Ref',
  description: 'Branch, tag or commit.',
  examples: ['main', 'v2.3.1'],
});

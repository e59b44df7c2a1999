import Type from 'typebox';

/** A page of a list. `nextCursor` is null on the last page; cursors are opaque and stable under inserts and deletes. */
export interface Page<Item> {
  readonly items: readonly Item[];
  readonly nextCursor: string | null;
}

export const pageLimits = { default: 50, max: 500 } as const;

export const PageQuery = Type.Object({
  cursor: Type.Optional(Type.String({ minLength: 1, maxLength: 2048, description: 'nextCursor of the page before.' })),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: pageLimits.max, default: pageLimits.default })),
});
export type PageQuery = Type.Static<typeof PageQuery>;

/** Schema of `Page<Item>`. */
export function PageOf<Item extends Type.TSchema>(item: Item) {
  return Type.Object({ items: Type.Array(item), nextCursor: Type.Union([Type.String(), Type.Null()]) });
}

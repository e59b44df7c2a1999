import type { Page } from '@inthub/contracts';
import Type from 'typebox';
import { cursorKind, decodeCursor, encodeCursor } from '../database/database.ts';

const IdCursor = Type.Tuple([Type.String({ format: 'uuid' })]);

/**
 * A page of a list in order of creation (ids are UUIDv7). Rows that come or go between two pages make no other row repeat or vanish.
 * @param read Rows after an id, at most `take`.
 * @throws HubError `invalid_cursor`
 */
export async function pageById<Item extends { readonly id: string }>(
  list: string,
  page: { cursor?: string; limit: number },
  read: (from: { afterId: string | null; take: number }) => Promise<readonly Item[]>,
): Promise<Page<Item>> {
  const kind = cursorKind(list);
  const [afterId] = page.cursor === undefined ? [null] : decodeCursor(kind, page.cursor, IdCursor);
  // One more than asked for tells whether another page follows.
  const rows = await read({ afterId, take: page.limit + 1 });
  const items = rows.slice(0, page.limit);
  const last = items.at(-1);
  return { items, nextCursor: rows.length > page.limit && last !== undefined ? encodeCursor(kind, [last.id]) : null };
}

import type { Page } from '@inthub/contracts';
import Type, { type Static, type TSchema } from 'typebox';
import { type CursorValues, decodeCursor, encodeCursor } from './cursor.ts';

/** What a caller asks of a list. */
export interface PageRequest {
  readonly cursor?: string | undefined;
  readonly limit: number;
}

interface KeysetPageOptions<Position extends TSchema, Row> extends PageRequest {
  /** See `cursorKind`. */
  readonly kind: string;
  /** Schema of what tells a row's place: the values that the list is sorted by. */
  readonly position: Position;
  positionOf(row: Row): CursorValues;
  /** Rows after a place, or from the start; at most `take`. */
  read(from: { readonly after: Static<Position> | undefined; readonly take: number }): Promise<readonly Row[]>;
}

/** One page of a sorted list. Rows that come or go between two pages make no other row repeat or vanish. @throws HubError `invalid_cursor` */
export async function keysetPage<Position extends TSchema, Row>(
  options: KeysetPageOptions<Position, Row>,
): Promise<Page<Row>> {
  const { kind, position, positionOf, cursor, limit, read } = options;
  const after = cursor === undefined ? undefined : decodeCursor(kind, cursor, position);
  // One more than asked for tells whether another page follows.
  const rows = await read({ after, take: limit + 1 });
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  const isMore = rows.length > limit && last !== undefined;
  return { items, nextCursor: isMore ? encodeCursor(kind, positionOf(last)) : null };
}

const IdPosition = Type.Tuple([Type.String({ format: 'uuid' })]);

/** A page in order of creation (ids are UUIDv7). */
export function pageById<Row extends { readonly id: string }>(
  kind: string,
  page: PageRequest,
  read: (from: { readonly afterId: string | null; readonly take: number }) => Promise<readonly Row[]>,
): Promise<Page<Row>> {
  return keysetPage({
    ...page,
    kind,
    position: IdPosition,
    positionOf: ({ id }: Row) => [id],
    read: ({ after, take }) => read({ afterId: after?.[0] ?? null, take }),
  });
}

/** Milliseconds within the range of Date, and the id that tells rows of one moment apart. */
const TimePosition = Type.Tuple([Type.Integer({ minimum: 0, maximum: 8.64e15 }), Type.String({ format: 'uuid' })]);

/** A page in the order of a time, rows of one moment by id. */
export function pageByTime<Row extends { readonly id: string }>(
  kind: string,
  page: PageRequest & {
    /** ISO 8601. */
    timeOf(row: Row): string;
  },
  read: (from: {
    readonly after?: { readonly at: Date; readonly id: string };
    readonly take: number;
  }) => Promise<readonly Row[]>,
): Promise<Page<Row>> {
  return keysetPage({
    ...page,
    kind,
    position: TimePosition,
    positionOf: (row: Row) => [Date.parse(page.timeOf(row)), row.id],
    read: ({ after, take }) =>
      read({ take, ...(after === undefined ? {} : { after: { at: new Date(after[0]), id: after[1] } }) }),
  });
}

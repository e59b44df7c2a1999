import { HubError, type Page } from '@inthub/contracts';
import Type, { type Static, type TSchema } from 'typebox';
import type { HttpResponse } from './http.ts';
import { parseLinkHeader } from './link-header.ts';
import { checkValue } from './schema-validator.ts';

const maxCursorLength = 2048;

/** A cursor that callers hand back unchanged: base64url of JSON. It is no secret and no proof; `decodeCursor` distrusts it. */
export function encodeCursor(position: unknown): string {
  return Buffer.from(JSON.stringify(position)).toString('base64url');
}

/** @throws HubError `invalid_cursor` for anything that `schema` does not describe. */
export function decodeCursor<Schema extends TSchema>(schema: Schema, cursor: string): Static<Schema> {
  const invalid = (cause?: unknown) =>
    new HubError('invalid_cursor', 'The cursor is not one that this list handed out. Start again without a cursor.', {
      ...(cause === undefined ? {} : { cause }),
    });
  if (cursor.length > maxCursorLength) throw invalid();
  let position: unknown;
  try {
    position = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
  } catch (cause) {
    throw invalid(cause);
  }
  if (checkValue(schema, position).length > 0) throw invalid();
  return position as Static<Schema>;
}

/**
 * A link from an answer as an absolute URL, only if it stays on the origin (scheme, host, port) that the answer came from: a
 * poisoned link must not carry the credential elsewhere.
 * @throws HubError `provider_bad_response`
 */
export function sameOrigin(from: string, link: string): URL {
  if (!URL.canParse(link, from)) {
    throw new HubError('provider_bad_response', 'The provider linked to something that is not a URL.');
  }
  const target = new URL(link, from);
  const origin = new URL(from).origin;
  if (target.origin !== origin || target.username !== '' || target.password !== '') {
    throw new HubError(
      'provider_bad_response',
      `The provider linked its next page to ${target.origin}, not to ${origin}. If that is the same server, correct its external URL or the integration's endpoint.`,
      { details: { expectedOrigin: origin, linkedOrigin: target.origin } },
    );
  }
  return target;
}

/** The `rel="next"` link of an answer (RFC 8288), resolved and on the same origin; undefined on the last page. */
export function nextLink(response: HttpResponse): URL | undefined {
  const header = response.headers.get('link');
  if (header === undefined) return undefined;
  const next = parseLinkHeader(header).find((link) => link.rel.includes('next'));
  return next === undefined ? undefined : sameOrigin(response.url, next.target);
}

export interface EachPageOptions<Item> {
  /** Fetches the page behind a cursor; undefined is the first. */
  fetch(cursor: string | undefined): Promise<Page<Item>>;
  /** Default 100. */
  readonly maxPages?: number;
  readonly signal?: AbortSignal;
}

/**
 * Pages one after the other until the last.
 * @throws HubError `provider_bad_response` when a cursor comes back a second time, `provider_response_too_large` beyond `maxPages`.
 */
export async function* eachPage<Item>(options: EachPageOptions<Item>): AsyncGenerator<readonly Item[]> {
  const { fetch: fetchPage, maxPages = 100, signal } = options;
  const seen = new Set<string>();
  let cursor: string | undefined;
  for (let page = 0; page < maxPages; page += 1) {
    signal?.throwIfAborted();
    const { items, nextCursor } = await fetchPage(cursor);
    yield items;
    if (nextCursor === null) return;
    if (seen.has(nextCursor))
      throw new HubError('provider_bad_response', 'The provider handed out the same page twice.');
    seen.add(nextCursor);
    cursor = nextCursor;
  }
  throw new HubError('provider_response_too_large', `The list has more than ${maxPages} pages; narrow the query.`);
}

const RepagePosition = Type.Object(
  { page: Type.Union([Type.String({ maxLength: 1400 }), Type.Null()]), offset: Type.Integer({ minimum: 0 }) },
  { additionalProperties: false },
);

export interface RepageOptions<Item> {
  readonly cursor: string | undefined;
  /** Largest page that the caller wants. */
  readonly limit: number;
  /** Fetches one of the product's own pages, of whatever size it has. */
  fetch(page: string | undefined): Promise<Page<Item>>;
}

/** Pages of at most `limit` from a product whose pages have a size of their own; asks the product for one page a call. */
export async function repage<Item>({ cursor, limit, fetch: fetchPage }: RepageOptions<Item>): Promise<Page<Item>> {
  const at = cursor === undefined ? { page: null, offset: 0 } : decodeCursor(RepagePosition, cursor);
  const { items, nextCursor } = await fetchPage(at.page ?? undefined);
  const end = at.offset + limit;
  const part = items.slice(at.offset, end);
  if (items.length > end) return { items: part, nextCursor: encodeCursor({ page: at.page, offset: end }) };
  if (nextCursor === null) return { items: part, nextCursor: null };
  if (nextCursor === at.page)
    throw new HubError('provider_bad_response', 'The provider handed out the same page twice.');
  return { items: part, nextCursor: encodeCursor({ page: nextCursor, offset: 0 }) };
}

export interface NumberedPagesOptions<Item> {
  readonly cursor: string | undefined;
  /** Largest page that the caller wants. */
  readonly limit: number;
  /** Largest page that the product gives. */
  readonly maxPageSize: number;
  /** Fetches a page by its number, from 1. More items than `size` are served too. */
  fetch(page: {
    readonly number: number;
    readonly size: number;
  }): Promise<{ items: readonly Item[]; hasNext: boolean }>;
}

/**
 * Pages of at most `limit` from a product that numbers its pages. The size of the first page is kept to the end, since a page number
 * means nothing without it.
 */
export async function numberedPages<Item>(options: NumberedPagesOptions<Item>): Promise<Page<Item>> {
  const { cursor, limit, maxPageSize } = options;
  return repage({
    cursor,
    limit,
    fetch: async (position) => {
      const [, number, size] =
        /^([1-9]\d{0,8})x([1-9]\d{0,3})$/.exec(position ?? `1x${Math.min(limit, maxPageSize)}`) ?? [];
      if (number === undefined || Number(size) > maxPageSize) {
        throw new HubError(
          'invalid_cursor',
          'The cursor is not one that this list handed out. Start again without a cursor.',
        );
      }
      const { items, hasNext } = await options.fetch({ number: Number(number), size: Number(size) });
      return { items, nextCursor: hasNext ? `${Number(number) + 1}x${size}` : null };
    },
  });
}

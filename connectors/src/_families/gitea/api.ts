/** Requests to the REST API of Gitea and its kin. Source: Gitea's own description, templates/swagger/v1_json.tmpl (v1.26). */
import {
  type ActionContext,
  type HttpOptions,
  type HttpResponse,
  numberedPages,
  parseLinkHeader,
  repage,
} from '@inthub/connector-sdk';
import { HubError, type Page } from '@inthub/contracts';

const root = '/api/v1';
/** MAX_RESPONSE_ITEMS of the server (docs.gitea.com, "Config Cheat Sheet", API); a server that is set lower cuts pages itself. */
const maxPageSize = 50;

/** A path below the API's root whose values are percent-encoded, slashes too. */
export function path(parts: TemplateStringsArray, ...values: readonly (string | number)[]): string {
  return root + parts.map((part, at) => part + encoded(values[at])).join('');
}

function encoded(value: string | number | undefined): string {
  return value === undefined ? '' : encodeURIComponent(String(value));
}

/** A path of a file, whose slashes stay separators. */
export function filePath(before: string, file: string): string {
  return `${before}/${file.split('/').map(encodeURIComponent).join('/')}`;
}

export interface PageInput {
  readonly cursor?: string | undefined;
  readonly limit?: number | undefined;
}

/**
 * One page of a list that the server numbers. Whether another follows is told by its Link header; the address in it is not followed,
 * since it is made of the server's configured ROOT_URL, which inside a network often differs from the endpoint.
 */
export async function listPage<Item>(
  listPath: string,
  query: NonNullable<HttpOptions['query']>,
  { cursor, limit = 50 }: PageInput,
  read: (response: HttpResponse) => Promise<readonly Item[]>,
  ctx: ActionContext,
  options: HttpOptions = {},
): Promise<{ items: Item[]; nextCursor: string | null }> {
  const page: Page<Item> = await numberedPages({
    cursor,
    limit,
    maxPageSize,
    fetch: async ({ number, size }) => {
      const response = await ctx.http.get(listPath, { ...options, query: { ...query, page: number, limit: size } });
      return { items: await read(response), hasNext: hasNextPage(response) };
    },
  });
  return { items: [...page.items], nextCursor: page.nextCursor };
}

function hasNextPage(response: HttpResponse): boolean {
  return parseLinkHeader(response.headers.get('link') ?? '').some(({ rel }) => rel.includes('next'));
}

/** X-Total-Count of a list; null where the server does not tell. */
export function totalOf(response: HttpResponse): number | null {
  const text = response.headers.get('x-total-count') ?? '';
  return /^\d{1,12}$/.test(text) ? Number(text) : null;
}

/** Pages of a list that the server gives whole. */
export async function listWhole<Item>(
  { cursor, limit = 50 }: PageInput,
  fetch: () => Promise<readonly Item[]>,
): Promise<{ items: Item[]; nextCursor: string | null }> {
  const { items, nextCursor } = await repage({
    cursor,
    limit,
    fetch: async (page) => {
      if (page !== undefined) throw new HubError('invalid_cursor', 'The cursor is not one that this list handed out.');
      return { items: await fetch(), nextCursor: null };
    },
  });
  return { items: [...items], nextCursor };
}

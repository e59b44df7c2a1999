/**
 * Requests to GitLab's REST API v4. Sources: docs.gitlab.com/api/rest (path encoding, "Pagination", "Keyset-based pagination") and the
 * vendor's OpenAPI description, against which the tests check every request that it has.
 */
import {
  type ActionContext,
  type HttpOptions,
  type HttpResponse,
  nextLink,
  numberedPages,
  repage,
} from '@inthub/connector-sdk';
import { HubError, type Page } from '@inthub/contracts';

/** "per_page: Number of items to list per page (default: 20, max: 100)". */
const maxPageSize = 100;

/** A path below /api/v4, its values encoded as GitLab wants them: a project `group/app` is one segment, `group%2Fapp`. */
export function path(parts: TemplateStringsArray, ...values: readonly (string | number)[]): string {
  return parts.reduce((text, part, at) => `${text}${encodeURIComponent(String(values[at - 1]))}${part}`);
}

export interface Project {
  readonly owner: string;
  readonly repo: string;
}

/** `/projects/owner%2Frepo` and what comes below it. */
export function projectPath({ owner, repo }: Project, below = ''): string {
  return `${path`/projects/${`${owner}/${repo}`}`}${below}`;
}

export type CallOptions = Omit<HttpOptions, 'form' | 'body'>;

export async function call(
  method: 'GET' | 'POST' | 'PUT' | 'DELETE',
  below: string,
  ctx: ActionContext,
  options: CallOptions = {},
): Promise<HttpResponse> {
  return ctx.http.request({
    method,
    path: `/api/v4${below}`,
    // GitLab answers with ETags and takes If-None-Match (docs.gitlab.com/development/polling); a 304 costs it and us less.
    ...(method === 'GET' && options.stream !== true ? { revalidate: true } : {}),
    ...options,
  });
}

export interface PageInput {
  readonly cursor?: string;
  readonly limit?: number;
}

export function pageOf(cursor: string | undefined, limit: number | undefined): PageInput {
  return { ...(cursor === undefined ? {} : { cursor }), ...(limit === undefined ? {} : { limit }) };
}

interface List<Item> {
  readonly path: string;
  readonly query?: NonNullable<HttpOptions['query']>;
  readonly read: (response: HttpResponse) => Promise<readonly Item[]>;
  readonly options?: Pick<CallOptions, 'expect'>;
}

/** One page of a list that GitLab numbers. `x-next-page` is empty on the last page; a Link to the next must stay on the same origin. */
export async function listPage<Item>(
  { path: below, query = {}, read, options = {} }: List<Item>,
  { cursor, limit = 50 }: PageInput,
  ctx: ActionContext,
): Promise<{ items: Item[]; nextCursor: string | null }> {
  const page: Page<Item> = await numberedPages({
    cursor,
    limit,
    maxPageSize,
    fetch: async ({ number, size }) => {
      const response = await call('GET', below, ctx, { ...options, query: { ...query, per_page: size, page: number } });
      const hasLink = nextLink(response) !== undefined;
      return { items: await read(response), hasNext: hasLink || (response.headers.get('x-next-page') ?? '') !== '' };
    },
  });
  return { items: [...page.items], nextCursor: page.nextCursor };
}

/**
 * One page of a list that GitLab keeps by key, so that deep pages cost what the first does. Of the link to the next page only the
 * parameter that says where it begins is used, and only if the link stays on the same origin.
 */
export async function keysetPage<Item>(
  { path: below, query = {}, read, options = {} }: List<Item>,
  key: 'id_after' | 'page_token',
  { cursor, limit = 50 }: PageInput,
  ctx: ActionContext,
): Promise<{ items: Item[]; nextCursor: string | null }> {
  const page = await repage({
    cursor,
    limit,
    fetch: async (position) => {
      const [, size, after] =
        /^([1-9]\d{0,2}):([^\s]{1,1024})$/.exec(position ?? `${Math.min(limit, maxPageSize)}:-`) ?? [];
      if (size === undefined || Number(size) > maxPageSize)
        throw new HubError(
          'invalid_cursor',
          'The cursor is not one that this list handed out. Start again without a cursor.',
        );
      const response = await call('GET', below, ctx, {
        ...options,
        query: {
          ...query,
          pagination: 'keyset',
          per_page: size,
          ...(position === undefined ? {} : { [key]: after }),
        },
      });
      const next = nextLink(response)?.searchParams.get(key);
      const items = await read(response);
      return { items, nextCursor: next === null || next === undefined ? null : `${size}:${next}` };
    },
  });
  return { items: [...page.items], nextCursor: page.nextCursor };
}

/** `x-total`, which GitLab leaves out of lists of more than 10,000. */
export function totalOf(response: HttpResponse): number | null {
  const total = response.headers.get('x-total') ?? '';
  return /^\d{1,9}$/.test(total) ? Number(total) : null;
}

/** The address of GitLab's pages for people. */
export function pageUrl(ctx: ActionContext, below: string): string {
  return `${ctx.integration.config.endpoint.replace(/\/+$/, '')}${below}`;
}

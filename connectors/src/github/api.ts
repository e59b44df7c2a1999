/**
 * Requests to GitHub's REST API, typed by the vendor's own description (`Endpoints` is generated from github/rest-api-description):
 * a route, a parameter or a value that the description does not know does not compile.
 */
import {
  type ActionContext,
  type HttpOptions,
  type HttpResponse,
  nextLink,
  numberedPages,
} from '@inthub/connector-sdk';
import { HubError, type Page } from '@inthub/contracts';
import type { Endpoints } from '@octokit/types';

export type Route = keyof Endpoints & string;
type GivenParameters<R extends Route> = Endpoints[R]['parameters'];
/** As the description has it, where a parameter that is undefined is left out. */
export type Parameters<R extends Route> = {
  [Name in keyof GivenParameters<R>]: GivenParameters<R>[Name] | Absent<R, Name>;
};
type Absent<R extends Route, Name extends keyof GivenParameters<R>> =
  // biome-ignore lint/complexity/noBannedTypes: {} is how TypeScript tells an optional property from a required one.
  {} extends Pick<GivenParameters<R>, Name> ? undefined : never;

/** docs.github.com/rest/about-the-rest-api/api-versions: the version that the connector is written against. */
const apiVersion = '2022-11-28';
const jsonType = 'application/vnd.github+json';
/** docs.github.com/rest/using-the-rest-api/using-pagination-in-the-rest-api: per_page is at most 100. */
const maxPageSize = 100;

export type CallOptions = Pick<HttpOptions, 'accept' | 'expect' | 'maxBytes' | 'retry' | 'stream'>;

/** Sends one request; parameters that are not in the path go into the query of GET and DELETE and into the JSON of the others. */
export async function call<R extends Route>(
  route: R,
  parameters: Parameters<R>,
  ctx: ActionContext,
  options: CallOptions = {},
): Promise<HttpResponse> {
  const [method, template] = route.split(' ') as ['GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE', string];
  const rest = new Map<string, unknown>(Object.entries(parameters).filter(([, value]) => value !== undefined));
  const path = template.replaceAll(/\{(\w+)\}/g, (_whole, name: string) => {
    const value = rest.get(name);
    if (value === undefined) throw new HubError('connector_failed', `${route} is called without ${name}.`);
    rest.delete(name);
    // Only `path` holds slashes that are separators: contents/{path}.
    return name === 'path'
      ? String(value).split('/').map(encodeURIComponent).join('/')
      : encodeURIComponent(String(value));
  });
  const others = Object.fromEntries(rest);
  return ctx.http.request({
    method,
    path,
    headers: { 'x-github-api-version': apiVersion },
    accept: jsonType,
    ...(method === 'GET' || method === 'DELETE'
      ? { query: others as NonNullable<HttpOptions['query']> }
      : { json: others }),
    // docs.github.com/rest/using-the-rest-api/best-practices-for-using-the-rest-api: a 304 is not counted against the primary limit.
    ...(method === 'GET' ? { revalidate: true } : {}),
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

/** One page of a list that GitHub numbers; whether another follows is told by its Link header, which must stay on the same origin. */
export async function listPage<R extends Route, Item>(
  route: R,
  parameters: Omit<Parameters<R>, 'page' | 'per_page'>,
  { cursor, limit = 50 }: PageInput,
  read: (response: HttpResponse) => Promise<readonly Item[]>,
  ctx: ActionContext,
  options: CallOptions = {},
): Promise<{ items: Item[]; nextCursor: string | null }> {
  const page: Page<Item> = await numberedPages({
    cursor,
    limit,
    maxPageSize,
    fetch: async ({ number, size }) => {
      const response = await call(
        route,
        { ...parameters, per_page: size, page: number } as unknown as Parameters<R>,
        ctx,
        options,
      );
      return { items: await read(response), hasNext: nextLink(response) !== undefined };
    },
  });
  return { items: [...page.items], nextCursor: page.nextCursor };
}

/** GitHub itself or its data-residency hosts, as opposed to a GitHub Enterprise Server, which learns new parameters later. */
export function isGitHubCloud(ctx: ActionContext): boolean {
  const { hostname } = new URL(ctx.integration.config.endpoint);
  return hostname === 'api.github.com' || (hostname.startsWith('api.') && hostname.endsWith('.ghe.com'));
}

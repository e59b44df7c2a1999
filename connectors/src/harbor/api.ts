/** Harbor's own API. Source: goharbor/harbor api/v2.0/swagger.yaml. */
import { type ActionContext, type HttpResponse, nextLink, numberedPages } from '@inthub/connector-sdk';
import { invalidField, type Page } from '@inthub/contracts';

const root = '/api/v2.0';
/** Parameter page_size. */
const maxPageSize = 100;

export interface PageRequest {
  readonly cursor: string | undefined;
  readonly limit: number;
}

/** One page of a list, oldest first, so that what is added later does not shift the pages. */
export async function listPage<Item>(
  path: string,
  { cursor, limit }: PageRequest,
  query: Readonly<Record<string, string | boolean | undefined>>,
  read: (response: HttpResponse) => Promise<readonly Item[]>,
  ctx: ActionContext,
): Promise<Page<Item>> {
  return numberedPages({
    cursor,
    limit,
    maxPageSize,
    fetch: async ({ number, size }) => {
      const response = await ctx.http.get(`${root}${path}`, { query: { ...query, page: number, page_size: size } });
      return { items: await read(response), hasNext: nextLink(response) !== undefined };
    },
  });
}

export function apiPath(path: string): string {
  return `${root}${path}`;
}

/** `/projects/{project}/repositories/{name}`: a name that contains a slash is encoded twice (parameter repository_name). */
export function repositoryPath(repository: string): string {
  const slash = repository.indexOf('/');
  if (slash === -1) {
    throw invalidField(
      '/repository',
      `"${repository}" has no project; in Harbor a repository is <project>/<name>.`,
      'pattern',
    );
  }
  const name = encodeURIComponent(encodeURIComponent(repository.slice(slash + 1)));
  return `/projects/${encodeURIComponent(repository.slice(0, slash))}/repositories/${name}`;
}

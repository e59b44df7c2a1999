import { type ActionContext, numberedPages } from '@inthub/connector-sdk';
import type { Page, Resource } from '@inthub/contracts';
import { Repositories } from './schema.ts';

/** Documented maximum of `pagelen`. */
const maxPageSize = 100;

/** Repositories of the configured workspace. */
export function listRepositories(
  { cursor, limit }: { readonly cursor?: string; readonly limit: number },
  ctx: ActionContext,
): Promise<Page<Resource>> {
  return numberedPages({
    cursor,
    limit,
    maxPageSize,
    fetch: async ({ number, size }) => {
      const { values, next } = await readPage(number, size, ctx);
      const items = values.map(({ full_name, ...attributes }) => ({
        id: full_name,
        name: full_name,
        type: 'repositories',
        attributes: { isPrivate: attributes.is_private ?? null, updatedAt: attributes.updated_on ?? null },
      }));
      return { items, hasNext: next !== undefined };
    },
  });
}

export async function readPage(number: number, size: number, ctx: ActionContext) {
  const workspace = encodeURIComponent(String(ctx.integration.config['workspace']));
  const query = { page: number, pagelen: size, sort: 'full_name' };
  return (await ctx.http.get(`/2.0/repositories/${workspace}`, { query })).json(Repositories);
}

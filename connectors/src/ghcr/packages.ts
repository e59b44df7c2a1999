import {
  type ActionContext,
  nextLink,
  numberedPages,
  type RegistryRepository,
  toTimestamp,
} from '@inthub/connector-sdk';
import { HubError, invalidField, type Page } from '@inthub/contracts';
import { Packages } from './schema.ts';

/** Container packages of an owner; ghcr.io has no catalog. */
export async function listPackages(
  input: { readonly namespace: string | undefined; readonly cursor: string | undefined; readonly limit: number },
  ctx: ActionContext,
): Promise<Page<RegistryRepository>> {
  const owner = input.namespace ?? configuredOwner(ctx);
  if (owner.includes('/'))
    throw invalidField('/namespace', 'is a user or an organisation, without a slash.', 'pattern');
  const kind = ctx.integration.config['ownerType'] === 'user' ? 'users' : 'orgs';
  return numberedPages({
    cursor: input.cursor,
    limit: input.limit,
    maxPageSize: 100,
    fetch: async ({ number, size }) => {
      const response = await request(
        `https://api.github.com/${kind}/${encodeURIComponent(owner)}/packages`,
        number,
        size,
        ctx,
      );
      const items = (await response.json(Packages)).map(({ name, visibility, updated_at }) => ({
        // The registry writes owners in lower case; a package name may itself contain slashes.
        name: `${owner}/${name}`.toLowerCase(),
        description: null,
        isPublic: visibility == null ? null : visibility === 'public',
        updatedAt: toTimestamp(updated_at),
      }));
      return { items, hasNext: nextLink(response) !== undefined };
    },
  });
}

async function request(url: string, page: number, perPage: number, ctx: ActionContext) {
  try {
    return await ctx.http.get(url, {
      query: { package_type: 'container', page, per_page: perPage },
      accept: 'application/vnd.github+json',
      headers: { 'x-github-api-version': '2022-11-28' },
    });
  } catch (error) {
    if (!(error instanceof HubError) || error.code !== 'provider_not_found') throw error;
    const message =
      'GitHub knows no such owner. Check the name, and ownerType in the config of the integration: organisations (org) and users (user) are listed by different addresses.';
    throw new HubError('provider_not_found', message, { details: error.details, cause: error });
  }
}

function configuredOwner(ctx: ActionContext): string {
  const { owner } = ctx.integration.config;
  if (typeof owner === 'string') return owner;
  throw invalidField(
    '/namespace',
    'is required: GitHub lists the packages of one user or organisation. Set it here, or owner in the config of the integration.',
    'required',
  );
}

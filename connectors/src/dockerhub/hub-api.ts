/** The API of hub.docker.com, which knows what the registry does not tell: lists of repositories, dates of tags. */
import {
  type ActionContext,
  isDigest,
  numberedPages,
  type RegistryRepository,
  type RegistryTag,
  sameOrigin,
  toTimestamp,
} from '@inthub/connector-sdk';
import { HubError, invalidField, type Page } from '@inthub/contracts';
import type { Static } from 'typebox';
import { HubTag, RepositoryPage, TagPage } from './schema.ts';

const hub = 'https://hub.docker.com';
/** Parameter page_size of tags; repositories allow more. */
const maxPageSize = 100;

export interface PageRequest {
  readonly cursor: string | undefined;
  readonly limit: number;
}

export async function listRepositories(
  namespace: string,
  page: PageRequest,
  ctx: ActionContext,
): Promise<Page<RegistryRepository>> {
  return numberedPages({
    ...page,
    maxPageSize,
    fetch: async ({ number, size }) => {
      const path = `${hub}/v2/namespaces/${encodeURIComponent(namespace)}/repositories`;
      const response = await ctx.http.get(path, { query: { page: number, page_size: size, ordering: 'name' } });
      const { results, next } = await response.json(RepositoryPage);
      const items = results.map((repository) => ({
        name: `${repository.namespace}/${repository.name}`,
        description: repository.description || null,
        isPublic: repository.is_private == null ? null : !repository.is_private,
        updatedAt: toTimestamp(repository.last_updated),
      }));
      return { items, hasNext: leadsOn(response.url, next) };
    },
  });
}

export async function listTags(repository: string, page: PageRequest, ctx: ActionContext): Promise<Page<RegistryTag>> {
  return numberedPages({
    ...page,
    maxPageSize,
    fetch: async ({ number, size }) => {
      const response = await ctx.http.get(tagsUrl(repository), { query: { page: number, page_size: size } });
      const { results, next } = await response.json(TagPage);
      const items = results.map((tag) => ({
        name: tag.name,
        digest: tag.digest != null && isDigest(tag.digest) ? tag.digest : null,
        pushedAt: pushTime(tag),
      }));
      return { items, hasNext: leadsOn(response.url, next) };
    },
  });
}

/** Null when the API does not show the tag to this caller; a digest has no date of its own there. */
export async function findPushTime(
  { repository, tag }: { readonly repository: string; readonly tag: string | null },
  ctx: ActionContext,
): Promise<string | null> {
  if (tag === null) return null;
  try {
    const response = await ctx.http.get(`${tagsUrl(repository)}/${encodeURIComponent(tag)}`);
    return pushTime(await response.json(HubTag));
  } catch (error) {
    const harmless =
      error instanceof HubError &&
      ['provider_unauthenticated', 'provider_forbidden', 'provider_not_found'].includes(error.code);
    if (!harmless) throw error;
    ctx.log.info('push time not readable', { code: error.code });
    return null;
  }
}

function pushTime({ tag_last_pushed, last_updated }: Static<typeof HubTag>): string | null {
  return toTimestamp(tag_last_pushed ?? last_updated);
}

function tagsUrl(repository: string): string {
  const [namespace = '', name = '', ...more] = repository.split('/');
  if (name === '' || more.length > 0) {
    throw invalidField('/repository', 'is not <namespace>/<name>; Docker Hub has exactly these two parts.', 'pattern');
  }
  return `${hub}/v2/namespaces/${encodeURIComponent(namespace)}/repositories/${encodeURIComponent(name)}/tags`;
}

/** Pages are asked for by number; the link only says whether there is another, and must not point elsewhere. */
function leadsOn(from: string, next: string | null | undefined): boolean {
  if (next === null || next === undefined || next === '') return false;
  sameOrigin(from, next);
  return true;
}

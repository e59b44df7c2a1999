import type { ActionContext, HttpResponse, Repository, SourceControlHandlers } from '@inthub/connector-sdk';
import { HubError } from '@inthub/contracts';
import type { Static } from 'typebox';
import { listPage, type PageInput, path } from './api.ts';
import { timestamp } from './people.ts';
import { Branches, Repositories, RepositoryFields, RepositorySearch, Tags } from './schema.ts';

function toRepository(found: Static<typeof RepositoryFields>): Repository {
  return {
    id: String(found.id),
    name: found.name,
    owner: found.owner.login,
    fullName: found.full_name,
    description: found.description || null,
    url: found.html_url,
    cloneUrl: found.clone_url,
    defaultBranch: found.default_branch || null,
    isPrivate: found.private || found.internal === true,
    isArchived: found.archived ?? false,
    language: found.language || null,
    updatedAt: timestamp(found.updated_at ?? found.created_at),
  };
}

/** By name, or all that the credential sees: the search; of one owner: as an organisation, else as a user. */
async function listRepositories(
  { owner, search, ...page }: PageInput & { owner?: string; search?: string },
  ctx: ActionContext,
) {
  if (search !== undefined || owner === undefined) {
    // The search knows owners by number only, so a page of one owner's may hold fewer than were asked for.
    const ofOwner = (found: Repository) => owner === undefined || found.owner.toLowerCase() === owner.toLowerCase();
    const read = async (response: HttpResponse) =>
      (await response.json(RepositorySearch)).data.map(toRepository).filter(ofOwner);
    // By id, so that what is made meanwhile does not shift the pages.
    return listPage(path`/repos/search`, { q: search, sort: 'id', order: 'asc' }, page, read, ctx);
  }
  const read = async (response: HttpResponse) => (await response.json(Repositories)).map(toRepository);
  try {
    return await listPage(path`/orgs/${owner}/repos`, {}, page, read, ctx);
  } catch (error) {
    if (!(error instanceof HubError) || error.code !== 'provider_not_found') throw error;
    return listPage(path`/users/${owner}/repos`, {}, page, read, ctx);
  }
}

export async function getRepository(owner: string, repo: string, ctx: ActionContext): Promise<Repository> {
  return toRepository(await (await ctx.http.get(path`/repos/${owner}/${repo}`)).json(RepositoryFields));
}

export const repositoryHandlers: SourceControlHandlers = {
  'repo.list': listRepositories,
  'repo.get': ({ owner, repo }, ctx) => getRepository(owner, repo, ctx),
  'repo.clone': async ({ owner, repo }, ctx) => {
    const { cloneUrl } = await getRepository(owner, repo, ctx);
    // Access tokens last, and a lasting one belongs in no URL.
    return { url: cloneUrl, cloneUrl, isAuthorised: false, expiresAt: null };
  },
  'branch.list': async ({ owner, repo, ...page }, ctx) =>
    listPage(
      path`/repos/${owner}/${repo}/branches`,
      {},
      page,
      async (response) =>
        (await response.json(Branches)).map(({ name, commit, protected: isProtected }) => ({
          name,
          commitSha: commit.id,
          isProtected,
        })),
      ctx,
    ),
  'tag.list': async ({ owner, repo, ...page }, ctx) =>
    listPage(
      path`/repos/${owner}/${repo}/tags`,
      {},
      page,
      async (response) => (await response.json(Tags)).map(({ name, commit }) => ({ name, commitSha: commit.sha })),
      ctx,
    ),
};

import type { ActionContext, HttpResponse, Repository, SourceControlHandlers } from '@inthub/connector-sdk';
import { HubError } from '@inthub/contracts';
import type { Static } from 'typebox';
import { call, listPage, type PageInput, pageOf } from './api.ts';
import { cloneWithToken } from './installation.ts';
import {
  Branches,
  InstallationRepositories,
  Repositories,
  RepositoryFields,
  RepositorySearch,
  Tags,
} from './schema.ts';
import { timestamp } from './timestamp.ts';

function toRepository(found: Static<typeof RepositoryFields>): Repository {
  return {
    id: String(found.id),
    name: found.name,
    owner: found.owner.login,
    fullName: found.full_name,
    description: found.description ?? null,
    url: found.html_url,
    // Lists of some GHES versions leave clone_url out; it is the page's address with .git.
    cloneUrl: found.clone_url ?? `${found.html_url}.git`,
    defaultBranch: found.default_branch ?? null,
    isPrivate: found.private,
    isArchived: found.archived ?? false,
    language: found.language ?? null,
    updatedAt: timestamp(found.updated_at ?? found.created_at),
  };
}

export function isApp({ integration }: ActionContext): boolean {
  return integration.config.authMode === 'iam';
}

/**
 * Searching goes by the search index; a list of one owner is asked of the owner as an organisation, else of the user; without either
 * it is what the credential was given: the App's repositories, or the user's.
 */
async function listRepositories(
  { owner, search, cursor, limit }: PageInput & { owner?: string; search?: string },
  ctx: ActionContext,
) {
  const page = pageOf(cursor, limit);
  if (search !== undefined) {
    const q = `${search.replaceAll('"', ' ')} in:name fork:true${owner === undefined ? '' : ` user:${owner}`}`;
    return listPage(
      'GET /search/repositories',
      { q },
      page,
      async (response) => (await response.json(RepositorySearch)).items.map(toRepository),
      ctx,
    );
  }
  if (isApp(ctx)) {
    const ofOwner = ({ owner: found }: Repository) =>
      owner === undefined || found.toLowerCase() === owner.toLowerCase();
    const read = async (response: HttpResponse) =>
      (await response.json(InstallationRepositories)).repositories.map(toRepository).filter(ofOwner);
    return listPage('GET /installation/repositories', {}, page, read, ctx);
  }
  const read = async (response: HttpResponse) => (await response.json(Repositories)).map(toRepository);
  if (owner === undefined) return listPage('GET /user/repos', { sort: 'full_name' }, page, read, ctx);
  try {
    return await listPage('GET /orgs/{org}/repos', { org: owner, sort: 'full_name' }, page, read, ctx);
  } catch (error) {
    if (!(error instanceof HubError) || error.code !== 'provider_not_found') throw error;
    return listPage('GET /users/{username}/repos', { username: owner, sort: 'full_name' }, page, read, ctx);
  }
}

async function getRepository(owner: string, repo: string, ctx: ActionContext): Promise<Repository> {
  const response = await call('GET /repos/{owner}/{repo}', { owner, repo }, ctx);
  return toRepository(await response.json(RepositoryFields));
}

/** The ref, or the default branch. @throws HubError `provider_not_found` for a repository that has none yet. */
export async function resolveRef(
  { owner, repo, ref }: { owner: string; repo: string; ref?: string },
  ctx: ActionContext,
): Promise<string> {
  if (ref !== undefined) return ref;
  const { defaultBranch } = await getRepository(owner, repo, ctx);
  if (defaultBranch !== null) return defaultBranch;
  throw new HubError('provider_not_found', `${owner}/${repo} has no default branch yet; name a ref.`);
}

export const repositoryHandlers: SourceControlHandlers = {
  'repo.list': listRepositories,
  'repo.get': ({ owner, repo }, ctx) => getRepository(owner, repo, ctx),
  'repo.clone': async ({ owner, repo }, ctx) => {
    const { cloneUrl, fullName } = await getRepository(owner, repo, ctx);
    if (isApp(ctx)) return cloneWithToken({ cloneUrl, fullName }, ctx);
    // GitHub makes no short-lived credential out of a personal access token, and a lasting one belongs in no URL.
    return { url: cloneUrl, cloneUrl, isAuthorised: false, expiresAt: null };
  },
  'branch.list': async ({ owner, repo, ...page }, ctx) =>
    listPage(
      'GET /repos/{owner}/{repo}/branches',
      { owner, repo },
      page,
      async (response) =>
        (await response.json(Branches)).map(({ name, commit, protected: isProtected }) => ({
          name,
          commitSha: commit.sha,
          isProtected,
        })),
      ctx,
    ),
  'tag.list': async ({ owner, repo, ...page }, ctx) =>
    listPage(
      'GET /repos/{owner}/{repo}/tags',
      { owner, repo },
      page,
      async (response) => (await response.json(Tags)).map(({ name, commit }) => ({ name, commitSha: commit.sha })),
      ctx,
    ),
};

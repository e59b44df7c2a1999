import type { ActionContext, HttpResponse, Repository, SourceControlHandlers } from '@inthub/connector-sdk';
import { HubError } from '@inthub/contracts';
import type { Static } from 'typebox';
import { call, keysetPage, listPage, type PageInput, type Project, pageOf, path, projectPath } from './api.ts';
import { Branches, ProjectFields, Projects, Tags } from './schema.ts';
import { timestamp } from './timestamp.ts';

function toRepository(found: Static<typeof ProjectFields>): Repository {
  const cut = found.path_with_namespace.lastIndexOf('/');
  return {
    id: String(found.id),
    name: found.path,
    owner: found.namespace?.full_path ?? found.path_with_namespace.slice(0, Math.max(0, cut)),
    fullName: found.path_with_namespace,
    description: found.description ?? null,
    url: found.web_url,
    cloneUrl: found.http_url_to_repo,
    // An empty repository has a name for the branch that is to come.
    defaultBranch: found.empty_repo === true ? null : (found.default_branch ?? null),
    isPrivate: found.visibility !== 'public',
    isArchived: found.archived ?? false,
    // GitLab tells languages by a request of their own.
    language: null,
    updatedAt: timestamp(found.last_activity_at ?? found.updated_at ?? found.created_at),
  };
}

/** Of one owner: the group's own projects, else those of the user; without an owner, those that the credential is a member of. */
async function listRepositories(
  { owner, search, cursor, limit }: PageInput & { owner?: string; search?: string },
  ctx: ActionContext,
) {
  const page = pageOf(cursor, limit);
  const read = async (response: HttpResponse) => (await response.json(Projects)).map(toRepository);
  const byId = { order_by: 'id', sort: 'asc' };
  if (owner === undefined)
    return keysetPage({ path: '/projects', query: { ...byId, membership: true, search }, read }, 'id_after', page, ctx);
  const own = { ...byId, search };
  try {
    const query = { ...own, with_shared: false, include_subgroups: false };
    return await listPage({ path: path`/groups/${owner}/projects`, query, read }, page, ctx);
  } catch (error) {
    if (!(error instanceof HubError) || error.code !== 'provider_not_found' || owner.includes('/')) throw error;
    return listPage({ path: path`/users/${owner}/projects`, query: own, read }, page, ctx);
  }
}

export async function getProject(project: Project, ctx: ActionContext): Promise<Static<typeof ProjectFields>> {
  return (await call('GET', projectPath(project), ctx)).json(ProjectFields);
}

export async function getRepository(project: Project, ctx: ActionContext): Promise<Repository> {
  return toRepository(await getProject(project, ctx));
}

export const repositoryHandlers: SourceControlHandlers = {
  'repo.list': listRepositories,
  'repo.get': ({ owner, repo }, ctx) => getRepository({ owner, repo }, ctx),
  'repo.clone': async ({ owner, repo }, ctx) => {
    const { cloneUrl } = await getRepository({ owner, repo }, ctx);
    // GitLab makes no short-lived credential out of an access token, and a lasting one belongs in no URL.
    return { url: cloneUrl, cloneUrl, isAuthorised: false, expiresAt: null };
  },
  'branch.list': async ({ owner, repo, ...page }, ctx) => {
    const read = async (response: HttpResponse) =>
      (await response.json(Branches)).map(({ name, commit, protected: isProtected }) => ({
        name,
        commitSha: commit.id,
        isProtected: isProtected ?? false,
      }));
    return listPage({ path: projectPath({ owner, repo }, '/repository/branches'), read }, page, ctx);
  },
  'tag.list': async ({ owner, repo, ...page }, ctx) => {
    const read = async (response: HttpResponse) =>
      (await response.json(Tags)).map(({ name, commit }) => ({ name, commitSha: commit.id }));
    return listPage({ path: projectPath({ owner, repo }, '/repository/tags'), read }, page, ctx);
  },
};

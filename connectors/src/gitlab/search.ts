/**
 * Code search. Source: docs.gitlab.com/api/search: of a project everywhere; of a group or of everything only where advanced search or exact
 * code search is on (GitLab answers 400 or 403 otherwise).
 */
import type { ActionContext, HttpResponse, SourceControlHandlers } from '@inthub/connector-sdk';
import { call, listPage, pageOf, pageUrl, path, projectPath, totalOf } from './api.ts';
import { Blobs, ProjectFields } from './schema.ts';

/** Hits name their project by its id alone. */
async function nameOf(id: number, ctx: ActionContext): Promise<string> {
  return (await (await call('GET', path`/projects/${id}`, ctx)).json(ProjectFields)).path_with_namespace;
}

const encodePath = (text: string) => text.split('/').map(encodeURIComponent).join('/');

export const searchHandlers: SourceControlHandlers = {
  'search.code': async ({ query: search, owner, repo, cursor, limit }, ctx) => {
    const isProject = owner !== undefined && repo !== undefined;
    const where =
      owner === undefined
        ? '/search'
        : repo === undefined
          ? path`/groups/${owner}/search`
          : projectPath({ owner, repo }, '/search');
    let totalCount: number | null = null;
    const names = new Map<number, string>();
    const read = async (response: HttpResponse) => {
      totalCount = totalOf(response);
      const hits = await response.json(Blobs);
      for (const { project_id } of hits)
        if (!names.has(project_id))
          names.set(project_id, isProject ? `${owner}/${repo}` : await nameOf(project_id, ctx));
      return hits.map((hit) => {
        const repository = names.get(hit.project_id) ?? '';
        // `filename` held the path before 12.x, and still does.
        const file = hit.path ?? hit.filename;
        return {
          path: file,
          name: file.slice(file.lastIndexOf('/') + 1),
          repository,
          sha: null,
          url: pageUrl(ctx, `/${repository}/-/blob/${encodePath(hit.ref)}/${encodePath(file)}`),
          fragments: [hit.data],
        };
      });
    };
    const page = await listPage({ path: where, query: { scope: 'blobs', search }, read }, pageOf(cursor, limit), ctx);
    return { ...page, totalCount, isIncomplete: false };
  },
};

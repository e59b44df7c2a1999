import {
  type ActionContext,
  numberedPages,
  type Project,
  type ProjectDetail,
  repage,
  type TaskStatus,
} from '@inthub/connector-sdk';
import { HubError, type Page } from '@inthub/contracts';
import { apiPath, isCloud, userIdOf } from './deployment.ts';
import { categoryOf } from './issues.ts';
import { AllProjects, Project as JiraProject, ProjectPage, ProjectStatuses } from './schema.ts';

export interface PageRequest {
  readonly cursor?: string | undefined;
  readonly limit?: number | undefined;
}

/** Server gives these lists whole, so a cursor that names a page is not one of ours. */
export function refusePage(page: string | undefined): void {
  if (page === undefined) return;
  throw new HubError(
    'invalid_cursor',
    'The cursor is not one that this list handed out. Start again without a cursor.',
  );
}

/** Cloud's answer holds at most 50, whatever is asked for (…/api-group-projects, project/search). */
const maxPageSize = 50;

export async function listProjects({ cursor, limit = 50 }: PageRequest, ctx: ActionContext): Promise<Page<Project>> {
  const toItem = (project: JiraProject) => toProject(project, ctx);
  if (!isCloud(ctx)) {
    // Server knows no pages of projects.
    return repage({
      cursor,
      limit,
      fetch: async (page) => {
        refusePage(page);
        const all = await (await ctx.http.get(apiPath('/project', ctx))).json(AllProjects);
        return { items: all.map(toItem), nextCursor: null };
      },
    });
  }
  return numberedPages({
    cursor,
    limit,
    maxPageSize,
    fetch: async ({ number, size }) => {
      const query = { startAt: (number - 1) * size, maxResults: size, orderBy: 'key', expand: 'description' };
      const { values, isLast } = await (await ctx.http.get(apiPath('/project/search', ctx), { query })).json(
        ProjectPage,
      );
      return { items: values.map(toItem), hasNext: !isLast && values.length > 0 };
    },
  });
}

export async function getProject(projectId: string, ctx: ActionContext): Promise<ProjectDetail> {
  const path = apiPath(`/project/${encodeURIComponent(projectId)}`, ctx);
  const project = await (await ctx.http.get(path)).json(JiraProject);
  const byKind = await (await ctx.http.get(`${path}/statuses`)).json(ProjectStatuses);
  const statuses = new Map<string, TaskStatus>();
  for (const status of byKind.flatMap((kind) => kind.statuses)) {
    statuses.set(status.id, { id: status.id, name: status.name, category: categoryOf(status) });
  }
  return { ...toProject(project, ctx), lead: userIdOf(project.lead), statuses: [...statuses.values()] };
}

function toProject({ id, key, name, description, archived }: JiraProject, ctx: ActionContext): Project {
  const { siteUrl, endpoint } = ctx.integration.config;
  const base = typeof siteUrl === 'string' ? siteUrl : endpoint;
  const url = `${base.replace(/\/+$/, '')}/browse/${encodeURIComponent(key)}`;
  return { id, key, name, description: description || null, isArchived: archived ?? null, url };
}

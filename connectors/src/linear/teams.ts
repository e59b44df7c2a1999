/** Linear's teams are the projects of the category: an issue belongs to one team, whose key begins its own. */
import type { ActionContext, Project, ProjectDetail, TaskStatus } from '@inthub/connector-sdk';
import { HubError, type Page } from '@inthub/contracts';
import { ask } from './api.ts';
import { type PageRequest, pageVariables, toPage } from './pages.ts';
import { type State, type Team, TeamDetail, Teams } from './schema.ts';

export async function listTeams(page: PageRequest, ctx: ActionContext): Promise<Page<Project>> {
  const { teams } = await ask('Teams', pageVariables(page), Teams, ctx);
  return toPage(teams, toProject);
}

export async function getTeam(projectId: string, ctx: ActionContext): Promise<ProjectDetail> {
  const { team } = await ask('Team', { id: await resolveTeam(projectId, ctx) }, TeamDetail, ctx);
  return { ...toProject(team), lead: null, statuses: team.states.nodes.map(toStatus) };
}

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** The id of a team that is named by id or key. */
export async function resolveTeam(projectId: string, ctx: ActionContext): Promise<string> {
  if (uuid.test(projectId)) return projectId;
  const { teams } = await ask('Teams', { first: 1, filter: teamFilter(projectId) }, Teams, ctx);
  const [team] = teams.nodes;
  if (team === undefined)
    throw new HubError(
      'provider_not_found',
      `Linear has no team with the key "${projectId}", or the credential does not see it.`,
    );
  return team.id;
}

/** For filters, which take the key as well as the id. */
export function teamFilter(projectId: string): object {
  return uuid.test(projectId) ? { id: { eq: projectId } } : { key: { eq: projectId.toUpperCase() } };
}

function toProject({ id, key, name, description, archivedAt }: Team): Project {
  return { id, key, name, description: description || null, isArchived: archivedAt != null, url: null };
}

const categories: Readonly<Record<string, TaskStatus['category']>> = {
  triage: 'todo',
  backlog: 'todo',
  unstarted: 'todo',
  started: 'in_progress',
  completed: 'done',
  canceled: 'done',
  duplicate: 'done',
};

export function toStatus({ id, name, type }: State): TaskStatus {
  return {
    id,
    name,
    category: Object.hasOwn(categories, type) ? (categories[type] as TaskStatus['category']) : 'unknown',
  };
}

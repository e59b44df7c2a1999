import type { ActionContext, Task, TaskCreate, TaskDetail, TaskUpdate } from '@inthub/connector-sdk';
import { invalidField, type Page } from '@inthub/contracts';
import { ask } from './api.ts';
import { priorities, readIssue, requireIssue, toTask } from './issues.ts';
import { resolveLabels } from './labels.ts';
import { type PageRequest, pageVariables, toPage } from './pages.ts';
import { CreatedIssue, FoundIssues, Issues, type State, UpdatedIssue } from './schema.ts';
import { resolveTeam, teamFilter } from './teams.ts';

export interface TaskList extends PageRequest {
  readonly projectId: string;
  readonly status?: string;
  readonly assignee?: string;
  readonly label?: string;
  readonly updatedSince?: string;
}

export async function listTasks(input: TaskList, ctx: ActionContext): Promise<Page<Task>> {
  const { projectId, status, assignee, label, updatedSince, ...page } = input;
  const filter = {
    team: teamFilter(projectId),
    ...(status === undefined ? {} : { state: { name: { eqIgnoreCase: status } } }),
    ...(assignee === undefined ? {} : { assignee: { id: { eq: assignee } } }),
    ...(label === undefined ? {} : { labels: { some: { name: { eq: label } } } }),
    ...(updatedSince === undefined ? {} : { updatedAt: { gte: updatedSince } }),
  };
  const { issues } = await ask('Issues', { ...pageVariables(page), filter }, Issues, ctx);
  return toPage(issues, toTask);
}

/** Words, whatever the syntax: Linear has no query language. */
export async function searchTasks(
  { query, projectId, ...page }: PageRequest & { readonly query: string; readonly projectId?: string },
  ctx: ActionContext,
): Promise<Page<Task>> {
  const filter = projectId === undefined ? {} : { filter: { team: teamFilter(projectId) } };
  const { searchIssues } = await ask('Search', { term: query, ...pageVariables(page), ...filter }, FoundIssues, ctx);
  return toPage(searchIssues, toTask);
}

export async function getTask(taskId: string, ctx: ActionContext): Promise<TaskDetail> {
  const issue = await readIssue(taskId, ctx);
  const others = issue.team.states.nodes.filter(({ id }) => id !== issue.state.id);
  return { ...toTask(issue), transitions: others.map(({ id, name }) => ({ id, name, status: name })) };
}

export async function createTask(input: TaskCreate, ctx: ActionContext): Promise<Task> {
  const { projectId, title, labels, parentId, type, ...fields } = input;
  if (type !== undefined) throw invalidField('/type', 'Linear has no kinds of issues; use a label.');
  const values = fieldsOf(fields);
  const teamId = await resolveTeam(projectId, ctx);
  const labelIds = labels && (await resolveLabels(labels, { teamId, field: '/labels' }, ctx));
  const variables = {
    input: {
      teamId,
      title,
      ...values,
      ...(parentId === undefined ? {} : { parentId }),
      ...(labelIds === undefined ? {} : { labelIds }),
    },
  };
  const { issueCreate } = await ask('CreateIssue', variables, CreatedIssue, ctx);
  return requireIssue(issueCreate.issue);
}

export async function updateTask({ taskId, labels, ...fields }: TaskUpdate, ctx: ActionContext): Promise<Task> {
  const values = fieldsOf(fields);
  // Which labels there are depends on the team.
  const labelIds =
    labels && (await resolveLabels(labels, { teamId: (await readIssue(taskId, ctx)).team.id, field: '/labels' }, ctx));
  const input = { ...values, ...(labelIds === undefined ? {} : { labelIds }) };
  const { issueUpdate } = await ask('UpdateIssue', { id: taskId, input }, UpdatedIssue, ctx);
  return requireIssue(issueUpdate.issue);
}

type Fields = Omit<TaskUpdate, 'taskId' | 'labels'>;

function fieldsOf({ title, description, priority, assignee, dueDate, estimatePoints }: Fields): object {
  if (estimatePoints != null && !Number.isInteger(estimatePoints))
    throw invalidField('/estimatePoints', 'Linear takes whole points only.', 'multipleOf');
  return {
    ...(title === undefined ? {} : { title }),
    ...(description === undefined ? {} : { description }),
    ...(priority === undefined ? {} : { priority: priorities.indexOf(priority) }),
    ...(assignee === undefined ? {} : { assigneeId: assignee }),
    ...(dueDate === undefined ? {} : { dueDate }),
    ...(estimatePoints === undefined ? {} : { estimate: estimatePoints }),
  };
}

/** Any state of the team can be reached from any other. */
export async function transitionTask(
  { taskId, targetStatus }: { readonly taskId: string; readonly targetStatus: string },
  ctx: ActionContext,
): Promise<Task> {
  const issue = await readIssue(taskId, ctx);
  const state = findState(issue.team.states.nodes, targetStatus);
  if (state === undefined) {
    const names = issue.team.states.nodes.map(({ name }) => `"${name}"`).join(', ');
    throw invalidField('/targetStatus', `"${targetStatus}" is no status of this team. There are: ${names}.`);
  }
  if (state.id === issue.state.id) return toTask(issue);
  const { issueUpdate } = await ask('UpdateIssue', { id: issue.id, input: { stateId: state.id } }, UpdatedIssue, ctx);
  return requireIssue(issueUpdate.issue);
}

function findState(states: readonly State[], wanted: string): State | undefined {
  const name = wanted.trim().toLowerCase();
  return (
    states.find(({ id }) => id === wanted) ??
    states.find((state) => state.name === wanted) ??
    states.find((state) => state.name.toLowerCase() === name)
  );
}

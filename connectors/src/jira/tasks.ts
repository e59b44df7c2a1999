import {
  type ActionContext,
  decodeCursor,
  encodeCursor,
  numberedPages,
  type Task,
  type TaskCreate,
  type TaskDetail,
  type TaskUpdate,
} from '@inthub/connector-sdk';
import { invalidField, type Page } from '@inthub/contracts';
import Type from 'typebox';
import { apiPath, isCloud, toBody, userRef } from './deployment.ts';
import { estimateField, issuePath, priorityRef, readIssue, taskFields, toTask } from './issues.ts';
import { inProject, quote, textClause, within } from './jql.ts';
import type { PageRequest } from './projects.ts';
import { CountedPage, CreatedIssue, TokenPage, type Transition, Transitions } from './schema.ts';

export interface TaskList extends PageRequest {
  readonly projectId: string;
  readonly status?: string;
  readonly assignee?: string;
  readonly label?: string;
  readonly updatedSince?: string;
}

export async function listTasks(input: TaskList, ctx: ActionContext): Promise<Page<Task>> {
  const { projectId, status, assignee, label, updatedSince, ...page } = input;
  const conditions = [
    inProject(projectId),
    ...(status === undefined ? [] : [`status = ${quote(status)}`]),
    ...(assignee === undefined ? [] : [`assignee = ${quote(assignee)}`]),
    ...(label === undefined ? [] : [`labels = ${quote(label)}`]),
    // Dates in text are read in the zone of the user; milliseconds since 1970 are the same for everybody.
    ...(updatedSince === undefined ? [] : [`updated >= ${Date.parse(updatedSince)}`]),
  ];
  return search(`${conditions.join(' AND ')} ORDER BY created DESC, key DESC`, page, ctx);
}

export interface TaskSearch extends PageRequest {
  readonly query: string;
  readonly syntax?: 'native' | 'text';
  readonly projectId?: string;
}

export async function searchTasks(input: TaskSearch, ctx: ActionContext): Promise<Page<Task>> {
  const { query, syntax = 'native', projectId, ...page } = input;
  const condition = syntax === 'native' ? query : textClause(query);
  if (condition === undefined) return { items: [], nextCursor: null };
  return search(projectId === undefined ? condition : within(projectId, condition), page, ctx);
}

const Position = Type.Object(
  { token: Type.String({ minLength: 1, maxLength: 1400 }) },
  { additionalProperties: false },
);
/** Jira gives up to 100 issues with fields. */
const maxPageSize = 100;

async function search(jql: string, { cursor, limit = 50 }: PageRequest, ctx: ActionContext): Promise<Page<Task>> {
  const fields = taskFields(ctx);
  if (!isCloud(ctx)) {
    return numberedPages({
      cursor,
      limit,
      maxPageSize,
      fetch: async ({ number, size }) => {
        const startAt = (number - 1) * size;
        const json = { jql, startAt, maxResults: size, fields };
        const found = await (await ctx.http.post(apiPath('/search', ctx), { json, idempotent: true })).json(
          CountedPage,
        );
        const hasNext = found.issues.length > 0 && startAt + found.issues.length < found.total;
        return { items: found.issues.map((issue) => toTask(issue, ctx)), hasNext };
      },
    });
  }
  const token = cursor === undefined ? {} : { nextPageToken: decodeCursor(Position, cursor).token };
  const json = { jql, maxResults: Math.min(limit, maxPageSize), fields, ...token };
  const response = await ctx.http.post(apiPath('/search/jql', ctx), { json, idempotent: true });
  const { issues, nextPageToken } = await response.json(TokenPage);
  return {
    items: issues.map((issue) => toTask(issue, ctx)),
    nextCursor: nextPageToken ? encodeCursor({ token: nextPageToken }) : null,
  };
}

export async function getTask(taskId: string, ctx: ActionContext): Promise<TaskDetail> {
  const issue = await readIssue(taskId, ctx);
  const transitions = await readTransitions(taskId, ctx);
  return { ...toTask(issue, ctx), transitions: transitions.map(({ id, name, to }) => ({ id, name, status: to.name })) };
}

export async function createTask(input: TaskCreate, ctx: ActionContext): Promise<Task> {
  const { projectId, title, parentId, type = 'Task', ...more } = input;
  const fields = {
    project: refOf(projectId),
    issuetype: { name: type },
    summary: title,
    ...fieldsOf(more, ctx),
    ...(parentId === undefined ? {} : { parent: refOf(parentId) }),
  };
  const { id } = await (await ctx.http.post(apiPath('/issue', ctx), { json: { fields } })).json(CreatedIssue);
  return toTask(await readIssue(id, ctx), ctx);
}

export async function updateTask({ taskId, ...more }: TaskUpdate, ctx: ActionContext): Promise<Task> {
  const { title, ...rest } = more;
  const fields = { ...(title === undefined ? {} : { summary: title }), ...fieldsOf(rest, ctx) };
  await ctx.http.put(issuePath(taskId, '', ctx), { json: { fields } });
  return toTask(await readIssue(taskId, ctx), ctx);
}

/** Ids are numbers, keys begin with a letter. */
function refOf(idOrKey: string): object {
  return /^\d+$/.test(idOrKey) ? { id: idOrKey } : { key: idOrKey };
}

type Fields = Omit<TaskUpdate, 'taskId' | 'title'>;

function fieldsOf(
  { description, priority, assignee, labels, dueDate, estimatePoints }: Fields,
  ctx: ActionContext,
): object {
  for (const [at, label] of (labels ?? []).entries()) requireLabel(label, `/labels/${at}`);
  const points = estimateField(ctx);
  if (estimatePoints !== undefined && points === undefined) {
    throw invalidField(
      '/estimatePoints',
      'Jira keeps story points in a custom field; name it in estimateField of the config (customfield_10016 in many sites).',
    );
  }
  return {
    ...(description === undefined ? {} : { description: description === '' ? null : toBody(description, ctx) }),
    ...(priority === undefined ? {} : { priority: priorityRef(priority, ctx) }),
    ...(assignee === undefined ? {} : { assignee: assignee === null ? null : userRef(assignee, ctx) }),
    ...(labels === undefined ? {} : { labels }),
    ...(dueDate === undefined ? {} : { duedate: dueDate }),
    ...(estimatePoints === undefined || points === undefined ? {} : { [points]: estimatePoints }),
  };
}

/** Labels of Jira are single words. */
export function requireLabel(label: string, field: string): void {
  if (/\s/.test(label))
    throw invalidField(field, `"${label}" has a space; labels of Jira are single words.`, 'pattern');
}

export async function transitionTask(
  { taskId, targetStatus }: { readonly taskId: string; readonly targetStatus: string },
  ctx: ActionContext,
): Promise<Task> {
  const transitions = await readTransitions(taskId, ctx);
  const transition = findTransition(transitions, targetStatus);
  if (transition === undefined) {
    const issue = await readIssue(taskId, ctx);
    if (issue.fields.status.name.toLowerCase() === targetStatus.trim().toLowerCase()) return toTask(issue, ctx);
    const legal = transitions.map(({ id, name, to }) => `"${to.name}" (${name}, id ${id})`).join(', ') || 'none';
    throw invalidField(
      '/targetStatus',
      `"${targetStatus}" cannot be reached from "${issue.fields.status.name}". Legal now: ${legal}.`,
    );
  }
  await ctx.http.post(issuePath(taskId, '/transitions', ctx), { json: { transition: { id: transition.id } } });
  return toTask(await readIssue(taskId, ctx), ctx);
}

async function readTransitions(taskId: string, ctx: ActionContext): Promise<readonly Transition[]> {
  const response = await ctx.http.get(issuePath(taskId, '/transitions', ctx));
  return (await response.json(Transitions)).transitions;
}

function findTransition(transitions: readonly Transition[], wanted: string): Transition | undefined {
  const name = wanted.trim().toLowerCase();
  return (
    transitions.find(({ id }) => id === wanted) ??
    transitions.find(({ to }) => to.name.toLowerCase() === name) ??
    transitions.find((transition) => transition.name.toLowerCase() === name)
  );
}

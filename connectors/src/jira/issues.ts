/** Issues as tasks. */
import { type ActionContext, type Task, type TaskPriority, type TaskStatus, toTimestamp } from '@inthub/connector-sdk';
import { HubError } from '@inthub/contracts';
import { apiPath, browseUrl, fromBody, userIdOf } from './deployment.ts';
import { Issue, type Status } from './schema.ts';

const standardFields = [
  'summary',
  'description',
  'status',
  'priority',
  'assignee',
  'reporter',
  'labels',
  'created',
  'updated',
  'duedate',
  'project',
  'issuetype',
  'parent',
  'resolution',
];

/** The custom field that holds story points, where the operator has named it. */
export function estimateField(ctx: ActionContext): string | undefined {
  const field = ctx.integration.config['estimateField'];
  return typeof field === 'string' ? field : undefined;
}

/** The fields that a task is made of, for requests that take a list. */
export function taskFields(ctx: ActionContext): string[] {
  const points = estimateField(ctx);
  return points === undefined ? standardFields : [...standardFields, points];
}

export async function readIssue(taskId: string, ctx: ActionContext): Promise<Issue> {
  const query = { fields: taskFields(ctx).join(',') };
  return (await ctx.http.get(issuePath(taskId, '', ctx), { query })).json(Issue);
}

export function issuePath(taskId: string, below: string, ctx: ActionContext): string {
  return apiPath(`/issue/${encodeURIComponent(taskId)}${below}`, ctx);
}

export function toTask({ id, key, fields }: Issue, ctx: ActionContext): Task {
  const points = estimateField(ctx);
  const estimate = points === undefined ? undefined : (fields as Readonly<Record<string, unknown>>)[points];
  return {
    id,
    key,
    projectId: fields.project.id,
    title: fields.summary ?? '',
    description: fromBody(fields.description),
    status: fields.status.name,
    statusCategory: categoryOf(fields.status),
    priority: priorityOf(fields.priority?.name, ctx),
    assignee: userIdOf(fields.assignee),
    assigneeName: fields.assignee?.displayName ?? null,
    reporter: userIdOf(fields.reporter),
    reporterName: fields.reporter?.displayName ?? null,
    labels: [...(fields.labels ?? [])],
    createdAt: requireTime(fields.created),
    updatedAt: requireTime(fields.updated),
    dueDate: fields.duedate?.slice(0, 10) ?? null,
    estimatePoints: typeof estimate === 'number' ? estimate : null,
    url: browseUrl(key, ctx),
    raw: {
      projectKey: fields.project.key,
      issueType: fields.issuetype?.name ?? null,
      statusId: fields.status.id,
      priority: fields.priority?.name ?? null,
      parent: fields.parent?.key ?? null,
      resolution: fields.resolution?.name ?? null,
    },
  };
}

const categories: Readonly<Record<string, TaskStatus['category']>> = {
  new: 'todo',
  indeterminate: 'in_progress',
  done: 'done',
};

export function categoryOf({ statusCategory }: Status): TaskStatus['category'] {
  const key = statusCategory?.key ?? '';
  return Object.hasOwn(categories, key) ? (categories[key] as TaskStatus['category']) : 'unknown';
}

const defaultNames = { urgent: 'Highest', high: 'High', medium: 'Medium', low: 'Low' };
/** Names of other schemes that mean the same; the default of Server before 7, and what teams use. */
const synonyms: Readonly<Record<string, TaskPriority>> = {
  highest: 'urgent',
  blocker: 'urgent',
  critical: 'urgent',
  urgent: 'urgent',
  high: 'high',
  major: 'high',
  medium: 'medium',
  normal: 'medium',
  low: 'low',
  minor: 'low',
  lowest: 'low',
  trivial: 'low',
};

function priorityNames(ctx: ActionContext): Readonly<Record<string, string>> {
  return { ...defaultNames, ...(ctx.integration.config['priorityNames'] as Record<string, string> | undefined) };
}

/** What Jira calls a priority; null for none. */
export function priorityRef(priority: TaskPriority, ctx: ActionContext): object | null {
  return priority === 'none' ? null : { name: priorityNames(ctx)[priority] };
}

function priorityOf(name: string | null | undefined, ctx: ActionContext): TaskPriority {
  if (!name) return 'none';
  const own = Object.entries(priorityNames(ctx)).find(([, known]) => known.toLowerCase() === name.toLowerCase());
  if (own !== undefined) return own[0] as TaskPriority;
  const word = name.toLowerCase();
  // A priority of the operator's own making is none of ours; its name is in `raw`.
  return Object.hasOwn(synonyms, word) ? (synonyms[word] as TaskPriority) : 'none';
}

export function requireTime(text: string): string {
  // Jira writes the zone without a colon: 2026-11-21T10:00:00.000+0100.
  const time = toTimestamp(text.replace(/([+-]\d\d)(\d\d)$/, '$1:$2'));
  if (time === null) throw new HubError('provider_bad_response', 'Jira gave a date that is none.');
  return time;
}

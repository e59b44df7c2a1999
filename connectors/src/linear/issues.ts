/** Issues as tasks. */
import { type ActionContext, type Task, type TaskPriority, toTimestamp } from '@inthub/connector-sdk';
import { HubError } from '@inthub/contracts';
import type { Static } from 'typebox';
import { ask } from './api.ts';
import { type Issue, IssueDetail } from './schema.ts';
import { toStatus } from './teams.ts';

/** Linear's numbers: 0 is no priority, 1 the most urgent. */
export const priorities: readonly TaskPriority[] = ['none', 'urgent', 'high', 'medium', 'low'];

/** One issue by id or identifier, with the states of its team. */
export async function readIssue(taskId: string, ctx: ActionContext): Promise<Static<typeof IssueDetail>['issue']> {
  return (await ask('Issue', { id: taskId }, IssueDetail, ctx)).issue;
}

export function toTask(issue: Issue): Task {
  const { state, team, assignee, creator } = issue;
  return {
    id: issue.id,
    key: issue.identifier,
    projectId: team.id,
    title: issue.title,
    description: issue.description ?? '',
    status: state.name,
    statusCategory: toStatus(state).category,
    priority: priorities[issue.priority] ?? 'none',
    assignee: assignee?.id ?? null,
    assigneeName: assignee?.displayName ?? null,
    reporter: creator?.id ?? null,
    reporterName: creator?.displayName ?? null,
    labels: issue.labels.nodes.map(({ name }) => name),
    createdAt: requireTime(issue.createdAt),
    updatedAt: requireTime(issue.updatedAt),
    dueDate: issue.dueDate?.slice(0, 10) ?? null,
    estimatePoints: issue.estimate ?? null,
    url: issue.url,
    raw: {
      stateId: state.id,
      stateType: state.type,
      teamKey: team.key,
      parent: issue.parent?.identifier ?? null,
      project: issue.project?.name ?? null,
      cycle: issue.cycle?.number ?? null,
    },
  };
}

/** The issue that a mutation promises to give back. */
export function requireIssue(issue: Issue | null | undefined): Task {
  if (issue == null) throw new HubError('provider_bad_response', 'Linear did not give back the issue that it changed.');
  return toTask(issue);
}

export function requireTime(text: string): string {
  const time = toTimestamp(text);
  if (time === null) throw new HubError('provider_bad_response', 'Linear gave a date that is none.');
  return time;
}

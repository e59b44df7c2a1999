import type { ActionContext, TaskLabel } from '@inthub/connector-sdk';
import { invalidField, type Page } from '@inthub/contracts';
import { ask } from './api.ts';
import { readIssue } from './issues.ts';
import { type PageRequest, pageVariables, toPage } from './pages.ts';
import { type Label, LabelledIssue, Labels } from './schema.ts';
import { teamFilter } from './teams.ts';

/** Labels of the team and of the whole workspace; a group of labels cannot be given to an issue. */
function usableBy(team: object): object {
  return { isGroup: { eq: false }, or: [{ team }, { team: { null: true } }] };
}

export async function listLabels(
  { projectId, ...page }: PageRequest & { projectId: string },
  ctx: ActionContext,
): Promise<Page<TaskLabel>> {
  const variables = { ...pageVariables(page), filter: usableBy(teamFilter(projectId)) };
  const { issueLabels } = await ask('Labels', variables, Labels, ctx);
  return toPage(issueLabels, ({ id, name, description, color }) => ({
    id,
    name,
    description: description || null,
    colour: color,
  }));
}

/** Ids of labels by their names. @throws HubError `invalid_request` for one that issues of the team cannot carry. */
export async function resolveLabels(
  names: readonly string[],
  { teamId, field }: { readonly teamId: string; readonly field: string },
  ctx: ActionContext,
): Promise<string[]> {
  if (names.length === 0) return [];
  const filter = { ...usableBy({ id: { eq: teamId } }), name: { in: [...names] } };
  const { issueLabels } = await ask('Labels', { first: 250, filter }, Labels, ctx);
  return names.map((name) => {
    const found = issueLabels.nodes.filter((label) => label.name === name);
    // The team's own comes before the workspace's of the same name.
    const label: Label | undefined = found.find(({ team }) => team != null) ?? found[0];
    if (label !== undefined) return label.id;
    throw invalidField(field, `Linear has no label "${name}" for this team; label.list names those that there are.`);
  });
}

export async function addLabel({ taskId, label }: { taskId: string; label: string }, ctx: ActionContext) {
  const issue = await readIssue(taskId, ctx);
  const names = issue.labels.nodes.map(({ name }) => name);
  if (names.includes(label)) return { taskId: issue.id, labels: names };
  const [labelId] = await resolveLabels([label], { teamId: issue.team.id, field: '/label' }, ctx);
  const { issueAddLabel } = await ask('AddLabel', { id: issue.id, labelId }, LabelledIssue, ctx);
  return { taskId: issue.id, labels: issueAddLabel.issue?.labels.nodes.map(({ name }) => name) ?? [...names, label] };
}

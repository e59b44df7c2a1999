/** A Linear that keeps issues; the tests check each operation and answer against the vendor's schema. */
import type { Reply, Responder, SentRequest } from '@inthub/connector-sdk/testing';
import type { QueryName } from './queries.ts';

type Variables = Readonly<Record<string, unknown>>;
type Fields = Readonly<Record<string, unknown>>;

export const operationOf = ({ body }: SentRequest) =>
  JSON.parse(Buffer.from(body ?? []).toString()) as { operationName: QueryName; query: string; variables: Variables };

const uuid = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;
const user = { id: uuid(1), displayName: 'ada' };
const teams = ['ENG', 'OPS', 'WEB'].map((key, at) => ({
  id: uuid(10 + at),
  key,
  name: `Team ${key}`,
  description: at === 0 ? 'Engineering' : null,
  archivedAt: null,
}));
const states = [
  ['Backlog', 'backlog'],
  ['In Progress', 'started'],
  ['Done', 'completed'],
].map(([name, type], at) => ({ id: uuid(20 + at), name, type }));
const labels = ['bug', 'feature', 'infra'].map((name, at) => ({
  id: uuid(30 + at),
  name,
  description: null,
  color: '#ff0000',
  team: at === 0 ? null : { id: teams[0]?.id },
}));

export const linearFixtures = {
  projectId: uuid(10),
  projectKey: 'ENG',
  projects: teams.map(({ id }) => id),
  userId: user.id,
  labels: ['bug', 'feature'] as const,
  statuses: ['In Progress', 'Done'] as const,
  missing: { projectId: uuid(999), taskId: uuid(998) },
};

interface StoredIssue {
  readonly number: number;
  input: Fields;
  labelIds: readonly string[];
  stateId: string;
  readonly comments: object[];
}

export function createFakeLinear(): Responder {
  const issues: StoredIssue[] = [];
  let count = 100;

  const find = (id: unknown) => {
    const found = issues.find(({ number }) => uuid(1000 + number) === id || `ENG-${number}` === id);
    if (found === undefined) throw notFound('Issue');
    return found;
  };
  const issueOf = ({ number, input, labelIds, stateId }: StoredIssue) => ({
    id: uuid(1000 + number),
    identifier: `ENG-${number}`,
    title: input['title'],
    description: input['description'] ?? null,
    url: `https://linear.app/acme/issue/ENG-${number}/x`,
    priority: input['priority'] ?? 0,
    estimate: input['estimate'] ?? null,
    dueDate: input['dueDate'] ?? null,
    createdAt: '2026-11-21T10:00:00.000Z',
    updatedAt: '2026-11-21T10:00:00.000Z',
    state: states.find(({ id }) => id === stateId),
    assignee: input['assigneeId'] === user.id ? user : null,
    creator: user,
    labels: { nodes: labelIds.map((id) => ({ name: labels.find((label) => label.id === id)?.name })) },
    parent: null,
    project: null,
    cycle: null,
    team: { id: teams[0]?.id, key: 'ENG' },
  });
  const done = (field: string, issue: StoredIssue) => ({ [field]: { success: true, issue: issueOf(issue) } });
  const set = (issue: StoredIssue, { labelIds, stateId, ...input }: Fields) => {
    issue.input = { ...issue.input, ...input };
    if (labelIds !== undefined) issue.labelIds = labelIds as string[];
    if (stateId !== undefined) issue.stateId = stateId as string;
  };

  const operations: Readonly<Record<QueryName, (variables: Variables) => object>> = {
    Viewer: () => ({ viewer: { id: user.id, name: 'Ada' }, organization: { name: 'Acme', urlKey: 'acme' } }),
    Teams: (variables) => {
      const key = (variables['filter'] as { key?: { eq: string } } | undefined)?.key?.eq;
      return { teams: page(key === undefined ? teams : teams.filter((team) => team.key === key), variables) };
    },
    Team: ({ id }) => {
      const team = teams.find((candidate) => candidate.id === id);
      if (team === undefined) throw notFound('Team');
      return { team: { ...team, states: { nodes: states } } };
    },
    Issues: (variables) => ({ issues: page(issues.map(issueOf).filter(matches(variables['filter'])), variables) }),
    Search: (variables) => {
      const word = String(variables['term']).toLowerCase();
      const found = issues.map(issueOf).filter(({ title }) => String(title).toLowerCase().split(' ').includes(word));
      return { searchIssues: page(found, variables) };
    },
    Issue: ({ id }) => {
      const issue = issueOf(find(id));
      return { issue: { ...issue, team: { ...issue.team, states: { nodes: states } } } };
    },
    Labels: (variables) => {
      const names = (variables['filter'] as { name?: { in: string[] } }).name?.in;
      return {
        issueLabels: page(names === undefined ? labels : labels.filter(({ name }) => names.includes(name)), variables),
      };
    },
    Comments: (variables) => ({ issue: { comments: page([...find(variables['id']).comments].reverse(), variables) } }),
    CreateIssue: ({ input }) => {
      count += 1;
      const issue: StoredIssue = { number: count, input: {}, labelIds: [], stateId: states[0]?.id ?? '', comments: [] };
      set(issue, input as Fields);
      issues.unshift(issue);
      return done('issueCreate', issue);
    },
    UpdateIssue: ({ id, input }) => {
      const issue = find(id);
      set(issue, input as Fields);
      return done('issueUpdate', issue);
    },
    AddLabel: ({ id, labelId }) => {
      const issue = find(id);
      issue.labelIds = [...issue.labelIds, String(labelId)];
      return done('issueAddLabel', issue);
    },
    CreateComment: ({ input }) => {
      const { issueId, body } = input as { issueId: string; body: string };
      const { comments } = find(issueId);
      const at = new Date(1_800_000_000_000 + comments.length * 1000).toISOString();
      const id = uuid(5000 + comments.length);
      const comment = { id, body, createdAt: at, updatedAt: at, url: `https://linear.app/acme/comment/${id}`, user };
      comments.push(comment);
      return { commentCreate: { success: true, comment } };
    },
    CreateWebhook: () => ({ webhookCreate: { success: true, webhook: { id: uuid(70) } } }),
    DeleteWebhook: ({ id }) => {
      if (id !== uuid(70)) throw notFound('Webhook');
      return { webhookDelete: { success: true } };
    },
  };

  return (request): Reply => {
    const { operationName, variables } = operationOf(request);
    try {
      return { json: { data: operations[operationName](variables) } };
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return { status: 200, json: { data: null, errors: [error.body] } };
    }
  };
}

class Refusal extends Error {
  readonly body: object;
  constructor(body: object) {
    super('refused');
    this.body = body;
  }
}

function notFound(what: string): Refusal {
  const extensions = {
    type: 'invalid input',
    code: 'INPUT_ERROR',
    userError: true,
    userPresentableMessage: `Could not find ${what}.`,
  };
  return new Refusal({ message: `Entity not found: ${what}`, path: [what.toLowerCase()], extensions });
}

interface IssueView {
  readonly state: { readonly name: string | undefined } | undefined;
  readonly assignee: { readonly id: string } | null;
  readonly labels: { readonly nodes: readonly { readonly name: string | undefined }[] };
  readonly updatedAt: string;
}

function matches(filter: unknown): (issue: IssueView) => boolean {
  const {
    state,
    assignee,
    labels: label,
    updatedAt,
  } = filter as {
    state?: { name: { eqIgnoreCase: string } };
    assignee?: { id: { eq: string } };
    labels?: { some: { name: { eq: string } } };
    updatedAt?: { gte: string };
  };
  return (issue) =>
    (state === undefined || issue.state?.name?.toLowerCase() === state.name.eqIgnoreCase.toLowerCase()) &&
    (assignee === undefined || issue.assignee?.id === assignee.id.eq) &&
    (label === undefined || issue.labels.nodes.some(({ name }) => name === label.some.name.eq)) &&
    (updatedAt === undefined || issue.updatedAt >= updatedAt.gte);
}

function page<Node>(nodes: readonly Node[], { first, after }: Variables) {
  const start = after === undefined ? 0 : Number(after);
  const end = start + Number(first);
  return { nodes: nodes.slice(start, end), pageInfo: { hasNextPage: end < nodes.length, endCursor: String(end) } };
}

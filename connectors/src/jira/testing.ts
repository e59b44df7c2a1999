/** A Jira that keeps issues: Cloud's v3, shaped by its OpenAPI document, and the part of v2 that Server has. */
import type { Reply, Responder, SentRequest } from '@inthub/connector-sdk/testing';

type Fields = Record<string, unknown>;
interface StoredIssue {
  readonly number: number;
  fields: Fields;
  status: number;
  readonly comments: object[];
}

const statuses = [
  ['To Do', 'new'],
  ['In Progress', 'indeterminate'],
  ['Done', 'done'],
].map(([name, key], at) => ({
  id: String(10_000 + at),
  name,
  statusCategory: { id: at + 2, key, name, colorName: 'blue-gray' },
}));
const projects = ['PROJ', 'OPS', 'WEB'].map((key, at) => ({
  id: String(20_000 + at),
  key,
  name: `Project ${key}`,
  description: '',
}));
const labels = ['bug', 'feature', 'infra'];
const created = '2026-11-21T11:00:00.000+0100';

export const jiraFixtures = {
  projectId: '20000',
  projectKey: 'PROJ',
  projects: projects.map(({ id }) => id),
  userId: '5b10a2844c20165700ede21g',
  labels: ['bug', 'feature'] as const,
  statuses: ['In Progress', 'Done'] as const,
  missing: { projectId: '29999', taskId: 'PROJ-9999' },
};
export const pointsField = 'customfield_10016';
const user = { accountId: jiraFixtures.userId, displayName: 'Ada', active: true };
const serverUser = { name: jiraFixtures.userId, displayName: 'Ada', active: true };

export function createFakeJira(): Responder {
  const issues: StoredIssue[] = [];

  const find = (idOrKey: string) => issues.find(({ number }) => [String(number), `PROJ-${number}`].includes(idOrKey));
  const issueOf = ({ number, fields, status }: StoredIssue, isCloud: boolean) => {
    const { assignee, ...rest } = fields;
    const person = isCloud ? user : serverUser;
    return {
      id: String(number),
      key: `PROJ-${number}`,
      self: `https://acme.example/rest/api/issue/${number}`,
      fields: {
        description: null,
        priority: { id: '3', name: 'Medium' },
        labels: [],
        duedate: null,
        [pointsField]: null,
        ...rest,
        assignee: assignee ? person : null,
        reporter: person,
        status: statuses[status],
        created,
        updated: created,
        project: { id: '20000', key: 'PROJ', name: 'Project PROJ' },
        issuetype: { id: '1', name: 'Task' },
      },
    };
  };
  const set = (
    issue: StoredIssue,
    { fields = {}, update }: { fields?: Fields; update?: { labels: { add: string }[] } },
  ) => {
    issue.fields = { ...issue.fields, ...fields };
    for (const { add } of update?.labels ?? []) {
      const had = (issue.fields['labels'] ?? []) as string[];
      issue.fields['labels'] = had.includes(add) ? had : [...had, add];
    }
  };

  const answer = (path: string, request: SentRequest, isCloud: boolean): Reply => {
    const { method, url } = request;
    const query = url.searchParams;
    const body = request.body === null ? {} : (JSON.parse(Buffer.from(request.body).toString()) as Fields);
    const startAt = Number(query.get('startAt') ?? 0);
    const maxResults = Number(query.get('maxResults') ?? 50);
    const paged = <Item>(all: readonly Item[]) => ({
      startAt,
      maxResults,
      total: all.length,
      isLast: startAt + maxResults >= all.length,
      values: all.slice(startAt, startAt + maxResults),
    });
    switch (`${method} ${path}`) {
      case 'GET /myself':
        return { json: isCloud ? user : serverUser };
      case 'GET /serverInfo':
        return {
          json: { baseUrl: 'https://acme.example', version: '1001.0.0', deploymentType: isCloud ? 'Cloud' : 'Server' },
        };
      case 'GET /project/search':
        return { json: paged(projects) };
      case 'GET /project':
        return { json: projects };
      case 'GET /label':
        return { json: paged(labels) };
      case 'GET /jql/autocompletedata/suggestions':
        return { json: { results: labels.map((value) => ({ value, displayName: `<b></b>${value}` })) } };
      case 'POST /search/jql': {
        const from = Number(body['nextPageToken'] ?? 0);
        const found = matching(
          String(body['jql']),
          issues.map((issue) => issueOf(issue, true)),
        );
        const end = from + Number(body['maxResults']);
        return {
          json: {
            issues: found.slice(from, end),
            isLast: end >= found.length,
            ...(end < found.length ? { nextPageToken: String(end) } : {}),
          },
        };
      }
      case 'POST /search': {
        const found = matching(
          String(body['jql']),
          issues.map((issue) => issueOf(issue, false)),
        );
        const from = Number(body['startAt']);
        return { json: { issues: found.slice(from, from + Number(body['maxResults'])), total: found.length } };
      }
      case 'POST /issue': {
        const issue: StoredIssue = { number: 101 + issues.length, fields: {}, status: 0, comments: [] };
        const { project: _project, issuetype: _type, ...fields } = body['fields'] as Fields;
        set(issue, { fields });
        issues.unshift(issue);
        return {
          status: 201,
          json: { id: String(issue.number), key: `PROJ-${issue.number}`, self: 'https://acme.example/x' },
        };
      }
    }
    const project = /^\/project\/([^/]+)(\/statuses)?$/.exec(path);
    if (project !== null) {
      const found = projects.find(({ id, key }) => id === project[1] || key === project[1]);
      if (found === undefined) return absent('No project could be found.');
      return {
        json:
          project[2] === undefined
            ? found
            : [{ id: '1', name: 'Task', self: 'https://acme.example/t', subtask: false, statuses }],
      };
    }
    const [, key = '', below = ''] = /^\/issue\/([^/]+)(\/\w+)?$/.exec(path) ?? [];
    const issue = find(decodeURIComponent(key));
    if (issue === undefined) return absent('Issue does not exist or you do not have permission to see it.');
    switch (`${method} ${below}`) {
      case 'GET ':
        return { json: issueOf(issue, isCloud) };
      case 'PUT ':
        set(issue, body);
        return { status: 204 };
      case 'GET /transitions':
        return {
          json: {
            transitions: statuses.flatMap((to, at) =>
              at === issue.status ? [] : [{ id: String(11 + at), name: `Go to ${to.name}`, to }],
            ),
          },
        };
      case 'POST /transitions':
        issue.status = Number((body['transition'] as { id: string }).id) - 11;
        return { status: 204 };
      case 'GET /comment':
        return {
          json: {
            startAt,
            maxResults,
            total: issue.comments.length,
            comments: issue.comments.slice(startAt, startAt + maxResults),
          },
        };
      case 'POST /comment': {
        const comment = {
          id: String(500 + issue.comments.length),
          body: body['body'],
          author: isCloud ? user : serverUser,
          created,
          updated: created,
        };
        issue.comments.push(comment);
        return { status: 201, json: comment };
      }
      default:
        return absent('There is no such resource.');
    }
  };

  return (request) => {
    const [, version, path] = /^\/rest\/api\/([23])(\/.*)$/.exec(request.url.pathname) ?? [];
    return path === undefined ? undefined : answer(path, request, version === '3');
  };
}

const absent = (message: string): Reply => ({ status: 404, json: { errorMessages: [message], errors: {} } });

interface IssueView {
  readonly fields: Readonly<Record<string, unknown>>;
}

/** As much of JQL as the connector writes. */
function matching(jql: string, issues: readonly IssueView[]): readonly IssueView[] {
  const value = (field: string) => new RegExp(`\\b${field} (?:=|~) "([^"]*)"`).exec(jql)?.[1];
  const [status, assignee, label, text] = ['status', 'assignee', 'labels', 'text'].map(value);
  const since = Number(/updated >= (\d+)/.exec(jql)?.[1] ?? 0);
  return issues.filter(({ fields }) => {
    const words = String(fields['summary']).toLowerCase().split(' ');
    const user = fields['assignee'] as { accountId?: string; name?: string } | null;
    return (
      (status === undefined || (fields['status'] as { name: string }).name === status) &&
      (assignee === undefined || (user?.accountId ?? user?.name) === assignee) &&
      (label === undefined || (fields['labels'] as string[]).includes(label)) &&
      (text === undefined || text.split(' ').every((word) => words.includes(word))) &&
      Date.parse('2026-11-21T10:00:00.000Z') >= since
    );
  });
}

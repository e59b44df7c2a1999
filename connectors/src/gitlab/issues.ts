/** Source: docs.gitlab.com/api/issues. */
import type { ActionContext, FoundIssue, HttpResponse, Issue, SourceControlHandlers } from '@inthub/connector-sdk';
import type { Static } from 'typebox';
import { call, listPage, pageOf, path, projectPath, totalOf } from './api.ts';
import { idsOf, loginOf } from './people.ts';
import { IssueFields, Issues } from './schema.ts';
import { timestamp } from './timestamp.ts';

function toIssue(issue: Static<typeof IssueFields>): Issue {
  return {
    id: String(issue.id),
    number: issue.iid,
    title: issue.title,
    body: issue.description ?? '',
    state: issue.state === 'opened' ? 'open' : 'closed',
    author: loginOf(issue.author),
    assignees: (issue.assignees ?? []).map(loginOf),
    labels: [...issue.labels],
    createdAt: timestamp(issue.created_at),
    updatedAt: timestamp(issue.updated_at),
    url: issue.web_url,
  };
}

/** `references.full` is `group/project#1`. */
function toFoundIssue(issue: Static<typeof IssueFields>): FoundIssue {
  return { ...toIssue(issue), repository: (issue.references?.full ?? '').replace(/#\d+$/, '') };
}

const stateNames = { open: 'opened', closed: 'closed', all: 'all' } as const;

/** Undefined leaves them alone; GitLab takes 0 for nobody. */
async function assigneeIds(logins: readonly string[] | undefined, ctx: ActionContext): Promise<number[] | undefined> {
  if (logins === undefined) return undefined;
  return logins.length === 0 ? [0] : idsOf(logins, ctx);
}

export const issueHandlers: SourceControlHandlers = {
  'issue.list': async ({ owner, repo, state = 'open', labels, assignee, since, ...page }, ctx) => {
    const query = {
      state: stateNames[state],
      labels: labels?.join(','),
      assignee_username: assignee,
      updated_after: since,
      order_by: 'created_at',
      sort: 'desc',
    };
    const read = async (response: HttpResponse) => (await response.json(Issues)).map(toIssue);
    return listPage({ path: projectPath({ owner, repo }, '/issues'), query, read }, page, ctx);
  },
  'issue.create': async ({ owner, repo, title, body, labels, assignees }, ctx) => {
    const assignee_ids = assignees === undefined || assignees.length === 0 ? undefined : await idsOf(assignees, ctx);
    const response = await call('POST', projectPath({ owner, repo }, '/issues'), ctx, {
      json: { title, description: body, labels, assignee_ids },
    });
    return toIssue(await response.json(IssueFields));
  },
  'issue.update': async ({ owner, repo, number, title, body, state, labels, assignees }, ctx) => {
    const response = await call('PUT', projectPath({ owner, repo }, path`/issues/${number}`), ctx, {
      json: {
        title,
        description: body,
        state_event: state === undefined ? undefined : state === 'open' ? 'reopen' : 'close',
        labels,
        assignee_ids: await assigneeIds(assignees, ctx),
      },
    });
    return toIssue(await response.json(IssueFields));
  },
  /** Words in titles and descriptions; of a project, of a group with those below it, or of all that the credential sees. */
  'search.issues': async ({ query: search, owner, repo, state = 'all', cursor, limit }, ctx) => {
    const where =
      owner === undefined
        ? '/issues'
        : repo === undefined
          ? path`/groups/${owner}/issues`
          : projectPath({ owner, repo }, '/issues');
    let totalCount: number | null = null;
    const read = async (response: HttpResponse) => {
      totalCount = totalOf(response);
      return (await response.json(Issues)).map(toFoundIssue);
    };
    const query = { search, state: stateNames[state], scope: 'all', order_by: 'created_at', sort: 'desc' };
    const page = await listPage({ path: where, query, read }, pageOf(cursor, limit), ctx);
    return { ...page, totalCount, isIncomplete: false };
  },
};

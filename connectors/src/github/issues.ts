import type { Issue, SourceControlHandlers } from '@inthub/connector-sdk';
import type { Static } from 'typebox';
import { call, listPage } from './api.ts';
import { labelsOf, loginOf } from './people.ts';
import { IssueFields, Issues } from './schema.ts';
import { timestamp } from './timestamp.ts';

export function toIssue(issue: Static<typeof IssueFields>): Issue {
  return {
    id: String(issue.id),
    number: issue.number,
    title: issue.title,
    body: issue.body ?? '',
    state: issue.state === 'open' ? 'open' : 'closed',
    author: loginOf(issue.user),
    assignees: (issue.assignees ?? []).map(({ login }) => login),
    labels: labelsOf(issue.labels),
    createdAt: timestamp(issue.created_at),
    updatedAt: timestamp(issue.updated_at),
    url: issue.html_url,
  };
}

export const issueHandlers: SourceControlHandlers = {
  'issue.list': async ({ owner, repo, state = 'open', labels, assignee, since, ...page }, ctx) =>
    listPage(
      'GET /repos/{owner}/{repo}/issues',
      { owner, repo, state, labels: labels?.join(','), assignee, since },
      page,
      // GitHub lists pull requests among the issues (docs.github.com/rest/issues/issues), so a page may hold fewer.
      async (response) =>
        (await response.json(Issues)).filter(({ pull_request }) => pull_request === undefined).map(toIssue),
      ctx,
    ),
  'issue.create': async ({ owner, repo, title, body, labels, assignees }, ctx) => {
    const response = await call(
      'POST /repos/{owner}/{repo}/issues',
      { owner, repo, title, body, labels, assignees },
      ctx,
    );
    return toIssue(await response.json(IssueFields));
  },
  'issue.update': async ({ owner, repo, number, title, body, state, labels, assignees }, ctx) => {
    const response = await call(
      'PATCH /repos/{owner}/{repo}/issues/{issue_number}',
      { owner, repo, issue_number: number, title, body, state, labels, assignees },
      ctx,
    );
    return toIssue(await response.json(IssueFields));
  },
};

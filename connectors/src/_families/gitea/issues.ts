import { type ActionContext, eachPage, type Issue, type SourceControlHandlers } from '@inthub/connector-sdk';
import { HubError, invalidField } from '@inthub/contracts';
import type { Static } from 'typebox';
import { listPage, path, totalOf } from './api.ts';
import { loginOf, loginsOf, namesOf, timestamp } from './people.ts';
import { IssueFields, Issues, Labels } from './schema.ts';

function toIssue(issue: Static<typeof IssueFields>): Issue {
  return {
    id: String(issue.id),
    number: issue.number,
    title: issue.title,
    body: issue.body ?? '',
    state: issue.state === 'open' ? 'open' : 'closed',
    author: loginOf(issue.user),
    assignees: loginsOf(issue.assignees),
    labels: namesOf(issue.labels),
    createdAt: timestamp(issue.created_at),
    updatedAt: timestamp(issue.updated_at),
    url: issue.html_url,
  };
}

interface At {
  readonly owner: string;
  readonly repo: string;
}

/** The ids that labels are set by, of the repository's labels or else its organisation's. @throws HubError `invalid_request` */
async function labelIds({ owner, repo }: At, names: readonly string[], ctx: ActionContext): Promise<number[]> {
  const ids = new Map<string, number>();
  const search = async (labels: string) => {
    const fetch = (cursor: string | undefined) =>
      listPage(labels, {}, { cursor, limit: 50 }, (response) => response.json(Labels), ctx);
    for await (const page of eachPage({ fetch, signal: ctx.signal })) {
      for (const { name, id } of page) if (!ids.has(name)) ids.set(name, id);
      if (names.every((name) => ids.has(name))) return;
    }
  };
  if (names.length > 0) await search(path`/repos/${owner}/${repo}/labels`);
  if (names.some((name) => !ids.has(name))) {
    try {
      await search(path`/orgs/${owner}/labels`);
    } catch (error) {
      // The owner is a user, who has no labels, or the token may not read organisations.
      if (!(error instanceof HubError) || !/^provider_(?:not_found|forbidden)$/.test(error.code)) throw error;
    }
  }
  return names.map((name) => {
    const id = ids.get(name);
    if (id === undefined)
      throw invalidField('/labels', `names "${name}", which is no label of ${owner}/${repo}; make it first.`, 'enum');
    return id;
  });
}

export const issueHandlers: SourceControlHandlers = {
  'issue.list': async ({ owner, repo, state = 'open', labels = [], assignee, since, ...page }, ctx) => {
    // The server finds issues with any of the labels, splits names at commas and forgets those that it does not know.
    const first = labels.find((label) => !label.includes(','));
    return listPage(
      path`/repos/${owner}/${repo}/issues`,
      { type: 'issues', state, labels: first, assigned_by: assignee, since },
      page,
      async (response) =>
        (await response.json(Issues))
          .map(toIssue)
          .filter((issue) => labels.every((name) => issue.labels.includes(name))),
      ctx,
    );
  },
  'issue.create': async ({ owner, repo, title, body, labels, assignees }, ctx) => {
    const ids = labels === undefined ? undefined : await labelIds({ owner, repo }, labels, ctx);
    const json = { title, body, labels: ids, assignees };
    return toIssue(await (await ctx.http.post(path`/repos/${owner}/${repo}/issues`, { json })).json(IssueFields));
  },
  'issue.update': async ({ owner, repo, number, labels, ...changes }, ctx) => {
    const issue = path`/repos/${owner}/${repo}/issues/${number}`;
    if (labels !== undefined) {
      const ids = await labelIds({ owner, repo }, labels, ctx);
      await ctx.http.put(`${issue}/labels`, { json: { labels: ids } });
    }
    const response =
      Object.keys(changes).length > 0 ? await ctx.http.patch(issue, { json: changes }) : await ctx.http.get(issue);
    return toIssue(await response.json(IssueFields));
  },
  'search.issues': async ({ query, owner, repo, state = 'all', cursor, limit }, ctx) => {
    const told: { totalCount: number | null } = { totalCount: null };
    const isOneRepository = owner !== undefined && repo !== undefined;
    const { items, nextCursor } = await listPage(
      isOneRepository ? path`/repos/${owner}/${repo}/issues` : path`/repos/issues/search`,
      { q: query, type: 'issues', state, ...(isOneRepository ? {} : { owner }) },
      { cursor, limit },
      async (response) => {
        told.totalCount = totalOf(response);
        return response.json(Issues);
      },
      ctx,
    );
    return {
      items: items.map((found) => ({
        ...toIssue(found),
        repository: found.repository?.full_name ?? `${owner}/${repo}`,
      })),
      nextCursor,
      totalCount: told.totalCount,
      isIncomplete: false,
    };
  },
};

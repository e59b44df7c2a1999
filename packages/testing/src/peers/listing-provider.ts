/**
 * A provider with as many repositories and issues as wanted, in the shapes and with the paging of GitHub (numbered pages, Link, ETag) and of
 * Jira Cloud (page tokens). Every item is made when it is asked for, so the provider itself takes no memory for them. Fields and weight follow
 * docs.github.com/rest/repos/repos, docs.github.com/rest/issues/issues and Jira Cloud's OpenAPI document 1001.0.0; a stub, which answers
 * lists and the requests of a connection test.
 */
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { listenOnLoopback } from './loopback-server.ts';

export interface StartListingProviderOptions {
  /** Repositories of the user, issues of each repository, issues of the Jira project. */
  readonly items: number;
}

/** A page of a list, as the provider was asked for it. */
export interface AskedPage {
  readonly path: string;
  /** Number of the first item, from 0. */
  readonly first: number;
  /** Items asked for. */
  readonly size: number;
  /** Items given. */
  readonly given: number;
}

export interface ListingProvider {
  /** `http://127.0.0.1:port`: GitHub's API at `/`, Jira's at `/rest/api/3`. */
  readonly url: string;
  readonly port: number;
  /** Every page so far, in order. */
  readonly pages: readonly AskedPage[];
  stop(): Promise<void>;
}

const maxPageSize = 100;
const time = '2026-01-02T03:04:05Z';

export async function startListingProvider({ items }: StartListingProviderOptions): Promise<ListingProvider> {
  const pages: AskedPage[] = [];
  let origin = '';

  /** Numbered pages; a size beyond the largest is cut to it, as GitHub does. */
  function numbered(url: URL, make: (at: number) => object) {
    const size = Math.min(Number(url.searchParams.get('per_page') ?? 30), maxPageSize);
    const number = Number(url.searchParams.get('page') ?? 1);
    const found = range((number - 1) * size, size, items);
    pages.push({ path: url.pathname, first: (number - 1) * size, size, given: found.length });
    const link = (page: number, rel: string) => {
      const target = new URL(url);
      target.searchParams.set('page', String(page));
      return `<${target.href}>; rel="${rel}"`;
    };
    const last = Math.max(1, Math.ceil(items / size));
    const links = number < last ? [link(number + 1, 'next'), link(last, 'last')] : [link(1, 'first')];
    return { json: found.map(make), headers: { link: links.join(', ') } };
  }

  /** Pages behind a token that only the provider reads. */
  function behindToken(path: string, given: { maxResults?: number; nextPageToken?: string }) {
    const size = Math.min(given.maxResults ?? 50, maxPageSize);
    const first = given.nextPageToken === undefined ? 0 : Number(Buffer.from(given.nextPageToken, 'base64').toString());
    const found = range(first, size, items);
    pages.push({ path, first, size, given: found.length });
    const end = first + found.length;
    const next = end < items ? { nextPageToken: Buffer.from(String(end)).toString('base64') } : {};
    return { json: { issues: found.map((at) => jiraIssue(origin, at)), isLast: end >= items, ...next } };
  }

  async function answer(
    request: IncomingMessage,
  ): Promise<{ json: unknown; headers?: Record<string, string> } | undefined> {
    const url = new URL(request.url ?? '/', origin);
    switch (`${request.method} ${url.pathname}`) {
      case 'GET /user':
        return { json: { login: 'octo', id: 1 } };
      case 'GET /meta':
        return { json: { verifiable_password_authentication: false } };
      case 'GET /user/repos':
        return numbered(url, (at) => repository(origin, at));
      case 'GET /repos/octo/bulk/issues':
        return numbered(url, (at) => issue(origin, at));
      case 'GET /rest/api/3/serverInfo':
        return { json: { baseUrl: origin, version: '1001.0.0-SNAPSHOT', deploymentType: 'Cloud' } };
      case 'GET /rest/api/3/myself':
        return { json: person };
      case 'POST /rest/api/3/search/jql':
        return behindToken(url.pathname, JSON.parse(Buffer.concat(await request.toArray()).toString()));
      default:
        return undefined;
    }
  }

  async function respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const found = request.headers.authorization === undefined ? undefined : await answer(request);
    if (found === undefined) {
      const status = request.headers.authorization === undefined ? 401 : 404;
      response.writeHead(status, { 'content-type': 'application/json' }).end('{"message":"refused"}');
      return;
    }
    const body = JSON.stringify(found.json);
    const etag = `W/"${createHash('sha256').update(body).digest('hex')}"`;
    const headers = { ...found.headers, etag, 'content-type': 'application/json; charset=utf-8' };
    if (request.method === 'GET' && request.headers['if-none-match'] === etag) response.writeHead(304, headers).end();
    else response.writeHead(200, { ...headers, 'content-length': Buffer.byteLength(body) }).end(body);
  }

  const server = await listenOnLoopback(
    createServer((request, response) => {
      respond(request, response).catch(() => response.writeHead(500).end());
    }),
  );
  origin = `http://127.0.0.1:${server.port}`;
  return { url: origin, port: server.port, pages, stop: () => server.stop() };
}

function range(first: number, size: number, total: number): number[] {
  return Array.from({ length: Math.max(0, Math.min(size, total - first)) }, (_, at) => first + at);
}

const padded = (at: number) => String(at + 1).padStart(6, '0');

/** The addresses that stand in every repository of GitHub and make most of its weight. */
const addresses = [
  'archive',
  'assignees',
  'blobs',
  'branches',
  'collaborators',
  'comments',
  'commits',
  'compare',
  'contents',
  'contributors',
  'deployments',
  'downloads',
  'events',
  'forks',
  'git_commits',
  'git_refs',
  'git_tags',
  'hooks',
  'issue_comment',
  'issue_events',
  'issues',
  'keys',
  'labels',
  'languages',
  'merges',
  'milestones',
  'notifications',
  'pulls',
  'releases',
  'stargazers',
  'statuses',
  'subscribers',
  'subscription',
  'tags',
  'teams',
  'trees',
];

const owner = (origin: string) => ({
  login: 'octo',
  id: 1,
  type: 'User',
  url: `${origin}/users/octo`,
  html_url: `${origin}/octo`,
  avatar_url: `${origin}/octo.png`,
  site_admin: false,
});

function repository(origin: string, at: number): object {
  const name = `repo-${padded(at)}`;
  const url = `${origin}/repos/octo/${name}`;
  return {
    id: at + 1,
    node_id: `R_${padded(at)}`,
    name,
    full_name: `octo/${name}`,
    owner: owner(origin),
    private: at % 2 === 0,
    html_url: `${origin}/octo/${name}`,
    description: `Repository ${at + 1} of many, described in a sentence of ordinary length.`,
    fork: false,
    url,
    ...Object.fromEntries(addresses.map((kind) => [`${kind}_url`, `${url}/${kind}{/id}`])),
    clone_url: `${origin}/octo/${name}.git`,
    default_branch: 'main',
    archived: false,
    language: 'TypeScript',
    created_at: time,
    updated_at: time,
    pushed_at: time,
  };
}

function issue(origin: string, at: number): object {
  const url = `${origin}/repos/octo/bulk/issues/${at + 1}`;
  return {
    id: 1_000_000 + at,
    node_id: `I_${padded(at)}`,
    number: at + 1,
    state: 'open',
    title: `Issue ${padded(at)}`,
    body: `What happened, what was expected, and how to see it. ${'Steps and logs. '.repeat(60)}`,
    user: owner(origin),
    assignees: [owner(origin)],
    labels: [{ id: 1, name: 'bug', color: 'ff0000', description: null, default: true, url: `${url}/labels/bug` }],
    created_at: time,
    updated_at: time,
    url,
    html_url: `${origin}/octo/bulk/issues/${at + 1}`,
    repository_url: `${origin}/repos/octo/bulk`,
  };
}

const person = { accountId: '5b10a2844c20165700ede21g', displayName: 'Ada', active: true };

function jiraIssue(origin: string, at: number): object {
  const text = `What happened, what was expected, and how to see it. ${'Steps and logs. '.repeat(60)}`;
  return {
    id: String(1_000_000 + at),
    key: `BULK-${at + 1}`,
    self: `${origin}/rest/api/3/issue/${1_000_000 + at}`,
    fields: {
      summary: `Issue ${padded(at)}`,
      description: { type: 'doc', version: 1, content: [{ type: 'paragraph', content: [{ type: 'text', text }] }] },
      status: { id: '10000', name: 'To Do', statusCategory: { id: 2, key: 'new', name: 'To Do' } },
      priority: { id: '3', name: 'Medium' },
      assignee: person,
      reporter: person,
      labels: ['bug'],
      created: '2026-01-02T03:04:05.000+0000',
      updated: '2026-01-02T03:04:05.000+0000',
      duedate: null,
      project: { id: '20000', key: 'BULK', name: 'Bulk' },
      issuetype: { id: '1', name: 'Task' },
    },
  };
}

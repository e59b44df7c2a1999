/** A fake of Gitea's API that keeps state; its answers are typed by gitea-js and held to the vendor's description in the tests. */
import { createHash } from 'node:crypto';
import type { Reply, Responder, SentRequest } from '@inthub/connector-sdk/testing';
import type * as Gitea from 'gitea-js';

export const at = '2026-11-21T10:00:00Z';
const page = 'https://git.internal.example';
export const shaOf = (text: string) => createHash('sha1').update(text).digest('hex');

export interface FakeRepository {
  readonly info: Gitea.Repository & { readonly name: string; readonly owner: Gitea.User };
  readonly branches: Map<string, string>;
  readonly tags: Map<string, string>;
  readonly labels: readonly { readonly id: number; readonly name: string }[];
  readonly pulls: (Gitea.PullRequest & { readonly number: number })[];
  readonly issues: (Gitea.Issue & { readonly number: number })[];
  readonly comments: (Gitea.Comment & { readonly id: number; readonly of: number })[];
  readonly reviews: (Gitea.PullReview & { readonly id: number; readonly of: number; readonly remarks: Remark[] })[];
  readonly hooks: Set<number>;
}
export type Remark = { readonly path: string; readonly body: string; readonly new_position?: number };

export interface FakeCommit {
  readonly sha: string;
  readonly parent: string | undefined;
  readonly message: string;
  /** Content by path. */
  readonly files: Readonly<Record<string, Buffer>>;
}

export const user = (login: string): Gitea.User & { login: string } => ({
  id: login.length,
  login,
  full_name: login,
  email: `${login}@example.com`,
  html_url: `${page}/${login}`,
});

/** Pages by `page` and `limit`, at most 50, and a Link header made of another address than was asked, as behind a proxy. */
export function paged(
  request: SentRequest,
  all: readonly unknown[],
  wrap = (items: unknown[]): unknown => items,
): Reply {
  const { url } = request;
  const number = Number(url.searchParams.get('page') ?? 1);
  const size = Math.min(Number(url.searchParams.get('limit') ?? 30), 50);
  const next = `<${page}${url.pathname}?page=${number + 1}&limit=${size}>; rel="next",<${page}/>; rel="last"`;
  return {
    json: wrap(all.slice((number - 1) * size, number * size)),
    headers: { 'x-total-count': String(all.length), ...(number * size < all.length ? { link: next } : {}) },
  };
}

export const problem = (status: number, message: string): Reply => ({
  status,
  json: { message, url: `${page}/api/swagger` },
});
export const notFound = problem(404, "The target couldn't be found.");
export const bodyOf = ({ body }: SentRequest) =>
  JSON.parse(Buffer.from(body ?? []).toString()) as Record<string, unknown>;

export function toCommit({ sha, parent, message }: FakeCommit, detail = false): Gitea.Commit {
  const person = { name: 'Ünï', email: 'uni@example.com', date: at };
  return {
    sha,
    url: `${page}/${sha}`,
    html_url: `${page}/commit/${sha}`,
    created: at,
    commit: {
      message,
      author: person,
      committer: person,
      tree: { sha: shaOf(`${sha}:`), url: page, created: at },
      url: page,
    },
    parents: parent === undefined ? [] : [{ sha: parent, url: page, created: at }],
    ...(detail
      ? { stats: { total: 3, additions: 2, deletions: 1 }, files: [{ filename: 'a.txt', status: 'added' }] }
      : {}),
  };
}

/** Entries of a folder: of a commit's tree by the tree's id, which is that of `<commit>:<folder>`. */
export function treeOf(commits: readonly FakeCommit[], tree: string, recursive: boolean): Gitea.GitEntry[] | undefined {
  for (const { sha, files } of commits) {
    const folders = new Set(['']);
    for (const file of Object.keys(files)) {
      const parts = file.split('/');
      for (let end = 1; end < parts.length; end += 1) folders.add(parts.slice(0, end).join('/'));
    }
    const folder = [...folders].find((name) => shaOf(`${sha}:${name}`) === tree);
    if (folder === undefined) continue;
    const prefix = folder === '' ? '' : `${folder}/`;
    const below = (name: string) => name.startsWith(prefix) && name !== folder && name !== '';
    const own = (name: string) => recursive || !name.slice(prefix.length).includes('/');
    return [
      ...[...folders]
        .filter(below)
        .filter(own)
        .map((name) => ({
          path: name.slice(prefix.length),
          mode: '040000',
          type: 'tree',
          sha: shaOf(`${sha}:${name}`),
          size: 0,
          url: page,
        })),
      ...Object.keys(files)
        .filter(below)
        .filter(own)
        .map((name) => ({
          path: name.slice(prefix.length),
          mode: '100644',
          type: 'blob',
          sha: shaOf(`blob ${name}`),
          size: files[name]?.length ?? 0,
          url: page,
        })),
    ];
  }
  return undefined;
}

export function repository(id: number, owner: string, name: string): FakeRepository {
  const fullName = `${owner}/${name}`;
  return {
    info: {
      id,
      owner: user(owner),
      name,
      full_name: fullName,
      description: '',
      private: true,
      html_url: `${page}/${fullName}`,
      clone_url: `${page}/${fullName}.git`,
      default_branch: 'trunk',
      archived: false,
      language: '',
      created_at: at,
      updated_at: at,
    },
    branches: new Map(),
    tags: new Map(),
    labels: [
      { id: 11, name: 'bug' },
      { id: 12, name: 'help, please' },
    ],
    pulls: [],
    issues: [],
    comments: [],
    reviews: [],
    hooks: new Set(),
  };
}

/** The first responder whose method and path fit; the groups of the path are given, decoded. */
export function route(
  routes: readonly (readonly [string, RegExp, (groups: string[], request: SentRequest) => Reply])[],
): Responder {
  return (request) => {
    const path = request.url.pathname.replace(/^\/api\/v1/, '');
    for (const [method, pattern, answer] of routes) {
      const found = request.method === method ? pattern.exec(path) : null;
      if (found !== null) return answer(found.slice(1).map(decodeURIComponent), request);
    }
    return undefined;
  };
}

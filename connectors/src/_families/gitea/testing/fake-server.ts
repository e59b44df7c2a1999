/** Routes of the fake; two owners' repositories, the first of which the suites write to. */
import type { Reply, Responder, SentRequest } from '@inthub/connector-sdk/testing';
import { actions } from './fake-actions.ts';
import {
  at,
  bodyOf,
  type FakeCommit,
  type FakeRepository,
  notFound,
  paged,
  problem,
  repository,
  route,
  shaOf,
  toCommit,
  treeOf,
  user,
} from './fake-data.ts';
import { discussions, listIssues, pulls } from './fake-discussions.ts';

export const token = 'canary-bearer-token-7f3a9c51e0';
export const textFile = { path: 'docs/über uns.md', content: '# Guide\n\nGrüße 日本 👩‍👩‍👧\n' };
export const binaryFile = { path: 'logo.bin', base64: Buffer.from([0, 255, 254, 128, 1]).toString('base64') };
const largeFile = { path: 'large.txt', content: 'x'.repeat(4000) };
export const files = ['README.md', textFile.path, binaryFile.path, largeFile.path];

function commits(): FakeCommit[] {
  const first = {
    sha: shaOf('one'),
    parent: undefined,
    message: 'First',
    files: { 'README.md': Buffer.from('# Hi\n') },
  };
  const all = {
    ...first.files,
    [textFile.path]: Buffer.from(textFile.content),
    [binaryFile.path]: Buffer.from(binaryFile.base64, 'base64'),
    [largeFile.path]: Buffer.from(largeFile.content),
  };
  const second = { sha: shaOf('two'), parent: first.sha, message: 'Second „日本“\n\nBody', files: all };
  const branch = (name: string) => ({ sha: shaOf(name), parent: second.sha, message: name, files: all });
  return [first, second, branch('feature/one'), branch('feature/two')];
}

/** What the products name differently. */
export interface FakeOptions {
  /** Field of MergePullRequestOption that names the method. */
  readonly mergeMethod: 'do' | 'Do';
  readonly version: string;
}

/** @param options Default Gitea. */
export function createFakeServer(options: FakeOptions = { mergeMethod: 'do', version: '1.26.3' }): Responder {
  const history = commits();
  const main = repository(1, 'octo', 'hello');
  main.branches
    .set('trunk', shaOf('two'))
    .set('feature/one', shaOf('feature/one'))
    .set('feature/two', shaOf('feature/two'));
  main.tags.set('v1.0.0', shaOf('one')).set('v1.1.0', shaOf('two'));
  const repositories = [
    main,
    repository(2, 'octo', 'second'),
    repository(3, 'org', 'third'),
    repository(4, 'octo', 'empty'),
  ];
  for (const { branches, info } of repositories.slice(1, 3))
    if (info.name !== 'empty') branches.set('trunk', shaOf('one'));

  const commitOf = (repo: FakeRepository, ref = 'trunk') =>
    history.find(({ sha }) => sha === (repo.branches.get(ref) ?? repo.tags.get(ref) ?? ref));
  const server = route([
    ['GET', /^\/version$/, () => ({ json: { version: options.version } })],
    ['GET', /^\/user$/, () => ({ json: user('octo') })],
    ['GET', /^\/repos\/search$/, (_path, request) => search(repositories, request)],
    [
      'GET',
      /^\/orgs\/([^/]+)\/repos$/,
      ([owner], request) => (owner === 'org' ? ownedBy(repositories, 'org', request) : notFound),
    ],
    ['GET', /^\/orgs\/([^/]+)\/labels$/, () => notFound],
    ['GET', /^\/users\/([^/]+)\/repos$/, ([owner], request) => ownedBy(repositories, owner ?? '', request)],
    ['GET', /^\/repos\/issues\/search$/, (_path, request) => listIssues(main, request)],
  ]);
  return (request, signal) => {
    if (request.headers['authorization'] !== `token ${token}`)
      return problem(401, 'user does not exist [uid: 0, name: ]');
    const [, owner = '', name = '', rest = ''] =
      /^\/api\/v1\/repos\/([^/]+)\/([^/]+)(\/.*)?$/.exec(request.url.pathname) ?? [];
    const common = server(request, signal);
    if (common !== undefined) return common;
    const repo = repositories.find(({ info }) => info.full_name === `${owner}/${name}`);
    if (repo === undefined) return notFound;
    if (rest === '') return { json: repo.info };
    const inside = { ...request, url: new URL(`/api/v1${rest}${request.url.search}`, request.url) };
    return (
      code(repo, history, commitOf)(inside, signal) ??
      discussions(repo)(inside, signal) ??
      actions(repo)(inside, signal) ??
      pulls(repo, history, options)(inside, signal) ??
      problem(404, `${request.method} ${request.url.pathname}`)
    );
  };
}

function search(repositories: readonly FakeRepository[], request: SentRequest): Reply {
  const q = (request.url.searchParams.get('q') ?? '').toLowerCase();
  const found = repositories.filter(({ info }) => info.name.includes(q)).map(({ info }) => info);
  return paged(request, found, (data) => ({ ok: true, data }));
}

function ownedBy(repositories: readonly FakeRepository[], owner: string, request: SentRequest): Reply {
  const found = repositories.filter(({ info }) => info.owner.login === owner).map(({ info }) => info);
  return found.length === 0 ? notFound : paged(request, found);
}

function code(
  repo: FakeRepository,
  history: readonly FakeCommit[],
  commitOf: (repo: FakeRepository, ref?: string) => FakeCommit | undefined,
): Responder {
  const fileAt = (path: string, { url }: SentRequest) =>
    commitOf(repo, url.searchParams.get('ref') ?? undefined)?.files[path];
  return route([
    [
      'GET',
      /^\/branches$/,
      (_path, request) =>
        paged(
          request,
          [...repo.branches].map(([name, id]) => ({
            name,
            commit: { id, message: name, url: '', timestamp: at },
            protected: name === 'trunk',
          })),
        ),
    ],
    [
      'GET',
      /^\/tags$/,
      (_path, request) =>
        paged(
          request,
          [...repo.tags].map(([name, sha]) => ({
            name,
            id: shaOf(name),
            message: name,
            commit: { sha, url: '', created: at },
          })),
        ),
    ],
    [
      'GET',
      /^\/commits$/,
      (_path, request) => {
        if (repo.branches.size === 0) return problem(409, 'Git Repository is empty.');
        const found: unknown[] = [];
        let next = commitOf(repo, request.url.searchParams.get('sha') ?? undefined);
        if (next === undefined) return notFound;
        for (; next !== undefined; next = next.parent === undefined ? undefined : commitOf(repo, next.parent))
          found.push(toCommit(next));
        return paged(request, found);
      },
    ],
    [
      'GET',
      /^\/git\/commits\/([^/]+)$/,
      ([ref]) => {
        const found = commitOf(repo, ref);
        return found === undefined ? notFound : { json: toCommit(found, true) };
      },
    ],
    [
      'GET',
      /^\/git\/trees\/([^/]+)$/,
      ([sha = ''], { url }) => {
        const entries = treeOf(history, sha, url.searchParams.get('recursive') === 'true');
        if (entries === undefined) return notFound;
        const page = Number(url.searchParams.get('page') ?? 1);
        const size = Number(url.searchParams.get('per_page') ?? 1000);
        const tree = entries.slice((page - 1) * size, page * size);
        return {
          json: { sha, url: '', tree, truncated: page * size < entries.length, page, total_count: entries.length },
        };
      },
    ],
    [
      'GET',
      /^\/contents\/(.+)$/,
      ([path = ''], request) => {
        const found = fileAt(path, request);
        if (found === undefined) return notFound;
        const isLarge = found.length > 1000;
        const content = isLarge
          ? { content: null, encoding: null }
          : { content: found.toString('base64'), encoding: 'base64' };
        const entry = {
          name: path,
          path,
          sha: shaOf(`blob ${path}`),
          type: 'file',
          size: found.length,
          html_url: `https://x/${path}`,
        };
        return { json: { ...entry, ...content, target: null, submodule_git_url: null } };
      },
    ],
    [
      'GET',
      /^\/raw\/(.+)$/,
      ([path = ''], request) => {
        const found = fileAt(path, request);
        return found === undefined ? notFound : { bytes: found };
      },
    ],
    [
      'POST',
      /^\/statuses\/([^/]+)$/,
      ([sha = ''], request) => {
        if (commitOf(repo, sha) === undefined) return notFound;
        const { state, ...given } = bodyOf(request);
        return {
          status: 201,
          json: { id: 7, status: state, creator: user('octo'), url: '', created_at: at, updated_at: at, ...given },
        };
      },
    ],
    [
      'POST',
      /^\/hooks$/,
      (_path, request) => {
        const { type, events, active, config } = bodyOf(request);
        const id = repo.hooks.size + 1;
        repo.hooks.add(id);
        const { secret: _kept, ...shown } = config as Record<string, string>;
        return { status: 201, json: { id, type, events, active, config: shown, created_at: at, updated_at: at } };
      },
    ],
    ['DELETE', /^\/hooks\/(\d+)$/, ([id]) => (repo.hooks.delete(Number(id)) ? { status: 204 } : notFound)],
  ]);
}

/** emulate's GitHub, filled as the tests and `npm run try` need it; what it lacks is answered here and said in the README. */
import { type Counterpart, createLoopbackTransport, firstOf, type Responder } from '@inthub/connector-sdk/testing';
import { findFreePort } from '@inthub/testing';
import { createEmulator, type Emulator } from 'emulate';
import { emulateStatuses, fakeActions, mendPullRequests, mendSearch } from './testing.ts';

export const token = 'canary-github-token-7f3a9c51e0';
export const readOnlyFile = { path: 'docs/guide.md', content: '# Guide\n\nGrüße 日本 👩‍👩‍👧\n' };
export const binaryFile = { path: 'assets/logo.bin', base64: Buffer.from([0, 255, 254, 128, 1]).toString('base64') };

export interface GitHubCounterpart extends Counterpart {
  readonly emulator: Emulator;
}

export async function startCounterpart(): Promise<GitHubCounterpart> {
  const port = await findFreePort();
  const emulator = await createEmulator({
    service: 'github',
    port,
    baseUrl: `http://127.0.0.1:${port}`,
    seed: {
      tokens: { [token]: { login: 'octocat', scopes: ['repo', 'admin:repo_hook'] } },
      github: {
        users: [{ login: 'octocat', name: 'Octo Cat', email: 'octocat@example.com' }],
        orgs: [{ login: 'octo-org', name: 'Octo Org' }],
        repos: [
          { owner: 'octocat', name: 'hello-world', description: 'A place to try things', language: 'TypeScript' },
          { owner: 'octocat', name: 'second' },
          { owner: 'octocat', name: 'empty', auto_init: false },
        ],
      },
    },
  });
  const transport = createLoopbackTransport();
  await fill(emulator.url);
  const at = { owner: 'octocat', repo: 'hello-world' };
  return {
    name: 'emulate 0.11.2',
    proof: 'emulator',
    emulator,
    respond: firstOf(
      refuseUnknownTokens,
      emulateStatuses(),
      fakeActions(),
      mendPullRequests(transport),
      mendSearch(transport),
      transport,
    ),
    config: { endpoint: emulator.url, authMode: 'token' },
    credential: { kind: 'bearer_token', token },
    inputs: {
      'repo.list': {},
      'repo.get': at,
      'repo.clone': at,
      'branch.list': at,
      'tag.list': at,
      'commit.list': at,
      'commit.get': { ...at, ref: 'main' },
      'file.get': { ...at, path: readOnlyFile.path },
      'tree.get': { ...at, recursive: true },
      'pr.list': at,
      'pr.create': { ...at, title: 'Try it', sourceBranch: 'feature/one', targetBranch: 'main' },
      'issue.list': { ...at, state: 'all' },
      'issue.create': { ...at, title: 'Try it' },
      'issue.update': { ...at, number: 1, state: 'closed' },
      'search.code': { ...at, query: 'Guide' },
      'search.issues': { ...at, query: 'first' },
      'webhook.register': { ...at, url: 'https://hub.example.com/hook', secret: 'sixteen characters' },
      'status.create': { ...at, sha: 'a'.repeat(40), state: 'success', context: 'try' },
      'workflow.list': at,
      'run.list': at,
      'run.get': { ...at, runId: '101' },
      'run.trigger': { ...at, workflowId: 'ci.yml', ref: 'main' },
      'run.cancel': { ...at, runId: '103' },
      'job.list': { ...at, runId: '101' },
      'job.log': { ...at, jobId: '201' },
      'artifact.list': at,
      'artifact.get': { ...at, artifactId: '301' },
      'github.comment.list': { ...at, number: 1 },
      'github.comment.create': { ...at, number: 1, body: 'Try it' },
      'github.check_run.create': { ...at, name: 'try', headSha: 'a'.repeat(40), status: 'queued' },
    },
    stop: () => emulator.close(),
  };
}

/** emulate takes any token for its first user; GitHub does not. */
const refuseUnknownTokens: Responder = ({ headers }) => {
  if (headers['authorization'] === `Bearer ${token}`) return undefined;
  return { status: 401, json: { message: 'Bad credentials', documentation_url: 'https://docs.github.com/rest' } };
};

/** Branches, tags, files and an issue, made through the API itself. */
async function fill(url: string): Promise<void> {
  const transport = createLoopbackTransport();
  const send = async (
    method: 'GET' | 'POST' | 'PUT',
    path: string,
    json?: object,
  ): Promise<Record<string, unknown>> => {
    const reply = await transport(
      {
        method,
        url: new URL(`/repos/octocat/hello-world${path}`, url),
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: json === undefined ? null : Buffer.from(JSON.stringify(json)),
        auth: 'bearer',
      },
      new AbortController().signal,
    );
    const text = Buffer.from(reply?.bytes ?? []).toString();
    if ((reply?.status ?? 0) >= 300) throw new Error(`${method} ${path}: ${reply?.status} ${text.slice(0, 300)}`);
    return JSON.parse(text) as Record<string, unknown>;
  };
  const put = (path: string, content: string, branch: string) =>
    send('PUT', `/contents/${path}`, { message: `Add ${path}`, content, branch });
  await put(readOnlyFile.path, Buffer.from(readOnlyFile.content).toString('base64'), 'main');
  await put(binaryFile.path, binaryFile.base64, 'main');
  const head = (await send('GET', '/git/ref/heads/main'))['object'] as { sha: string };
  for (const tag of ['v1.0.0', 'v1.1.0']) {
    // emulate lists annotated tags only.
    const object = await send('POST', '/git/tags', { tag, message: tag, object: head.sha, type: 'commit' });
    await send('POST', '/git/refs', { ref: `refs/tags/${tag}`, sha: object['sha'] });
  }
  for (const branch of ['feature/one', 'feature/two'])
    await send('POST', '/git/refs', { ref: `refs/heads/${branch}`, sha: head.sha });
  await put('one.txt', Buffer.from('one\n').toString('base64'), 'feature/one');
  await put('two.txt', Buffer.from('two\n').toString('base64'), 'feature/two');
  await send('POST', '/labels', { name: 'bug', color: 'ff0000' });
  await send('POST', '/issues', { title: 'The first issue', body: 'Something is amiss.' });
}

/** Every fault in the place of every request. What is answered otherwise comes from emulate, asked once and remembered. */
import { type CiActionId, ciActionIds } from '@inthub/connector-sdk';
import {
  ciConformance,
  createMockGateway,
  type FaultCase,
  faultConformance,
  firstOf,
  type Reply,
  type Responder,
} from '@inthub/connector-sdk/testing';
import { afterAll, beforeAll } from 'vitest';
import { github } from './connector.ts';
import { type GitHubCounterpart, readOnlyFile, startCounterpart, token } from './counterpart.ts';
import { artifactZip, fakeActions, jobLog } from './testing.ts';

const endpoint = 'http://github.test';
const at = { owner: 'octocat', repo: 'hello-world' };
const sha = 'a'.repeat(40);
let counterpart: GitHubCounterpart;
beforeAll(async () => {
  counterpart = await startCounterpart();
}, 60_000);
afterAll(async () => counterpart?.stop());

const replies = new Map<string, Reply | undefined>();
const remembered: Responder = async (request, signal) => {
  const key = `${request.method} ${request.url.href} ${Buffer.from(request.body ?? []).toString()}`;
  if (!replies.has(key)) {
    const url = new URL(`${request.url.pathname}${request.url.search}`, counterpart.emulator.url);
    const headers = { ...request.headers, authorization: `Bearer ${token}` };
    const reply = await counterpart.respond({ ...request, url, headers }, signal);
    const { link, ...others } = reply?.headers ?? {};
    // Links lead back to where the connector asked.
    const moved =
      link === undefined ? others : { ...others, link: link.replaceAll(counterpart.emulator.url, endpoint) };
    replies.set(key, reply === undefined ? undefined : { ...reply, headers: moved });
  }
  return replies.get(key);
};

const cases: FaultCase[] = [
  { action: 'repo.list', input: {} },
  { action: 'repo.list', input: { search: 'hello', owner: 'octocat' } },
  { action: 'repo.get', input: at },
  { action: 'repo.clone', input: at },
  { action: 'branch.list', input: at },
  { action: 'tag.list', input: at },
  { action: 'commit.list', input: at },
  { action: 'commit.get', input: { ...at, ref: 'main' } },
  { action: 'file.get', input: { ...at, path: readOnlyFile.path } },
  { action: 'tree.get', input: { ...at, path: 'docs', recursive: true } },
  { action: 'pr.list', input: at },
  { action: 'pr.create', input: { ...at, title: 'x', sourceBranch: 'feature/one', targetBranch: 'main' } },
  { action: 'pr.get', input: { ...at, number: 2 } },
  { action: 'pr.review', input: { ...at, number: 2, verdict: 'comment', body: 'x' } },
  { action: 'pr.comment', input: { ...at, number: 2, body: 'x' } },
  { action: 'pr.comment', input: { ...at, number: 2, body: 'x', path: 'one.txt', line: 1 } },
  { action: 'pr.merge', input: { ...at, number: 2 } },
  { action: 'issue.list', input: at },
  { action: 'issue.create', input: { ...at, title: 'x' } },
  { action: 'issue.update', input: { ...at, number: 1, title: 'x' } },
  { action: 'search.code', input: { ...at, query: 'Guide' } },
  { action: 'search.issues', input: { ...at, query: 'first' } },
  { action: 'status.create', input: { ...at, sha, state: 'success', context: 'x' } },
  { action: 'webhook.register', input: { ...at, url: 'https://hub.example/x', secret: 'x'.repeat(16) } },
  { action: 'webhook.remove', input: { ...at, externalId: '1' } },
  { action: 'workflow.list', input: at },
  { action: 'run.list', input: { ...at, workflowId: 'ci.yml' } },
  { action: 'run.get', input: { ...at, runId: '101' } },
  { action: 'run.trigger', input: { ...at, workflowId: 'ci.yml', ref: 'main' } },
  { action: 'run.cancel', input: { ...at, runId: '103' } },
  { action: 'job.list', input: { ...at, runId: '101' } },
  { action: 'job.log', input: { ...at, jobId: '201' } },
  { action: 'artifact.list', input: { ...at, runId: '101' } },
  { action: 'artifact.get', input: { ...at, artifactId: '301', withContent: true } },
  { action: 'github.check_run.create', input: { ...at, name: 'x', headSha: sha, status: 'queued' } },
  { action: 'github.comment.list', input: { ...at, number: 1 } },
  { action: 'github.comment.create', input: { ...at, number: 1, body: 'x' } },
];

faultConformance({
  connector: github,
  config: { endpoint, authMode: 'token' },
  respond: () => remembered,
  cases,
  outcome(fault, { method, url }) {
    const isBody = fault === 'garbage' || fault === 'empty' || fault === 'strange';
    // Text and bytes may be anything, and nothing is read of these answers.
    if (isBody && (/\/(?:logs|zip|cancel)$/.test(url.pathname) || method === 'DELETE')) return 'handled';
    if (fault === 'missing' && method === 'DELETE') return 'handled';
    if (fault === 'conflict' && /\/cancel$/.test(url.pathname)) return 'handled';
    // An empty repository answers so.
    if (fault === 'conflict' && /\/(?:commits|git\/trees\/main)$/.test(url.pathname)) return 'handled';
    return undefined;
  },
});

ciConformance({
  name: 'github against a fake of its description',
  offered: ciActionIds,
  fixtures: () => ({
    ...at,
    workflows: ['1', '2'],
    runs: ['101', '102', '103'],
    finished: { id: '101', conclusion: 'success' },
    cancellable: '103',
    jobs: ['build', 'test'],
    logged: jobLog.split('\n')[0]!,
    artifact: { name: 'report', base64: artifactZip.toString('base64') },
    trigger: { workflowId: 'ci.yml', ref: 'main', inputs: { level: 'high' } },
  }),
  run: (action: CiActionId, input) =>
    createMockGateway({
      connector: github,
      type: 'ci.github_actions',
      config: { endpoint, authMode: 'token' },
      respond: firstOf(fakeActions(), remembered),
    }).run(action, input),
});

/** The whole hub against emulate's GitHub, which verifies the App's JWT and gives installation tokens. */
import { generateKeyPairSync } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { SourceControlActionId } from '@inthub/connector-sdk';
import { sourceControlConformance } from '@inthub/connector-sdk/testing';
import { type ErrorCode, HubError } from '@inthub/contracts';
import { findFreePort, type LoopbackServer, listenOnLoopback } from '@inthub/testing';
import { createEmulator, type Emulator } from 'emulate';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestHub, type TestHub } from './testing.ts';

const newKey = () =>
  generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ type: 'pkcs1', format: 'pem' }).toString();
const privateKey = newKey();
const app = { kind: 'github_app', appId: '4711', installationId: '42', privateKey };
const owner = 'octo-org';

let emulator: Emulator;
let front: LoopbackServer;
let hub: TestHub;
let id: string;
let report: unknown;

async function install(name: string, credentials: object): Promise<string> {
  const { status, body } = await hub.call('POST', '/api/v1/integrations', {
    type: 'scm.github',
    name,
    config: { endpoint: endpoint(), authMode: 'iam' },
    credentials,
    submit: true,
  });
  expect(status, JSON.stringify(body)).toBe(201);
  return body.id as string;
}

async function run(integration: string, action: string, params: unknown): Promise<unknown> {
  const path = `/api/v1/connectors/instances/${integration}/execute`;
  const { status, body } = await hub.call('POST', path, { action, params });
  if (status === 200) return body.data;
  throw new HubError(body.code as ErrorCode, body.detail as string);
}

/** emulate does not list what an App is installed on; its search does, by the same token. Everything else goes through unchanged. */
async function forward(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const asked = new URL(request.url ?? '/', endpoint());
  const isList = asked.pathname === '/installation/repositories';
  const url = new URL(isList ? '/search/repositories' : asked.pathname, emulator.url);
  url.search = asked.search;
  if (isList) url.searchParams.set('q', `user:${owner}`);
  // A qualifier that emulate takes for a condition that nothing meets.
  else if (url.searchParams.has('q'))
    url.searchParams.set('q', url.searchParams.get('q')?.replace(' fork:true', '') ?? '');
  const body = Buffer.concat(await request.toArray());
  const headers = { authorization: request.headers.authorization ?? '', 'content-type': 'application/json' };
  const method = request.method ?? 'GET';
  const reply = await fetch(url, { method, headers, ...(body.length === 0 ? {} : { body }) });
  const text = await reply.text();
  const link = reply.headers.get('link')?.replaceAll(emulator.url, endpoint());
  response.writeHead(reply.status, { 'content-type': 'application/json', ...(link === undefined ? {} : { link }) });
  if (!isList || !reply.ok) response.end(text);
  else {
    const { total_count, items } = JSON.parse(text) as { total_count: number; items: unknown[] };
    response.end(JSON.stringify({ total_count, repositories: items }));
  }
}
const endpoint = () => `http://127.0.0.1:${front.port}`;

beforeAll(async () => {
  const port = await findFreePort();
  emulator = await createEmulator({
    service: 'github',
    port,
    baseUrl: `http://127.0.0.1:${port}`,
    seed: {
      github: {
        users: [{ login: 'octocat' }],
        orgs: [{ login: owner }],
        repos: [
          { owner, name: 'hello' },
          { owner, name: 'second' },
        ],
        apps: [
          {
            app_id: 4711,
            slug: 'hub',
            name: 'Hub',
            private_key: privateKey,
            permissions: {
              contents: 'write',
              issues: 'write',
              pull_requests: 'write',
              checks: 'write',
              metadata: 'read',
            },
            installations: [{ installation_id: 42, account: owner, repository_selection: 'all' }],
          },
        ],
      },
    },
  });
  front = await listenOnLoopback(createServer((request, response) => void forward(request, response)));
  hub = await startTestHub();
  id = await install('github app', app);
  report = (await hub.call('POST', `/api/v1/integrations/${id}/test`)).body;
}, 120_000);
afterAll(async () => {
  await hub?.stop();
  await front?.stop();
  await emulator?.close();
});

const offered: readonly SourceControlActionId[] = [
  'repo.list',
  'repo.get',
  'branch.list',
  'commit.list',
  'commit.get',
  'file.get',
  'tree.get',
  'issue.list',
  'issue.create',
  'issue.update',
];

sourceControlConformance({
  name: 'github through the hub, as an App',
  offered,
  fixtures: () => ({
    owner,
    repo: 'hello',
    defaultBranch: 'main',
    repositories: [`${owner}/hello`, `${owner}/second`],
    branches: ['main'],
    tags: [],
    file: { path: 'README.md', content: '# hello\n' },
    files: ['README.md'],
  }),
  run: (action, input) => run(id, action, input),
});

describe('a GitHub App through the hub', () => {
  it('is known by itself, signs in with its key, and gets the tokens once', async () => {
    expect(report).toMatchObject({ success: true, details: { account: 'hub' } });
    const told = hub.logs.join('\n');
    for (const secret of [privateKey.split('\n')[1]!, 'ghs_']) expect(told).not.toContain(secret);
  });

  it('with another key is refused, and the answer says what to do', async () => {
    const wrong = await install('wrong key', { ...app, privateKey: newKey() });

    const { body } = await hub.call('POST', `/api/v1/integrations/${wrong}/test`);
    expect(body).toMatchObject({ success: false, message: expect.stringContaining('private key') });
  });

  it('gives a clone URL only under a grant', async () => {
    await expect(run(id, 'repo.clone', { owner, repo: 'hello' })).rejects.toMatchObject({ code: 'not_granted' });
  });
});

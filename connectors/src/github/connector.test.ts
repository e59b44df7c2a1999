import {
  createFakeProvider,
  createMockGateway,
  manifestConformance,
  type Responder,
  type TestContextOptions,
} from '@inthub/connector-sdk/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { tailOf, textOfTail } from '../_families/job-log/tail.ts';
import { call } from './api.ts';
import { github } from './connector.ts';
import { shorten } from './statuses.ts';

manifestConformance(github);

const at = { owner: 'octo', repo: 'hello' };
const sha = 'a'.repeat(40);
const hub = (respond: Responder, more: Partial<TestContextOptions> = {}) =>
  createMockGateway({ connector: github, respond, config: { authMode: 'token' }, ...more });
const repository = (more: object = {}) => ({
  id: 1,
  name: 'hello',
  full_name: 'octo/hello',
  owner: { login: 'octo' },
  private: true,
  html_url: 'https://github.com/octo/hello',
  clone_url: 'https://github.com/octo/hello.git',
  default_branch: 'trunk',
  updated_at: '2026-01-02T03:04:05Z',
  ...more,
});

describe('what GitHub offers', () => {
  it('is all that the fabric asks of it', () => {
    const offered = new Set([...github.actions.values()].map(({ id, capability }) => capability ?? id));

    // The sixteen of the connector interface.
    for (const capability of [
      'repo.list',
      'repo.read',
      'repo.clone',
      'pr.list',
      'pr.create',
      'pr.review',
      'pr.merge',
      'issue.list',
      'issue.create',
      'issue.update',
      'actions.list',
      'actions.trigger',
      'actions.status',
      'search.code',
      'search.issues',
      'webhook.receive',
    ]) {
      expect(offered, capability).toContain(capability);
    }
    expect(github.webhooks).toHaveLength(1);
  });

  it('is asked only in ways that its description knows', () => {
    const { ctx } = hub(() => ({ json: {} }));
    const compiled = () => {
      // @ts-expect-error no such route
      void call('GET /repos/{owner}/{repo}/brunches', at, ctx);
      // @ts-expect-error no such parameter
      void call('GET /repos/{owner}/{repo}/branches', { ...at, colour: 'red' }, ctx);
      // @ts-expect-error a value that is not in the list
      void call('GET /repos/{owner}/{repo}/pulls', { ...at, state: 'merged' }, ctx);
      // @ts-expect-error a required field is missing
      void call('POST /repos/{owner}/{repo}/pulls', { ...at, head: 'a' }, ctx);
    };
    expect(compiled).toBeTypeOf('function');
  });
});

describe('an Enterprise Server', () => {
  it('is asked below /api/v3, in the words that it knows, and its links stay there', async () => {
    const provider = createFakeProvider();
    provider.expect({
      method: 'POST',
      path: '/api/v3/repos/octo/hello/actions/workflows/ci.yml/dispatches',
      json: { ref: 'trunk' },
      headers: { accept: 'application/vnd.github+json', 'x-github-api-version': '2022-11-28' },
      reply: { status: 204 },
    });
    provider.expect({ path: '/api/v3/repos/octo/hello', reply: { json: repository() } });
    const server = hub(provider.respond, {
      config: { authMode: 'token', endpoint: 'https://ghe.example/api/v3' },
    });

    expect(await server.run('run.trigger', { ...at, workflowId: 'ci.yml' })).toEqual({ run: null, ref: 'trunk' });
  });
});

describe('a list', () => {
  it.each([
    'https://evil.example/repos/octo/hello/branches?page=2',
    'http://api.github.com/repos/octo/hello/branches?page=2',
    'https://x:y@api.github.com/page',
  ])('whose next page leads to %s is refused, and nothing is sent there', async (next) => {
    const gateway = hub(() => ({ json: [], headers: { link: `<${next}>; rel="next"` } }));

    await expect(gateway.run('branch.list', at)).rejects.toMatchObject({ code: 'provider_bad_response' });
    expect(gateway.requests).toHaveLength(1);
  });

  it('of an owner is that of the organisation, else of the user', async () => {
    const gateway = hub(({ url }) =>
      url.pathname === '/users/octo/repos' ? { json: [repository()] } : { status: 404, json: { message: 'Not Found' } },
    );

    expect(await gateway.run('repo.list', { owner: 'octo' })).toMatchObject({ items: [{ fullName: 'octo/hello' }] });
    expect(gateway.requests.map(({ url }) => url.pathname)).toEqual(['/orgs/octo/repos', '/users/octo/repos']);
  });

  it('of pull requests tells merged from closed', async () => {
    const pull = (number: number, merged_at: string | null) => ({
      id: number,
      number,
      state: 'closed',
      title: 't',
      user: null,
      body: null,
      labels: [{ name: 'a' }],
      created_at: '2026-01-01T00:00:00Z',
      updated_at: '2026-01-01T00:00:00Z',
      merged_at,
      head: { ref: 'x', sha, label: 'o:x' },
      base: { ref: 'main', sha, label: 'o:main' },
      html_url: 'https://github.com/o/r/pull/1',
    });
    const gateway = hub(() => ({ json: [pull(2, '2026-01-02T00:00:00Z'), pull(1, null)] }));

    expect(await gateway.run('pr.list', { ...at, state: 'merged', sourceBranch: 'x' })).toMatchObject({
      items: [{ number: 2, state: 'merged', author: 'ghost', body: '', labels: ['a'] }],
    });
    expect(await gateway.run('pr.list', { ...at, state: 'closed' })).toMatchObject({ items: [{ number: 1 }] });
    expect(gateway.requests[0]?.url.searchParams.get('head')).toBe('octo:x');
  });
});

describe('ten thousand repositories', () => {
  it('are streamed page by page', async () => {
    const total = 10_000;
    const gateway = hub(({ url }) => {
      const page = Number(url.searchParams.get('page'));
      expect(url.searchParams.get('per_page')).toBe('100');
      const json = Array.from({ length: 100 }, (_, at) => repository({ id: (page - 1) * 100 + at + 1 }));
      const next = `<https://api.github.com/user/repos?page=${page + 1}>; rel="next"`;
      return { json, headers: page * 100 < total ? { link: next } : {} };
    });

    const events = await gateway.stream('repo.list');

    expect(events).toHaveLength(101);
    expect(events.at(-1)).toEqual({ type: 'complete', summary: { count: total } });
  });
});

describe('an odd repository', () => {
  it('without a commit has no tree, no commits, and no file', async () => {
    const empty = hub(({ url }) =>
      url.pathname.endsWith('/hello')
        ? { json: repository({ default_branch: null }) }
        : { status: 409, json: { message: 'Git Repository is empty.' } },
    );

    expect(await empty.run('commit.list', at)).toEqual({ items: [], nextCursor: null });
    expect(await empty.run('tree.get', { ...at, ref: 'main' })).toEqual({
      items: [],
      nextCursor: null,
      isTruncated: false,
    });
    await expect(empty.run('tree.get', at)).rejects.toMatchObject({ code: 'provider_not_found' });
    expect(await empty.run('repo.get', at)).toMatchObject({ defaultBranch: null });
  });

  it('is read whatever its paths and refs are called', async () => {
    const gateway = hub(({ url }) => {
      expect(url.pathname).toBe('/repos/octo/hello/contents/docs/%C3%BCber%20%23%3F%25.md');
      expect(url.searchParams.get('ref')).toBe('feature/日本');
      const content = Buffer.from('x').toString('base64');
      return { json: { type: 'file', path: 'docs/über #?%.md', sha, size: 1, encoding: 'base64', content } };
    });

    expect(await gateway.run('file.get', { ...at, path: 'docs/über #?%.md', ref: 'feature/日本' })).toMatchObject({
      content: 'x',
      url: null,
    });
  });

  it('gives large files raw, folders not at all, and half a file never', async () => {
    const large = Buffer.alloc(1_500_000, 'é');
    const entry = { type: 'file', path: 'large', sha, size: large.length, encoding: 'none', content: '' };
    const gateway = hub(({ headers }) => (headers['accept']?.includes('raw') ? { bytes: large } : { json: entry }));
    const short = hub(() => ({ json: { ...entry, size: 2, encoding: 'base64', content: 'eA==' } }));

    expect(await gateway.run('file.get', { ...at, path: 'large' })).toMatchObject({
      sizeBytes: 1_500_000,
      encoding: 'utf-8',
    });
    await expect(short.run('file.get', { ...at, path: 'large' })).rejects.toMatchObject({
      code: 'provider_bad_response',
    });
    const folder = hub(() => ({ json: [{ path: 'docs/a' }] }));
    await expect(folder.run('file.get', { ...at, path: 'docs' })).rejects.toMatchObject({ code: 'invalid_request' });
  });
});

describe('the review status', () => {
  const pull = {
    id: 1,
    number: 1,
    state: 'open',
    title: 't',
    user: { login: 'a' },
    labels: [],
    created_at: '2026-01-01T00:00:00Z',
    updated_at: '2026-01-01T00:00:00Z',
    head: { ref: 'x', sha },
    base: { ref: 'main', sha },
    html_url: 'https://github.com/o/r/pull/1',
  };
  it.each([
    ['pending', []],
    ['pending', [['a', 'COMMENTED']]],
    [
      'approved',
      [
        ['a', 'CHANGES_REQUESTED'],
        ['a', 'APPROVED'],
        ['a', 'COMMENTED'],
      ],
    ],
    [
      'changes_requested',
      [
        ['a', 'APPROVED'],
        ['b', 'CHANGES_REQUESTED'],
      ],
    ],
    [
      'pending',
      [
        ['a', 'APPROVED'],
        ['a', 'DISMISSED'],
      ],
    ],
    ['approved', [[null, 'APPROVED']]],
  ])('is %s after %j', async (expected, given) => {
    const reviews = given.map(([login, state], id) => ({ id, user: login === null ? null : { login }, state }));
    const gateway = hub(({ url }) => ({ json: url.pathname.endsWith('/reviews') ? reviews : pull }));

    expect(await gateway.run('pr.get', { ...at, number: 1 })).toMatchObject({ reviewStatus: expected });
  });
});

describe('a GitHub App', () => {
  const key = { kind: 'github_app', appId: '1', installationId: '2', privateKey: 'canary-app-key-7f3a9c51e0' } as const;
  const app = (respond: Responder) => hub(respond, { config: { authMode: 'iam' }, credential: key });

  it('gets a clone URL with a token for the one repository, asked for as the App itself', async () => {
    const asked: { path: string; auth: string; json: unknown }[] = [];
    const gateway = app(({ url, auth, body }) => {
      asked.push({ path: url.pathname, auth, json: body === null ? null : JSON.parse(Buffer.from(body).toString()) });
      if (url.pathname === '/repos/octo/hello') return { json: repository() };
      if (url.pathname === '/app/installations')
        return {
          json: [
            { id: 7, account: null },
            { id: 8, account: { login: 'Octo' } },
          ],
        };
      return { status: 201, json: { token: 'ghs_clone', expires_at: '2026-11-21T11:00:00Z' } };
    });

    expect(await gateway.run('repo.clone', at)).toEqual({
      url: 'https://x-access-token:ghs_clone@github.com/octo/hello.git',
      cloneUrl: 'https://github.com/octo/hello.git',
      isAuthorised: true,
      expiresAt: '2026-11-21T11:00:00.000Z',
    });
    expect(asked.at(-1)).toEqual({
      path: '/app/installations/8/access_tokens',
      auth: 'signed-jwt',
      json: { repositories: ['hello'], permissions: { contents: 'read' } },
    });
    const elsewhere = app(({ url }) => ({ json: url.pathname === '/app/installations' ? [] : repository() }));
    await expect(elsewhere.run('repo.clone', at)).rejects.toMatchObject({ code: 'provider_not_found' });
  });

  it('lists what it is installed on, and says who it is', async () => {
    const gateway = app(({ url }) => {
      if (url.pathname === '/app')
        return { json: { slug: 'hub', name: 'Hub', permissions: { checks: 'write' }, events: [] } };
      if (url.pathname === '/meta')
        return { json: { verifiable_password_authentication: false, installed_version: '3.19.1' } };
      return { json: { repositories: [repository(), repository({ id: 2, owner: { login: 'other' } })] } };
    });

    expect(await gateway.run('repo.list', { owner: 'OCTO' })).toMatchObject({ items: [{ owner: 'octo' }] });
    expect(await gateway.testConnection()).toMatchObject({
      success: true,
      details: { account: 'hub', scopes: ['checks:write'], version: '3.19.1' },
    });
  });
});

describe('Actions', () => {
  it.each([
    ['run.get', { repo: 'hello', runId: '1' }],
    ['run.get', { ...at, runId: 'one' }],
    ['run.get', { ...at, owner: 'a/b', runId: '1' }],
    ['run.get', { ...at, repo: 'a/b', runId: '1' }],
    ['run.trigger', { ...at, ref: 'main' }],
    ['job.log', { ...at, jobId: '-1' }],
  ])('%s refuses %j before anything is sent', async (action, input) => {
    const gateway = hub(() => ({ json: {} }));

    await expect(gateway.run(action, input)).rejects.toMatchObject({ code: 'invalid_request' });
    expect(gateway.requests).toEqual([]);
  });

  it('keep the end of a log, however it comes, from the start of a line', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.string({ unit: 'grapheme', maxLength: 40 }), { maxLength: 30 }),
        fc.integer({ min: 1, max: 200 }),
        fc.integer({ min: 1, max: 17 }),
        async (lines, tailBytes, size) => {
          const whole = Buffer.from(lines.join('\n'));
          async function* chunks() {
            for (let from = 0; from < whole.length; from += size) yield whole.subarray(from, from + size);
          }
          const { tail, sizeBytes } = await tailOf(chunks(), tailBytes);
          const text = textOfTail(tail, sizeBytes > tail.length);

          expect(sizeBytes).toBe(whole.length);
          expect(Buffer.compare(tail, whole.subarray(Math.max(0, whole.length - tailBytes)))).toBe(0);
          expect(Buffer.byteLength(text)).toBeLessThanOrEqual(tailBytes);
          expect(whole.toString().endsWith(text)).toBe(true);
        },
      ),
    );
  });
});

describe('a long description', () => {
  it('is cut, never within a character', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 300 }), (text) => {
        const short = shorten(text, 140);
        expect(short.length).toBeLessThanOrEqual(140);
        expect(short.isWellFormed()).toBe(true);
        if (text.length <= 140) expect(short).toBe(text);
      }),
    );
  });
});

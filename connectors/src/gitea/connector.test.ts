import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type SourceControlActionId, sourceControlActionIds } from '@inthub/connector-sdk';
import {
  type ApiDescription,
  createApiDescription,
  createFakeProvider,
  createMockGateway,
  faultConformance,
  manifestConformance,
  type Responder,
  sourceControlConformance,
} from '@inthub/connector-sdk/testing';
import { describe, expect, it } from 'vitest';
import { heldTo } from '../_families/gitea/testing/described.ts';
import { binaryFile, createFakeServer, files, textFile } from '../_families/gitea/testing/fake-server.ts';
import { gitea } from './connector.ts';

const endpoint = 'https://git.example.com';
const config = { endpoint, authMode: 'token' };
const vendorApis = process.env['VENDOR_APIS_DIR'] ?? join(import.meta.dirname, '../../../../shared/vendor-apis');
const descriptionFile = join(vendorApis, 'gitea/v1_json.tmpl');
const isDescribed = existsSync(descriptionFile);
const at = { owner: 'octo', repo: 'hello' };
const fixtures = {
  ...at,
  defaultBranch: 'trunk',
  repositories: ['octo/hello', 'octo/second', 'org/third', 'octo/empty'],
  branches: ['trunk', 'feature/one', 'feature/two'],
  tags: ['v1.0.0', 'v1.1.0'],
  file: textFile,
  binary: binaryFile,
  files,
  empty: { owner: 'octo', repo: 'empty' },
  unmerged: ['feature/one', 'feature/two'],
  canApproveOwn: true,
  labels: ['bug', 'help, please'],
  assignee: 'octo',
} as const;
const offered = sourceControlActionIds.filter((id): id is SourceControlActionId => gitea.actions.has(id));
const hub = (respond: Responder) => createMockGateway({ connector: gitea, respond, config });

manifestConformance(gitea);

function suite(name: string, respond: Responder): void {
  const gateway = hub(respond);
  sourceControlConformance({
    name,
    offered,
    fixtures: () => fixtures,
    run: (action, input) => gateway.run(action, input),
  });
}

/** The template as a server renders it. */
function description(): ApiDescription {
  const text = readFileSync(descriptionFile, 'utf8');
  const document = JSON.parse(text.replaceAll('{{.SwaggerAppSubUrl}}', '').replaceAll('{{.SwaggerAppVer}}', '1.26.3'));
  return createApiDescription(withoutShadow(document));
}

/** A path of two branch names, which is not asked for, and fits every other path below a pull request. */
function withoutShadow(document: { paths: Record<string, unknown> }): object {
  const { '/repos/{owner}/{repo}/pulls/{base}/{head}': _shadow, ...paths } = document.paths;
  return { ...document, paths };
}

// Where the description is, the suite below holds everything to it.
if (!isDescribed) describe('Gitea without its description', () => suite('gitea', createFakeServer()));

describe.skipIf(!isDescribed)(
  `against Gitea's v1_json.tmpl${isDescribed ? '' : ` (absent: ${descriptionFile}; set VENDOR_APIS_DIR)`}`,
  () => {
    const described = isDescribed ? description() : undefined;
    const strict = (respond: Responder) => (described === undefined ? respond : heldTo(described, respond));
    suite('gitea, every exchange checked', strict(createFakeServer()));

    it('asks for comments, line remarks, drafts and filters as described', async () => {
      const gateway = hub(strict(createFakeServer()));
      const pull = (await gateway.run('pr.create', {
        ...at,
        title: 'Later',
        sourceBranch: 'feature/one',
        targetBranch: 'trunk',
        isDraft: true,
      })) as { number: number };
      expect(pull).toMatchObject({ title: 'WIP: Later', isDraft: true });
      const { number } = pull;

      const made = (await gateway.run('gitea.comment.create', { ...at, number, body: 'One' })) as { id: string };
      await gateway.run('gitea.comment.create', { ...at, number, body: 'Two' });
      expect(await gateway.run('gitea.comment.update', { ...at, commentId: made.id, body: 'Changed' })).toMatchObject({
        id: made.id,
        body: 'Changed',
      });
      const first = (await gateway.run('gitea.comment.list', { ...at, number, limit: 1 })) as { nextCursor: string };
      expect(first).toMatchObject({ items: [{ body: 'Changed', author: 'octo' }] });
      expect(
        await gateway.run('gitea.comment.list', { ...at, number, limit: 1, cursor: first.nextCursor }),
      ).toMatchObject({ items: [{ body: 'Two' }], nextCursor: null });

      expect(
        await gateway.run('pr.comment', { ...at, number, body: 'Here', path: 'README.md', line: 3, side: 'old' }),
      ).toMatchObject({ id: '500', body: 'Here' });
      const remarks = [{ path: 'README.md', line: 1, body: 'No' }];
      await gateway.run('pr.review', { ...at, number, verdict: 'request_changes', comments: remarks });
      expect(await gateway.run('pr.get', { ...at, number })).toMatchObject({ reviewStatus: 'changes_requested' });
      expect(
        await gateway.run('pr.list', { ...at, sourceBranch: 'octo:feature/one', targetBranch: 'trunk' }),
      ).toMatchObject({ items: [{ number }] });
      expect(await gateway.run('pr.list', { ...at, sourceBranch: 'other:feature/one' })).toMatchObject({ items: [] });
      await gateway.run('pr.merge', { ...at, number, method: 'squash', commitTitle: 'T', commitMessage: 'M' });
    });

    it('finds issues by all of the labels, and by words in one repository or all', async () => {
      const gateway = hub(strict(createFakeServer()));
      for (const labels of [['bug'], ['bug', 'help, please'], []])
        await gateway.run('issue.create', { ...at, title: `With ${labels.length}`, labels });

      const titles = async (action: string, input: object) =>
        ((await gateway.run(action, input)) as { items: { title: string }[] }).items.map(({ title }) => title);
      expect(await titles('issue.list', { ...at, labels: ['bug', 'help, please'] })).toEqual(['With 2']);
      expect(await titles('issue.list', { ...at, labels: ['no such label'] })).toEqual([]);
      expect(await titles('issue.list', { ...at, assignee: 'octo', since: '2026-01-01T00:00:00Z' })).toEqual([]);
      expect(await titles('search.issues', { ...at, query: 'with 1' })).toEqual(['With 1']);
      expect(await gateway.run('search.issues', { query: 'With', owner: 'octo' })).toMatchObject({
        items: [{ repository: 'octo/hello' }, {}, {}],
        totalCount: 3,
      });
      await expect(gateway.run('issue.create', { ...at, title: 'x', labels: ['none'] })).rejects.toMatchObject({
        code: 'invalid_request',
        message: expect.stringContaining('none'),
      });
      expect(await gateway.run('issue.update', { ...at, number: 1, labels: [] })).toMatchObject({ labels: [] });
    });

    it('would notice a request that Gitea does not have', () => {
      const request = { method: 'GET', headers: {}, body: null, auth: 'none' } as const;
      const url = (text: string) => new URL(`https://h/api/v1${text}`);
      for (const wrong of ['/repos/search?per_page=1', '/repos/a/b/pulls?state=merged', '/repos/a/b/brunches'])
        expect(described?.checkRequest({ ...request, url: url(wrong) }), wrong).not.toEqual([]);
      expect(described?.checkReply({ ...request, url: url('/version') }, 200, { version: 1 })).not.toEqual([]);
    });
  },
);

faultConformance({
  connector: gitea,
  config,
  respond: () => createFakeServer(),
  cases: [
    { action: 'repo.list', input: {} },
    { action: 'repo.get', input: at },
    { action: 'branch.list', input: at },
    { action: 'commit.list', input: at },
    { action: 'file.get', input: { ...at, path: 'large.txt' } },
    { action: 'tree.get', input: { ...at, path: 'docs' } },
    { action: 'pr.create', input: { ...at, title: 't', sourceBranch: 'feature/one', targetBranch: 'trunk' } },
    { action: 'issue.create', input: { ...at, title: 't', labels: ['bug'] } },
    { action: 'search.issues', input: { query: 'x' } },
    { action: 'webhook.register', input: { ...at, url: 'https://hub.example.com/h', secret: 'sixteen characters' } },
  ],
  outcome: (fault, { url, method }) => {
    // An empty repository, and a token that may not say whose it is.
    if (fault === 'conflict' && method === 'GET' && url.pathname.endsWith('/commits')) return 'handled';
    if (fault === 'forbidden' && url.pathname.endsWith('/user')) return 'handled';
    // Any text is a raw file; its length tells.
    if (url.pathname.includes('/raw/') && ['garbage', 'empty', 'strange'].includes(fault))
      return 'provider_bad_response';
    return undefined;
  },
});

describe('gitea', () => {
  it('sends the token after the word token, below /api/v1 of whatever address it has', async () => {
    const provider = createFakeProvider();
    const gateway = createMockGateway({
      connector: gitea,
      respond: provider.respond,
      config: { endpoint: 'https://intra.example.com/git', authMode: 'token' },
    });
    provider.expect({
      path: '/git/api/v1/repos/octo/hello/branches',
      query: { page: '1', limit: '7' },
      headers: { authorization: 'token canary-bearer-token-7f3a9c51e0' },
      reply: { json: [], headers: { link: '<https://evil.example/next>; rel="last"' } },
    });

    expect(await gateway.run('branch.list', { ...at, limit: 7 })).toEqual({ items: [], nextCursor: null });
  });

  it('never follows the address of a next page, which a server makes of its own idea of its name', async () => {
    const gateway = hub(({ url }) => {
      const isFirst = url.searchParams.get('page') === '1';
      return { json: [], headers: isFirst ? { link: '<https://evil.example/api/v1/x?page=2>; rel="next"' } : {} };
    });

    const first = (await gateway.run('tag.list', at)) as { nextCursor: string };
    expect(await gateway.run('tag.list', { ...at, cursor: first.nextCursor })).toEqual({ items: [], nextCursor: null });
    expect(gateway.requests.map(({ url }) => url.origin)).toEqual([endpoint, endpoint]);
  });

  it('keeps a merge that was done when its commit cannot be asked for', async () => {
    const gateway = hub(({ method }) => (method === 'POST' ? { status: 200 } : { status: 503 }));

    expect(await gateway.run('pr.merge', { ...at, number: 1 })).toEqual({ merged: true, sha: null });
  });

  it('encodes names and paths once', async () => {
    const gateway = hub(() => ({ json: [] }));
    const file = gateway.run('file.get', { ...at, path: 'docs/über #?%.md', ref: 'feature/日本' });
    await expect(file).rejects.toMatchObject({ code: 'invalid_request', message: expect.stringContaining('folder') });

    const [sent] = gateway.requests;
    expect(sent?.url.pathname).toBe('/api/v1/repos/octo/hello/contents/docs/%C3%BCber%20%23%3F%25.md');
    expect(sent?.url.searchParams.get('ref')).toBe('feature/日本');
  });

  it('refuses half a file, and a comment cursor that it did not hand out', async () => {
    const entry = { type: 'file', path: 'a', sha: 'a', size: 2, encoding: 'base64', content: 'eA==' };
    await expect(hub(() => ({ json: entry })).run('file.get', { ...at, path: 'a' })).rejects.toMatchObject({
      code: 'provider_bad_response',
    });
    const cursor = Buffer.from('{"page":"2","offset":0}').toString('base64url');
    await expect(
      hub(() => ({ json: [] })).run('gitea.comment.list', { ...at, number: 1, cursor }),
    ).rejects.toMatchObject({ code: 'invalid_cursor' });
  });
});

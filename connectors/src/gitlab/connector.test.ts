import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { SourceControlActionId } from '@inthub/connector-sdk';
import {
  createMockGateway,
  faultConformance,
  manifestConformance,
  type Responder,
  sourceControlConformance,
  type TestContextOptions,
} from '@inthub/connector-sdk/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { gitlab } from './connector.ts';
import { createFakeGitLab } from './counterpart.ts';
import { placeOf } from './diff-lines.ts';
import { binaryFile, checked, headSha, loadDescription, project, textFile } from './testing.ts';

const at = { owner: 'acme/tools', repo: 'app' };
const hub = (respond: Responder = createFakeGitLab(), more: Partial<TestContextOptions> = {}) =>
  createMockGateway({ connector: gitlab, respond, ...more });
const vendorApis = process.env['VENDOR_APIS_DIR'] ?? join(import.meta.dirname, '../../../../shared/vendor-apis');
const descriptionFile = join(vendorApis, 'gitlab/gitlab-openapi3.yaml');
const isDescribed = existsSync(descriptionFile);
const description = isDescribed ? loadDescription(descriptionFile) : undefined;
const fake = () => (description === undefined ? createFakeGitLab() : checked(createFakeGitLab(), description));
const jsonOf = (body: Uint8Array | null) => JSON.parse(Buffer.from(body ?? []).toString()) as Record<string, unknown>;

manifestConformance(gitlab);

const offered = [...gitlab.actions.keys()].filter((id) => !id.startsWith('gitlab.')) as SourceControlActionId[];
const strict = hub(fake());
sourceControlConformance({
  name: isDescribed ? 'gitlab, every exchange checked' : `gitlab (description absent: ${descriptionFile})`,
  offered: offered.filter((id) => !id.startsWith('run.') && !id.startsWith('job.') && !id.startsWith('artifact.')),
  fixtures: () => ({
    ...at,
    defaultBranch: 'main',
    repositories: ['acme/tools/app', 'acme/tools/site'],
    branches: ['main', 'feature/one', 'feature/two'],
    tags: ['v1', 'v2'],
    file: { path: 'README.md', content: textFile },
    binary: { path: 'logo.bin', base64: binaryFile.toString('base64') },
    files: ['README.md', 'src/main.ts', 'logo.bin'],
    empty: { owner: 'acme/tools', repo: 'empty' },
    search: { code: { query: 'Grüße', path: 'README.md' } },
    unmerged: ['feature/one', 'feature/two'],
    canApproveOwn: true,
    labels: ['bug', 'help wanted'],
    assignee: 'robot',
  }),
  run: (action, input) => strict.run(action, input),
});

faultConformance({
  connector: gitlab,
  respond: () => {
    const respond = createFakeGitLab();
    // Every case finds a merge request and an issue.
    const made = Promise.all([
      hub(respond).run('pr.create', { ...at, title: 't', sourceBranch: 'feature/one', targetBranch: 'main' }),
      hub(respond).run('issue.create', { ...at, title: 't' }),
    ]);
    return async (request, signal) => {
      await made;
      return respond(request, signal);
    };
  },
  cases: [
    { action: 'repo.list', input: {} },
    { action: 'repo.get', input: at },
    { action: 'branch.list', input: at },
    { action: 'commit.get', input: { ...at, ref: headSha } },
    { action: 'file.get', input: { ...at, path: 'README.md' } },
    { action: 'tree.get', input: at },
    { action: 'pr.get', input: { ...at, number: 1 } },
    { action: 'pr.comment', input: { ...at, number: 1, body: 'x', path: 'src/main.ts', line: 2 } },
    { action: 'issue.update', input: { ...at, number: 1, title: 'x', assignees: ['robot'] } },
    { action: 'search.code', input: { ...at, query: 'x' } },
    { action: 'status.create', input: { ...at, sha: headSha, state: 'success', context: 'x' } },
    { action: 'webhook.register', input: { ...at, url: 'https://hub.example/x', secret: 'conformance-secret-01' } },
    { action: 'gitlab.comment.list', input: { ...at, number: 1 } },
  ],
});

describe.skipIf(description === undefined)('the description', () => {
  it.each([
    ['GET', '/api/v4/projects/a%2Fb/repository/brunches'],
    ['GET', '/api/v4/projects/a%2Fb/repository/branches?colour=red'],
    ['GET', '/api/v4/projects/a/b/repository/branches'],
    ['GET', '/api/v4/projects/a%2Fb/merge_requests?state=open'],
  ] as const)('would notice %s %s', async (method, path) => {
    const request = {
      method,
      url: new URL(path, 'https://gitlab.com'),
      headers: {},
      body: null,
      auth: 'none',
    } as const;

    await expect(fake()(request, new AbortController().signal)).rejects.toMatchObject({ code: 'internal' });
  });
});

describe('a request', () => {
  it.each([
    ['token', 'private-token', 'canary-bearer-token-7f3a9c51e0'],
    ['iam', 'job-token', 'canary-bearer-token-7f3a9c51e0'],
    ['oauth', 'authorization', 'Bearer canary-access-token-7f3a9c51e0'],
  ])('with authMode %s goes by the header %s', async (authMode, header, value) => {
    const gateway = hub(fake(), { config: { authMode } });

    expect(await gateway.testConnection()).toMatchObject({ success: true, details: { account: 'robot' } });
    for (const { headers } of gateway.requests) expect(headers[header]).toBe(value);
  });

  it('goes below the path of a server with a relative URL, a project and a file each being one segment', async () => {
    const gateway = hub(
      ({ url }) => {
        expect(url.pathname).toBe('/git/api/v4/projects/a%2Fb%2Fc/repository/files/docs%2F%C3%BCber%20%23%3F%25.md');
        expect(url.searchParams.get('ref')).toBe('feature/日本');
        return { json: { file_path: 'x', size: 1, encoding: 'base64', content: 'eA==', blob_id: headSha } };
      },
      { config: { endpoint: 'https://code.example/git/' } },
    );

    const input = { owner: 'a/b', repo: 'c', path: 'docs/über #?%.md', ref: 'feature/日本' };
    expect(await gateway.run('file.get', input)).toMatchObject({ content: 'x' });
  });

  it('for half a file is refused', async () => {
    const short = hub(() => ({ json: { file_path: 'x', size: 2, encoding: 'base64', content: 'eA==', blob_id: 'b' } }));

    await expect(short.run('file.get', { ...at, path: 'x' })).rejects.toMatchObject({ code: 'provider_bad_response' });
  });
});

describe('a list', () => {
  it.each(['branch.list', 'repo.list'])('%s whose next page leads elsewhere is refused', async (action) => {
    for (const next of [
      'https://evil.example/api/v4/projects?id_after=2',
      'http://gitlab.com/x',
      'https://x:y@gitlab.com/',
    ]) {
      const gateway = hub(() => ({ json: [], headers: { link: `<${next}>; rel="next"` } }));
      await expect(gateway.run(action, action === 'repo.list' ? {} : at)).rejects.toMatchObject({
        code: 'provider_bad_response',
      });
      expect(gateway.requests).toHaveLength(1);
    }
  });

  it('of ten thousand repositories is streamed by key, page by page', async () => {
    const total = 10_000;
    const gateway = hub(({ url }) => {
      expect(url.searchParams.get('pagination')).toBe('keyset');
      const after = Number(url.searchParams.get('id_after') ?? 0);
      const json = Array.from({ length: 100 }, (_, index) => project(after + index + 1, `acme/r${after + index + 1}`));
      const next = `<https://gitlab.com/api/v4/projects?id_after=${after + 100}>; rel="next"`;
      return { json, headers: after + 100 < total ? { link: next } : {} };
    });

    expect((await gateway.stream('repo.list')).at(-1)).toEqual({ type: 'complete', summary: { count: total } });
    expect(gateway.requests).toHaveLength(100);
  });

  it('of an owner is that of the group, else of the user', async () => {
    const gateway = hub();

    expect(await gateway.run('repo.list', { owner: 'robot' })).toMatchObject({ items: expect.any(Array) });
    expect(gateway.requests.map(({ url }) => url.pathname)).toEqual([
      '/api/v4/groups/robot/projects',
      '/api/v4/users/robot/projects',
    ]);
  });
});

describe('a merge request', () => {
  const opened = async (more: Partial<TestContextOptions> = {}) => {
    const gateway = hub(fake(), more);
    await gateway.run('pr.create', {
      ...at,
      title: 't',
      sourceBranch: 'feature/one',
      targetBranch: 'main',
      isDraft: true,
    });
    return gateway;
  };

  it.each([
    [1, 'new', { old_line: 1, new_line: 1 }],
    [2, 'new', { new_line: 2 }],
    [2, 'old', { old_line: 2 }],
    [40, 'new', { old_line: 40, new_line: 40 }],
  ])('takes a remark on line %i of the %s side at %j', async (line, side, place) => {
    const gateway = await opened();

    await gateway.run('pr.comment', { ...at, number: 1, body: 'x', path: 'src/main.ts', line, side });

    const { position } = jsonOf(gateway.requests.at(-1)?.body ?? null) as { position: object };
    expect(position).toEqual({
      position_type: 'text',
      base_sha: 'b'.repeat(40),
      start_sha: 'b'.repeat(40),
      head_sha: headSha,
      old_path: 'src/main.ts',
      new_path: 'src/main.ts',
      ...place,
    });
  });

  it('refuses remarks on what it does not change, and on a commit that is not the newest', async () => {
    const gateway = await opened();
    const remark = { ...at, number: 1, body: 'x', line: 1 };

    await expect(gateway.run('pr.comment', { ...remark, path: 'other.ts' })).rejects.toMatchObject({
      code: 'provider_rejected',
      message: expect.stringContaining('other.ts'),
    });
    const old = { ...remark, path: 'src/main.ts', commitSha: 'e'.repeat(40) };
    await expect(gateway.run('pr.comment', old)).rejects.toMatchObject({ code: 'provider_conflict' });
  });

  it('keeps comments that are found again and changed, without what GitLab notes itself', async () => {
    const gateway = await opened();
    const made = (await gateway.run('gitlab.comment.create', { ...at, number: 1, body: 'one' })) as { id: string };
    await gateway.run('pr.comment', { ...at, number: 1, body: 'on a line', path: 'src/main.ts', line: 2 });

    const changed = { ...at, number: 1, commentId: made.id, body: 'two' };
    expect(await gateway.run('gitlab.comment.update', changed)).toMatchObject({ id: made.id, body: 'two' });
    expect(await gateway.run('gitlab.comment.list', { ...at, number: 1 })).toMatchObject({
      items: [
        { id: made.id, body: 'two', url: `https://gitlab.com/acme/tools/app/-/merge_requests/1#note_${made.id}` },
        { body: 'on a line' },
      ],
      nextCursor: null,
    });
  });

  it('is a draft by its title, and may be asked to change by a reviewer', async () => {
    const gateway = await opened();
    expect(await gateway.run('pr.get', { ...at, number: 1 })).toMatchObject({ isDraft: true, changedFiles: 1 });

    await gateway.run('pr.review', { ...at, number: 1, verdict: 'request_changes', body: 'No.' });

    expect(jsonOf(gateway.requests.at(-1)?.body ?? null)).toEqual({ body: 'No.\n\n/request_changes' });
    await expect(gateway.run('pr.merge', { ...at, number: 1, method: 'rebase' })).rejects.toMatchObject({
      code: 'invalid_request',
    });
  });

  it('is told as approved, as wanting changes or as pending', async () => {
    const status = async (state: string, approved_by: object[]) => {
      const respond = createFakeGitLab();
      const user = { id: 1, username: 'a' };
      await hub(respond).run('pr.create', { ...at, title: 't', sourceBranch: 'feature/one', targetBranch: 'main' });
      const gateway = hub((request, signal) => {
        if (request.url.pathname.endsWith('/reviewers')) return { json: [{ user, state }] };
        if (request.url.pathname.endsWith('/approvals')) return { json: { approved_by } };
        return respond(request, signal);
      });
      return ((await gateway.run('pr.get', { ...at, number: 1 })) as { reviewStatus: string }).reviewStatus;
    };
    const approval = [{ user: { id: 1, username: 'a' } }];

    expect(await status('requested_changes', approval)).toBe('changes_requested');
    expect(await status('approved', approval)).toBe('approved');
    expect(await status('unreviewed', [])).toBe('pending');
  });
});

describe('a project without a commit', () => {
  it('has no commits and no files, and one that does not exist is not found', async () => {
    const input = { owner: 'acme/tools', repo: 'empty' };
    const gateway = hub((request, signal) =>
      request.url.pathname.includes('/repository/')
        ? { status: 404, json: { message: '404 Tree Not Found' } }
        : fake()(request, signal),
    );

    expect(await gateway.run('commit.list', input)).toEqual({ items: [], nextCursor: null });
    expect(await gateway.run('tree.get', input)).toEqual({ items: [], nextCursor: null, isTruncated: false });
    await expect(gateway.run('tree.get', at)).rejects.toMatchObject({ code: 'provider_not_found' });
    expect(await gateway.run('repo.get', input)).toMatchObject({ defaultBranch: null });
  });
});

describe('a status', () => {
  it('that is set already is given again', async () => {
    const gateway = hub(fake());
    const status = { ...at, sha: headSha, state: 'pending', context: 'x' };

    expect(await gateway.run('status.create', status)).toEqual(await gateway.run('status.create', status));
    await expect(
      hub(({ method }) => (method === 'POST' ? { status: 400, json: {} } : { json: [] })).run('status.create', status),
    ).rejects.toMatchObject({ code: 'provider_rejected' });
  });
});

describe('an assignee that GitLab does not know', () => {
  it('is named', async () => {
    await expect(
      hub().run('issue.create', { ...at, title: 'x', assignees: ['robot', 'nobody'] }),
    ).rejects.toMatchObject({
      code: 'invalid_request',
      message: expect.stringContaining('nobody'),
    });
  });
});

describe('the token', () => {
  it.each([
    [['api'], 'pass'],
    [['read_api'], 'warn'],
    [['read_user'], 'fail'],
  ])('of the scopes %j: %s', async (scopes, status) => {
    const gateway = hub(({ url }) => ({
      json: url.pathname.endsWith('/self') ? { name: 'hub', scopes } : { id: 1, username: 'robot' },
    }));

    expect(await gateway.check('gitlab.token_scope')).toMatchObject({ status });
  });
});

describe('the place of a line', () => {
  it('is right on both sides, whatever was changed', () => {
    const step = fc.constantFrom(' ', ' ', ' ', '+', '-');
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 40 }), fc.nat(3), (steps, context) => {
        const places: { sign: string; oldLine: number; newLine: number }[] = [];
        let oldLine = 0;
        let newLine = 0;
        for (const sign of steps) {
          if (sign !== '+') oldLine += 1;
          if (sign !== '-') newLine += 1;
          places.push({ sign, oldLine, newLine });
        }
        const diff = unified(places, context);
        for (const place of places) {
          const both = { oldLine: place.oldLine, newLine: place.newLine };
          if (place.sign !== '-')
            expect(placeOf(diff, place.newLine, 'new')).toEqual(place.sign === '+' ? { newLine: place.newLine } : both);
          if (place.sign !== '+')
            expect(placeOf(diff, place.oldLine, 'old')).toEqual(place.sign === '-' ? { oldLine: place.oldLine } : both);
        }
      }),
    );
  });
});

/** Hunks as git writes them, with so many unchanged lines around each change. */
function unified(places: readonly { sign: string; oldLine: number; newLine: number }[], context: number): string {
  const isShown = (index: number) =>
    places.slice(Math.max(0, index - context), index + context + 1).some(({ sign }) => sign !== ' ');
  let text = '';
  for (let index = 0; index < places.length; ) {
    if (!isShown(index)) {
      index += 1;
      continue;
    }
    let end = index;
    while (end < places.length && isShown(end)) end += 1;
    const hunk = places.slice(index, end);
    const before = places[index - 1] ?? { oldLine: 0, newLine: 0 };
    const count = (without: string) => hunk.filter(({ sign }) => sign !== without).length;
    const start = (line: number, length: number) => (length === 0 ? line : line + 1);
    const [oldCount, newCount] = [count('+'), count('-')];
    text += `@@ -${start(before.oldLine, oldCount)},${oldCount} +${start(before.newLine, newCount)},${newCount} @@\n`;
    text += hunk.map(({ sign }) => `${sign}-- text\n`).join('');
    index = end;
  }
  return text;
}

/** The suites must be able to fail: each planted defect is run through them in a process of its own, and must be caught. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const repository = join(import.meta.dirname, '../../../..');

const suite = `
import { ciActions, defineAction, defineConnector, hmacProof, numberedPages, registryActions, sourceControlActions } from '@inthub/connector-sdk';
import { createHmac } from 'node:crypto';
import { ciConformance, sourceControlConformance, webhookConformance, createFakeRegistry, createMockGateway, faultConformance, manifestConformance, registryConformance, sampleImage } from '@inthub/connector-sdk/testing';
import { HubError } from '@inthub/contracts';
import Type from 'typebox';
import { describe } from 'vitest';

const manifest = {
  id: 'acme', version: '1.0.0',
  metadata: { name: 'Acme', description: 'A connector that is made to be tested.', icon: 'data:image/svg+xml,%3Csvg/%3E', category: 'registry', vendor: 'Acme', documentationUrl: 'https://a.test', supportUrl: 'https://a.test', privacyPolicyUrl: 'https://a.test', tags: [], minPlatformVersion: '0.1.0', targetApiVersion: '1' },
  types: [{ id: 'registry.acme', displayName: 'Acme', description: 'Acme', category: 'registry', capabilities: [], config: Type.Object({}), defaultEndpoint: 'https://acme.test' }],
  auth: [{ mode: 'token', kind: 'bearer_token', title: 'Token', help: 'Make a token in Acme.', apply: { scheme: 'bearer', token: '{token}' } }],
  egress: { hosts: [] }, requiredPermissions: [],
};
const Answer = Type.Object({ ok: Type.Boolean() });
const get = (run) => defineAction({ id: 'acme.thing.get', title: 'Get', description: 'Gets the thing there is.', input: Type.Object({}, { additionalProperties: false }), output: Answer, safe: true, run });
const right = async (_input, ctx) => (await ctx.http.get('/thing')).json(Answer);
const reachable = (run) => ({ id: 'acme.reachable', title: 'Reachable', run });
const rightCheck = reachable(async (ctx) => {
  try { await right({}, ctx); return { status: 'pass', message: 'ok' }; }
  catch (error) { return { status: 'fail', message: error.message, suggestions: ['Mend it.'] }; }
});
const build = (run = right, more = {}) => defineConnector({
  manifest, actions: [get(run)], checks: [rightCheck],
  testConnection: async (ctx) => {
    const { status, message } = await rightCheck.run(ctx);
    return { success: status === 'pass', message: message + ' Check the token and the endpoint of the integration.', details: {} };
  },
  ...more,
});
const faults = (name, connector) => describe(name, () => faultConformance({ connector, respond: () => () => ({ json: { ok: true } }), cases: [{ action: 'acme.thing.get', input: {} }] }));

faults('FINE', build());
faults('SWALLOWS', build(async (input, ctx) => right(input, ctx).catch(() => ({ ok: false }))));
faults('RENAMES', build(async (input, ctx) => right(input, ctx).catch((error) => { throw new HubError('internal', error.message); })));
faults('TRUSTS', build(async (_input, ctx) => ({ ok: Boolean((await (await ctx.http.get('/thing')).json()).ok) })));
faults('LEAKS', build(async (_input, ctx) => {
  const response = await ctx.http.get('/thing', { expect: [403] });
  if (response.status === 403) throw new HubError('provider_forbidden', await response.text());
  return response.json(Answer);
}));
faults('IGNORES ABORT', build(async (_input, ctx) => {
  const response = await ctx.http.get('/thing').catch((error) => { if (ctx.signal.aborted) return { json: () => ({ ok: true }) }; throw error; });
  return response.json(Answer);
}));
faults('STRAYS', build(async (input, ctx) => { await ctx.http.get('https://elsewhere.test/').catch(() => {}); return right(input, ctx); }));
faults('BOASTS', build(right, { testConnection: async () => ({ success: true, message: 'all is well, as always', details: {} }), checks: [reachable(async () => ({ status: 'pass', message: 'ok' }))] }));

describe('OPEN INPUT', () => manifestConformance(build(right, { actions: [{ ...get(right), input: Type.Object({}) }] })));
describe('NO CHECK', () => manifestConformance(build(right, { checks: [] })));
describe('CONFIG SECRET', () => manifestConformance(build(right, { manifest: { ...manifest, types: [{ ...manifest.types[0], config: Type.Object({ apiKey: Type.Optional(Type.String()) }) }] } })));
describe('WRONG FIELD', () => manifestConformance(build(right, { manifest: { ...manifest, auth: [{ ...manifest.auth[0], apply: { scheme: 'bearer', token: '{key}' } }] } })));

const image = sampleImage('a');
const names = ['a', 'b', 'c'];
const registry = (name, handlers) => describe(name, () => {
  const connector = build(right, { actions: registryActions(handlers) });
  const hub = createMockGateway({ connector, respond: createFakeRegistry({ repositories: {} }) });
  registryConformance({ name: 'it', offered: Object.keys(handlers), run: (action, input) => hub.run(action, input), fixtures: () => ({ repository: 'team/app', tag: 'a', digest: image.digest, mediaType: image.mediaType, tags: names }) });
});
const tag = (name) => ({ name, digest: null, pushedAt: null });
registry('IGNORES LIMIT', { 'tag.list': async ({ repository }) => ({ repository, items: names.map(tag), nextCursor: null }) });
registry('REPEATS', { 'tag.list': async ({ repository, cursor, limit }) => ({ repository, items: names.slice(0, limit).map(tag), nextCursor: cursor === undefined && limit < 3 ? 'more' : null }) });
registry('OUT OF SHAPE', { 'tag.resolve': async ({ repository, tag }) => ({ repository, tag, digest: image.digest }) });
registry('SAYS YES', { 'digest.verify': async ({ repository, digest }) => ({ repository, reference: 'a', verified: true, computed: digest, expected: digest, mediaType: image.mediaType, sizeBytes: 1 }) });

const sampleEvents = ['acme.thing.made'];
const webhook = (name, more) => describe(name, () => {
  const definition = {
    id: 'acme.thing', title: 'Things', events: sampleEvents, proof: 'signature', verify: hmacProof({ header: 'x-sig' }),
    deliveryId: ({ headers }) => headers.get('x-id'),
    translate: ({ body }) => Buffer.from(body).toString() === 'made' ? [{ type: 'acme.thing.made', data: {} }] : [],
    ...more,
  };
  webhookConformance({
    connector: build(right, { webhooks: [definition] }), definition,
    sign: (body, secret) => ({ 'x-sig': createHmac('sha256', secret).update(body).digest('hex') }),
    samples: [{ name: 'made', body: 'made', headers: { 'x-id': '1' }, events: sampleEvents }], unknown: { body: 'unmade' },
  });
});
webhook('SOUND', {});
webhook('GULLIBLE', { verify: () => 'valid' });
webhook('FIRST SECRET', { verify: (delivery, secrets) => hmacProof({ header: 'x-sig' })(delivery, secrets.slice(0, 1)) });
webhook('HALF SIGNED', { verify: ({ headers, body }, secrets) => hmacProof({ header: 'x-sig', signed: () => [body.subarray(0, 4)] })({ headers, body }, secrets) });
webhook('NEW IDS', { deliveryId: () => String(performance.now()) });
webhook('UNDECLARED', { events: ['acme.thing.unmade'] });
webhook('FRAGILE', { translate: ({ body }) => { const text = Buffer.from(body).toString(); if (text === 'unmade') return []; if (text !== 'made') JSON.parse(text).a.b; return [{ type: 'acme.thing.made', data: {} }]; } });
webhook('NOISY', { translate: () => [{ type: 'acme.thing.made', data: {} }] });

const time = '2026-01-02T03:04:05.000Z';
const scm = (name, handlers, more = {}) => describe(name, () => {
  const connector = build(right, { actions: sourceControlActions(handlers) });
  const hub = createMockGateway({ connector, respond: () => ({ json: { ok: true } }) });
  sourceControlConformance({
    name: 'it', offered: Object.keys(handlers), run: (action, input) => hub.run(action, input),
    fixtures: () => ({ owner: 'o', repo: 'r', defaultBranch: 'main', repositories: ['o/r', 'o/s'], branches: ['a', 'b', 'c'], tags: [], file: { path: 'a', content: 'x' }, files: ['a'], unmerged: ['one', 'two'], ...more }),
  });
});
const branch = (name) => ({ name, commitSha: 'a'.repeat(40), isProtected: false });
const found = ({ repo }) => { if (repo !== 'r') throw new HubError('provider_not_found', 'no'); };
const branches = async (input) => { found(input); return numberedPages({ cursor: input.cursor, limit: input.limit ?? 50, maxPageSize: 100, fetch: async ({ number, size }) => ({ items: names.slice((number - 1) * size, number * size).map(branch), hasNext: number * size < names.length }) }); };
scm('SCM FINE', { 'branch.list': branches });
scm('SCM ENDLESS', { 'branch.list': async ({ cursor, limit }) => ({ items: names.slice(0, limit).map(branch), nextCursor: 'again' + (cursor ?? '') }) });
scm('SCM ANYWHERE', { 'branch.list': async (input) => branches({ ...input, repo: 'r' }) });
scm('SCM LASTING URL', { 'repo.clone': async () => ({ url: 'https://x:y@h.test/o/r.git', cloneUrl: 'https://h.test/o/r.git', isAuthorised: true, expiresAt: null }) });
const issues = [];
const issue = (input) => ({ id: '1', number: 1, title: 't', body: '', state: 'open', author: 'a', assignees: [], labels: [], createdAt: time, updatedAt: time, url: 'https://h.test/issues/1', ...input });
scm('SCM FORGETS', {
  'issue.list': async () => ({ items: issues, nextCursor: null }),
  'issue.create': async ({ title, body = '' }) => { const made = issue({ number: issues.length + 1, title, body }); issues.push(made); return made; },
  'issue.update': async ({ number, title = 't', body = '', state = 'open' }) => issue({ number, title, body, state }),
});
const pulls = [];
const pull = (input) => ({ id: '1', number: 1, title: 't', body: '', state: 'open', author: 'a', sourceBranch: 's', targetBranch: 'main', headSha: 'a'.repeat(40), isDraft: false, createdAt: time, updatedAt: time, mergedAt: null, reviewStatus: null, labels: [], url: 'https://h.test/pull/1', ...input });
const details = { baseSha: null, isMergeable: null, mergeCommitSha: null, mergedBy: null, assignees: [], reviewers: [], additions: null, deletions: null, changedFiles: null };
scm('SCM MERGES ALL', {
  'pr.list': async ({ state }) => ({ items: pulls.filter((one) => one.state === state), nextCursor: null }),
  'pr.create': async ({ title, body, sourceBranch, targetBranch }) => { const made = pull({ number: pulls.length + 1, title, body, sourceBranch, targetBranch }); pulls.push(made); return made; },
  'pr.get': async ({ number }) => ({ ...pulls[number - 1], ...details }),
  'pr.merge': async ({ number }) => { pulls[number - 1] = { ...pulls[number - 1], state: 'merged', mergedAt: time }; return { merged: true, sha: null }; },
});
const ci = (name, handlers) => describe(name, () => {
  const connector = build(right, { actions: ciActions(handlers) });
  const hub = createMockGateway({ connector, respond: () => ({ json: { ok: true } }) });
  ciConformance({ name: 'it', offered: Object.keys(handlers), run: (action, input) => hub.run(action, input), fixtures: () => ({ repo: 'r', workflows: [], runs: ['1', '2'], finished: { id: '1', conclusion: 'failure' }, jobs: [] }) });
});
ci('CI CANCELS ALL', { 'run.cancel': async ({ runId }) => ({ runId, accepted: true }) });
ci('CI PRAISES', { 'run.get': async ({ runId }) => ({ id: runId, number: null, name: 'n', workflowId: null, status: 'completed', conclusion: 'success', branch: null, commitSha: null, event: null, actor: null, createdAt: time, startedAt: null, updatedAt: time, url: 'u', finishedAt: null, attempt: null }) });
`;

describe('the conformance suites', () => {
  let folder: string;
  let results: readonly { readonly fullName: string; readonly status: string }[];
  beforeAll(() => {
    mkdirSync(join(repository, '.cache'), { recursive: true });
    folder = mkdtempSync(join(repository, '.cache/conformance-'));
    writeFileSync(join(folder, 'planted.test.ts'), suite);
    writeFileSync(
      join(folder, 'vitest.config.ts'),
      "const conditions = ['source', 'node'];\nexport default { resolve: { conditions }, ssr: { resolve: { conditions } } };\n",
    );
    const report = join(folder, 'report.json');
    const run = spawnSync(
      process.execPath,
      [
        join(repository, 'node_modules/vitest/vitest.mjs'),
        'run',
        '--root',
        folder,
        '--reporter',
        'json',
        '--outputFile',
        report,
      ],
      {
        cwd: folder,
        encoding: 'utf8',
        env: { ...process.env, VITEST: undefined, NO_COLOR: '1' },
      },
    );
    expect(run.error).toBeUndefined();
    const { testResults } = JSON.parse(readFileSync(report, 'utf8')) as {
      testResults: { assertionResults: typeof results }[];
    };
    results = testResults.flatMap(({ assertionResults }) => assertionResults);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const failed = (planted: string) =>
    results
      .filter(({ fullName, status }) => fullName.startsWith(`${planted} `) && status === 'failed')
      .map(({ fullName }) => fullName);

  it('pass a connector that is right', () => {
    expect(results.filter(({ fullName }) => fullName.startsWith('FINE ')).length).toBeGreaterThan(25);
    expect(failed('FINE')).toEqual([]);
    expect(results.filter(({ fullName }) => fullName.startsWith('SCM FINE ')).length).toBeGreaterThan(3);
    expect(failed('SCM FINE')).toEqual([]);
    expect(results.filter(({ fullName }) => fullName.startsWith('SOUND ')).length).toBeGreaterThan(6);
    expect(failed('SOUND')).toEqual([]);
  });

  it.each([
    ['SWALLOWS', 'types the fault "broken"'],
    ['RENAMES', 'types the fault "missing"'],
    ['TRUSTS', 'types the fault "empty"'],
    ['TRUSTS', 'types the fault "strange"'],
    ['LEAKS', 'types the fault "forbidden"'],
    ['IGNORES ABORT', 'stops at once'],
    ['STRAYS', 'works when nothing is wrong'],
    ['BOASTS', 'names a remedy'],
    ['OPEN INPUT', 'closed inputs'],
    ['NO CHECK', 'names checks'],
    ['CONFIG SECRET', 'keeps secrets out of config'],
    ['WRONG FIELD', 'authenticates with fields'],
    ['IGNORES LIMIT', 'finds what is there'],
    ['REPEATS', 'finds what is there'],
    ['REPEATS', 'forged cursor'],
    ['OUT OF SHAPE', 'gives the digest'],
    ['GULLIBLE', 'finds a proof missing'],
    ['GULLIBLE', 'signature of another body'],
    ['FIRST SECRET', 'takes either secret'],
    ['HALF SIGNED', 'signature of another body'],
    ['NEW IDS', 'accepts and translates'],
    ['UNDECLARED', 'accepts and translates'],
    ['FRAGILE', 'survives any body'],
    ['NOISY', 'a kind that it does not know'],
    ['SAYS YES', 'denies another'],
    ['SCM ENDLESS', 'finds what is there'],
    ['SCM ENDLESS', 'refuses a cursor'],
    ['SCM ANYWHERE', 'says that a repository does not exist'],
    ['SCM LASTING URL', 'says whether the URL holds a credential'],
    ['SCM FORGETS', 'tell the same story'],
    ['SCM MERGES ALL', 'merged once'],
    ['SCM MERGES ALL', 'refuses a second one'],
    ['SCM MERGES ALL', 'does not exist'],
    ['CI CANCELS ALL', 'leaves what is over'],
    ['CI PRAISES', 'gives state and outcome'],
    ['CI PRAISES', 'does not exist'],
  ])('catch a connector that %s: %s', (planted, test) => {
    expect(failed(planted)).toEqual(expect.arrayContaining([expect.stringContaining(test)]));
  });
});

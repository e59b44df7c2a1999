import { createId, type Principal, type ScmAnnotation } from '@inthub/contracts';
import { createFakeClock } from '@inthub/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createAuditLog } from '../audit/audit.ts';
import { createTestTenant, type OpenTestDatabase, openTestDatabase, silentLog } from '../database/testing.ts';
import type { InstalledIntegration } from '../runtime/runtime.ts';
import { createTelemetry } from '../telemetry/telemetry.ts';
import { type AnnotationCall, createAnnotations } from './annotations.ts';
import { createFakeScm, type FakeScm } from './testing.ts';

let opened: OpenTestDatabase;
let call: AnnotationCall;
beforeAll(async () => {
  opened = await openTestDatabase();
  const tenantId = await createTestTenant(opened.database);
  const principal: Principal = { tenantId, kind: 'api_key', id: 'k', name: 'Pipeline', scopes: new Set() };
  call = { principal, requestId: 'req-annotations' };
});
afterAll(() => opened?.close());

const id = createId<string>();
const target = { owner: 'team', repository: 'app' };
const sha = 'a'.repeat(40);
const annotation = (at: number): ScmAnnotation => ({
  path: 'src/a.ts',
  startLine: at + 1,
  endLine: at + 1,
  level: 'failure',
  message: `bad ${at}`,
  title: 'rule',
});

function setUp(product: 'github' | 'gitlab' | 'gitea', type = `scm.${product}`) {
  const scm = createFakeScm(product);
  const { metrics } = createTelemetry();
  const clock = createFakeClock('2026-11-21T10:00:00Z');
  const annotations = createAnnotations({
    database: opened.database,
    audit: createAuditLog({ database: opened.database, clock, redact: (value) => value, chainKey: new Uint8Array(32) }),
    clock,
    log: silentLog,
    metrics,
    execute: scm.execute,
    redact: (value) => JSON.parse(JSON.stringify(value).replaceAll('s3cret', '[redacted]')),
    find: async () =>
      ({ id, type, connectorId: type === `scm.${product}` ? product : 'oci', name: 'scm' }) as InstalledIntegration,
  });
  const count = async (operation: string, status: string) =>
    (await metrics.render()).includes(
      `scm_annotation_total{provider="${product}",operation="${operation}",status="${status}"}`,
    );
  /** The value of one series. */
  const metric = async (series: string) =>
    (await metrics.render())
      .split('\n')
      .find((line) => line.startsWith(`${series} `))
      ?.slice(series.length + 1);
  return { scm, annotations, count, metric };
}

describe.each(['github', 'gitlab', 'gitea'] as const)('a comment on %s', (product) => {
  let scm: FakeScm;
  let annotations: ReturnType<typeof setUp>['annotations'];
  beforeEach(() => {
    ({ scm, annotations } = setUp(product));
  });
  const post = (body: string, more: object = {}) =>
    annotations.postComment(call, id, { ...target, pullRequestNumber: 3, body, ...more });

  it('is written once and then changed, among the comments of others', async () => {
    for (const body of ['hello', '> <!-- inthub:annotation:default -->', 'x <!-- inthub:annotation:default --> y'])
      scm.comments.push({ id: `o${scm.comments.length}`, body, url: '' });

    expect(await post('first')).toMatchObject({ success: true, result: { updated: false, via: 'comment' } });
    expect(await post('second')).toMatchObject({ success: true, result: { updated: true } });
    expect(await post('of another key', { key: 'lint' })).toMatchObject({ result: { updated: false } });

    expect(scm.comments.slice(3).map(({ body }) => body.split('\n')[0])).toEqual(['second', 'of another key']);
    expect(await post('anew', { updateExisting: false })).toMatchObject({ result: { updated: false } });
    expect(await post('this one', { commentId: scm.comments[4]?.id })).toMatchObject({ result: { updated: true } });
  });

  it('is cut to what the product takes, and says so', async () => {
    const { result } = await post('x'.repeat(1_000_000));

    expect(result?.isTruncated).toBe(true);
    expect(scm.comments[0]?.body.length).toBeLessThanOrEqual(product === 'gitlab' ? 1_000_000 : 65_536);
    expect(scm.comments[0]?.body).toContain('_Cut');
  });

  it('that fails is a result, not an error', async () => {
    scm.failing.set(`${product}.comment.create`, 'provider_rate_limited');

    expect(await post('x')).toMatchObject({
      success: false,
      result: null,
      errorCode: 'provider_rate_limited',
      isTransient: true,
      skippedOffline: false,
    });
    scm.failing.set(`${product}.comment.create`, 'provider_forbidden');
    expect(await post('x')).toMatchObject({ success: false, isTransient: false });
    scm.failing.set(`${product}.comment.list`, 'not_granted');
    await expect(post('x')).rejects.toMatchObject({ code: 'not_granted' });
  });
});

describe('a check run', () => {
  const run = (annotations: ReturnType<typeof setUp>['annotations'], count: number, more: object = {}) =>
    annotations.createCheckRun(call, id, {
      ...target,
      headSha: sha,
      name: 'security/scan',
      conclusion: 'failure',
      summary: 'Two findings.\nMore.',
      annotations: Array.from({ length: count }, (_, at) => annotation(at)),
      ...more,
    });

  it.each([
    [0, 1],
    [50, 1],
    [51, 2],
    [120, 3],
  ])('of %i annotations takes GitHub %i requests, 50 each at most', async (count, requests) => {
    const { scm, annotations } = setUp('github');

    expect(await run(annotations, count)).toMatchObject({
      success: true,
      result: { via: 'check_run', annotations: count },
    });
    expect(scm.calls).toHaveLength(requests);
    expect(scm.checkRuns).toMatchObject([{ annotations: count, params: { conclusion: 'failure', headSha: sha } }]);
  });

  it('degrades to status and comment where there are none, and posts nothing twice', async () => {
    const { scm, annotations } = setUp('gitlab');
    const again = () => run(annotations, 25, { pullRequestNumber: 3 });

    expect(await again()).toMatchObject({ success: true, result: { via: 'status_and_comment', annotations: 20 } });
    expect(await again()).toMatchObject({ success: true, result: { updated: true, annotations: 20 } });

    expect(scm.statuses).toHaveLength(2);
    expect(scm.statuses[0]).toMatchObject({
      sha,
      state: 'failure',
      context: 'security/scan',
      description: 'Two findings.',
    });
    expect(scm.comments.filter(({ line }) => line !== undefined)).toHaveLength(20);
    expect(scm.comments.filter(({ line }) => line === undefined)).toHaveLength(1);
    expect(scm.comments.at(-1)?.body).toContain('src/a.ts:25');
  });

  it('is a status alone without a pull request, and for a person who may not write check runs on GitHub', async () => {
    const gitea = setUp('gitea');
    expect(await run(gitea.annotations, 3, { conclusion: undefined })).toMatchObject({ result: { via: 'status' } });
    expect(gitea.scm.statuses).toMatchObject([{ state: 'pending' }]);
    const github = setUp('github');
    github.scm.failing.set('github.check_run.create', 'provider_forbidden');
    expect(await run(github.annotations, 3, { pullRequestNumber: 3 })).toMatchObject({
      result: { via: 'status_and_comment' },
    });
  });

  it('goes on when single lines take no remark', async () => {
    const { scm, annotations } = setUp('gitlab');
    scm.failing.set('pr.comment', 'provider_rejected');

    expect(await run(annotations, 2, { pullRequestNumber: 3 })).toMatchObject({
      success: true,
      result: { annotations: 0 },
    });
    expect(scm.comments[0]?.body).toContain('src/a.ts:2');
  });
});

describe('findings', () => {
  const findings = [{ ruleId: 'r', message: 'm', severity: 'high' as const, path: 'a.ts', startLine: 2 }];
  const request = { ...target, commitSha: sha, pullRequestNumber: 3, name: 'scan', findings };

  it('become comment, status and check run on GitHub', async () => {
    const { scm, annotations, count } = setUp('github');

    expect(await annotations.publishFindings(call, id, request)).toMatchObject({
      findings: 1,
      bySeverity: { high: 1 },
      comment: { success: true, result: { via: 'comment' } },
      status: { success: true, result: { via: 'status' } },
      checkRun: { success: true, result: { via: 'check_run' } },
    });
    expect([scm.comments.length, scm.statuses.length, scm.checkRuns.length]).toEqual([1, 1, 1]);
    expect(await count('check_run', 'success')).toBe(true);
  });

  it('become one status and one comment where a check run degrades to them', async () => {
    const { scm, annotations } = setUp('gitea');
    const placeless = { ruleId: 'licence', message: 'in the whole repository', severity: 'low' as const };

    const both = { ...request, findings: [...findings, placeless] };
    expect(await annotations.publishFindings(call, id, both)).toMatchObject({
      comment: { result: { via: 'status_and_comment' } },
      status: { result: { via: 'status_and_comment' } },
    });
    expect([scm.comments.length, scm.statuses.length]).toEqual([1, 1]);
    // Also the finding that names no line, which no annotation can be made of.
    expect(scm.comments[0]?.body).toContain('in the whole repository');
    const one = await annotations.publishFindings(call, id, { ...request, publish: ['status'] });
    expect(one).toMatchObject({ comment: null, checkRun: null, status: { success: true } });
  });

  it('go to source control only', async () => {
    const { annotations } = setUp('github', 'registry.oci');

    await expect(annotations.publishFindings(call, id, request)).rejects.toMatchObject({
      code: 'invalid_request',
      message: expect.stringContaining('scm.github'),
    });
  });
});

describe('offline', () => {
  it('keeps the payload without secrets, lists it, and posts it later, once', async () => {
    const { scm, annotations, count } = setUp('github');
    scm.failing.set('*', 'offline');
    const request = { ...target, pullRequestNumber: 3, body: 'token s3cret' };

    const skipped = await annotations.postComment(call, id, request);
    expect(skipped).toMatchObject({ success: false, skippedOffline: true, errorCode: 'offline' });
    expect(await count('comment', 'skipped_offline')).toBe(true);
    const { tenantId } = call.principal;
    const { items } = await annotations.listKept(tenantId, id, { limit: 10, state: 'kept' });
    expect(items).toMatchObject([{ id: skipped.keptId, operation: 'comment', state: 'kept', createdBy: 'Pipeline' }]);
    expect(items[0]?.payload).toEqual({ ...request, body: 'token [redacted]' });
    expect(await annotations.getKept(tenantId, id, skipped.keptId ?? '')).toEqual(items[0]);
    await expect(annotations.getKept(tenantId, id, createId())).rejects.toMatchObject({ code: 'not_found' });

    const keptId = skipped.keptId ?? '';
    expect(await annotations.postKept(call, id, keptId)).toMatchObject({
      success: false,
      skippedOffline: true,
      keptId: null,
    });
    scm.failing.clear();
    expect(await annotations.postKept(call, id, keptId)).toMatchObject({ success: true });
    await expect(annotations.postKept(call, id, keptId)).rejects.toMatchObject({ code: 'conflict' });
    expect(scm.comments).toHaveLength(1);
    expect((await annotations.listKept(tenantId, id, { limit: 10 })).items).toMatchObject([{ state: 'posted' }]);

    await annotations.removeKept(call, id, keptId);
    expect((await annotations.listKept(tenantId, id, { limit: 10 })).items).toEqual([]);
    await expect(annotations.removeKept(call, id, keptId)).rejects.toMatchObject({ code: 'not_found' });
    await expect(annotations.postKept(call, id, 'x')).rejects.toMatchObject({ code: 'not_found' });
  });

  it('pages, and shows nothing of another tenant', async () => {
    const { scm, annotations } = setUp('github');
    scm.failing.set('*', 'offline');
    for (let at = 0; at < 3; at += 1)
      await annotations.postStatus(call, id, { ...target, commitSha: sha, state: 'success', context: `c${at}` });
    const { tenantId } = call.principal;

    const first = await annotations.listKept(tenantId, id, { limit: 2, state: 'kept' });
    const second = await annotations.listKept(tenantId, id, {
      limit: 2,
      state: 'kept',
      cursor: first.nextCursor ?? '',
    });
    expect([...first.items, ...second.items].map(({ payload }) => payload['context']).sort()).toEqual([
      'c0',
      'c1',
      'c2',
    ]);
    expect(second.nextCursor).toBeNull();
    const other = await createTestTenant(opened.database, 'rival');
    expect((await annotations.listKept(other, id, { limit: 10 })).items).toEqual([]);
  });
});

describe('the metrics', () => {
  it.each([
    ['a success', undefined, 'success'],
    ['a failure of the provider', 'provider_unavailable', 'failure'],
    ['what the caller has to change', 'not_granted', 'failure'],
    ['what was kept offline', 'offline', 'skipped_offline'],
  ] as const)('count %s of every operation, once, with its duration', async (_what, code, status) => {
    const { scm, annotations, metric } = setUp('gitlab');
    if (code !== undefined) scm.failing.set('*', code);
    const post = { ...target, pullRequestNumber: 3 };

    await Promise.allSettled([
      annotations.postComment(call, id, { ...post, body: 'x' }),
      annotations.postStatus(call, id, { ...target, commitSha: sha, state: 'success', context: 'c' }),
      annotations.createCheckRun(call, id, { ...post, headSha: sha, name: 'scan', annotations: [annotation(1)] }),
    ]);

    for (const operation of ['comment', 'status', 'check_run']) {
      const labels = `provider="gitlab",operation="${operation}"`;
      expect(await metric(`scm_annotation_total{${labels},status="${status}"}`)).toBe('1');
      expect(await metric(`scm_annotation_duration_seconds_count{${labels}}`)).toBe('1');
    }
  });
});

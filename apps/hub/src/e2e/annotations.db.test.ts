// Findings on pull requests through a whole hub: GitHub (emulate, which has no Apps here), GitLab and Gitea (fakes held to their descriptions).
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ScmServer, scmProducts, startScmServer } from './scm-rig.ts';
import { startTestHub, type TestHub } from './testing.ts';

let hub: TestHub;
let replica: TestHub;
let tenant: string;
const masterKey = Buffer.alloc(32, 7).toString('base64');
beforeAll(async () => {
  hub = await startTestHub({ HUB_MASTER_KEY: masterKey });
  replica = await startTestHub({ HUB_MASTER_KEY: masterKey, DATABASE_URL: hub.databaseUrl });
  tenant = (await hub.call('GET', '/api/v1/tenants')).body.items[0].id;
});
afterAll(async () => {
  await replica?.stop();
  await hub?.stop();
});

const result = (line: number, level: string, path = 'src/main.ts') => ({
  ruleId: 'no-two',
  level,
  message: { text: `Not two, @team, in line ${line}` },
  locations: [{ physicalLocation: { artifactLocation: { uri: path }, region: { startLine: line } } }],
});
const sarifOf = (results: object[]) => ({ version: '2.1.0', runs: [{ tool: { driver: { name: 'scan' } }, results }] });

/** What a check run becomes. */
const via = { github: 'check_run', gitlab: 'status_and_comment', gitea: 'status_and_comment' } as const;

describe.each(scmProducts)('annotations on %s', (product) => {
  let server: ScmServer;
  let id: string;
  beforeAll(async () => {
    server = await startScmServer(product);
    id = await server.install(hub);
  });
  afterAll(() => server?.stop());

  async function post(what: string, body: object, at = hub) {
    const answer = await at.call('POST', `/api/v1/integrations/${id}/annotations/${what}`, {
      ...server.target,
      ...body,
    });
    expect(answer.status, answer.text).toBe(200);
    return answer.body;
  }
  const publish = (results: object[], more: object = {}) =>
    post('findings', {
      commitSha: server.headSha,
      pullRequestNumber: server.pullRequestNumber,
      name: 'security/scan',
      sarif: sarifOf(results),
      ...more,
    });
  const marked = async (key: string) =>
    (await server.comments()).filter((body) => body.endsWith(`<!-- inthub:annotation:${key} -->`));
  const statuses = () =>
    server.writes.filter(({ path }) => path.includes('/statuses/')).map(({ body }) => body.state as string);
  const setOffline = async (offline: boolean) => {
    expect((await hub.call('PATCH', `/api/v1/tenants/${tenant}`, { offline })).body.offline).toBe(offline);
  };

  it('become one comment, one status and a check run or what stands for it; the next run changes them', async () => {
    const first = await publish([result(2, 'error'), result(9, 'warning')]);
    expect(first).toMatchObject({
      findings: 2,
      bySeverity: { high: 1, medium: 1 },
      comment: { success: true, result: { updated: false } },
      status: { success: true },
      checkRun: { success: true, result: { via: via[product] } },
    });
    expect(await marked('security/scan')).toEqual([expect.stringContaining('2 findings, 1 high or worse.')]);

    const second = await publish([]);
    expect(second).toMatchObject({ findings: 0, comment: { success: true, result: { updated: true } } });

    expect(await marked('security/scan')).toEqual([expect.stringContaining('No findings.')]);
    expect(statuses()).toEqual([product === 'gitlab' ? 'failed' : 'failure', 'success']);
    for (const body of await server.comments()) expect(body).not.toContain('@team');
  });

  it('are found again by their key alone, whoever else writes there', async () => {
    const at = { pullRequestNumber: server.pullRequestNumber };
    await post('comment', { ...at, key: 'lint', body: '> <!-- inthub:annotation:other -->' });
    await post('comment', { ...at, key: 'other', body: 'mine' });
    await post('comment', { ...at, key: 'other', body: 'mine, again' });

    expect(await marked('other')).toEqual([expect.stringMatching(/^mine, again/)]);
    expect(await marked('lint')).toHaveLength(1);
  });

  it('come in batches of what the product takes', async () => {
    const before = server.writes.length;
    const many = Array.from({ length: 120 }, (_, at) => result(at + 1, 'warning'));
    const { checkRun } = await publish(many, { name: 'many' });
    const writes = server.writes.slice(before);

    expect(checkRun).toMatchObject({ success: true, result: { via: via[product] } });
    if (product === 'github') {
      const runs = writes.filter(({ path }) => path.includes('/check-runs'));
      expect(runs.map(({ method, body }) => [method, body.output.annotations.length])).toEqual([
        ['POST', 50],
        ['PATCH', 50],
        ['PATCH', 20],
      ]);
      expect(checkRun.result.annotations).toBe(120);
      return;
    }
    const [comment = ''] = await marked('many');
    expect(comment.match(/^\| medium \| `/gm)).toHaveLength(50);
    expect(comment).toContain('… and 70 more.');
    // GitLab takes remarks on lines of the diff, and this one has two of them; they stand there once, too.
    const remarks = () => server.writes.filter(({ path }) => path.endsWith('/discussions')).length;
    const remarked = remarks();
    expect(remarked > 0).toBe(product === 'gitlab');
    await publish(many, { name: 'many' });
    expect(remarks()).toBe(remarked);
  });

  it('that are longer than the product takes are cut, say so, and are still found', async () => {
    const at = { pullRequestNumber: server.pullRequestNumber, key: 'long' };
    const longest = product === 'gitlab' ? 1_000_000 : 65_536;
    const long = await post('comment', { ...at, body: `${'ż'.repeat(99)}\n`.repeat(9_999) });
    const again = await post('comment', { ...at, body: `${'Ż'.repeat(99)}\n`.repeat(9_999) });

    expect(long.result).toMatchObject({ updated: false, isTruncated: product !== 'gitlab' });
    expect(again.result.updated).toBe(true);
    const [body = '', ...others] = await marked('long');
    expect(others).toEqual([]);
    expect(body.length).toBeLessThanOrEqual(longest);
    expect(body.includes('_Cut')).toBe(product !== 'gitlab');
  });

  it('become one comment though two replicas write the first at the same moment', async () => {
    const body = (at: number) => ({ pullRequestNumber: server.pullRequestNumber, key: 'race', body: `run ${at}` });
    const work = [hub, replica, hub, replica, hub, replica].map((one, at) => post('comment', body(at), one));

    for (const done of await Promise.all(work)) expect(done).toMatchObject({ success: true });
    expect(await marked('race')).toHaveLength(1);
  });

  it('are kept while the hub is offline, and posted later, once', async () => {
    const path = `/api/v1/integrations/${id}/annotations`;
    const before = server.provider.requests.length;
    await setOffline(true);
    const skipped = await publish([result(2, 'error')], { name: 'offline', publish: ['comment', 'status'] });
    expect(skipped).toMatchObject({
      comment: { success: false, skippedOffline: true, errorCode: 'offline' },
      status: { success: false, skippedOffline: true },
      checkRun: null,
    });
    expect(await post('check-run', { headSha: server.headSha, name: 'offline' })).toMatchObject({
      skippedOffline: true,
    });
    const { items } = (await hub.call('GET', `${path}?state=kept`)).body;
    expect(items.map(({ operation }: { operation: string }) => operation)).toEqual(['check_run', 'comment', 'status']);
    const tooSoon = await hub.call('POST', `${path}/${items[1].id}/post`);
    expect(tooSoon.body).toMatchObject({ success: false, skippedOffline: true, keptId: null });
    expect(server.provider.requests).toHaveLength(before);

    await setOffline(false);
    for (const kept of items) {
      const done = await hub.call('POST', `${path}/${kept.id}/post`);
      expect(done.body, done.text).toMatchObject({ success: true });
      expect((await hub.call('POST', `${path}/${kept.id}/post`)).body).toMatchObject({ code: 'conflict' });
    }
    expect((await hub.call('GET', `${path}?state=kept`)).body.items).toEqual([]);
    expect((await hub.call('GET', `${path}/${items[0].id}`)).body).toMatchObject({ state: 'posted', lastError: null });
    expect(await marked('offline')).toEqual([expect.stringContaining('1 finding')]);
    for (const kept of items) expect((await hub.call('DELETE', `${path}/${kept.id}`)).status).toBe(204);
    expect((await hub.call('GET', path)).body.items).toEqual([]);
  });

  it('that the product refuses are results, and a pipeline goes on', async () => {
    server.provider.intercept = () => ({ status: 503, json: { message: 'maintenance' } });
    const status = { commitSha: server.headSha, state: 'success', context: 'ci' };

    expect(await post('status', status)).toMatchObject({ success: false, isTransient: true, skippedOffline: false });
    server.provider.intercept = undefined;
    const { body } = await hub.call('POST', `/api/v1/integrations/${id}/annotations/status`, {
      ...server.target,
      ...status,
      commitSha: 'main',
    });
    expect(body).toMatchObject({ code: 'invalid_request', errors: [{ path: '/commitSha' }] });
  });

  it('are counted, each operation with its outcome and duration', async () => {
    const { text } = await hub.call('GET', '/metrics');

    for (const operation of ['comment', 'status', 'check_run']) {
      const labels = `provider="${product}",operation="${operation}"`;
      expect(text).toMatch(new RegExp(`scm_annotation_total\\{${labels},status="success"\\} \\d`));
      expect(text).toMatch(new RegExp(`scm_annotation_total\\{${labels},status="skipped_offline"\\} \\d`));
      expect(text).toMatch(new RegExp(`scm_annotation_duration_seconds_count\\{${labels}\\} \\d`));
    }
    expect(text).toContain(`scm_annotation_total{provider="${product}",operation="status",status="failure"} 1`);
  });
});

it('leave one audit that is intact, and no credential in it or in the log', async () => {
  const audit = await hub.call('GET', '/api/v1/audit?limit=500');

  expect((await hub.call('POST', '/api/v1/audit/verify')).body).toMatchObject({ intact: true });
  const actions = new Set(audit.body.items.map(({ action }: { action: string }) => action));
  for (const action of ['annotation.keep', 'annotation.post', 'annotation.remove']) expect(actions).toContain(action);
  expect(audit.text + hub.logs.join('')).not.toContain('canary-');
});

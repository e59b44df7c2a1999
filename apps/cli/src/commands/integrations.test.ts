import { describe, expect, it } from 'vitest';
import { type HubRequest, problem } from '../testing/fake-hub.ts';
import { startBench } from '../testing/run-cli.ts';
import { ids, sampleIntegration } from '../testing/samples.ts';

const byName = (...items: ReturnType<typeof sampleIntegration>[]) => ({
  listIntegrations: () => ({ items, nextCursor: null }),
});

/** A catalog of so many integrations, paged as the hub pages. */
function manyIntegrations(count: number) {
  return ({ query }: HubRequest) => {
    const from = Number(query['cursor'] ?? 0);
    const upTo = Math.min(count, from + Number(query['limit'] ?? 50));
    const items = Array.from({ length: upTo - from }, (_, at) => sampleIntegration({ name: `n${from + at}` }));
    return { items, nextCursor: upTo < count ? String(upTo) : null };
  };
}

describe('inthub integrations list', () => {
  it('shows a table, and sends the filters', async () => {
    const { hub, run } = await startBench(byName(sampleIntegration()));

    const filters = [
      '--type',
      'registry.harbor',
      '--category',
      'registry',
      '--connector',
      'harbor',
      '--status',
      'active',
    ];
    const more = [
      '--health',
      'healthy',
      '--environment',
      'production',
      '--tag',
      'images',
      '--owner',
      'me',
      '--search',
      'a&b',
    ];
    const { code, stdout } = await run(['integrations', 'list', ...filters, ...more]);

    expect(code).toBe(0);
    expect(stdout.split('\n')[0]).toMatch(/^NAME +TYPE +STATUS +HEALTH +ENVIRONMENT +LAST TESTED$/);
    expect(stdout).toMatch(/main registry +registry\.harbor +active +healthy +production +2026-11-20 08:00:00Z/);
    expect(hub.requests[0]?.query).toEqual({
      type: 'registry.harbor',
      category: 'registry',
      connector: 'harbor',
      status: 'active',
      health: 'healthy',
      environment: 'production',
      tag: 'images',
      owner: 'me',
      q: 'a&b',
      limit: '50',
    });
  });

  it('says that there is more, and pages through with --all', async () => {
    const { hub, json, run } = await startBench({ listIntegrations: manyIntegrations(1203) });

    const first = await run(['integrations', 'list']);
    const all = await json(['integrations', 'list', '--all']);
    const some = await json(['integrations', 'list', '--limit', '3', '--cursor', '700']);

    expect(first.stderr).toContain('There is more: --all, or --cursor 50');
    expect((all as { items: unknown[] }).items).toHaveLength(1203);
    expect(all).toMatchObject({ nextCursor: null });
    expect(hub.requests.slice(1, 4).map(({ query }) => query)).toEqual([
      { limit: '500' },
      { limit: '500', cursor: '500' },
      { limit: '500', cursor: '1000' },
    ]);
    expect(some).toMatchObject({ items: [{ name: 'n700' }, { name: 'n701' }, { name: 'n702' }], nextCursor: '703' });
  });

  it('stops when the hub goes round in circles', async () => {
    const { run } = await startBench({
      listIntegrations: () => ({ items: [sampleIntegration()], nextCursor: 'same' }),
    });

    expect(await run(['integrations', 'list', '--all'])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('same page again'),
    });
  });

  it('prints the heading alone when there is nothing', async () => {
    const { run } = await startBench(byName());

    expect((await run(['integrations', 'list'])).stdout).toMatch(/^NAME +TYPE .*\n$/);
  });

  it('paints states in a terminal, and keeps within its width', async () => {
    const { run } = await startBench(byName(sampleIntegration({ name: 'a very long name '.repeat(7).trim() })));

    const { stdout } = await run(['integrations', 'list'], { color: true, columns: 80 });

    const escapes = new RegExp(`${String.fromCharCode(27)}\\[\\d+m`, 'g');
    expect(stdout).toMatch(escapes);
    for (const line of stdout.replaceAll(escapes, '').split('\n')) expect(line.length).toBeLessThanOrEqual(80);
  });
});

describe('inthub integrations show', () => {
  it('finds by exact name among those that only contain it, on later pages too', async () => {
    const { hub, json } = await startBench({
      listIntegrations: ({ query }) =>
        query['cursor'] === undefined
          ? { items: [sampleIntegration({ id: ids.other, name: 'main registry 2' })], nextCursor: 'next' }
          : { items: [sampleIntegration()], nextCursor: null },
    });

    const shown = await json(['integrations', 'show', 'main registry']);

    expect(shown).toEqual(sampleIntegration());
    expect(hub.requests.map(({ query }) => query['q'])).toEqual(['main registry', 'main registry']);
  });

  it('takes an id as it is', async () => {
    const { hub, run } = await startBench({ getIntegration: () => sampleIntegration() });

    const { stdout } = await run(['integrations', 'show', ids.integration]);

    expect(hub.requests[0]?.path).toEqual({ id: ids.integration });
    expect(stdout).toMatch(/status +active/);
    expect(stdout).toMatch(/credential +basic_auth/);
    expect(stdout).toMatch(/network +\{"proxyUrl":"http:\/\/proxy:3128"\}/);
  });

  it('ends with exit code 5 and near names when there is none', async () => {
    const { run } = await startBench(byName(sampleIntegration()));

    const { code, stderr } = await run(['integrations', 'show', 'registry']);

    expect(code).toBe(5);
    expect(stderr).toContain('There is no integration "registry". Did you mean "main registry"?');
    expect(stderr).toContain('inthub integrations list');
  });

  it.each(['', 'x'.repeat(200), 'a\nb'])('asks nothing for %j, which cannot be a name', async (name) => {
    const { hub, run } = await startBench();

    expect((await run(['integrations', 'show', name])).code).toBe(5);
    expect(hub.requests).toEqual([]);
  });
});

describe('inthub integrations delete', () => {
  const operations = { ...byName(sampleIntegration()), uninstallIntegration: () => undefined };

  it('wants --yes where nobody can be asked', async () => {
    const { hub, run } = await startBench(operations);

    const { code, stderr } = await run(['integrations', 'delete', 'main registry']);

    expect(code).toBe(2);
    expect(stderr).toContain('--yes');
    expect(hub.requests).toEqual([]);
  });

  it('uninstalls the version that was read', async () => {
    const { hub, json } = await startBench(operations);

    const result = await json(['integrations', 'delete', 'main registry', '--yes', '--keep-data']);

    expect(result).toEqual({ id: ids.integration, name: 'main registry', status: 'uninstalled' });
    expect(hub.requests[1]).toMatchObject({
      operation: 'uninstallIntegration',
      query: { deleteData: 'false', revokeTokens: 'true' },
      headers: { 'if-match': '"7"' },
    });
  });

  it('asks in a terminal, and takes no for an answer', async () => {
    const { hub, run } = await startBench(operations);

    const no = await run(['integrations', 'delete', 'main registry'], { answers: [false] });
    const before = hub.requests.length;
    const yes = await run(['integrations', 'delete', 'main registry'], { answers: [true] });

    expect(no).toMatchObject({ code: 1, stderr: expect.stringContaining('Nothing was done.') });
    expect(before).toBe(1);
    expect(yes).toMatchObject({ code: 0, stdout: '"main registry" is uninstalled.\n' });
    expect(yes.questions).toEqual(['Uninstall "main registry" and destroy its credentials?']);
  });
});

describe('moves of the lifecycle', () => {
  it.each([
    ['submit', 'submitIntegration'],
    ['activate', 'activateIntegration'],
    ['resume', 'resumeIntegration'],
  ])('%s asks for it, and shows the state', async (move, operation) => {
    const { hub, run } = await startBench({
      ...byName(sampleIntegration()),
      [operation]: () => sampleIntegration({ status: 'pending_verification', statusReason: 'waits for a test' }),
    });

    const { code, stdout } = await run(['integrations', move, 'main registry']);

    expect({ code, stdout }).toEqual({ code: 0, stdout: 'main registry  pending_verification: waits for a test\n' });
    expect(hub.requests[1]).toMatchObject({ operation, path: { id: ids.integration }, body: undefined });
  });

  it('pauses with reason and ticket', async () => {
    const { hub, json } = await startBench({
      ...byName(sampleIntegration()),
      pauseIntegration: () => sampleIntegration({ status: 'paused' }),
    });

    await json(['integrations', 'pause', 'main registry', '--reason', 'migration', '--ticket', 'OPS-7']);

    expect(hub.requests[1]?.body).toEqual({ reason: 'migration', ticket: 'OPS-7' });
  });

  it('ends an illegal move with exit code 6', async () => {
    const { run } = await startBench({
      ...byName(sampleIntegration()),
      resumeIntegration: () => {
        throw problem(409, 'illegal_transition', 'It is active; it can be paused.');
      },
    });

    expect(await run(['integrations', 'resume', 'main registry'])).toMatchObject({ code: 6, stdout: '' });
  });

  it.each([
    [true, 0, 'passed'],
    [false, 1, 'failed'],
  ])('shows the outcome of a test (%s), which is the exit code', async (success, code, word) => {
    const result = { success, message: 'Catalog read.', latencyMs: 12.6, details: { version: '2.1' } };
    const { run } = await startBench({ ...byName(sampleIntegration()), testIntegration: () => result });

    const human = await run(['integrations', 'test', 'main registry']);
    const json = await run(['integrations', 'test', 'main registry', '--json']);

    expect(human).toMatchObject({ code, stderr: '' });
    expect(human.stdout).toMatch(
      new RegExp(`main registry +${word}\nfound +Catalog read\\.\ntook +13 ms\nversion +2\\.1`),
    );
    expect(json).toMatchObject({ code, stderr: '' });
    expect(JSON.parse(json.stdout)).toEqual(result);
  });
});

describe('health and resources', () => {
  it('shows health as last checked', async () => {
    const { run } = await startBench({
      ...byName(sampleIntegration()),
      getIntegrationHealth: () => ({
        integrationId: ids.integration,
        status: 'unhealthy',
        checkedAt: '2026-11-20T08:00:00.000Z',
        latencyMs: 9.9,
        details: { authValid: null, serviceReachable: false, rateLimitOk: null, lastError: 'refused' },
        consecutiveFailures: 4,
        nextCheckAt: null,
        skippedOffline: false,
        cached: false,
        lifecycle: 'error',
      }),
    });

    const { stdout } = await run(['integrations', 'health', 'main registry']);

    expect(stdout).toMatch(/main registry +unhealthy/);
    expect(stdout).toMatch(/reachable +no/);
    expect(stdout).not.toMatch(/credential accepted/);
    expect(stdout).toMatch(/last error +refused/);
  });

  it('shows uptime and past checks', async () => {
    const { run } = await startBench({
      ...byName(sampleIntegration()),
      getIntegrationHealthHistory: () => ({
        items: [
          {
            checkedAt: '2026-11-20T08:00:00.000Z',
            success: false,
            latencyMs: 5,
            errorCode: 'provider_timeout',
            message: 'slow',
          },
        ],
        nextCursor: null,
        windows: [
          { window: '1h', samples: 3, uptimePercent: 66.666, latencyMs: { p50: 1, p95: 2, p99: 3 } },
          { window: '24h', samples: 0, uptimePercent: null, latencyMs: null },
        ],
      }),
    });

    const { stdout } = await run(['integrations', 'history', 'main registry', '--limit', '1']);

    expect(stdout).toMatch(/1h +3 +66\.67 % +1 ms +2 ms +3 ms/);
    expect(stdout).toMatch(/24h +0 +– +– +– +–/);
    expect(stdout).toMatch(/2026-11-20 08:00:00Z +failure +5 ms +provider_timeout +slow/);
  });

  it('discovers resources of a type below a parent', async () => {
    const { hub, run } = await startBench({
      ...byName(sampleIntegration()),
      discoverResources: () => ({
        items: [{ id: 'a/b:1', name: '1', type: 'tags', parent: 'a/b', attributes: { size: 3 } }],
        nextCursor: null,
      }),
    });

    const { stdout } = await run(['integrations', 'resources', 'main registry', '--type', 'tags', '--parent', 'a/b']);

    expect(stdout).toMatch(/1 +a\/b:1 +a\/b +\{"size":3\}/);
    expect(hub.requests[1]?.query).toEqual({ type: 'tags', parent: 'a/b', limit: '50' });
  });
});

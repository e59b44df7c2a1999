import { HubError } from '@inthub/contracts';
import { createFakeClock } from '@inthub/testing';
import { describe, expect, it } from 'vitest';
import { createSampleConnector, listTags } from '../../runtime/testing.ts';
import { createRig, type Provider, type RigOptions } from '../testing.ts';

function setUp(provider: Provider = async () => ({ tags: ['v1'] }), options: Partial<RigOptions> = {}) {
  const clock = createFakeClock();
  const sent: string[] = [];
  const rig = createRig({
    clock,
    connector: createSampleConnector(),
    async provider(request, scope) {
      sent.push(request.path);
      return provider(request, scope);
    },
    ...options,
  });
  const list = (params: unknown = { repository: 'app' }, more: object = {}) =>
    rig.gateway.execute({ ...rig.call, action: 'tag.list', params, ...more });
  return { clock, rig, sent, list };
}

describe('cached answers', () => {
  it('are given for the action’s own time, and say so', async () => {
    const { clock, sent, list } = setUp();
    expect((await list()).result.metadata.cached).toBe(false);
    await clock.advance(59_999);

    expect((await list()).result).toMatchObject({ data: { tags: ['v1'] }, metadata: { cached: true, apiCalls: 0 } });

    await clock.advance(2);
    expect((await list()).result.metadata.cached).toBe(false);
    expect(sent).toHaveLength(2);
  });

  it('are told apart by parameters, whatever their order', async () => {
    const { sent, list } = setUp();
    await list({ repository: 'app', limit: 5 });
    await list({ limit: 5, repository: 'app' });
    await list({ limit: 6, repository: 'app' });
    await list({ limit: 6, repository: 'app'.repeat(200) });
    await list({ limit: 6, repository: 'app'.repeat(200) });

    expect(sent).toHaveLength(3);
  });

  it('end with the version of the integration, and when it is forgotten', async () => {
    const { rig, sent, list } = setUp();
    await list();
    rig.change({});
    await list();
    expect(sent).toHaveLength(2);

    rig.gateway.forget(rig.integration.tenantId, rig.integration.id);
    await list();
    expect(sent).toHaveLength(3);
  });

  it('of a call that began before the integration was forgotten serve nobody who comes after', async () => {
    const gates = [Promise.withResolvers<unknown>(), Promise.withResolvers<unknown>()];
    let calls = 0;
    const { rig, sent, list } = setUp(() => gates[calls++]!.promise);
    const old = list();
    rig.gateway.forget(rig.integration.tenantId, rig.integration.id);
    const afterwards = list();
    gates[1]!.resolve({ tags: ['new'] });
    expect((await afterwards).result.data).toEqual({ tags: ['new'] });
    gates[0]!.resolve({ tags: ['old'] });
    expect((await old).result.data).toEqual({ tags: ['old'] });

    expect((await list()).result).toMatchObject({ data: { tags: ['new'] }, metadata: { cached: true } });
    expect(sent).toHaveLength(2);
  });

  it('are successes only', async () => {
    let fail = true;
    const { list } = setUp(async () => {
      if (fail) throw new HubError('provider_unavailable');
      return { tags: [] };
    });
    expect((await list()).result.success).toBe(false);
    fail = false;

    expect((await list()).result).toMatchObject({ success: true, metadata: { cached: false } });
  });

  it('still count against the limits', async () => {
    const { list } = setUp(undefined, { integration: { rateLimits: { requestsPerMinute: 2 } } });
    await list();
    await list();

    expect((await list()).error).toMatchObject({ code: 'rate_limited' });
  });
});

describe('a cold key', () => {
  it('sends one call; the others wait for its answer', async () => {
    const gate = Promise.withResolvers<unknown>();
    const { sent, list } = setUp(() => gate.promise);

    const calls = [list(), list(), list()];
    gate.resolve({ tags: ['v1'] });
    const results = (await Promise.all(calls)).map(({ result }) => result);

    expect(sent).toHaveLength(1);
    expect(results.map(({ metadata }) => metadata.cached)).toEqual([false, true, true]);
    expect(results.map(({ data }) => data)).toEqual(Array.from({ length: 3 }, () => ({ tags: ['v1'] })));
  });

  it('shares the provider’s failure', async () => {
    const gate = Promise.withResolvers<unknown>();
    const { sent, list } = setUp(() => gate.promise);

    const calls = [list(), list()];
    gate.reject(new HubError('provider_unavailable'));

    for (const { error } of await Promise.all(calls)) expect(error).toMatchObject({ code: 'provider_unavailable' });
    expect(sent).toHaveLength(1);
  });

  it('finds another leader when the first one’s caller leaves', async () => {
    const gate = Promise.withResolvers<unknown>();
    const { sent, list } = setUp(() => gate.promise);
    const leaving = new AbortController();

    const first = list({ repository: 'app' }, { signal: leaving.signal });
    const others = [list(), list()];
    await Promise.resolve();
    leaving.abort();
    expect((await first).error).toMatchObject({ code: 'cancelled' });
    gate.resolve({ tags: [] });

    for (const { result } of await Promise.all(others)) expect(result.success).toBe(true);
    expect(sent).toHaveLength(2);
  });

  it('lets a waiting caller go at its own deadline', async () => {
    const { clock, list } = setUp(() => new Promise(() => undefined));
    void list();
    const impatient = list({ repository: 'app' }, { timeoutMs: 50 });

    await clock.advance(50);

    expect((await impatient).error).toMatchObject({ code: 'deadline_exceeded' });
  });
});

describe('connection tests and discovery', () => {
  it('keep a passed test for two minutes after it was last asked for, unless a fresh one is wanted', async () => {
    const { clock, rig, sent } = setUp();
    const test = (fresh = false) => rig.gateway.testConnection({ ...rig.call, fresh });
    expect(await test()).not.toHaveProperty('cached');
    await clock.advance(100_000);
    expect(await test()).toMatchObject({ success: true, cached: true });
    await clock.advance(100_000);
    expect(await test()).toMatchObject({ cached: true });
    expect(sent).toHaveLength(1);

    await test(true);
    expect(sent).toHaveLength(2);
    await clock.advance(120_001);
    await test();
    expect(sent).toHaveLength(3);
  });

  it('do not keep a failed test, whether thrown or reported', async () => {
    let asked = 0;
    const connector = createSampleConnector({
      testConnection: async () => {
        asked += 1;
        if (asked === 1) throw new HubError('provider_unauthenticated');
        return { success: asked > 2, message: 'Version too old.', details: {} };
      },
    });
    const { rig } = setUp(undefined, { connector });

    expect(await rig.gateway.testConnection(rig.call)).toMatchObject({ success: false });
    expect(await rig.gateway.testConnection(rig.call)).toMatchObject({ success: false, message: 'Version too old.' });
    expect(await rig.gateway.testConnection(rig.call)).toMatchObject({ success: true });
  });

  it('keep pages of discovery by type, parent, cursor and limit for ten sliding minutes', async () => {
    const asked: object[] = [];
    const connector = createSampleConnector({
      discover: {
        tags: async (query) => {
          asked.push(query);
          return { items: [], nextCursor: null };
        },
      },
    });
    const { clock, rig } = setUp(undefined, { connector });
    const discover = (query: object) =>
      rig.gateway.discover({ ...rig.call, resourceType: 'tags', limit: 10, ...query });
    await discover({});
    await clock.advance(599_000);
    await discover({});
    await discover({ parent: 'app' });
    await discover({ parent: 'app', cursor: 'c' });
    await discover({ limit: 11 });
    await clock.advance(599_000);
    await discover({});

    expect(asked).toEqual([
      { limit: 10 },
      { limit: 10, parent: 'app' },
      { limit: 10, parent: 'app', cursor: 'c' },
      { limit: 11 },
    ]);
  });
});

it('tags are kept for an hour, apart for each integration', async () => {
  const seen: (string | undefined)[] = [];
  const connector = createSampleConnector({
    actions: [
      {
        ...listTags,
        id: 'tag.resolve',
        run: async (_: unknown, ctx: Parameters<typeof listTags.run>[1]) => {
          seen.push(ctx.cache.get('app:v1'));
          ctx.cache.set('app:v1', 'sha256:1');
          return { tags: [] };
        },
        cacheTtlMs: 1,
      },
    ],
  });
  const { clock, rig } = setUp(undefined, { connector });
  const resolve = async () => {
    await rig.gateway.execute({ ...rig.call, action: 'tag.resolve', params: { repository: 'app' } });
    await clock.advance(2);
  };
  await resolve();
  await resolve();
  rig.gateway.forget(rig.integration.tenantId, rig.integration.id);
  await resolve();
  await clock.advance(3_600_000);
  await resolve();

  expect(seen).toEqual([undefined, 'sha256:1', undefined, undefined]);
});

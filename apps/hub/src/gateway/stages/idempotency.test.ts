import { defineAction } from '@inthub/connector-sdk';
import { HubError } from '@inthub/contracts';
import { createFakeClock } from '@inthub/testing';
import { describe, expect, it } from 'vitest';
import { createSampleConnector, deployTag, listTags } from '../../runtime/testing.ts';
import type { IdempotencyRequest, IdempotencyStore } from '../stores/idempotency-store.ts';
import { createMemoryStores } from '../stores/memory-stores.ts';
import { createRig, type Provider } from '../testing.ts';

/** Two requests, so that the first may act before the second fails. */
const promote = defineAction({
  ...deployTag,
  id: 'tag.promote',
  async run({ tag }, ctx) {
    await ctx.http.post('/copy', { json: { tag } });
    await ctx.http.post('/publish', { json: { tag } });
    return { deployed: tag };
  },
});
const readFresh = defineAction({
  id: 'tag.read',
  title: 'Read',
  description: 'Reads.',
  input: listTags.input,
  output: listTags.output,
  safe: true,
  run: listTags.run,
});

function setUp(provider: Provider = async () => ({ tags: [] })) {
  const clock = createFakeClock();
  const sent: string[] = [];
  const rig = createRig({
    clock,
    connector: createSampleConnector({ actions: [listTags, deployTag, promote, readFresh] }),
    async provider(request, scope) {
      sent.push(request.path);
      return provider(request, scope);
    },
  });
  const deploy = (key: string, params: unknown = { tag: 'v1' }, more: object = {}) =>
    rig.gateway.execute({ ...rig.call, action: 'tag.deploy', params, idempotencyKey: key, ...more });
  return { clock, rig, sent, deploy };
}

describe('an idempotency key', () => {
  it('runs the call once; repeats get the first result and say so', async () => {
    const { sent, deploy } = setUp();

    const first = await deploy('k');
    const second = await deploy('k', { tag: 'v1' });

    expect(first.result).toMatchObject({
      success: true,
      data: { deployed: 'v1' },
      metadata: { apiCalls: 1, cached: false },
    });
    expect(second.result).toMatchObject({
      success: true,
      data: { deployed: 'v1' },
      metadata: { apiCalls: 0, cached: true },
    });
    expect(sent).toEqual(['/deploy']);
  });

  it('takes the same body in another order of fields, refuses another body', async () => {
    const { rig, sent } = setUp();
    const list = (params: unknown) =>
      rig.gateway.execute({ ...rig.call, action: 'tag.list', params, idempotencyKey: 'k' });
    await list({ repository: 'app', limit: 5 });

    expect((await list({ limit: 5, repository: 'app' })).error).toBeUndefined();
    expect((await list({ limit: 6, repository: 'app' })).error).toMatchObject({ code: 'idempotency_key_reused' });
    expect(sent).toHaveLength(1);
  });

  it('belongs to one action', async () => {
    const { rig, sent, deploy } = setUp();
    await deploy('k');

    await rig.gateway.execute({ ...rig.call, action: 'tag.promote', params: { tag: 'v1' }, idempotencyKey: 'k' });

    expect(sent).toEqual(['/deploy', '/copy', '/publish']);
  });

  it('reaches the connector, which may pass it on', async () => {
    let seen: string | undefined;
    const spy = defineAction({
      ...deployTag,
      run: async (_, ctx) => {
        seen = ctx.idempotencyKey;
        return { deployed: 'x' };
      },
    });
    const rig = createRig({ clock: createFakeClock(), connector: createSampleConnector({ actions: [spy] }) });

    await rig.gateway.execute({ ...rig.call, action: 'tag.deploy', params: { tag: 'x' }, idempotencyKey: 'k' });

    expect(seen).toBe('k');
  });

  it('makes a concurrent twin wait for the first', async () => {
    const gate = Promise.withResolvers<unknown>();
    const { sent, deploy } = setUp(() => gate.promise);

    const twins = [deploy('k'), deploy('k'), deploy('k')];
    gate.resolve({});

    for (const { result } of await Promise.all(twins)) expect(result.data).toEqual({ deployed: 'v1' });
    expect(sent).toHaveLength(1);
  });

  it('lets a twin run when the first came to nothing', async () => {
    const gate = Promise.withResolvers<unknown>();
    let calls = 0;
    const { deploy } = setUp(async () => {
      calls += 1;
      if (calls === 1) await gate.promise;
      return {};
    });

    const first = deploy('k');
    const twin = deploy('k');
    gate.reject(new HubError('provider_rate_limited'));

    expect((await first).error).toMatchObject({ code: 'provider_rate_limited' });
    expect((await twin).result.success).toBe(true);
  });

  it('does not hold a twin beyond its own deadline', async () => {
    const { clock, deploy } = setUp(() => new Promise(() => undefined));
    void deploy('k');
    const twin = deploy('k', { tag: 'v1' }, { timeoutMs: 100 });

    await clock.advance(100);

    expect((await twin).error).toMatchObject({ code: 'deadline_exceeded' });
  });

  it.each(['', ' ', 'ü', 'a\nb', 'x'.repeat(256)])('must be visible ASCII: %j', async (key) => {
    const { sent, deploy } = setUp();

    expect((await deploy(key)).error).toMatchObject({
      code: 'invalid_request',
      errors: [{ path: '/headers/idempotency-key' }],
    });
    expect(sent).toEqual([]);
  });

  it('is free again after 24 h', async () => {
    const { clock, sent, deploy } = setUp();
    await deploy('k');
    await clock.advance(86_400_001);

    await deploy('k', { tag: 'v2' });

    expect(sent).toHaveLength(2);
  });
});

describe('an idempotency key whose first call was cut off', () => {
  const cutOff = () => {
    const clock = createFakeClock();
    const asked: IdempotencyRequest[] = [];
    const idempotency: IdempotencyStore = {
      claim(request) {
        asked.push(request);
        return { state: 'unknown' };
      },
      finish: () => undefined,
      release: () => undefined,
    };
    const rig = createRig({
      clock,
      connector: createSampleConnector({ actions: [listTags, deployTag] }),
      deps: { stores: { ...createMemoryStores(clock), idempotency } },
    });
    return { rig, asked };
  };

  it('says that nobody knows, and sends nothing', async () => {
    const { rig } = cutOff();

    const { error } = await rig.gateway.execute({
      ...rig.call,
      action: 'tag.deploy',
      params: { tag: 'v1' },
      idempotencyKey: 'k',
    });

    expect(error).toMatchObject({ code: 'conflict', retryable: false, details: { firstCall: 'unknown' } });
    expect(rig.scopes).toEqual([]);
  });

  it('is told from one that may run again, and from one that still has time', async () => {
    const { rig, asked } = cutOff();
    const call = { ...rig.call, idempotencyKey: 'k', timeoutMs: 5_000 };
    await rig.gateway.execute({ ...call, action: 'tag.deploy', params: { tag: 'v1' } });
    await rig.gateway.execute({ ...call, action: 'tag.list', params: { repository: 'app' } });

    expect(asked).toMatchObject([
      { safe: false, leaseMs: 20_000, key: expect.stringMatching(/tag\.deploy\/k$/) },
      { safe: true, leaseMs: 20_000 },
    ]);
  });
});

describe('a failure under an idempotency key', () => {
  const failing = (...args: ConstructorParameters<typeof HubError>) =>
    setUp(async () => Promise.reject(new HubError(...args)));

  it.each([
    ['a final answer', 'provider_rejected', {}],
    ['a failure that leaves open whether it acted', 'provider_unavailable', {}],
    ['a lost answer', 'provider_unreachable', { details: { reason: 'ECONNRESET' } }],
  ] as const)('is the first result, too: %s', async (_, code, options) => {
    const { sent, deploy } = failing(code, 'Said the provider.', { ...options, retryAfterMs: 5 });

    const [first, second] = [await deploy('k'), await deploy('k')];

    expect(second.error).toMatchObject({ code, message: 'Said the provider.', retryAfterMs: 5 });
    expect(second.result.error).toEqual(first.result.error);
    expect(sent).toHaveLength(1);
  });

  it.each([
    ['the provider asked to slow down', 'provider_rate_limited', {}],
    ['an operator must mend the set-up', 'provider_unauthenticated', {}],
    ['nobody was reached', 'provider_unreachable', { details: { reason: 'ECONNREFUSED' } }],
  ] as const)('frees the key when nothing can have happened: %s', async (_, code, options) => {
    const { sent, deploy } = failing(code, undefined, options);

    await deploy('k');
    await deploy('k');

    expect(sent).toHaveLength(2);
  });

  it('stays when an earlier request of the call had acted', async () => {
    const { rig, sent } = setUp(async ({ path }) => {
      if (path === '/publish') throw new HubError('provider_rate_limited');
      return {};
    });
    const run = () =>
      rig.gateway.execute({ ...rig.call, action: 'tag.promote', params: { tag: 'v1' }, idempotencyKey: 'k' });

    await run();
    await run();

    expect(sent).toEqual(['/copy', '/publish']);
  });

  it('stays when the time ran out while the request was on its way', async () => {
    const { clock, sent, deploy } = setUp(() => new Promise(() => undefined));
    const first = deploy('k', { tag: 'v1' }, { timeoutMs: 100 });
    await clock.advance(100);
    expect((await first).error).toMatchObject({ code: 'deadline_exceeded' });

    expect((await deploy('k')).error).toMatchObject({ code: 'deadline_exceeded' });
    expect(sent).toHaveLength(1);
  });

  it('of a read that may be repeated frees the key', async () => {
    const { rig, sent } = failing('provider_unavailable');
    const run = () =>
      rig.gateway.execute({ ...rig.call, action: 'tag.read', params: { repository: 'app' }, idempotencyKey: 'k' });

    await run();
    await run();

    expect(sent).toHaveLength(2);
  });

  it('frees the key when the hub refused', async () => {
    const { deploy } = setUp();
    expect((await deploy('k', { tag: 5 })).error).toMatchObject({ code: 'invalid_request' });

    expect((await deploy('k', { tag: 'v1' })).result.success).toBe(true);
  });
});

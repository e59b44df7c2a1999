import { getEventListeners } from 'node:events';
import { type AnyAction, defineAction } from '@inthub/connector-sdk';
import { HubError } from '@inthub/contracts';
import { createFakeClock } from '@inthub/testing';
import Type from 'typebox';
import { describe, expect, it } from 'vitest';
import { createSampleConnector, deployTag, listTags } from '../runtime/testing.ts';
import { collect, createRig, type RigOptions } from './testing.ts';

const read = defineAction({
  id: 'tag.read',
  title: 'Read',
  description: 'Reads.',
  input: listTags.input,
  output: listTags.output,
  safe: true,
  run: listTags.run,
});

function setUp({
  actions = [listTags, deployTag, read],
  ...options
}: Partial<RigOptions> & { actions?: AnyAction[] } = {}) {
  const clock = createFakeClock();
  const connector = createSampleConnector({ actions });
  const rig = createRig({ clock, connector, provider: async () => ({ tags: ['v1'] }), ...options });
  const run = (action = 'tag.read', params: unknown = { repository: 'app' }, more: object = {}) =>
    rig.gateway.execute({ ...rig.call, action, params, ...more });
  return { clock, rig, run };
}

const failing = (...args: ConstructorParameters<typeof HubError>) =>
  setUp({ provider: async () => Promise.reject(new HubError(...args)) });

describe('execute', () => {
  it('answers with data and what the call cost', async () => {
    const reset = new Date('2026-01-01T00:01:00Z');
    const { rig, run } = setUp({
      provider: async (_, scope) => {
        scope.onAttempt({
          method: 'POST',
          host: 'auth.example.com',
          path: '/token',
          attempt: 1,
          purpose: 'token',
          status: 200,
          errorCode: null,
          durationMs: 5,
          requestBytes: 1,
          responseBytes: 2,
          rateLimit: { remaining: 41, resetAt: reset },
        });
        return { tags: ['v1'] };
      },
    });

    const { result, error } = await run();

    expect(error).toBeUndefined();
    expect(result).toEqual({
      success: true,
      data: { tags: ['v1'] },
      metadata: { durationMs: 0, apiCalls: 2, cached: false },
    });
    expect(rig.scopes[0]).toMatchObject({ connectorId: 'sample', allowedHosts: ['auth.example.com'] });
  });

  it('fills in defaults without touching what the caller gave', async () => {
    let seen: unknown;
    const spy = defineAction({
      ...listTags,
      run: async (input) => {
        seen = input;
        return { tags: [] };
      },
    });
    const { run } = setUp({ actions: [spy] });
    const params = { repository: 'app' };

    await run('tag.list', params);

    expect(seen).toEqual({ repository: 'app', limit: 10 });
    expect(params).toEqual({ repository: 'app' });
  });

  it('names each faulty parameter below /params', async () => {
    const { result, error } = await setUp().run('tag.read', { repository: '', limit: 1_000, page: 2 });

    expect(result).toMatchObject({ success: false, data: null, error: { code: 'invalid_request', retryable: false } });
    expect(error?.errors.map(({ path, rule }) => [path, rule])).toEqual(
      expect.arrayContaining([
        ['/params/page', 'additionalProperties'],
        ['/params/repository', 'minLength'],
        ['/params/limit', 'maximum'],
      ]),
    );
  });

  it('takes no parameters for an empty object', async () => {
    const empty = defineAction({
      ...read,
      id: 'tag.all',
      input: Type.Object({}, { additionalProperties: false }) as never,
    });
    const { rig } = setUp({ actions: [empty] });

    const { result } = await rig.gateway.execute({ ...rig.call, action: 'tag.all', params: undefined });

    expect(result.success).toBe(true);
  });

  it('reports tokens, and what the provider has left', async () => {
    const chat = defineAction({
      ...read,
      id: 'chat.complete',
      run: async (_, ctx) => {
        ctx.reportUsage({ tokensUsed: 7 });
        ctx.reportUsage({ tokensUsed: 5 });
        ctx.reportUsage({ tokensUsed: Number.NaN });
        return { tags: [] };
      },
    });
    const { rig, run } = setUp({ actions: [chat] });

    const { result } = await run('chat.complete');
    await rig.gateway.close();

    expect(result.metadata.tokensUsed).toBe(12);
    expect(rig.usage).toMatchObject([{ requests: 1, errors: 0, tokensUsed: 12 }]);
  });

  it('hides what broke inside a connector, and logs it', async () => {
    const broken = defineAction({ ...read, run: async () => Promise.reject(new TypeError('password=hunter2')) });
    const { rig, run } = setUp({ actions: [broken] });

    const { result, error } = await run();

    expect(result.error).toMatchObject({ code: 'connector_failed', retryable: false });
    expect(JSON.stringify(result)).not.toContain('hunter2');
    expect(error).toMatchObject({ blame: 'hub' });
    expect(rig.logged).toContainEqual(
      expect.objectContaining({ level: 'error', code: 'connector_failed', err: expect.any(TypeError) }),
    );
  });

  it('is quiet about failures of others, loud about those of critical connectors', async () => {
    const quiet = failing('provider_unavailable');
    await quiet.run();
    expect(quiet.rig.logged).toEqual([expect.objectContaining({ level: 'info', blame: 'provider', critical: false })]);

    const connector = createSampleConnector({ manifest: { critical: true } });
    const loud = setUp({ connector, provider: async () => Promise.reject(new HubError('provider_unavailable')) });
    await loud.run('tag.list');
    await loud.rig.gateway.close();
    expect(loud.rig.logged).toEqual([expect.objectContaining({ level: 'error', critical: true })]);
    expect(loud.rig.audit[0]).toMatchObject({
      outcome: 'failure',
      details: { critical: true, code: 'provider_unavailable' },
    });
  });

  it('writes what went over the wire into the audit, bounded', async () => {
    const chatty = defineAction({
      ...read,
      run: async (_, ctx) => {
        for (let i = 0; i < 30; i += 1) await ctx.http.get(`/page/${i}`);
        return { tags: [] };
      },
    });
    const { rig, run } = setUp({ actions: [chatty] });

    await run(
      'tag.read',
      { repository: 'app' },
      { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' },
    );
    await rig.gateway.close();

    expect(rig.audit).toMatchObject([
      {
        action: 'action.execute',
        outcome: 'success',
        details: { action: 'tag.read', apiCalls: 30, traceId: '0af7651916cd43dd8448eb211c80319c' },
      },
    ]);
    expect(rig.audit[0]?.details?.['attempts']).toHaveLength(20);
  });
});

describe('time', () => {
  const stuck = () => new Promise(() => undefined);

  it('that the caller gave runs out as its own', async () => {
    const { clock, run } = setUp({ provider: stuck });
    const running = run('tag.read', { repository: 'app' }, { timeoutMs: 200 });

    await clock.advance(200);

    expect((await running).error).toMatchObject({
      code: 'deadline_exceeded',
      blame: 'caller',
      message: expect.stringContaining('200 ms'),
    });
  });

  it('of the integration runs out at the provider’s cost', async () => {
    const { clock, run } = setUp({ provider: stuck });
    const running = run();

    await clock.advance(30_000);

    expect((await running).error).toMatchObject({
      code: 'provider_timeout',
      blame: 'provider',
      message: expect.stringContaining('30000 ms'),
    });
  });

  it('ends for a connector that swallows its signal and for one that turns it into something else', async () => {
    const deaf = defineAction({ ...read, run: stuck as never });
    const odd = defineAction({
      ...read,
      id: 'tag.odd',
      run: async (_, ctx) => {
        await ctx.clock.sleep(60_000, ctx.signal).catch(() => undefined);
        throw new TypeError('socket closed');
      },
    });
    const { clock, rig, run } = setUp({ actions: [deaf, odd] });
    const running = [run('tag.read'), run('tag.odd')];

    await clock.advance(30_000);

    for (const { error } of await Promise.all(running)) expect(error).toMatchObject({ code: 'provider_timeout' });
    await rig.gateway.close();
    expect(clock.sleeping).toBe(0);
  });

  it('leaves no timer, and no listener on a signal that many calls share', async () => {
    const { clock, rig, run } = setUp();
    const { signal } = new AbortController();

    await run('tag.read', { repository: 'app' }, { signal });
    await run('tag.read', { repository: '' }, { signal });
    await collect(rig.gateway.stream({ ...rig.call, action: 'tag.read', params: { repository: 'app' }, signal }));

    await rig.gateway.close();
    expect(clock.sleeping).toBe(0);
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  it('stops when the caller leaves, and tells the connector', async () => {
    let told = false;
    const { rig, run } = setUp({
      provider: (_, scope) =>
        new Promise((_resolve, reject) => {
          scope.signal.addEventListener('abort', () => {
            told = true;
            reject(scope.signal.reason);
          });
        }),
    });
    const caller = new AbortController();
    const running = run('tag.read', { repository: 'app' }, { signal: caller.signal });
    await expect.poll(() => rig.scopes.length).toBe(1);

    caller.abort();

    expect((await running).error).toMatchObject({ code: 'cancelled' });
    expect(told).toBe(true);
  });
});

describe('testConnection', () => {
  it('reports a failure as a result with code and blame', async () => {
    const { rig } = failing('provider_unauthenticated', 'The registry refused the token.');

    expect(await rig.gateway.testConnection(rig.call)).toEqual({
      success: false,
      message: 'The registry refused the token.',
      latencyMs: 0,
      details: { code: 'provider_unauthenticated', blame: 'configuration', retryable: false },
    });
    await rig.gateway.close();
    expect(rig.audit).toMatchObject([{ action: 'connection.test', outcome: 'failure' }]);
    expect(rig.usage).toEqual([]);
    expect(await rig.scrape('integrations_test_connection_duration_seconds_count')).toEqual([
      expect.stringMatching(/ 1$/),
    ]);
  });
});

describe('discover', () => {
  it('throws what went wrong, naming the types there are', async () => {
    const { rig } = setUp();

    await expect(rig.gateway.discover({ ...rig.call, resourceType: 'planets', limit: 10 })).rejects.toMatchObject({
      code: 'invalid_request',
      errors: [{ path: '/type' }],
    });
  });
});

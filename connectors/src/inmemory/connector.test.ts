import {
  createManualClock,
  createMockGateway,
  manifestConformance,
  type TestContextOptions,
} from '@inthub/connector-sdk/testing';
import { type ErrorCode, errorCodes, systemClock } from '@inthub/contracts';
import { describe, expect, it } from 'vitest';
import { createInMemoryConnector, inmemory } from './connector.ts';

const gateway = (config: Record<string, unknown> = {}, more: Partial<TestContextOptions> = {}) =>
  createMockGateway({ connector: createInMemoryConnector(), respond: () => undefined, config, ...more });

manifestConformance(inmemory);

describe('inmemory', () => {
  it('never sends anything', async () => {
    const hub = gateway({ resources: [{ type: 'tags', id: 'a' }] });
    await hub.testConnection();
    await hub.run('inmemory.echo', { value: 1 });
    await hub.discover('tags');
    await hub.check('inmemory.reachable');

    expect(hub.requests).toEqual([]);
    expect(hub.faults).toEqual([]);
  });

  it('echoes any value and reports the tokens it is told to have used', async () => {
    const hub = gateway();
    const value = { deep: [1, null, 'ü'] };

    expect(await hub.run('inmemory.echo', { value, tokensUsed: 7 })).toEqual({ value, at: '2026-01-01T00:00:00.000Z' });
    expect(hub.tokensUsed).toBe(7);
  });

  it.each(Object.keys(errorCodes) as ErrorCode[])('fails with %s', async (code) => {
    await expect(gateway().run('inmemory.fail', { code, retryAfterMs: 500 })).rejects.toMatchObject({
      code,
      retryAfterMs: 500,
    });
  });

  it('waits on the clock, and stops when the call is aborted', async () => {
    const clock = createManualClock();
    expect(await gateway({ latencyMs: 100 }, { clock }).run('inmemory.slow', { ms: 2000 })).toEqual({ waitedMs: 2000 });
    expect(clock.sleptMs).toBe(2100);

    const controller = new AbortController();
    const waiting = gateway({}, { clock: systemClock, signal: controller.signal }).run('inmemory.slow', {
      ms: 300_000,
    });
    controller.abort();
    await expect(waiting).rejects.toMatchObject({ code: 'cancelled' });
  });

  it('counts by integration and name', async () => {
    const hub = gateway();
    await hub.run('inmemory.counter', {});
    await hub.run('inmemory.counter', { by: 5 });

    expect(await hub.run('inmemory.counter', { name: 'other' })).toEqual({ name: 'other', value: 1 });
    expect(await hub.run('inmemory.counter', { by: 0 })).toEqual({ name: 'default', value: 6 });
    expect(await hub.run('inmemory.reads')).toEqual({ name: 'default', reads: 1 });
    expect(await hub.run('inmemory.reads')).toEqual({ name: 'default', reads: 2 });
    expect(await gateway().run('inmemory.counter')).toEqual({ name: 'default', value: 1 });
  });

  it('forgets the oldest counters beyond a hundred', async () => {
    const hub = gateway();
    for (let at = 0; at <= 100; at += 1) await hub.run('inmemory.counter', { name: `c${at}` });

    expect(await hub.run('inmemory.counter', { name: 'c100' })).toMatchObject({ value: 2 });
    expect(await hub.run('inmemory.counter', { name: 'c0' })).toMatchObject({ value: 1 });
  });

  it('streams items with progress, breaks off when told to, and gives all at once without streaming', async () => {
    const hub = gateway();

    expect(await hub.stream('inmemory.stream', { items: 2 })).toEqual([
      { type: 'progress', message: 'item 1 of 2', percent: 50 },
      { type: 'data', chunk: { item: 1 } },
      { type: 'progress', message: 'item 2 of 2', percent: 100 },
      { type: 'data', chunk: { item: 2 } },
      { type: 'complete', summary: { items: 2 } },
    ]);
    expect(await hub.run('inmemory.stream', { items: 2 })).toEqual({ items: [{ item: 1 }, { item: 2 }] });
    await expect(hub.stream('inmemory.stream', { items: 3, failAfter: 1 })).rejects.toMatchObject({
      code: 'provider_unavailable',
    });
  });

  it('pages through the resources of its config', async () => {
    const resources = Array.from({ length: 5 }, (_, at) => ({
      type: 'tags',
      id: `t${at}`,
      parent: at < 3 ? 'a' : 'b',
    }));
    const hub = gateway({ resources: [...resources, { type: 'repositories', id: 'a', name: 'A' }] });

    const first = await hub.discover('tags', { parent: 'a', limit: 2 });
    expect(first.items.map(({ id }) => id)).toEqual(['t0', 't1']);
    expect(await hub.discover('tags', { parent: 'a', limit: 2, cursor: first.nextCursor! })).toMatchObject({
      items: [{ id: 't2' }],
      nextCursor: null,
    });
    expect((await hub.discover('resources')).items).toHaveLength(6);
    expect(await hub.run('inmemory.resources', { type: 'repositories' })).toEqual({
      items: [{ type: 'repositories', id: 'a', name: 'A' }],
      nextCursor: null,
    });
  });

  it.each([
    ['connection', false, true],
    ['actions', true, false],
    ['all', false, false],
  ])('with failure.scope %s the connection test works: %s, actions work: %s', async (scope, connects, acts) => {
    const hub = gateway({ failure: { scope, code: 'provider_unreachable' } });
    const works = (work: Promise<unknown>) =>
      work.then(
        () => true,
        (error: { code: string }) => error.code !== 'provider_unreachable',
      );

    expect(await works(hub.testConnection())).toBe(connects);
    expect((await hub.check('inmemory.reachable')).status).toBe(connects ? 'pass' : 'fail');
    expect(await works(hub.run('inmemory.echo', { value: 1 }))).toBe(acts);
    expect(await works(hub.discover('tags'))).toBe(acts);
  });

  it('fails each n-th call where the config says so', async () => {
    const hub = gateway({ failure: { scope: 'actions', code: 'provider_timeout', every: 3 } });
    const outcomes: boolean[] = [];
    for (let call = 0; call < 6; call += 1)
      outcomes.push((await hub.execute('inmemory.echo', { value: call })).success);

    expect(outcomes).toEqual([true, true, false, true, true, false]);
  });

  it('refuses what its config schema does not know', () => {
    expect(() => gateway({ latencyMs: -1 })).toThrow('/config/latencyMs');
    expect(() => gateway({ failure: { scope: 'all', code: 'no_such_code' } })).toThrow('/config/failure/code');
    expect(() => gateway({ latency: 1 })).toThrow('/config/latency');
  });
});

import { createFakeClock, type FakeClock, peersOrSkip } from '@inthub/testing';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { quietLog, startTestValkey, type TestValkey } from '../testing.ts';
import type { LimitDecision, LimitPermit, LimitRequest, LimitStore } from './limit-store.ts';
import type { ValkeyConnection } from './valkey-connection.ts';
import { createValkeyLimitStore } from './valkey-limit-store.ts';

const peers = await peersOrSkip(['redis-server']);
const wide: LimitRequest = { tenantKey: 't', integrationKey: 't/i', weight: 1, tenant: {}, integration: {} };

// Thousands of questions to a server: on a busy machine that takes its time.
describe.skipIf(peers.skip)(peers.label('replicas that count in one Valkey'), { timeout: 180_000 }, () => {
  let valkey: TestValkey;
  let connection: ValkeyConnection;
  const opened: { close(): Promise<void> }[] = [];

  beforeAll(async () => {
    valkey = await startTestValkey();
    connection = await valkey.connect();
  });
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((store) => store.close()));
  });
  afterAll(() => valkey.stop());

  /** Replicas on one server; each may have a clock of its own, and the server's time is that of the first. */
  function openReplicas(clocks: readonly FakeClock[], prefix = valkey.newPrefix()): LimitStore[] {
    const [server] = clocks;
    return clocks.map((clock) => {
      const nowMs = () => (server ?? clock).now().getTime();
      const store = createValkeyLimitStore({ connection, clock, log: quietLog, prefix, nowMs });
      opened.push(store);
      return store;
    });
  }

  const onOneClock = (clock: FakeClock, count: number) => openReplicas(Array.from({ length: count }, () => clock));
  const take = async (store: LimitStore | undefined, change: Partial<LimitRequest>): Promise<LimitDecision> => {
    if (store === undefined) throw new Error('no such replica');
    return store.take({ ...wide, ...change });
  };
  const taken = async (store: LimitStore | undefined, change: Partial<LimitRequest>): Promise<LimitPermit> => {
    const decision = await take(store, change);
    if (!decision.allowed) throw new Error(`refused by ${decision.limitType}`);
    return decision.permit;
  };
  /** Whatever was sent before has arrived: the connection keeps the order. */
  const settled = () => take(onOneClock(createFakeClock(), 1)[0], {});
  /** Scripts that the server has run. */
  async function asked(): Promise<number> {
    const { Redis } = await import('iovalkey');
    const client = new Redis(valkey.server.url);
    const stats = await client.info('commandstats');
    await client.quit();
    return [...stats.matchAll(/cmdstat_eval(?:sha)?:calls=(\d+)/g)].reduce((sum, [, calls]) => sum + Number(calls), 0);
  }

  it('share a small limit to the token', async () => {
    const replicas = onOneClock(createFakeClock(), 4);
    const integration = { requestsPerMinute: 10 };
    const decisions: LimitDecision[] = [];
    for (let i = 0; i < 40; i += 1) decisions.push(await take(replicas[i % 4], { integration }));

    expect(decisions.filter(({ allowed }) => allowed)).toHaveLength(10);
    expect(decisions.at(-1)).toMatchObject({ allowed: false, limitType: 'connector', retryAfterMs: 6_000 });
  });

  it('ask the server seldom while there is plenty, and not at all for what is known to be used up', async () => {
    const clock = createFakeClock();
    const [store] = onOneClock(clock, 1);
    const integration = { requestsPerMinute: 6_000, concurrentRequests: 100 };
    const tenant = { requestsPerMinute: 60_000, concurrentRequests: 1_000 };
    const before = await asked();
    for (let i = 0; i < 3_000; i += 1) await store?.release(await taken(store, { integration, tenant }), 1);
    expect((await asked()) - before).toBeLessThan(100);

    while ((await take(store, { integration, tenant })).allowed);
    const exhausted = await asked();
    for (let i = 0; i < 1_000; i += 1)
      expect(await take(store, { integration, tenant })).toMatchObject({ allowed: false });
    expect((await asked()) - exhausted).toBeLessThan(5);
  });

  it('exceed a large limit by no more than its tokens of one second, however many they are', async () => {
    const burst = fc.record({
      replica: fc.nat({ max: 3 }),
      calls: fc.integer({ min: 1, max: 120 }),
      waitMs: fc.integer({ min: 0, max: 1_500 }),
      weight: fc.integer({ min: 1, max: 10 }),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1_000, max: 3_000 }),
        fc.array(burst, { minLength: 10, maxLength: 60 }),
        async (perMinute, bursts) => {
          const clock = createFakeClock();
          const replicas = onOneClock(clock, 4);
          const integration = { requestsPerMinute: perMinute };
          const passed: { atMs: number; weight: number }[] = [];
          for (const { replica, calls, waitMs, weight } of bursts) {
            await clock.advance(waitMs);
            const decisions = await Promise.all(
              Array.from({ length: calls }, () => take(replicas[replica], { integration, weight })),
            );
            const sum = decisions.filter(({ allowed }) => allowed).length * weight;
            passed.push({ atMs: clock.monotonicMs(), weight: sum });
          }
          for (const [from, { atMs: startMs }] of passed.entries()) {
            let sum = 0;
            for (const { atMs, weight } of passed.slice(from)) {
              sum += weight;
              expect(sum).toBeLessThanOrEqual(perMinute * (1 + (atMs - startMs + 1_000) / 60_000) + 1e-3);
            }
          }
          await Promise.all(opened.splice(0).map((store) => store.close()));
        },
      ),
      { numRuns: 20 },
    );
  });

  it('do not come back to tokens that they drew long ago', async () => {
    const clock = createFakeClock();
    const replicas = onOneClock(clock, 4);
    const integration = { requestsPerMinute: 6_000 };
    // So many that each has just drawn some 150 more.
    for (const replica of replicas) for (let i = 0; i < 320; i += 1) await taken(replica, { integration });
    // The shared bucket is full again.
    await clock.advance(20_000);

    let passed = 0;
    for (const replica of replicas) while ((await take(replica, { integration })).allowed) passed += 1;

    expect(passed).toBeLessThanOrEqual(6_000 * (1 + 1 / 60));
    expect(passed).toBeGreaterThanOrEqual(6_000 * 0.95);
  });

  it('leave little unused: tokens drawn ahead are not hoarded when they run low', async () => {
    const clock = createFakeClock();
    const replicas = onOneClock(clock, 4);
    const integration = { requestsPerMinute: 6_000 };
    let passed = 0;
    // Bursts that grow and shrink make a replica draw ahead in vain.
    for (let second = 0; second < 60; second += 1) {
      for (const [index, replica] of replicas.entries()) {
        const calls = (second + index) % 2 === 0 ? 200 : 5;
        const decisions = await Promise.all(Array.from({ length: calls }, () => take(replica, { integration })));
        passed += decisions.filter(({ allowed }) => allowed).length;
      }
      await clock.advance(1_000);
    }

    expect(passed).toBeGreaterThan(6_000 * 1.9);
    expect(passed).toBeLessThanOrEqual(6_000 * (1 + 61 / 60));
  });

  it('never have more calls at once than allowed, and every slot comes back', async () => {
    const move = fc.record({ replica: fc.nat({ max: 2 }), act: fc.nat({ max: 20 }), waitMs: fc.nat({ max: 600 }) });
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 40 }),
        fc.array(move, { maxLength: 80 }),
        async (concurrentRequests, moves) => {
          const clock = createFakeClock();
          const replicas = onOneClock(clock, 3);
          const integration = { concurrentRequests };
          const out: { replica: number; permit: LimitPermit }[] = [];
          for (const { replica, act, waitMs } of moves) {
            await clock.advance(waitMs);
            if (act % 3 === 0) {
              const [held] = out.splice(act % Math.max(1, out.length), 1);
              if (held !== undefined) replicas[held.replica]?.release(held.permit, 1);
              continue;
            }
            const decision = await take(replicas[replica], { integration });
            if (decision.allowed) out.push({ replica, permit: decision.permit });
            expect(out.length).toBeLessThanOrEqual(concurrentRequests);
          }
          for (const { replica, permit } of out) replicas[replica]?.release(permit, 1);
          // Two sweeps: what was in use at the first is idle at the second.
          for (let i = 0; i < 3; i += 1) {
            await clock.advance(500);
            await settled();
          }
          for (let i = 0; i < concurrentRequests; i += 1)
            expect(await take(replicas[i % 3], { integration })).toMatchObject({ allowed: true });
          expect(await take(replicas[0], { integration })).toMatchObject({ allowed: false, retryAfterMs: 1_000 });
          await Promise.all(opened.splice(0).map((store) => store.close()));
        },
      ),
      { numRuns: 25 },
    );
  });

  it('get back the slots of one that died, and keep those of calls that take long', async () => {
    const living = createFakeClock();
    // Its time stands still: it neither sweeps nor tells the server that it lives.
    const [survivor, dead] = openReplicas([living, createFakeClock()]);
    const integration = { concurrentRequests: 3 };
    await taken(dead, { integration });
    await taken(dead, { integration });
    await taken(survivor, { integration });

    for (let second = 0; second < 14; second += 1) {
      await living.advance(1_000);
      await settled();
      expect(await take(survivor, { integration })).toMatchObject({ allowed: false });
    }
    await living.advance(2_000);
    await settled();

    await taken(survivor, { integration });
    await taken(survivor, { integration });
    expect(await take(survivor, { integration })).toMatchObject({ allowed: false });
  });

  it('learn within a second what the provider told one of them', async () => {
    const clock = createFakeClock();
    const [first, second] = onOneClock(clock, 2);
    const integration = { requestsPerMinute: 6_000 };
    for (let i = 0; i < 50; i += 1) await taken(second, { integration });

    await first?.report('t/i', { retryAfterMs: 30_000 });
    expect(await take(first, { integration })).toMatchObject({ limitType: 'external', retryAfterMs: 30_000 });
    await clock.advance(1_000);

    expect(await take(second, { integration })).toMatchObject({ limitType: 'external', retryAfterMs: 29_000 });
  });

  it('share what is left of the provider’s own window', async () => {
    const clock = createFakeClock();
    const replicas = onOneClock(clock, 3);
    const resetAt = new Date(clock.now().getTime() + 60_000);
    await replicas[0]?.report('t/i', { remaining: 500, resetAt });

    const decisions = await Promise.all(Array.from({ length: 900 }, (_, i) => take(replicas[i % 3], {})));

    const passed = decisions.filter(({ allowed }) => allowed).length;
    expect(passed).toBeLessThanOrEqual(500);
    // What the others drew ahead and did not use is theirs until they ask again.
    expect(passed).toBeGreaterThan(470);
  });

  it('leave no key behind for good', async () => {
    const prefix = valkey.newPrefix();
    const clock = createFakeClock();
    const [store] = openReplicas([clock], prefix);
    await taken(store, {
      integration: { requestsPerMinute: 5, concurrentRequests: 2 },
      tenant: { requestsPerHour: 9 },
    });
    await store?.report('t/i', { remaining: 2, resetAt: new Date(clock.now().getTime() + 5_000) });

    const { Redis } = await import('iovalkey');
    const client = new Redis(valkey.server.url);
    const expected = [`${prefix}replicas`, `${prefix}{t}:limits`, `${prefix}{t}:limits:i`];
    // The replica signs itself in beside the calls.
    await expect.poll(async () => (await client.keys(`${prefix}*`)).sort(), { timeout: 10_000 }).toEqual(expected);
    const keys = await client.keys(`${prefix}*`);
    const lives = await Promise.all(keys.map((key) => client.pttl(key)));
    await client.quit();

    expect(keys.sort()).toEqual(expected);
    for (const life of lives) expect(life).toBeGreaterThan(0);
  });
});

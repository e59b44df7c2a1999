import { createFakeClock, type FakeClock, peersOrSkip } from '@inthub/testing';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { quietLog, startTestValkey, type TestValkey } from '../testing.ts';
import type { LimitDecision, LimitPermit, LimitRequest, LimitStore } from './limit-store.ts';
import { createMemoryLimitStore } from './memory-limit-store.ts';
import type { ValkeyConnection } from './valkey-connection.ts';
import { createValkeyLimitStore } from './valkey-limit-store.ts';

const peers = await peersOrSkip(['redis-server']);
let valkey: TestValkey | undefined;
let connection: ValkeyConnection;
const opened: { close(): Promise<void> }[] = [];

beforeAll(async () => {
  if (peers.skip) return;
  // As a cluster, it also proves that a script's keys lie in one slot.
  valkey = await startTestValkey({ cluster: true });
  connection = await valkey.connect();
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map((store) => store.close()));
});
afterAll(() => valkey?.stop());

function createInValkey(clock: FakeClock): LimitStore {
  const prefix = valkey?.newPrefix() ?? '';
  const store = createValkeyLimitStore({
    connection,
    clock,
    log: quietLog,
    prefix,
    nowMs: () => clock.now().getTime(),
  });
  opened.push(store);
  return store;
}

// Every store keeps one contract, so every store runs this file.
const stores: [name: string, skip: boolean, create: (clock: FakeClock) => LimitStore][] = [
  ['memory', false, (clock) => createMemoryLimitStore({ clock })],
  [peers.label('valkey'), peers.skip, createInValkey],
];

const wide: LimitRequest = { tenantKey: 't', integrationKey: 't/i', weight: 1, tenant: {}, integration: {} };

for (const [name, skip, create] of stores)
  describe.skipIf(skip)(`limits in ${name}`, { timeout: 180_000 }, () => {
    function setUp() {
      const clock = createFakeClock();
      const store = create(clock);
      const take = async (change: Partial<LimitRequest> = {}): Promise<LimitDecision> =>
        store.take({ ...wide, ...change });
      const taken = async (change: Partial<LimitRequest> = {}): Promise<LimitPermit> => {
        const decision = await take(change);
        if (!decision.allowed) throw new Error(`refused by ${decision.limitType}`);
        return decision.permit;
      };
      return { clock, store, take, taken };
    }

    it('lets a minute’s worth through at once, then one token at a time', async () => {
      const { clock, take, taken } = setUp();
      const integration = { requestsPerMinute: 6 };
      for (let i = 0; i < 6; i += 1) await taken({ integration });

      expect(await take({ integration })).toEqual({
        allowed: false,
        limitType: 'connector',
        retryAfterMs: 10_000,
        remaining: 0,
        resetInMs: 60_000,
      });
      await clock.advance(10_000);
      await taken({ integration });
      expect(await take({ integration })).toMatchObject({ allowed: false });
    });

    it('keeps the windows of a provider apart where it has several', async () => {
      const { clock, store, take, taken } = setUp();
      const resetAt = new Date(clock.now().getTime() + 60_000);
      await store.report('t/i', { remaining: 1, resetAt, bucket: 'search' });
      await store.report('t/i', { remaining: 2, resetAt });

      await taken({ bucket: 'search' });
      const refused = await take({ bucket: 'search' });
      await taken();
      await taken({ bucket: 'graphql' });
      await taken();

      expect(refused).toMatchObject({ allowed: false, limitType: 'external', retryAfterMs: 60_000 });
      expect(await take()).toMatchObject({ allowed: false, limitType: 'external' });
      await taken({ bucket: 'graphql' });
      await clock.advance(60_000);
      await taken({ bucket: 'search' });
      await taken();
    });

    it('closes one window for Retry-After beside its end, and all for a Retry-After of its own', async () => {
      const { clock, store, take, taken } = setUp();
      const resetAt = new Date(clock.now().getTime() + 60_000);
      await store.report('t/i', { remaining: 0, resetAt, retryAfterMs: 30_000, bucket: 'search' });

      await taken();
      expect(await take({ bucket: 'search' })).toMatchObject({ allowed: false, limitType: 'external' });

      await store.report('t/i', { remaining: 20, resetAt, retryAfterMs: 5_000, bucket: 'graphql' });
      for (const bucket of [undefined, 'graphql', 'other']) {
        expect(await take(bucket === undefined ? {} : { bucket })).toMatchObject({
          limitType: 'external',
          retryAfterMs: 5_000,
        });
      }
      await clock.advance(5_000);
      await taken();
      await taken({ bucket: 'graphql' });
    });

    it('counts every window against the limits of the integration', async () => {
      const { store, take, taken } = setUp();
      const integration = { requestsPerMinute: 3, concurrentRequests: 3 };
      const permits = [
        await taken({ integration }),
        await taken({ integration, bucket: 'a' }),
        await taken({ integration, bucket: 'b' }),
      ];

      expect(await take({ integration, bucket: 'c' })).toMatchObject({ allowed: false, limitType: 'connector' });
      for (const permit of permits) await store.release(permit, 1);
      expect(await take({ integration, bucket: 'a' })).toMatchObject({ allowed: false, limitType: 'connector' });
    });

    it('gives a request back to its window when nothing was sent', async () => {
      const { clock, store, take, taken } = setUp();
      await store.report('t/i', { remaining: 1, resetAt: new Date(clock.now().getTime() + 60_000), bucket: 'a' });
      const permit = await taken({ bucket: 'a' });
      expect(await take({ bucket: 'a' })).toMatchObject({ allowed: false });

      await store.release(permit, 0);

      // What came back may have to be asked for first.
      await clock.advance(1_001);
      await taken({ bucket: 'a' });
    });

    it('charges weights, and lets a weight above the bucket through a full bucket', async () => {
      const { clock, take, taken } = setUp();
      const integration = { requestsPerMinute: 10 };
      await taken({ integration, weight: 5 });
      expect(await take({ integration, weight: 6 })).toMatchObject({
        allowed: false,
        retryAfterMs: 6_000,
        remaining: 5,
      });

      await clock.advance(60_000);

      await taken({ integration, weight: 50 });
      expect(await take({ integration })).toMatchObject({ allowed: false, remaining: 0 });
    });

    it('keeps the hour beside the minute, and names the longer wait', async () => {
      const { clock, take, taken } = setUp();
      const integration = { requestsPerMinute: 10, requestsPerHour: 12 };
      for (let i = 0; i < 10; i += 1) await taken({ integration });
      await clock.advance(60_000);
      await taken({ integration });
      await taken({ integration });

      expect(await take({ integration })).toMatchObject({
        allowed: false,
        limitType: 'connector',
        retryAfterMs: 240_000,
      });
    });

    it('shares the tenant’s limit among its integrations, and takes nothing where another limit refuses', async () => {
      const { take, taken } = setUp();
      const tenant = { requestsPerMinute: 2 };
      await taken({ tenant, integrationKey: 't/a' });
      expect(
        await take({ tenant, integrationKey: 't/a', weight: 1, integration: { requestsPerMinute: 1 } }),
      ).toMatchObject({ allowed: true });
      expect(await take({ tenant, integrationKey: 't/b' })).toMatchObject({ allowed: false, limitType: 'tenant' });

      const strict = { requestsPerMinute: 1 };
      await taken({ integrationKey: 'u/c', tenantKey: 'u', tenant, integration: strict });
      for (let i = 0; i < 5; i += 1) {
        expect(await take({ integrationKey: 'u/c', tenantKey: 'u', tenant, integration: strict })).toMatchObject({
          limitType: 'connector',
        });
      }
      await taken({ integrationKey: 'u/d', tenantKey: 'u', tenant });
    });

    it('bounds calls in flight and takes a slot back once, however often it is released', async () => {
      const { store, take, taken } = setUp();
      const integration = { concurrentRequests: 2 };
      const first = await taken({ integration });
      await taken({ integration });
      expect(await take({ integration })).toMatchObject({
        allowed: false,
        limitType: 'connector',
        retryAfterMs: 1_000,
      });

      await store.release(first, 1);
      await store.release(first, 1);

      await taken({ integration });
      expect(await take({ integration })).toMatchObject({ allowed: false });
    });

    it('obeys Retry-After of the provider, an hour at most', async () => {
      const { clock, store, take, taken } = setUp();
      await store.report('t/i', { retryAfterMs: 5_000 });
      expect(await take()).toMatchObject({ allowed: false, limitType: 'external', retryAfterMs: 5_000 });
      await taken({ integrationKey: 't/other' });
      await clock.advance(5_000);
      await taken();

      await store.report('t/i', { retryAfterMs: 1e12 });
      expect(await take()).toMatchObject({ retryAfterMs: 3_600_000 });
    });

    it('stops when the provider has nothing left, counting what is under way', async () => {
      const { clock, store, take, taken } = setUp();
      await store.report('t/i', { remaining: 2, resetAt: new Date(clock.now().getTime() + 30_000) });
      await taken();
      const second = await taken();
      expect(await take()).toMatchObject({ allowed: false, limitType: 'external', retryAfterMs: 30_000, remaining: 0 });

      // It was answered without asking the provider: its share is free again.
      await store.release(second, 0);
      await taken();
      expect(await take()).toMatchObject({ allowed: false });
      await clock.advance(30_000);
      await taken();
    });

    it('takes the lowest of answers that come out of order, and starts afresh in a new window', async () => {
      const { clock, store, take, taken } = setUp();
      const resetAt = new Date(clock.now().getTime() + 30_000);
      await store.report('t/i', { remaining: 1, resetAt });
      await store.report('t/i', { remaining: 9, resetAt });
      await taken();
      expect(await take()).toMatchObject({ limitType: 'external' });

      await store.report('t/i', { remaining: 1, resetAt: new Date(resetAt.getTime() + 60_000) });
      await taken();
    });

    it('does not believe a reset in the past or none at all', async () => {
      const { clock, store, taken } = setUp();
      await store.report('t/i', { remaining: 0, resetAt: new Date(clock.now().getTime() - 1) });
      await store.report('t/i', { remaining: 0, resetAt: new Date(Number.NaN) });
      await store.report('t/i', { remaining: 0 });
      await store.report('t/i', { retryAfterMs: Number.NaN });
      await taken();
    });

    it('never lets more through than the bucket holds and refills, and never starves', async () => {
      const step = fc.record({ waitMs: fc.integer({ min: 0, max: 20_000 }), weight: fc.integer({ min: 1, max: 12 }) });
      await fc.assert(
        fc.asyncProperty(
          fc.integer({ min: 1, max: 50 }),
          fc.integer({ min: 1, max: 300 }),
          fc.array(step, { minLength: 1, maxLength: 60 }),
          async (perMinute, perHour, steps) => {
            const { clock, take } = setUp();
            const integration = { requestsPerMinute: perMinute, requestsPerHour: perHour };
            const passed: { atMs: number; weight: number }[] = [];
            for (const { waitMs, weight } of steps) {
              await clock.advance(waitMs);
              const decision = await take({ integration, weight });
              if (decision.allowed) {
                passed.push({ atMs: clock.monotonicMs(), weight: Math.min(weight, perMinute, perHour) });
                continue;
              }
              // Waiting as told is enough when nobody else asks.
              expect(decision.retryAfterMs).toBeGreaterThan(0);
              await clock.advance(Math.ceil(decision.retryAfterMs));
              expect(await take({ integration, weight })).toMatchObject({ allowed: true });
              passed.push({ atMs: clock.monotonicMs(), weight: Math.min(weight, perMinute, perHour) });
            }
            for (const [from, { atMs: startMs }] of passed.entries()) {
              let sum = 0;
              for (const { atMs, weight } of passed.slice(from)) {
                sum += weight;
                const window = atMs - startMs;
                expect(sum).toBeLessThanOrEqual(perMinute * (1 + window / 60_000) + 1e-3);
                expect(sum).toBeLessThanOrEqual(perHour * (1 + window / 3_600_000) + 1e-3);
              }
            }
          },
        ),
        { numRuns: 60 },
      );
    });

    it('has no slot out when every permit has come back, whatever the order', async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 60 }), async (moves) => {
          const { store, take } = setUp();
          const limits = { tenant: { concurrentRequests: 5 }, integration: { concurrentRequests: 3 } };
          const out: LimitPermit[] = [];
          for (const move of moves) {
            const permit = move % 2 === 0 ? out.splice(move % Math.max(1, out.length), 1)[0] : undefined;
            if (permit !== undefined) {
              await store.release(permit, 1);
              continue;
            }
            const decision = await take(limits);
            expect(decision.allowed).toBe(out.length < 3);
            if (decision.allowed) out.push(decision.permit);
          }
          for (const permit of out) await store.release(permit, 1);
          for (let i = 0; i < 3; i += 1) expect(await take(limits)).toMatchObject({ allowed: true });
        }),
        { numRuns: 100 },
      );
    });
  });

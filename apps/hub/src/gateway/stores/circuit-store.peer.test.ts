import { createId, type TenantId } from '@inthub/contracts';
import { createFakeClock, type FakeClock, peersOrSkip } from '@inthub/testing';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createTestTenant, type OpenTestDatabase, openTestDatabase } from '../../database/testing.ts';
import type { CircuitOutcome, CircuitPermit } from '../circuit/circuit-breaker.ts';
import { quietLog, startTestValkey, type TestValkey } from '../testing.ts';
import type { CircuitStore } from './circuit-store.ts';
import { createMemoryCircuitStore } from './memory-circuit-store.ts';
import { createPostgresCircuitBackend } from './postgres-circuit-backend.ts';
import { createReplicatedCircuitStore } from './replicated-circuit-store.ts';
import { createValkeyCircuitBackend } from './valkey-circuit-backend.ts';
import type { ValkeyConnection } from './valkey-connection.ts';

const peers = await peersOrSkip(['redis-server']);
let valkey: TestValkey | undefined;
let connection: ValkeyConnection;
let opened: OpenTestDatabase;
let tenantId: TenantId;
const stores: { close(): Promise<void> }[] = [];

beforeAll(async () => {
  opened = await openTestDatabase();
  tenantId = await createTestTenant(opened.database);
  if (peers.skip) return;
  valkey = await startTestValkey({ cluster: true });
  connection = await valkey.connect();
});
afterEach(async () => {
  await Promise.all(stores.splice(0).map((store) => store.close()));
});
afterAll(async () => {
  await opened?.close();
  await valkey?.stop();
});

const settings = { failureThreshold: 3, successThreshold: 2, timeoutMs: 1_000, halfOpenMaxRequests: 2 };
const timeOf = (clock: FakeClock) => () => clock.now().getTime();

function shared(clock: FakeClock, kind: 'postgres' | 'valkey'): CircuitStore {
  const nowMs = timeOf(clock);
  const backend =
    kind === 'postgres'
      ? createPostgresCircuitBackend({ database: opened.database, nowMs })
      : createValkeyCircuitBackend({ connection, nowMs });
  const store = createReplicatedCircuitStore({ backend, clock, log: quietLog });
  stores.push(store);
  return store;
}

const newKey = () => `${tenantId}/${createId()}`;

// Every store keeps one contract, so every store runs this.
for (const [name, skip, create] of [
  ['memory', false, (clock: FakeClock) => createMemoryCircuitStore({ clock })],
  ['postgres', false, (clock: FakeClock) => shared(clock, 'postgres')],
  [peers.label('valkey'), peers.skip, (clock: FakeClock) => shared(clock, 'valkey')],
] as const) {
  describe.skipIf(skip)(`breakers in ${name}`, () => {
    it('are closed until somebody has seen them fail', async () => {
      const store = create(createFakeClock());
      const key = newKey();

      expect(await store.state(key)).toMatchObject({ state: 'closed', failureCount: 0, openedAt: null });
      expect(await store.admit(key, settings, 'call')).toMatchObject({ admitted: true, state: 'closed' });
    });

    it('open, probe and close, and tell the times of it', async () => {
      const clock = createFakeClock();
      const store = create(clock);
      const key = newKey();
      const settle = async (outcome: CircuitOutcome) => {
        const admission = await store.admit(key, settings, 'call');
        if (!admission.admitted) throw new Error('refused');
        return store.record(key, settings, admission.permit, outcome);
      };
      await settle('failure');
      await settle('failure');
      expect(await settle('failure')).toBe('open');
      expect(await store.admit(key, settings, 'call')).toMatchObject({ admitted: false, retryAfterMs: 1_000 });
      expect(await store.state(key)).toEqual({
        state: 'open',
        failureCount: 3,
        successCount: 0,
        lastFailureAt: '2026-01-01T00:00:00.000Z',
        lastSuccessAt: null,
        openedAt: '2026-01-01T00:00:00.000Z',
        nextRetryAt: '2026-01-01T00:00:01.000Z',
      });

      await clock.advance(1_000);
      expect(await settle('success')).toBe('half_open');
      expect(await settle('success')).toBe('closed');
    });

    it('agree with a model, whatever happens in which order', async () => {
      const steps = fc.array(
        fc.oneof(
          fc.record({ kind: fc.constant('admit' as const), caller: fc.constantFrom('call' as const, 'test' as const) }),
          fc.record({
            kind: fc.constant('settle' as const),
            which: fc.nat(),
            outcome: fc.constantFrom<CircuitOutcome>('success', 'failure', 'neutral'),
          }),
          fc.record({ kind: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 700 }) }),
          fc.record({ kind: fc.constant('force' as const), ms: fc.integer({ min: 1, max: 1_500 }) }),
          fc.constant({ kind: 'close' as const }),
        ),
        { maxLength: 60 },
      );
      await fc.assert(
        fc.asyncProperty(steps, async (sequence) => {
          const clock = createFakeClock();
          const store = create(clock);
          const key = newKey();
          const out: { permit: CircuitPermit; epoch: number; slot: boolean }[] = [];
          let model = { state: 'closed', since: [] as CircuitOutcome[], until: 0, forced: false, epoch: 0 };
          const enter = (state: string, until = 0, forced = false, since: CircuitOutcome[] = []) => {
            model = { state, since, until, forced, epoch: model.epoch + 1 };
          };
          for (const step of sequence) {
            const now = clock.monotonicMs();
            if (step.kind === 'wait') await clock.advance(step.ms);
            if (step.kind === 'force') {
              await store.forceOpen(key, 'why', step.ms);
              enter('open', now + step.ms, true);
            }
            if (step.kind === 'close') {
              await store.forceClose(key);
              enter('closed');
            }
            if (step.kind === 'admit') {
              if (model.state === 'open' && now >= model.until) enter('half_open');
              const slots = out.filter(({ epoch, slot }) => slot && epoch === model.epoch).length;
              const passes =
                model.state === 'closed' ||
                (step.caller === 'test' && !model.forced) ||
                (model.state === 'half_open' && slots < settings.halfOpenMaxRequests);
              const admission = await store.admit(key, settings, step.caller);
              expect(admission.admitted).toBe(passes);
              if (admission.admitted)
                out.push({ permit: admission.permit, epoch: model.epoch, slot: admission.permit.slot });
            }
            const held =
              step.kind === 'settle' ? out.splice(out.length === 0 ? 0 : step.which % out.length, 1)[0] : undefined;
            if (step.kind === 'settle' && held !== undefined) {
              const after = await store.record(key, settings, held.permit, step.outcome);
              if (held.epoch === model.epoch && step.outcome !== 'neutral') {
                model.since.push(step.outcome);
                const last = model.since.slice(-settings.failureThreshold);
                const failing = last.length === settings.failureThreshold && last.every((o) => o === 'failure');
                if (model.state === 'closed' && failing) enter('open', now + settings.timeoutMs);
                else if (model.state === 'open' && step.outcome === 'success')
                  enter('half_open', 0, false, ['success']);
                else if (model.state === 'half_open' && step.outcome === 'failure')
                  enter('open', now + settings.timeoutMs);
                const successes = model.since.filter((o) => o === 'success').length;
                if (model.state === 'half_open' && successes >= settings.successThreshold) enter('closed');
              }
              expect(after).toBe(model.state);
            }
          }
          expect((await store.state(key)).state).toBe(model.state);
          await Promise.all(stores.splice(0).map((each) => each.close()));
        }),
        { numRuns: 40 },
      );
    });
  });
}

for (const [kind, skip] of [
  ['postgres', false],
  ['valkey', peers.skip],
] as const) {
  describe.skipIf(skip)(peers.label(`replicas that share breakers in ${kind}`), () => {
    async function admitted(store: CircuitStore, key: string): Promise<CircuitPermit> {
      const admission = await store.admit(key, settings, 'call');
      if (!admission.admitted) throw new Error('refused');
      return admission.permit;
    }
    const fail = async (store: CircuitStore, key: string) =>
      store.record(key, settings, await admitted(store, key), 'failure');

    it('see within two seconds what another one did, and keep it over a restart', async () => {
      const clock = createFakeClock();
      const [first, second] = [shared(clock, kind), shared(clock, kind)];
      const key = newKey();
      await admitted(second, key);
      for (let i = 0; i < 3; i += 1) await fail(first, key);

      await expect
        .poll(async () => {
          await clock.advance(500);
          return (await second.admit(key, settings, 'call')).state;
        })
        .not.toBe('closed');
      expect(clock.monotonicMs()).toBeLessThanOrEqual(2_500);

      await second.forceOpen(key, 'maintenance', 3_600_000);
      await Promise.all(stores.splice(0).map((store) => store.close()));
      expect(await shared(clock, kind).admit(key, settings, 'test')).toMatchObject({
        admitted: false,
        retryAfterMs: 3_600_000,
        forcedReason: 'maintenance',
      });
    });

    it('count failures in a row together', async () => {
      const clock = createFakeClock();
      const replicas = [shared(clock, kind), shared(clock, kind), shared(clock, kind)] as const;
      const key = newKey();
      for (const replica of replicas) await admitted(replica, key);

      for (const [index, replica] of replicas.entries()) {
        await fail(replica, key);
        await expect.poll(async () => (await replicas[0].state(key)).failureCount).toBe(index + 1);
      }

      await expect.poll(async () => (await replicas[0].state(key)).state).toBe('open');
    });

    it('never have more probes out together than allowed, and lose those of one that died after a minute', async () => {
      const clock = createFakeClock();
      const replicas = [shared(clock, kind), shared(clock, kind), shared(clock, kind)] as const;
      const key = newKey();
      for (let i = 0; i < 3; i += 1) await fail(replicas[0], key);
      await clock.advance(1_000);

      const tried = await Promise.all(
        Array.from({ length: 12 }, (_, i) => replicas[i % 3]?.admit(key, settings, 'call')),
      );
      expect(tried.filter((admission) => admission?.admitted)).toHaveLength(2);

      // Nobody ever gives them back.
      await clock.advance(59_000);
      expect(await replicas[1].admit(key, settings, 'call')).toMatchObject({ admitted: false, state: 'half_open' });
      await clock.advance(1_000);
      expect(await replicas[1].admit(key, settings, 'call')).toMatchObject({ admitted: true });
    });

    it('write little while a provider flaps', async () => {
      const clock = createFakeClock();
      const store = shared(clock, kind);
      const key = newKey();
      for (let i = 0; i < 300; i += 1) {
        const permit = await admitted(store, key);
        await store.record(key, settings, permit, i % 3 === 0 ? 'failure' : 'success');
      }
      await store.forceOpen(key, 'count', 1_000);

      expect(await versionOf(kind, key)).toBeLessThan(10);
    });
  });
}

async function versionOf(kind: 'postgres' | 'valkey', key: string): Promise<number | undefined> {
  const backend =
    kind === 'postgres'
      ? createPostgresCircuitBackend({ database: opened.database })
      : createValkeyCircuitBackend({ connection });
  return (await backend.load([key])).circuits.get(key)?.version;
}

import { createId, type TenantId } from '@inthub/contracts';
import { createFakeClock, type FakeClock, peersOrSkip } from '@inthub/testing';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createTestTenant, type OpenTestDatabase, openTestDatabase } from '../../database/testing.ts';
import { quietLog, startTestValkey, type TestValkey } from '../testing.ts';
import { createDurableIdempotencyStore } from './durable-idempotency-store.ts';
import type { IdempotencyRequest, IdempotencyStore, StoredOutcome } from './idempotency-store.ts';
import { createMemoryIdempotencyStore } from './memory-idempotency-store.ts';
import { createPostgresIdempotencyBackend } from './postgres-idempotency-backend.ts';
import type { ValkeyConnection } from './valkey-connection.ts';
import { createValkeyIdempotencyBackend } from './valkey-idempotency-backend.ts';

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

function durable(clock: FakeClock, kind: 'postgres' | 'valkey'): IdempotencyStore {
  const nowMs = () => clock.now().getTime();
  const backend =
    kind === 'postgres'
      ? createPostgresIdempotencyBackend({ database: opened.database, nowMs })
      : createValkeyIdempotencyBackend({ connection, nowMs });
  const store = createDurableIdempotencyStore({ backend, clock, log: quietLog });
  stores.push(store);
  return store;
}

const done = (value: unknown): StoredOutcome => ({ ok: true, value });
const request = (key: string, fingerprint = 'body', change: Partial<IdempotencyRequest> = {}): IdempotencyRequest => ({
  key,
  fingerprint,
  safe: false,
  leaseMs: 30_000,
  ...change,
});
const newKey = (name = 'k') => `${tenantId}/${createId()}/tag.deploy/${name}`;
const patient = () => new AbortController().signal;

// Every store keeps one contract, so every store runs this.
for (const [name, skip, create] of [
  ['memory', false, (clock: FakeClock) => createMemoryIdempotencyStore({ clock })],
  ['postgres', false, (clock: FakeClock) => durable(clock, 'postgres')],
  [peers.label('valkey'), peers.skip, (clock: FakeClock) => durable(clock, 'valkey')],
] as const) {
  describe.skipIf(skip)(`idempotency keys in ${name}`, () => {
    function setUp() {
      const clock = createFakeClock();
      return { clock, store: create(clock), key: newKey() };
    }

    it('give the first result to every later claim, for a day', async () => {
      const { clock, store, key } = setUp();
      expect(await store.claim(request(key))).toEqual({ state: 'claimed' });
      await store.finish(key, done({ id: 7 }));

      expect(await store.claim(request(key))).toEqual({ state: 'finished', outcome: done({ id: 7 }) });
      await clock.advance(86_400_000 - 1);
      expect(await store.claim(request(key))).toMatchObject({ state: 'finished' });
      await clock.advance(2);
      expect(await store.claim(request(key))).toEqual({ state: 'claimed' });
    });

    it('refuse another body, while the first runs and afterwards', async () => {
      const { store, key } = setUp();
      await store.claim(request(key));
      expect(await store.claim(request(key, 'other'))).toEqual({ state: 'mismatch' });

      await store.finish(key, done(1));

      expect(await store.claim(request(key, 'other'))).toEqual({ state: 'mismatch' });
    });

    it('wake twins when the first ends, with or without a result', async () => {
      const { store, key } = setUp();
      await store.claim(request(key));
      const twin = await store.claim(request(key));
      if (twin.state !== 'running') throw new Error(twin.state);
      const settled = twin.settled(patient());

      await store.release(key);

      await settled;
      expect(await store.claim(request(key))).toEqual({ state: 'claimed' });
    });

    it('remember that a result was too large to keep', async () => {
      const { store, key } = setUp();
      await store.claim(request(key));
      await store.finish(key, done('x'.repeat(262_144)));

      expect(await store.claim(request(key))).toEqual({ state: 'finished-unkept' });
    });

    it('ignore an end that nobody claimed', async () => {
      const { store, key } = setUp();
      await store.finish(key, done(1));
      await store.release(key);

      expect(await store.claim(request(key))).toEqual({ state: 'claimed' });
    });

    it('keep any JSON and any error as they were', async () => {
      const { store } = setUp();
      const failure: StoredOutcome = {
        ok: false,
        code: 'provider_rejected',
        message: 'No.',
        details: { reason: 'x\u0000y' },
        errors: [{ path: '/a', rule: 'b', message: 'c' }],
        blame: 'caller',
        retryable: false,
        retryAfterMs: null,
      };
      await fc.assert(
        fc.asyncProperty(fc.oneof(fc.jsonValue().map(done), fc.constant(failure)), async (outcome) => {
          // As it comes from a provider: lone surrogates, NUL characters and all, but no negative zero.
          const sent = JSON.parse(JSON.stringify(outcome)) as StoredOutcome;
          const key = newKey();
          await store.claim(request(key));
          await store.finish(key, sent);

          expect(await store.claim(request(key))).toEqual({ state: 'finished', outcome: sent });
        }),
        { numRuns: 50 },
      );
    });

    it('let exactly one of any concurrent claims run', async () => {
      const move = fc.record({
        key: fc.constantFrom('a', 'b'),
        body: fc.constantFrom('x', 'y'),
        act: fc.constantFrom('claim' as const, 'finish' as const, 'release' as const),
      });
      await fc.assert(
        fc.asyncProperty(fc.array(move, { maxLength: 40 }), async (moves) => {
          const { store, key: base } = setUp();
          const model = new Map<string, { body: string; finished: boolean }>();
          for (const { key: last, body, act } of moves) {
            const key = `${base}${last}`;
            const known = model.get(key);
            if (act === 'claim') {
              const claims = await Promise.all([store.claim(request(key, body)), store.claim(request(key, body))]);
              const expected =
                known === undefined
                  ? ['claimed', 'running']
                  : known.body !== body
                    ? ['mismatch', 'mismatch']
                    : known.finished
                      ? ['finished', 'finished']
                      : ['running', 'running'];
              expect(claims.map(({ state }) => state).sort()).toEqual(expected);
              if (known === undefined) model.set(key, { body, finished: false });
            } else if (known !== undefined && !known.finished) {
              if (act === 'finish') {
                await store.finish(key, done(1));
                known.finished = true;
              } else {
                await store.release(key);
                model.delete(key);
              }
            }
          }
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
  describe.skipIf(skip)(peers.label(`replicas that share idempotency keys in ${kind}`), () => {
    it('let one of them run and give its result to the others, after a restart too', async () => {
      const clock = createFakeClock();
      const replicas = Array.from({ length: 4 }, () => durable(clock, kind));
      const key = newKey();

      const claims = await Promise.all(replicas.map((replica) => replica.claim(request(key))));
      expect(claims.map(({ state }) => state).sort()).toEqual(['claimed', 'running', 'running', 'running']);
      const first = claims.findIndex(({ state }) => state === 'claimed');
      const waiting = claims.map((claim) => (claim.state === 'running' ? claim.settled(patient()) : undefined));
      await replicas[first]?.finish(key, done('once'));
      await advanceUntil(clock, Promise.all(waiting));

      for (const replica of [...replicas, durable(clock, kind)])
        expect(await replica.claim(request(key))).toEqual({ state: 'finished', outcome: done('once') });
    });

    it('say that nobody knows what became of a call whose process died, unless it may run again', async () => {
      const clock = createFakeClock();
      const [dead, alive] = [durable(clock, kind), durable(clock, kind)];
      const [unsafe, safe] = [newKey(), newKey()];
      await dead.claim(request(unsafe));
      await dead.claim(request(safe, 'body', { safe: true }));
      await clock.advance(29_999);
      expect(await alive.claim(request(safe, 'body', { safe: true }))).toMatchObject({ state: 'running' });
      const twin = await alive.claim(request(unsafe));
      if (twin.state !== 'running') throw new Error(twin.state);
      await advanceUntil(clock, twin.settled(patient()));

      expect(await alive.claim(request(unsafe))).toEqual({ state: 'unknown' });
      expect(await alive.claim(request(unsafe, 'other'))).toEqual({ state: 'mismatch' });
      expect(await alive.claim(request(safe, 'other', { safe: true }))).toEqual({ state: 'mismatch' });
      expect(await alive.claim(request(safe, 'body', { safe: true }))).toEqual({ state: 'claimed' });

      // It was only slow: the safe call is no longer its own, the other one ends after all.
      await dead.finish(safe, done('late'));
      await dead.finish(unsafe, done('late'));
      expect(await alive.claim(request(safe, 'body', { safe: true }))).toMatchObject({ state: 'running' });
      expect(await alive.claim(request(unsafe))).toEqual({ state: 'finished', outcome: done('late') });
    });

    it('forget a claim that never ended a day after its lease', async () => {
      const clock = createFakeClock();
      await durable(clock, kind).claim(request(newKey('lost')));
      const key = newKey();
      await durable(clock, kind).claim(request(key));
      await clock.advance(86_400_000 + 30_000 - 1);
      expect(await durable(clock, kind).claim(request(key))).toEqual({ state: 'unknown' });
      await clock.advance(2);
      expect(await durable(clock, kind).claim(request(key))).toEqual({ state: 'claimed' });
    });

    it('stop waiting when the caller leaves', async () => {
      const clock = createFakeClock();
      const [first, second] = [durable(clock, kind), durable(clock, kind)];
      const key = newKey();
      await first.claim(request(key));
      const twin = await second.claim(request(key));
      if (twin.state !== 'running') throw new Error(twin.state);
      const caller = new AbortController();

      const waits = [twin.settled(caller.signal), twin.settled(caller.signal)];
      expect(clock.sleeping).toBe(1);
      caller.abort();

      for (const wait of waits) await expect(wait).rejects.toMatchObject({ code: 'cancelled' });
      expect(clock.sleeping).toBe(0);
    });
  });
}

/** Moves time on in small steps, with room for real answers in between, until the work is done. */
async function advanceUntil(clock: FakeClock, work: Promise<unknown>): Promise<void> {
  let ended = false;
  const end = work.finally(() => {
    ended = true;
  });
  await expect
    .poll(async () => {
      await clock.advance(100);
      return ended;
    })
    .toBe(true);
  await end;
}

it('keeps a bounded number of results in memory, the latest', async () => {
  const store = createMemoryIdempotencyStore({ clock: createFakeClock(), max: 2 });
  for (const key of ['a', 'b', 'c']) {
    await store.claim(request(key));
    await store.finish(key, done(key));
  }

  expect(await store.claim(request('a'))).toEqual({ state: 'claimed' });
  expect(await store.claim(request('c'))).toMatchObject({ state: 'finished' });
});

/** EVT-4: one suite, both buses. */
import { HubError, type IntegrationEvent, type TenantId } from '@inthub/contracts';
import { type Nats, peersOrSkip, startNats } from '@inthub/testing';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createTestTenant, type OpenTestDatabase, openTestDatabase } from '../database/testing.ts';
import type { NewEvent } from './new-event.ts';
import { startTestBus, type TestBus } from './testing.ts';

const peers = await peersOrSkip(['nats-server']);
const patient = { timeout: 20_000, interval: 20 };
const quick = { retryDelaysMs: [1] };

const event = (type: string, source = 'hub', data: Record<string, unknown> = {}): NewEvent => ({
  type,
  source,
  data,
  correlationId: 'req-1',
});

describe.each(['postgres', 'nats'] as const)('the bus on %s', (kind) => {
  describe.skipIf(kind === 'nats' && peers.skip)(peers.reason, () => {
    let nats: Nats | undefined;
    let test: OpenTestDatabase;
    let bus: TestBus;
    let tenantId: TenantId;
    const open: TestBus[] = [];

    const start = async (options: { leaseMs?: number } = {}) => {
      const started = await startTestBus({ test, natsUrl: nats?.url, ...options });
      open.push(started);
      return started;
    };
    const publish = (types: readonly string[], source?: string) =>
      bus.publishAll(
        tenantId,
        types.map((type) => event(type, source)),
      );

    beforeAll(async () => {
      if (kind === 'nats') nats = await startNats();
    });
    afterAll(async () => {
      await nats?.stop();
    });
    beforeEach(async () => {
      test = await openTestDatabase({ maxConnections: 10 });
      tenantId = await createTestTenant(test.database);
      bus = await start();
    });
    afterEach(async () => {
      await Promise.all(open.splice(0).map((each) => each.close()));
      await test.close();
    });

    /** Subscribes under a name of its own in this test, and keeps what came. */
    function collect(pattern: string, options: Parameters<TestBus['subscribe']>[2] & object = {}, on = bus) {
      const got: IntegrationEvent[] = [];
      const stop = on.subscribe(pattern, async (each) => void got.push(each), {
        consumer: name('collect'),
        ...options,
      });
      return { got, stop, types: () => got.map(({ type }) => type) };
    }
    let names = 0;
    const prefix = `${kind}-${Date.now().toString(36)}`;
    function name(base: string): string {
      names += 1;
      return `${prefix}-${base}-${names}`;
    }

    it('hands events over with their envelope, by pattern and tenant', async () => {
      const other = await createTestTenant(test.database);
      const all = collect('*');
      const some = collect('github.*');
      const one = collect('github.pr.opened', { tenantId: other });
      await Promise.all([all.stop.ready, some.stop.ready, one.stop.ready]);

      const id = await bus.publish({
        tenantId,
        ...event('github.pr.opened', 'i1', { n: 1 }),
        originalWebhookId: 'w-1',
      });
      await publish(['jira.issue.created']);
      await bus.publish({ tenantId: other, ...event('github.pr.opened') });

      await expect.poll(() => all.got.length, patient).toBe(3);
      await expect.poll(() => some.got.length, patient).toBe(2);
      await expect.poll(() => one.got.length, patient).toBe(1);
      expect(one.got[0]?.tenantId).toBe(other);
      expect(all.got.find((got) => got.id === id)).toEqual({
        id,
        type: 'github.pr.opened',
        source: 'i1',
        tenantId,
        timestamp: expect.stringMatching(/Z$/),
        data: { n: 1 },
        correlationId: 'req-1',
        metadata: { connectorId: null, connectorVersion: null, deliveryAttempt: 1, originalWebhookId: 'w-1' },
      });
    });

    it('delivers what a transaction publishes when it commits, and nothing of one that fails', async () => {
      const all = collect('*');
      await all.stop.ready;
      const failed = test.database.tenant(tenantId, async (tx) => {
        await bus.publish({ tenantId, ...event('change.failed') }, tx);
        throw new HubError('conflict');
      });
      await expect(failed).rejects.toMatchObject({ code: 'conflict' });
      await test.database.tenant(tenantId, (tx) => bus.publish({ tenantId, ...event('change.made') }, tx));

      await expect.poll(all.types, patient).toEqual(['change.made']);
    });

    it('goes on where a consumer was, with what came while nobody served it', async () => {
      const consumer = name('absent');
      const first = collect('*', { consumer });
      await first.stop.ready;
      await publish(['a.one']);
      await expect.poll(first.types, patient).toEqual(['a.one']);
      await first.stop();
      await publish(['a.two']);
      const second = collect('*', { consumer });
      await publish(['a.three']);

      await expect.poll(() => second.types().slice(-2), patient).toEqual(['a.two', 'a.three']);
      expect(first.got).toHaveLength(1);
    });

    it('gives a new consumer the past only when it asks for it', async () => {
      await publish(['a.past']);
      const past = collect('*', { from: 'beginning' });
      // Where "now" is, moves when no older transaction runs on the server any more, and other tests have theirs.
      await expect.poll(past.types, patient).toEqual(['a.past']);
      const now = collect('*');
      await now.stop.ready;
      await publish(['a.new']);

      await expect.poll(past.types, patient).toEqual(['a.past', 'a.new']);
      await expect.poll(now.types, patient).toEqual(['a.new']);
    });

    it('retries a failing event beside the others, counts its attempts, and buries it in the end', async () => {
      const attempts: number[] = [];
      const done: string[] = [];
      const consumer = name('poison');
      const stop = bus.subscribe(
        '*',
        async ({ type, metadata }) => {
          if (type !== 'a.poison') return void done.push(type);
          attempts.push(metadata.deliveryAttempt);
          throw new HubError('provider_rejected', 'no good');
        },
        { ...quick, consumer, maxRetries: 2, concurrency: 1 },
      );
      await stop.ready;
      await publish(['a.poison', 'a.one', 'a.two']);

      await expect
        .poll(async () => (await bus.deadLetters.list(tenantId, { consumer, limit: 10 })).items, patient)
        .toEqual([
          expect.objectContaining({ consumer, attempts: 3, error: 'provider_rejected: no good', redrives: 0 }),
        ]);
      expect(attempts).toEqual([1, 2, 3]);
      await expect.poll(() => done, patient).toEqual(['a.one', 'a.two']);
    });

    it('sends dead letters round again, by filter, after a dry run', async () => {
      let isMended = false;
      const done: string[] = [];
      const consumer = name('redrive');
      const stop = bus.subscribe(
        '*',
        async ({ type }) => {
          if (!isMended) throw new Error('not yet');
          done.push(type);
        },
        { consumer, maxRetries: 0 },
      );
      await stop.ready;
      await publish(['a.one', 'b.two', 'a.three']);
      const letters = async () => (await bus.deadLetters.list(tenantId, { consumer, limit: 10 })).items;
      await expect.poll(async () => (await letters()).length, patient).toBe(3);
      isMended = true;

      expect(await bus.deadLetters.redrive(tenantId, { type: 'a.*' }, { dryRun: true })).toEqual({
        count: 2,
        more: false,
      });
      expect(await letters()).toHaveLength(3);
      expect(await bus.deadLetters.redrive(tenantId, { type: 'a.*' }, { pacePerSecond: 500 })).toEqual({
        count: 2,
        more: false,
      });
      await expect.poll(() => [...done].sort(), patient).toEqual(['a.one', 'a.three']);
      expect(await bus.deadLetters.drop(tenantId, { consumer })).toEqual({ count: 1, more: false });
      expect(await letters()).toEqual([]);
    });

    it('keeps the order of each source, also through failures, and lets other sources pass', async () => {
      const seen: string[] = [];
      let failures = 0;
      const consumer = name('ordered');
      const stop = bus.subscribe(
        '*',
        async ({ source, data }) => {
          if (source === 'bad' && data['n'] === 2 && failures < 3) {
            failures += 1;
            throw new Error('later');
          }
          seen.push(`${source}${String(data['n'])}`);
        },
        { ...quick, consumer, ordered: true },
      );
      await stop.ready;
      for (const n of [1, 2, 3, 4, 5]) {
        await bus.publishAll(tenantId, [event('a.b', 'bad', { n }), event('a.b', 'good', { n })]);
      }

      await expect.poll(() => seen.length, patient).toBe(10);
      const of = (source: string) => seen.filter((one) => one.startsWith(source));
      expect(of('bad')).toEqual(['bad1', 'bad2', 'bad3', 'bad4', 'bad5']);
      expect(of('good')).toEqual(['good1', 'good2', 'good3', 'good4', 'good5']);
      expect(failures).toBe(3);
    });

    it('shows what waits behind a failing event of an ordered consumer, and goes on when it is buried', async () => {
      const seen: unknown[] = [];
      const consumer = name('blocked');
      const gate = Promise.withResolvers<void>();
      const stop = bus.subscribe(
        '*',
        async ({ data, metadata }) => {
          if (data['n'] === 1) {
            if (metadata.deliveryAttempt > 1) await gate.promise;
            throw new Error('never');
          }
          seen.push(data['n']);
        },
        { ...quick, consumer, ordered: true, maxRetries: 1 },
      );
      await stop.ready;
      await bus.publishAll(
        tenantId,
        [1, 2, 3].map((n) => event('a.b', 's', { n })),
      );
      const status = async () => (await bus.consumers()).find((each) => each.name === consumer);
      await expect.poll(status, patient).toMatchObject({ ordered: true, served: true, retrying: 1, parked: 2 });
      gate.resolve();

      await expect.poll(() => seen, patient).toEqual([2, 3]);
      await expect.poll(status, patient).toMatchObject({ retrying: 0, parked: 0, deadLetters: 1 });
    });

    it('hands batches over in order and finds the event to blame', async () => {
      const seen: unknown[] = [];
      let largest = 0;
      const consumer = name('batch');
      const stop = bus.subscribeBatch(
        '*',
        async (events) => {
          largest = Math.max(largest, events.length);
          if (events.some(({ data }) => data['n'] === 77)) throw new Error('77');
          seen.push(...events.map(({ data }) => data['n']));
        },
        { consumer, maxRetries: 0, maxBatch: 50 },
      );
      await stop.ready;
      const numbers = Array.from({ length: 200 }, (_, n) => n);
      await bus.publishAll(
        tenantId,
        numbers.map((n) => event('a.b', 's', { n })),
      );

      await expect.poll(() => seen.length, patient).toBe(199);
      expect(seen).toEqual(numbers.filter((n) => n !== 77));
      // NATS hands on what the relay has put there so far.
      if (kind === 'postgres') expect(largest).toBe(50);
      await expect
        .poll(
          async () => (await bus.deadLetters.list(tenantId, { consumer, limit: 10 })).items.map((d) => d.event.data),
          patient,
        )
        .toEqual([{ n: 77 }]);
    });

    it('hands the next batch over while the last one waits for something, and that one again when it fails', async () => {
      const seen: unknown[] = [];
      const held = Promise.withResolvers<void>();
      const consumer = name('waiting');
      const stop = bus.subscribeBatch(
        '*',
        async ([first], { waitUntil }) => {
          const n = first?.data['n'];
          seen.push(n);
          if (n === 1 && seen.length === 1) waitUntil(held.promise);
        },
        { consumer, maxBatch: 1 },
      );
      await stop.ready;
      await bus.publishAll(
        tenantId,
        [1, 2, 3].map((n) => event('a.b', 's', { n })),
      );
      await expect.poll(() => seen, patient).toEqual([1, 2, 3]);
      const behind = async () => (await bus.consumers()).find((each) => each.name === consumer)?.behind;
      // The position of a consumer of NATS is kept there.
      if (kind === 'postgres') expect(await behind()).toBe(3);
      held.reject(new HubError('unavailable'));

      await expect.poll(() => seen, patient).toEqual([1, 2, 3, 1]);
      if (kind === 'postgres') await expect.poll(behind, patient).toBe(0);
    });

    it('shares one consumer among replicas and lets another take over from one that stops', async () => {
      const consumer = name('shared');
      const replicas = [bus, await start({ leaseMs: 300 })] as const;
      const seen: string[] = [];
      const [first, second] = replicas.map((replica) =>
        replica.subscribe('*', async ({ type }) => void seen.push(type), { consumer }),
      );
      await Promise.all([first?.ready, second?.ready]);
      await publish(['a.one', 'a.two', 'a.three']);
      await expect.poll(() => [...seen].sort(), patient).toEqual(['a.one', 'a.three', 'a.two']);
      await first?.();
      await publish(['a.four']);

      await expect.poll(() => seen.includes('a.four'), patient).toBe(true);
    });

    it('survives the loss of all database connections', async () => {
      const all = collect('*', quick);
      await all.stop.ready;
      await publish(['a.before']);
      await expect.poll(all.types, patient).toEqual(['a.before']);
      const admin = new pg.Client({ connectionString: test.url });
      await admin.connect();
      await admin.query(
        'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()',
      );
      await admin.end();
      await expect
        .poll(
          () =>
            publish(['a.after']).then(
              () => true,
              () => false,
            ),
          patient,
        )
        .toBe(true);

      await expect.poll(() => new Set(all.types()), patient).toEqual(new Set(['a.before', 'a.after']));
    });

    it('replays the log', async () => {
      const since = new Date(Date.now() - 60_000).toISOString();
      await publish(['a.one', 'b.two', 'a.three'], 's');
      const seen: string[] = [];
      const count = await bus.replay('a.*', since, async ({ type, metadata }) => {
        seen.push(`${type} ${metadata.deliveryAttempt}`);
      });

      expect({ count, seen }).toEqual({ count: 2, seen: ['a.one 0', 'a.three 0'] });
      expect(
        await bus.replay('*', since, async () => undefined, { tenantId: await createTestTenant(test.database) }),
      ).toBe(0);
    });

    // Not skipped on PostgreSQL: there is no such test there.
    const itOnNats = kind === 'nats' ? it : () => undefined;
    itOnNats('loses nothing while NATS is killed and comes back', async () => {
      const all = collect('*', quick);
      await all.stop.ready;
      await publish(['a.before']);
      await expect.poll(all.types, patient).toEqual(['a.before']);
      await nats?.kill();
      await publish(['a.during']);
      await nats?.restart();
      await publish(['a.after']);

      await expect.poll(() => new Set(all.types()), patient).toEqual(new Set(['a.before', 'a.during', 'a.after']));
    });
  });
});

import type { ServerResponse } from 'node:http';
import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type DispatchRig, openDispatchRig, patience, type Sink, startSink } from '../testing.ts';
import { countLeased, removeOrphans } from './claim-repository.ts';

let rig: DispatchRig;
let sink: Sink;

beforeAll(async () => {
  rig = await openDispatchRig();
  rig.webhooks.worker.start();
});
afterAll(async () => {
  await rig?.close();
});
beforeEach(async () => {
  sink = await startSink();
});
afterEach(async () => {
  await sink.stop();
});

const many = (count: number, data: (index: number) => Record<string, unknown> = (index) => ({ index })) =>
  Array.from({ length: count }, (_, index) => ({ type: 'a.b', data: data(index) }));
const dataOf = (one: { body: string }) => JSON.parse(one.body).data;
const list = async (subscriptionId: string, status?: 'blocked' | 'parked' | 'retrying') =>
  (
    await rig.webhooks.deliveries.list(rig.tenantId, {
      subscriptionId,
      limit: 200,
      ...(status === undefined ? {} : { status: [status] }),
    })
  ).items;

describe('several endpoints', () => {
  it('do not wait for one that is slow, and each has no more open than it allows', async () => {
    const slow = await startSink();
    const held: ServerResponse[] = [];
    slow.answer((_request, response) => void held.push(response));
    await rig.subscribe({ url: slow.url, events: ['a.b'], limits: { concurrency: 3 } });
    const quick = await rig.subscribe({ url: sink.url, events: ['a.b'] });
    await rig.publish(many(50));

    await expect.poll(() => sink.received.length, patience).toBe(50);
    await expect.poll(() => held.length, patience).toBe(3);
    expect(slow.mostOpen).toBe(3);
    slow.answer((_request, response) => void response.writeHead(200).end());
    for (const response of held) response.writeHead(200).end();
    await expect.poll(() => slow.received.length, patience).toBe(50);
    expect(slow.mostOpen).toBeLessThanOrEqual(3);
    await rig.webhooks.subscriptions.remove(rig.acting, quick.id);
    await slow.stop();
  });

  it('get no more in a second than they allow', async () => {
    const { id } = await rig.subscribe({ url: sink.url, limits: { perSecond: 10 } });
    await rig.publish(many(15));
    await expect.poll(() => sink.received.length, patience).toBe(15);

    const [first, last] = [sink.received[0], sink.received.at(-1)];
    // Ten at most go at once, the other five at the rate.
    expect((last?.atMs ?? 0) - (first?.atMs ?? 0)).toBeGreaterThan(350);
    await rig.webhooks.subscriptions.remove(rig.acting, id);
  });
});

describe('a worker', () => {
  it('takes the next as soon as it has room, however many wait', async () => {
    // It would look again by itself only after the test.
    const tight = await openDispatchRig({ capacity: 4, tickMs: 600_000 });
    tight.webhooks.worker.start();
    await tight.subscribe({ url: sink.url, limits: { concurrency: 2 } });
    await tight.publish(many(60));
    await expect.poll(() => new Set(sink.received.map(({ id }) => id)).size, patience).toBe(60);
    expect(sink.mostOpen).toBeLessThanOrEqual(2);
    await tight.close();
  });
});

describe('several workers', () => {
  it('share the queue and send everything once', async () => {
    const others = [rig.another(), rig.another()];
    for (const { worker } of others) worker.start();
    const { id } = await rig.subscribe({ url: sink.url, limits: { concurrency: 8 } });
    for (let batch = 0; batch < 4; batch += 1) {
      await rig.publish(many(60), { to: others[batch % 2] ?? rig.webhooks });
    }
    await expect.poll(() => sink.received.length, patience).toBeGreaterThanOrEqual(240);
    await expect
      .poll(
        async () =>
          (await rig.sql('SELECT count(*)::int AS n FROM inthub.webhook_queue WHERE subscription_id = $1', [id]))
            .rows[0]?.n,
        patience,
      )
      .toBe(0);

    expect(new Set(sink.received.map((one) => one.id)).size).toBe(240);
    expect(sink.received).toHaveLength(240);
    await Promise.all(others.map(({ worker }) => worker.stop()));
    await rig.webhooks.subscriptions.remove(rig.acting, id);
  });

  it('take over what a dead worker held, under the same webhook-id', async () => {
    const { id } = await rig.subscribe({ url: sink.url });
    // As a worker that died right after it took them leaves them.
    await rig.webhooks.subscriptions.disable(rig.acting, id);
    await rig.webhooks.subscriptions.enable(rig.acting, id);
    const idle = rig.another();
    await rig.publish(many(5), { to: idle });
    // Until it is written that they arrived: before, the row below would be made of nothing.
    const delivered = async () => (await list(id)).filter(({ status }) => status === 'delivered').length;
    await expect.poll(delivered, patience).toBe(5);
    const [first] = await list(id);
    await rig.sql(
      `INSERT INTO inthub.webhook_queue (tenant_id, subscription_id, id, event_id, event_at, event_type, revision, state, due_at, lease_id)
        SELECT tenant_id, subscription_id, id, event_id, event_at, event_type, revision, 'due', now() + interval '300 milliseconds', id
        FROM inthub.webhook_deliveries WHERE id = $1`,
      [first?.id],
    );

    await expect.poll(() => sink.received.length, patience).toBe(6);
    expect(sink.received.at(-1)?.id).toBe(first?.id);
    await rig.webhooks.subscriptions.remove(rig.acting, id);
  });
});

describe('an ordered subscription', () => {
  it('delivers the events of a key one after the other, in their order', async () => {
    const { id } = await rig.subscribe({
      url: sink.url,
      ordering: { key: '/issue', onExhausted: 'block' },
      limits: { concurrency: 20 },
    });
    await rig.publish(many(40, (index) => ({ issue: index % 4, index })));
    await expect.poll(() => sink.received.length, patience).toBe(40);

    for (const issue of [0, 1, 2, 3]) {
      const indexes = sink.received
        .map(dataOf)
        .filter((data) => data.issue === issue)
        .map(({ index }) => index);
      expect(indexes).toEqual([...indexes].sort((a, b) => a - b));
    }
    await rig.webhooks.subscriptions.remove(rig.acting, id);
  });

  it('shows what holds a key back, and lets a person skip it or park it', async () => {
    sink.answer((one, response) => void response.writeHead(dataOf(one).bad === true ? 500 : 200).end());
    const { id } = await rig.subscribe({
      url: sink.url,
      ordering: { key: 'source', onExhausted: 'block' },
      retryPolicy: { backoffMs: [60_000], jitter: 0 },
    });
    const source = '01890000-0000-7000-8000-000000000002';
    await rig.publish([
      { type: 'a.b', source, data: { bad: true, n: 1 } },
      { type: 'a.b', source, data: { bad: true, n: 2 } },
      { type: 'a.b', source, data: { n: 3 } },
      { type: 'a.b', source: 'hub', data: { n: 4 } },
    ]);
    const blocked = async () => (await list(id, 'blocked')).length;
    await expect
      .poll(
        () =>
          sink.received
            .map(dataOf)
            .map(({ n }) => n)
            .sort(),
        patience,
      )
      .toEqual([1, 4]);
    await expect.poll(async () => (await list(id, 'retrying')).length, patience).toBe(1);
    expect(await blocked()).toBe(2);
    const [head] = await list(id, 'retrying');
    const [newest] = await list(id, 'blocked');
    const shown = await rig.webhooks.deliveries.get(rig.tenantId, id, newest?.id ?? '');
    expect(shown).toMatchObject({ status: 'blocked', blockedBy: head?.id, orderKey: source });

    await rig.webhooks.deliveries.skip(rig.acting, id, head?.id ?? '');
    await expect.poll(async () => (await list(id, 'retrying')).map((one) => one.id), patience).not.toEqual([]);
    const [second] = await list(id, 'retrying');
    await rig.webhooks.deliveries.park(rig.acting, id, second?.id ?? '');

    await expect
      .poll(
        () =>
          sink.received
            .map(dataOf)
            .map(({ n }) => n)
            .sort(),
        patience,
      )
      .toEqual([1, 2, 3, 4]);
    expect((await list(id, 'parked')).map((one) => one.id)).toEqual([second?.id]);
    sink.answer((_request, response) => void response.writeHead(200).end());
    expect(await rig.webhooks.recovery.redrive(rig.acting, { subscriptionId: id })).toEqual({ count: 1, more: false });
    await expect
      .poll(async () => (await list(id)).map(({ status }) => status).sort(), patience)
      .toEqual(['delivered', 'delivered', 'delivered', 'skipped']);
  });
});

describe('a changed subscription', () => {
  it.each([
    ['keep', '/old'],
    ['use-latest', '/new'],
    ['drop', undefined],
  ] as const)('with onChange %s', async (onChange, path) => {
    const base = sink.url.replace('/hook', '');
    const { id, version } = await rig.subscribe({ url: `${base}/old`, onChange, headers: { 'x-old': '1' } });
    await rig.sql(
      `UPDATE inthub.webhook_endpoints SET blocked_until = now() + interval '1 hour' WHERE subscription_id = $1`,
      [id],
    );
    await rig.publish(many(1));
    await rig.webhooks.subscriptions.change(rig.acting, id, version, {
      url: `${base}/new`,
      headers: { 'x-old': null, 'x-new': '2' },
    });
    await rig.sql('UPDATE inthub.webhook_endpoints SET blocked_until = NULL WHERE subscription_id = $1', [id]);
    await expect
      .poll(async () => (await list(id)).map(({ status }) => status), patience)
      .toEqual([path === undefined ? 'dropped' : 'delivered']);

    expect(sink.received.map((one) => one.path)).toEqual(path === undefined ? [] : [path]);
    if (path === '/old') expect(sink.received[0]?.headers).toMatchObject({ 'x-old': '1' });
    if (path === '/new') expect(sink.received[0]?.headers).toMatchObject({ 'x-new': '2' });
    await rig.webhooks.subscriptions.remove(rig.acting, id);
  });
});

describe('a full queue', () => {
  it('is claimed in bounded parts, by the index, whatever else waits', async () => {
    const { id } = await rig.subscribe({ url: sink.url, events: ['never.sent'] });
    await rig.sql(
      `UPDATE inthub.webhook_endpoints SET blocked_until = now() + interval '1 hour' WHERE subscription_id = $1`,
      [id],
    );
    await rig.sql(
      `INSERT INTO inthub.webhook_queue (tenant_id, subscription_id, id, event_id, event_at, event_type, revision, state, due_at)
        SELECT $1, $2, gen_random_uuid(), gen_random_uuid(), now(), 'a.b', 1, 'due', now() - interval '1 minute' FROM generate_series(1, 20000)`,
      [rig.tenantId, id],
    );
    const other = await rig.subscribe({ url: sink.url, events: ['a.b'] });
    await rig.publish(many(20));

    await expect.poll(() => sink.received.length, patience).toBe(20);
    await rig.sql('ANALYZE inthub.webhook_queue');
    const { rows } = await rig.sql(
      `EXPLAIN (FORMAT JSON) SELECT id FROM inthub.webhook_queue WHERE tenant_id = '${rig.tenantId}' AND subscription_id = '${id}'
        AND state = 'due' AND due_at <= now() ORDER BY due_at LIMIT 20 FOR UPDATE SKIP LOCKED`,
    );
    expect(JSON.stringify(rows)).toContain('webhook_queue_due');
    // An endpoint with nothing in the queue does not pay for what others have there, whatever the planner believes of it.
    const read = await rig.test.database.system('inthub_dispatcher', async (tx) => {
      // Counts what this connection has read since it last reported, so only the difference is this transaction's.
      const rowsScanned = async () => {
        const { rows } = await sql<{ read: number }>`
          SELECT seq_tup_read::int AS read FROM pg_stat_xact_all_tables WHERE relid = 'inthub.webhook_queue'::regclass`.execute(
          tx.db,
        );
        return rows[0]?.read ?? 0;
      };
      await sql`SET LOCAL plan_cache_mode = force_generic_plan`.execute(tx.db);
      const before = await rowsScanned();
      const ref = { tenantId: rig.tenantId, subscriptionId: other.id };
      await countLeased(tx, [ref], new Date());
      await removeOrphans(tx, [ref, { tenantId: rig.tenantId, subscriptionId: id }]);
      return (await rowsScanned()) - before;
    });
    expect(read).toBe(0);
    await rig.webhooks.subscriptions.remove(rig.acting, id);
    await rig.webhooks.subscriptions.remove(rig.acting, other.id);
    expect(
      (await rig.sql('SELECT count(*)::int AS n FROM inthub.webhook_queue WHERE subscription_id = $1', [id])).rows,
    ).toEqual([{ n: 0 }]);
  });
});

describe('another tenant', () => {
  it('neither gets the events nor sees or changes the subscription', async () => {
    const { id } = await rig.subscribe({ url: sink.url });
    const other = await rig.newTenant();
    const acting = rig.actingFor(other);
    await rig.publish(many(1), { tenantId: other });
    await rig.publish(many(1));
    await expect.poll(() => sink.received.length, patience).toBe(1);
    const [delivery] = await list(id);
    const missing = { code: 'not_found' };

    expect(JSON.parse(sink.received[0]?.body ?? '{}').tenantid).toBe(rig.tenantId);
    const { subscriptions, deliveries, recovery } = rig.webhooks;
    await expect(subscriptions.get(other, id)).rejects.toMatchObject(missing);
    await expect(subscriptions.change(acting, id, 1, { name: 'x' })).rejects.toMatchObject(missing);
    await expect(subscriptions.rotate(acting, id)).rejects.toMatchObject(missing);
    await expect(subscriptions.remove(acting, id)).rejects.toMatchObject(missing);
    await expect(deliveries.list(other, { subscriptionId: id, limit: 1 })).rejects.toMatchObject(missing);
    await expect(deliveries.get(other, id, delivery?.id ?? '')).rejects.toMatchObject(missing);
    await expect(deliveries.resend(acting, id, delivery?.id ?? '')).rejects.toMatchObject(missing);
    await expect(recovery.recover(acting, id, { since: '2026-01-01' })).rejects.toMatchObject(missing);
    await expect(rig.webhooks.test(acting, id)).rejects.toMatchObject(missing);
    expect((await subscriptions.list(other, { limit: 9 })).items).toEqual([]);
    expect((await deliveries.list(other, { limit: 9 })).items).toEqual([]);
  });
});

import type { ServerResponse } from 'node:http';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type DispatchRig, openDispatchRig, patience, type Sink, startSink } from '../testing.ts';
import { insertHistory } from './history-repository.ts';

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

const many = (count: number) => Array.from({ length: count }, (_, n) => ({ type: 'a.b', data: { n } }));
const list = async (subscriptionId: string) =>
  (await rig.webhooks.deliveries.list(rig.tenantId, { subscriptionId, limit: 200 })).items;
const statuses = async (subscriptionId: string) => (await list(subscriptionId)).map(({ status }) => status);
const queued = async (subscriptionId: string) =>
  (
    await rig.sql(
      'SELECT attempts, lease_id IS NOT NULL AS leased FROM inthub.webhook_queue WHERE subscription_id = $1',
      [subscriptionId],
    )
  ).rows;
const attemptRows = async (id: string) =>
  (await rig.sql('SELECT count(*)::int AS n FROM inthub.webhook_attempts WHERE delivery_id = $1', [id])).rows[0]?.n;
const state = (promise: Promise<void>) =>
  Promise.race([promise.then(() => 'safe'), new Promise((resolve) => setImmediate(resolve, 'waiting'))]);
/** Keeps its answers back. */
const hold = () => {
  const held: ServerResponse[] = [];
  sink.answer((_request, response) => void held.push(response));
  const release = () => {
    sink.answer((_request, response) => void response.writeHead(204).end());
    for (const response of held.splice(0)) response.writeHead(204).end();
  };
  return { held, release };
};
/** Written to the log, and handed over by the test itself. */
const log = async (count: number) => {
  const idle = rig.another();
  const { id } = await rig.subscribe({ url: sink.url, events: ['never.sent'] });
  const events = await rig.publish(many(count), { to: idle });
  await rig.webhooks.subscriptions.remove(rig.acting, id);
  return events;
};

describe('a delivery of an endpoint that keeps up', () => {
  it('stands in no queue, and its event is done with when it is in the history', async () => {
    const { held, release } = hold();
    const events = await log(1);
    const { id } = await rig.subscribe({ url: sink.url });
    const { deliveries, safe } = await rig.webhooks.worker.handle(events);
    await expect.poll(() => held.length, patience).toBe(1);
    expect(deliveries).toBe(1);
    expect(await queued(id)).toEqual([]);
    expect(await state(safe)).toBe('waiting');
    release();
    await safe;

    expect(await statuses(id)).toEqual(['delivered']);
    await rig.webhooks.subscriptions.remove(rig.acting, id);
  });

  it('keeps its only attempt in its row, and a resend makes it one of two', async () => {
    const { id } = await rig.subscribe({ url: sink.url });
    await rig.publish(many(1));
    await expect.poll(() => statuses(id), patience).toEqual(['delivered']);
    const [first] = await list(id);
    expect(await attemptRows(first?.id ?? '')).toBe(0);
    const detail = () => rig.webhooks.deliveries.get(rig.tenantId, id, first?.id ?? '');
    const before = await detail();
    expect(before.attemptLog).toMatchObject([{ number: 1, success: true, url: sink.url, response: { status: 204 } }]);

    await rig.webhooks.deliveries.resend(rig.acting, id, first?.id ?? '');
    await expect.poll(async () => (await detail()).attemptLog.length, patience).toBe(2);
    expect(await detail()).toMatchObject({ status: 'delivered', attempts: 2 });
    expect((await detail()).attemptLog[0]).toEqual(before.attemptLog[0]);
    expect((await detail()).attemptLog[1]).toMatchObject({ number: 2, success: true });
    await rig.webhooks.subscriptions.remove(rig.acting, id);
  });

  it('is not made a second time when the bus hands it over while it is under way', async () => {
    const { held, release } = hold();
    const events = await log(3);
    const { id } = await rig.subscribe({ url: sink.url });
    const first = await rig.webhooks.worker.handle(events);
    await expect.poll(() => held.length, patience).toBe(3);
    const second = await rig.webhooks.worker.handle(events);
    expect(second.deliveries).toBe(0);
    expect(await state(second.safe)).toBe('waiting');
    release();
    await Promise.all([first.safe, second.safe]);

    expect(sink.received).toHaveLength(3);
    await rig.webhooks.subscriptions.remove(rig.acting, id);
  });
});

describe('a delivery that stood in no queue', () => {
  it('is queued when the endpoint takes its time, under a lease, and delivered once', async () => {
    const { held, release } = hold();
    const events = await log(5);
    const { id } = await rig.subscribe({ url: sink.url, limits: { concurrency: 2 } });
    const { safe } = await rig.webhooks.worker.handle(events);
    await safe;

    expect(held).toHaveLength(2);
    const rows = await queued(id);
    expect(rows).toHaveLength(5);
    expect(rows.filter(({ leased }) => leased).length).toBeGreaterThanOrEqual(2);
    release();
    await expect.poll(async () => new Set(await statuses(id)), patience).toEqual(new Set(['delivered']));
    expect(sink.received).toHaveLength(5);
    await rig.webhooks.subscriptions.remove(rig.acting, id);
  });

  it('is queued for its retry when it fails, and the rest of its endpoint unbegun', async () => {
    sink.answer((_request, response) => void response.writeHead(503).end());
    const events = await log(40);
    const { id } = await rig.subscribe({
      url: sink.url,
      limits: { concurrency: 2 },
      retryPolicy: { backoffMs: [600_000], jitter: 0 },
    });
    const { safe } = await rig.webhooks.worker.handle(events);
    await safe;

    expect(await queued(id)).toHaveLength(40);
    const tried = (await queued(id)).filter(({ attempts }) => attempts === 1).length;
    expect(tried).toBeGreaterThanOrEqual(1);
    expect(tried).toBeLessThan(20);
    await rig.webhooks.subscriptions.remove(rig.acting, id);
  });

  it('leaves nothing behind when its subscription is deleted meanwhile', async () => {
    const { held, release } = hold();
    const events = await log(1);
    const { id } = await rig.subscribe({ url: sink.url });
    const { safe } = await rig.webhooks.worker.handle(events);
    await expect.poll(() => held.length, patience).toBe(1);
    await rig.webhooks.subscriptions.remove(rig.acting, id);
    release();
    await safe;

    const { rows } = await rig.sql('SELECT id FROM inthub.webhook_deliveries WHERE subscription_id = $1', [id]);
    expect([...rows, ...(await queued(id))]).toEqual([]);
  });

  it('comes again from the log when its worker stops before it was begun', async () => {
    const { held, release } = hold();
    const events = await log(2);
    const { id } = await rig.subscribe({ url: sink.url, limits: { concurrency: 1 } });
    const other = rig.another();
    other.worker.start();
    const { safe } = await other.worker.handle(events);
    await expect.poll(() => held.length, patience).toBe(1);
    const stopped = other.worker.stop();
    await expect(safe).rejects.toMatchObject({ code: 'unavailable' });
    release();
    await stopped;
    await (await rig.webhooks.worker.handle(events)).safe;

    await expect.poll(async () => statuses(id), patience).toEqual(['delivered', 'delivered']);
    expect(sink.received).toHaveLength(2);
    await rig.webhooks.subscriptions.remove(rig.acting, id);
  });
});

describe('a worker that sends to an endpoint what is in no queue', () => {
  it('has that to itself, and others leave it half of the places', async () => {
    const { held, release } = hold();
    const events = await log(8);
    const { id } = await rig.subscribe({ url: sink.url, limits: { concurrency: 4 } });
    const others = [rig.another(), rig.another()] as const;
    for (const { worker } of others) worker.start();
    await rig.webhooks.worker.handle(events.slice(0, 1));
    await expect.poll(() => held.length, patience).toBe(1);
    // Another one's are queued, for all three to take.
    await others[0].worker.handle(events.slice(1));
    await expect.poll(() => held.length, patience).toBeGreaterThanOrEqual(4);
    expect((await queued(id)).filter(({ leased }) => leased).length).toBeLessThanOrEqual(8);
    release();

    await expect.poll(async () => (await statuses(id)).filter((one) => one === 'delivered').length, patience).toBe(8);
    expect(sink.mostOpen).toBeLessThanOrEqual(8);
    expect(sink.received).toHaveLength(8);
    await Promise.all(others.map(({ worker }) => worker.stop()));
    await rig.webhooks.subscriptions.remove(rig.acting, id);
  });
});

describe('a delivery that two workers have made', () => {
  it('is in the history once, and the second row is told apart', async () => {
    const { id } = await rig.subscribe({ url: sink.url });
    const [event] = await rig.publish(many(1));
    await expect.poll(() => statuses(id), patience).toEqual(['delivered']);
    const [first] = await list(id);
    if (event === undefined || first === undefined) throw new Error('nothing was delivered');
    const job = {
      tenantId: rig.tenantId,
      subscriptionId: id,
      id: first.id,
      eventId: event.id,
      eventAt: new Date(event.timestamp),
      eventType: event.type,
      revision: 1,
      attempts: 0,
      attemptsBefore: 0,
      orderKey: null,
      orderText: null,
      leaseId: first.id,
      subscriptionVersion: 1,
      concurrency: 1,
      event,
    };
    const row = { job, attempts: 1, url: sink.url, errorCode: null, at: new Date(), attempt: null };
    const written = await rig.test.database.system('inthub_dispatcher', (tx) =>
      insertHistory(tx, [{ ...row, status: 'delivered', responseStatus: 204 }]),
    );

    expect(written.repeated.map((one) => one.job.id)).toEqual([first.id]);
    expect(await list(id)).toEqual([first]);
    await rig.webhooks.subscriptions.remove(rig.acting, id);
  });
});

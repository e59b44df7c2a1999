/** Both kinds of dead letters in one place: events that a consumer gave up, deliveries that an endpoint did not take. */
import { createId } from '@inthub/contracts';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { startTestBus, type TestBus } from '../events/testing.ts';
import { type DispatchRig, openDispatchRig, patience, type Sink, startSink } from './testing.ts';
import { type AllDeadLetters, createAllDeadLetters } from './webhooks.ts';

const source = '01890000-0000-7000-8000-000000000009';
let rig: DispatchRig;
let bus: TestBus;
let sink: Sink;
let all: AllDeadLetters;
let subscriptionId: string;
let isMended: boolean;
let handled: string[];

const list = async (query: Partial<Parameters<AllDeadLetters['list']>[1]> = {}) =>
  (await all.list(rig.tenantId, { limit: 100, ...query })).items;
const named = async (query: Parameters<typeof list>[0] = {}) =>
  (await list(query)).map(({ kind, eventType }) => `${kind} ${eventType}`).sort();

beforeAll(async () => {
  sink = await startSink();
});
afterAll(async () => {
  await sink?.stop();
});
beforeEach(async () => {
  rig = await openDispatchRig();
  rig.webhooks.worker.start();
  bus = await startTestBus({ test: rig.test });
  all = createAllDeadLetters({ events: bus.deadLetters, deliveries: rig.webhooks.dead });
  [isMended, handled] = [false, []];
  sink.answer((_request, response) => void response.writeHead(isMended ? 204 : 500).end('no good'));
  const fail = async ({ type }: { type: string }) => {
    if (!isMended) throw new Error('not mended');
    handled.push(type);
  };
  // Not all that there is: the hub's own news of the failing endpoint would come later.
  await bus.subscribe('a.*', fail, { consumer: 'failing', maxRetries: 0 }).ready;
  await bus.subscribe('b.*', fail, { consumer: 'failing-too', maxRetries: 0 }).ready;
  ({ id: subscriptionId } = await rig.subscribe({
    url: sink.url,
    events: ['a.*'],
    retryPolicy: { backoffMs: [], jitter: 0 },
  }));
  await rig.publish([
    { type: 'a.one', source },
    { type: 'a.two', data: { n: 2 } },
    { type: 'b.three', source },
  ]);
  await expect
    .poll(() => named(), patience)
    .toEqual(['delivery a.one', 'delivery a.two', 'event a.one', 'event a.two', 'event b.three']);
});
afterEach(async () => {
  await bus?.close();
  await rig?.close();
});

const ours = { source };

it('lists both, newest first, page by page, and by filter', async () => {
  const items = await list();
  const times = items.map(({ deadAt }) => deadAt);
  expect(times).toEqual([...times].sort().reverse());
  const paged: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await all.list(rig.tenantId, { limit: 2, ...(cursor === undefined ? {} : { cursor }) });
    paged.push(...page.items.map(({ id }) => id));
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
  expect(paged).toEqual(items.map(({ id }) => id));

  expect(await named({ kind: 'delivery' })).toEqual(['delivery a.one', 'delivery a.two']);
  expect(await named({ ...ours })).toEqual(['delivery a.one', 'event a.one', 'event b.three']);
  expect(await named({ type: 'a.two' })).toEqual(['delivery a.two', 'event a.two']);
  expect(await named({ consumer: 'failing-too', type: 'b.*' })).toEqual(['event b.three']);
  expect(await named({ subscriptionId, type: 'a.one' })).toEqual(['delivery a.one']);
  expect(await named({ subscriptionId, consumer: 'failing' })).toEqual([]);
  expect(await named({ until: '2026-01-01T00:00:00Z' })).toEqual([]);
  expect(await named({ kinds: ['event'], type: 'a.*' })).toEqual(['event a.one', 'event a.two']);
});

it('shows one with its event; of a delivery every attempt', async () => {
  const [delivery] = await list({ kind: 'delivery', type: 'a.two' });
  const [event] = await list({ kind: 'event', type: 'b.three' });

  expect(await all.get(rig.tenantId, delivery?.id ?? '')).toMatchObject({
    kind: 'delivery',
    subscriptionId,
    deliveryStatus: 'exhausted',
    attempts: 1,
    error: expect.stringMatching(/500/),
    event: { type: 'a.two', source: 'hub', data: { n: 2 } },
    attemptLog: [{ number: 1, response: { status: 500, body: 'no good' } }],
  });
  expect(await all.get(rig.tenantId, event?.id ?? '')).toMatchObject({
    kind: 'event',
    consumer: 'failing-too',
    error: 'Error: not mended',
    event: { type: 'b.three', source },
  });
  await expect(all.get(rig.tenantId, createId())).rejects.toMatchObject({ code: 'not_found' });
  await expect(all.get(await rig.newTenant(), delivery?.id ?? '')).rejects.toMatchObject({ code: 'not_found' });
  await expect(all.get(rig.tenantId, delivery?.id ?? '', ['event'])).rejects.toMatchObject({ code: 'not_found' });
});

it('sends both again by filter, after a dry run, at one pace', async () => {
  isMended = true;
  await rig.sql('UPDATE inthub.webhook_endpoints SET blocked_until = NULL');
  expect(await all.redrive(rig.tenantId, ours, { dryRun: true })).toEqual({
    count: 3,
    events: 2,
    deliveries: 1,
    more: false,
  });
  expect(await named(ours)).toHaveLength(3);
  const recorded: unknown[] = [];
  const from = Date.now();
  expect(
    await all.redrive(rig.tenantId, ours, {
      pacePerSecond: 4,
      record: async (_tx, changed) => void recorded.push(changed),
    }),
  ).toEqual({ count: 3, events: 2, deliveries: 1, more: false });

  expect(recorded).toEqual([
    { kind: 'event', count: 2 },
    { kind: 'delivery', count: 1 },
  ]);
  await expect.poll(() => [...handled].sort(), patience).toEqual(expect.arrayContaining(['a.one', 'b.three']));
  await expect.poll(() => named(ours), patience).toEqual([]);
  await expect
    .poll(
      async () => (await rig.webhooks.deliveries.list(rig.tenantId, { limit: 9, type: 'a.one' })).items[0]?.status,
      patience,
    )
    .toBe('delivered');
  // The third of the pace, after two events.
  expect(Date.now() - from).toBeGreaterThanOrEqual(500);
});

it('shares the limit between the kinds and says that there is more', async () => {
  expect(await all.redrive(rig.tenantId, ours, { dryRun: true, limit: 2 })).toMatchObject({ count: 2, more: true });
  expect(await all.drop(rig.tenantId, { type: 'a.one' }, { limit: 1 })).toEqual({
    count: 1,
    events: 1,
    deliveries: 0,
    more: true,
  });
});

it('gives both up for good; the delivery stays in the history', async () => {
  expect(await all.drop(rig.tenantId, { type: 'a.*' }, { dryRun: true })).toMatchObject({ events: 2, deliveries: 2 });
  expect(await all.drop(rig.tenantId, { type: 'a.*' })).toEqual({ count: 4, events: 2, deliveries: 2, more: false });

  expect(await named({ type: 'a.*' })).toEqual([]);
  expect(await named(ours)).toEqual(['event b.three']);
  const { items } = await rig.webhooks.deliveries.list(rig.tenantId, { limit: 9, subscriptionId });
  expect(items.map(({ status }) => status)).toEqual(['skipped', 'skipped']);
  await expect(all.drop(rig.tenantId, {})).rejects.toMatchObject({ code: 'invalid_request' });
});

it('counts parked deliveries among them, and failed test sends not', async () => {
  const [first] = await list({ kind: 'delivery' });
  await rig.webhooks.test(rig.acting, subscriptionId);
  expect(await named({ kind: 'delivery' })).toEqual(['delivery a.one', 'delivery a.two']);
  await rig.sql(`UPDATE inthub.webhook_endpoints SET blocked_until = now() + interval '1 hour'`);
  await rig.publish([{ type: 'a.parked' }]);
  const { items } = await rig.webhooks.deliveries.list(rig.tenantId, { limit: 1, type: 'a.parked' });
  await rig.webhooks.deliveries.park(rig.acting, subscriptionId, items[0]?.id ?? '');

  const [parked] = await list({ kind: 'delivery' });
  expect(parked).toMatchObject({ eventType: 'a.parked', deliveryStatus: 'parked', error: 'set aside by a person' });
  expect((parked?.deadAt ?? '') > (first?.deadAt ?? '')).toBe(true);
  expect(await all.drop(rig.tenantId, { ids: [parked?.id ?? ''] })).toMatchObject({ deliveries: 1 });
  expect(await named({ type: 'a.parked', kind: 'delivery' })).toEqual([]);
});

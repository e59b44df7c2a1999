import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type DispatchRig, openDispatchRig, patience, type Sink, startSink } from '../testing.ts';

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

const never = { retryPolicy: { backoffMs: [] } };
const soon = { retryPolicy: { backoffMs: [100, 100], jitter: 0 } };
const list = async (subscriptionId: string) =>
  (await rig.webhooks.deliveries.list(rig.tenantId, { subscriptionId, limit: 100 })).items;
const statuses = async (subscriptionId: string) => (await list(subscriptionId)).map(({ status }) => status);
const endOf = async (subscriptionId: string, status: string) => {
  await expect.poll(() => statuses(subscriptionId), patience).toEqual([status]);
  const [delivery] = await list(subscriptionId);
  return rig.webhooks.deliveries.get(rig.tenantId, subscriptionId, delivery?.id ?? '');
};
const newsOf = async (type: string, subscriptionId: string) =>
  (await rig.eventsOf(type)).filter(({ data }) => data['subscriptionId'] === subscriptionId);

describe('a failing endpoint', () => {
  it('is tried again under the same webhook-id until it answers', async () => {
    sink.answer((_request, response) => void response.writeHead(sink.received.length < 3 ? 500 : 200).end());
    const { id } = await rig.subscribe({ url: sink.url, ...soon });
    await rig.publish([{ type: 'a.b' }]);

    const found = await endOf(id, 'delivered');

    expect(found.attemptLog.map(({ number, errorCode, blame }) => [number, errorCode, blame])).toEqual([
      [1, 'http_500', 'provider'],
      [2, 'http_500', 'provider'],
      [3, null, null],
    ]);
    expect(new Set(sink.received.map((one) => one.id))).toEqual(new Set([found.id]));
    expect(new Set(sink.received.map(({ body }) => body)).size).toBe(1);
  });

  it('that never answers well ends in a dead letter, with an event, and can be sent again', async () => {
    sink.answer((_request, response) => void response.writeHead(503).end('busy'));
    const { id } = await rig.subscribe({ url: sink.url, ...soon });
    const [event] = await rig.publish([{ type: 'a.b' }]);
    const dead = await endOf(id, 'exhausted');
    const letters = await rig.webhooks.deliveries.list(rig.tenantId, {
      subscriptionId: id,
      status: ['exhausted'],
      limit: 9,
    });

    expect(letters.items).toMatchObject([{ id: dead.id, attempts: 3, responseStatus: 503, errorCode: 'http_503' }]);
    expect(await newsOf('delivery.exhausted', id)).toMatchObject([
      { data: { deliveryId: dead.id, eventId: event?.id, attempts: 3, errorCode: 'http_503' } },
    ]);

    sink.answer((_request, response) => void response.writeHead(200).end());
    await rig.webhooks.deliveries.resend(rig.acting, id, dead.id);
    const again = await endOf(id, 'delivered');
    expect(again.id).toBe(dead.id);
    expect(again.attempts).toBe(4);
  });

  it.each([
    [
      'redirects to a metadata address, which is not followed',
      'http_302',
      (response: import('node:http').ServerResponse) =>
        void response.writeHead(302, { location: 'http://169.254.169.254/latest/meta-data' }).end(),
    ],
    [
      'resets the connection',
      'provider_unreachable',
      (response: import('node:http').ServerResponse) => void response.socket?.resetAndDestroy(),
    ],
    ['does not answer in time', 'provider_timeout', () => {}],
    [
      'answers garbage',
      'provider_bad_response',
      (response: import('node:http').ServerResponse) => void response.socket?.end('NOT HTTP AT ALL\r\n\r\n'),
    ],
  ])('%s', async (_name, errorCode, answer) => {
    sink.answer((_request, response) => answer(response));
    const { id } = await rig.subscribe({ url: sink.url, timeoutMs: 500, ...never });
    await rig.publish([{ type: 'a.b' }]);

    const found = await endOf(id, 'exhausted');

    expect(found).toMatchObject({ attempts: 1, errorCode });
    expect(sink.received).toHaveLength(1);
  });

  it('that sends a huge body costs no memory and counts by its status', async () => {
    let closed = false;
    sink.answer((_request, response) => {
      response.writeHead(200);
      const chunk = Buffer.alloc(65_536, 'x');
      const write = (): void => void response.write(chunk, () => !closed && setImmediate(write));
      response.once('close', () => {
        closed = true;
      });
      write();
    });
    const { id } = await rig.subscribe({ url: sink.url, ...never });
    await rig.publish([{ type: 'a.b' }]);

    const found = await endOf(id, 'delivered');

    expect(Buffer.byteLength(found.attemptLog[0]?.response?.body ?? '')).toBeLessThanOrEqual(16_384);
    await expect.poll(() => closed, patience).toBe(true);
  });

  it('that asks to wait is left alone for between once and twice the step', async () => {
    sink.answer((_request, response) => {
      if (sink.received.length === 1) response.writeHead(429, { 'retry-after': '3600' }).end();
      else response.writeHead(200).end();
    });
    const { id } = await rig.subscribe({ url: sink.url, retryPolicy: { backoffMs: [300], jitter: 0 } });
    await rig.publish([{ type: 'a.b' }]);

    await endOf(id, 'delivered');

    const [first, second] = sink.received;
    // Not before twice the step, and by no means after an hour.
    expect((second?.atMs ?? 0) - (first?.atMs ?? 0)).toBeGreaterThanOrEqual(595);
    expect(await newsOf('subscription.failing', id)).toEqual([]);
  });

  it('that is gone (410) is switched off at once', async () => {
    sink.answer((_request, response) => void response.writeHead(410).end());
    const { id } = await rig.subscribe({ url: sink.url, ...soon });
    await rig.publish([{ type: 'a.b' }]);
    await endOf(id, 'exhausted');
    await expect
      .poll(async () => (await rig.webhooks.subscriptions.get(rig.tenantId, id)).disabledReason, patience)
      .toBe('gone');

    expect(await newsOf('subscription.disabled', id)).toMatchObject([{ data: { reason: 'gone' } }]);
    expect(await rig.publish([{ type: 'a.b' }])).toHaveLength(1);
    expect(await list(id)).toHaveLength(1);
  });

  it('opens the circuit, says so, and closes it with the first success', async () => {
    let healthy = false;
    sink.answer((_request, response) => void response.writeHead(healthy ? 200 : 500).end());
    const { id } = await rig.subscribe({
      url: sink.url,
      limits: { concurrency: 1 },
      retryPolicy: { backoffMs: Array.from({ length: 20 }, () => 100), jitter: 0 },
    });
    await rig.publish(Array.from({ length: 8 }, () => ({ type: 'a.b' })));
    await expect.poll(async () => newsOf('subscription.failing', id), patience).toHaveLength(1);
    await expect
      .poll(async () => (await rig.webhooks.subscriptions.get(rig.tenantId, id)).endpoint, patience)
      .toMatchObject({ failing: true, blockedUntil: expect.any(String) });

    healthy = true;
    await expect.poll(async () => new Set(await statuses(id)), patience).toEqual(new Set(['delivered']));
    expect(await newsOf('subscription.recovered', id)).toHaveLength(1);
    expect(await newsOf('subscription.failing', id)).toHaveLength(1);
  });

  it('is switched off when most of many attempts failed, and what was missed can be recovered', async () => {
    sink.answer((_request, response) => void response.writeHead(500).end());
    const { id } = await rig.subscribe({
      url: sink.url,
      events: ['lost.found'],
      disabling: { windowMinutes: 60, failureRate: 0.9, minAttempts: 6 },
      retryPolicy: { backoffMs: [100, 100], jitter: 0 },
    });
    const since = new Date(Date.now() - 1_000).toISOString();
    await rig.publish(Array.from({ length: 3 }, () => ({ type: 'lost.found' })));
    await expect
      .poll(async () => (await rig.webhooks.subscriptions.get(rig.tenantId, id)).disabledReason, patience)
      .toBe('failure_rate');
    await rig.publish([{ type: 'lost.found' }]);
    const before = sink.received.length;

    sink.answer((_request, response) => void response.writeHead(200).end());
    await expect(rig.webhooks.recovery.recover(rig.acting, id, { since })).rejects.toMatchObject({ code: 'conflict' });
    await rig.webhooks.subscriptions.enable(rig.acting, id);
    const dry = await rig.webhooks.recovery.recover(rig.acting, id, { since, dryRun: true });
    const wet = await rig.webhooks.recovery.recover(rig.acting, id, { since, pacePerSecond: 1_000 });

    expect(dry.missing).toBe(1);
    expect(wet.missing).toBe(1);
    await expect.poll(async () => statuses(id), patience).toEqual(Array.from({ length: 4 }, () => 'delivered'));
    expect(sink.received.length).toBeGreaterThanOrEqual(before + 4);
  });
});

describe('faults that are not the endpoint’s', () => {
  it('neither open its circuit nor switch it off', async () => {
    // Refused by the policy: nothing is sent.
    const { id } = await rig.subscribe({
      url: sink.url,
      disabling: { windowMinutes: 60, failureRate: 0.1, minAttempts: 1 },
      ...never,
    });
    await rig.sql(
      `UPDATE inthub.webhook_subscriptions SET settings = jsonb_set(settings, '{url}', '"http://10.1.2.3/hook"') WHERE id = $1`,
      [id],
    );
    await rig.publish(Array.from({ length: 8 }, () => ({ type: 'a.b' })));
    await expect.poll(async () => new Set(await statuses(id)), patience).toEqual(new Set(['exhausted']));

    const [first] = await list(id);
    const found = await rig.webhooks.deliveries.get(rig.tenantId, id, first?.id ?? '');
    expect(found.attemptLog).toMatchObject([{ errorCode: 'egress_denied', blame: 'configuration' }]);
    expect(await rig.webhooks.subscriptions.get(rig.tenantId, id)).toMatchObject({
      active: true,
      totalFailures: 8,
      endpoint: { failing: false, consecutiveFailures: 0 },
    });
  });

  it('such as news of its own failing breed no further news', async () => {
    sink.answer((_request, response) => void response.writeHead(500).end());
    const { id } = await rig.subscribe({ url: sink.url, ...never });
    const told = await rig.publish([
      { type: 'delivery.exhausted', data: { subscriptionId: id } },
      { type: 'subscription.failing', data: { subscriptionId: 'another' } },
    ]);
    await endOf(id, 'exhausted');

    expect((await list(id)).map(({ eventId }) => eventId)).toEqual([told[1]?.id]);
    expect(await newsOf('delivery.exhausted', id)).toHaveLength(1);
  });
});

import { createPublicKey, verify as verifyEd25519 } from 'node:crypto';
import { verify as verifyGitHub } from '@octokit/webhooks-methods';
import { Webhook as StandardWebhook } from 'standardwebhooks';
import { Webhook as SvixWebhook } from 'svix';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type DispatchRig, openDispatchRig, patience, type Received, type Sink, startSink } from '../testing.ts';

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

const headersOf = ({ headers }: Received): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
const arrival = async (count = 1) => {
  await expect.poll(() => sink.received.length, patience).toBeGreaterThanOrEqual(count);
  return sink.received as [Received, ...Received[]];
};
const only = (subscriptionId: string) => rig.webhooks.deliveries.list(rig.tenantId, { subscriptionId, limit: 50 });
const detail = async (subscriptionId: string) => {
  const [first] = (await only(subscriptionId)).items;
  return rig.webhooks.deliveries.get(rig.tenantId, subscriptionId, first?.id ?? '');
};
const publicKeyOf = (whpk: string | null) =>
  createPublicKey({
    key: Buffer.concat([
      Buffer.from('302a300506032b6570032100', 'hex'),
      Buffer.from(whpk?.slice('whpk_'.length) ?? '', 'base64'),
    ]),
    format: 'der',
    type: 'spki',
  });

describe('a delivery', () => {
  it('is a CloudEvent, signed by every scheme at once, as the libraries of receivers verify it', async () => {
    const subscription = await rig.subscribe({
      url: sink.url,
      events: ['github.pr.*'],
      signing: ['standard', 'standard-ed25519', 'github'],
      headers: { 'X-Team': 'payments' },
    });
    const [event] = await rig.publish([
      { type: 'github.pr.opened', data: { number: 7, title: 'größer' } },
      { type: 'github.issue.opened' },
    ]);
    const [got] = await arrival();

    expect(JSON.parse(got.body)).toMatchObject({
      specversion: '1.0',
      id: event?.id,
      source: '/hub',
      type: 'github.pr.opened',
      time: event?.timestamp,
      data: { number: 7, title: 'größer' },
    });
    expect(got.headers).toMatchObject({ 'content-type': 'application/json', 'x-team': 'payments' });
    const secret = subscription.secret ?? '';
    expect(new StandardWebhook(secret).verify(got.body, headersOf(got))).toMatchObject({ id: event?.id });
    // svix reads its own header names; the signed content is the same.
    const svixHeaders = Object.fromEntries(
      ['id', 'timestamp', 'signature'].map((part) => [`svix-${part}`, String(got.headers[`webhook-${part}`])]),
    );
    expect(() => new SvixWebhook(secret).verify(got.body, svixHeaders)).not.toThrow();
    expect(() => new SvixWebhook(secret).verify(`${got.body} `, svixHeaders)).toThrow();
    expect(await verifyGitHub(secret, got.body, String(got.headers['x-hub-signature-256']))).toBe(true);
    const signature = String(got.headers['webhook-signature'])
      .split(' ')
      .find((one) => one.startsWith('v1a,'));
    const signed = Buffer.from(`${got.id}.${got.headers['webhook-timestamp']}.${got.body}`);
    expect(
      verifyEd25519(
        null,
        signed,
        publicKeyOf(subscription.publicKey),
        Buffer.from(signature?.slice(4) ?? '', 'base64'),
      ),
    ).toBe(true);
    expect(() => new StandardWebhook(secret).verify(`${got.body} `, headersOf(got))).toThrow();
  });

  it('is kept with request and response, without what is secret', async () => {
    sink.answer((_request, response) => {
      response.writeHead(200, { 'set-cookie': 'session=abcdefgh', 'x-note': 'fine' }).end('thanks');
    });
    const { id } = await rig.subscribe({ url: sink.url, headers: { Authorization: 'Bearer s3cr3t-t0ken-value' } });
    await rig.publish([{ type: 'a.b', data: { n: 1 } }]);
    await expect.poll(async () => (await only(id)).items.map(({ status }) => status), patience).toEqual(['delivered']);

    const found = await detail(id);
    expect(sink.received[0]?.headers.authorization).toBe('Bearer s3cr3t-t0ken-value');
    expect(found).toMatchObject({ attempts: 1, responseStatus: 200, errorCode: null, id: sink.received[0]?.id });
    expect(found.attemptLog).toMatchObject([
      {
        number: 1,
        success: true,
        request: {
          headers: { authorization: '[redacted]', 'webhook-signature': '[redacted]' },
          body: sink.received[0]?.body,
        },
        response: { status: 200, headers: { 'set-cookie': '[redacted]', 'x-note': 'fine' }, body: 'thanks' },
      },
    ]);
    const subscription = await rig.webhooks.subscriptions.get(rig.tenantId, id);
    expect(subscription).toMatchObject({ totalDeliveries: 1, totalFailures: 0, lastDeliveryAt: expect.any(String) });
    const { rows } = await rig.sql(
      `SELECT string_agg(t::text, ' ') AS everything FROM (SELECT row_to_json(s)::text AS t FROM inthub.webhook_subscriptions s
        UNION ALL SELECT row_to_json(d)::text FROM inthub.webhook_deliveries d
        UNION ALL SELECT row_to_json(a)::text FROM inthub.webhook_attempts a UNION ALL SELECT row_to_json(e)::text FROM inthub.audit_entries e) x`,
    );
    expect(rows[0]?.everything).not.toContain('s3cr3t-t0ken-value');
  });

  it('is made once for an event, however often the bus hands it over, also after it was delivered', async () => {
    const { id } = await rig.subscribe({ url: sink.url });
    const events = await rig.publish([{ type: 'a.b' }]);
    await arrival();
    await expect.poll(async () => (await only(id)).items.map(({ status }) => status), patience).toEqual(['delivered']);
    expect(await rig.webhooks.worker.handle(events)).toMatchObject({ deliveries: 0 });

    const again = await rig.publish([{ type: 'a.c' }]);
    await arrival(2);
    expect(sink.received.map(({ body }) => JSON.parse(body).id)).toEqual([events[0]?.id, again[0]?.id]);
  });

  it('goes only to those who asked for it: type, source and payload', async () => {
    const source = '01890000-0000-7000-8000-000000000001';
    await rig.subscribe({
      url: sink.url,
      events: ['jira.*', 'x.y'],
      sources: [source],
      filter: { at: '/priority', gte: 3 },
    });
    await rig.publish([
      { type: 'jira.issue.created', source, data: { priority: 3 } },
      { type: 'jira.issue.created', source, data: { priority: 2 } },
      { type: 'jira.issue.created', data: { priority: 3 } },
      { type: 'x.y.z', source, data: { priority: 9 } },
      { type: 'x.y', source, data: { priority: 9 } },
    ]);
    await arrival(2);

    expect(sink.received.map(({ body }) => JSON.parse(body).type).sort()).toEqual(['jira.issue.created', 'x.y']);
  });
});

describe('a rotated secret', () => {
  it('signs beside the old one until the overlap ends', async () => {
    const { id, secret: old } = await rig.subscribe({ url: sink.url });
    const { secret: fresh, keys } = await rig.webhooks.subscriptions.rotate(rig.acting, id);
    await rig.publish([{ type: 'a.b' }]);
    const [got] = await arrival();

    expect(fresh).not.toBe(old);
    for (const secret of [old, fresh]) {
      expect(new StandardWebhook(secret ?? '').verify(got.body, headersOf(got))).toBeTruthy();
    }
    expect(keys.map(({ expiresAt }) => expiresAt === null)).toEqual([true, false]);

    await rig.webhooks.subscriptions.rotate(rig.acting, id, { overlapHours: 0 });
    await rig.publish([{ type: 'a.b' }]);
    const [, next] = await arrival(2);
    expect(() => new StandardWebhook(old ?? '').verify(next?.body ?? '', headersOf(next as Received))).toThrow();
    expect(String(next?.headers['webhook-signature']).split(' ')).toHaveLength(1);
  });
});

describe('a test send', () => {
  it('tells at once what the endpoint answered', async () => {
    sink.answer((_request, response) => void response.writeHead(418).end('teapot'));
    const { id } = await rig.subscribe({ url: sink.url, events: ['never.sent'] });

    const found = await rig.webhooks.test(rig.acting, id);

    expect(found).toMatchObject({ status: 'exhausted', eventType: 'webhook.test', responseStatus: 418 });
    expect(found.attemptLog[0]?.response?.body).toBe('teapot');
  });

  it('is not among what can be sent again, also in a dry run', async () => {
    sink.answer((_request, response) => void response.writeHead(418).end());
    const { id } = await rig.subscribe({ url: sink.url, events: ['never.sent'] });
    await rig.webhooks.test(rig.acting, id);
    const since = new Date(0).toISOString();

    const { redrive, recover } = rig.webhooks.recovery;
    expect(await redrive(rig.acting, { subscriptionId: id }, { dryRun: true })).toEqual({ count: 0, more: false });
    expect(await recover(rig.acting, id, { since, dryRun: true })).toMatchObject({ failed: 0, missing: 0 });
  });
});

import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { patience, type Sink, startSink } from '../webhooks/testing.ts';
import { startTestHub, type TestHub } from './testing.ts';

let hub: TestHub;
let sink: Sink;
const base = '/api/v1/connectors/webhooks';

beforeAll(async () => {
  [hub, sink] = await Promise.all([startTestHub({ HUB_ROLES: 'api,worker' }), startSink()]);
});
afterAll(async () => {
  await hub?.stop();
  await sink?.stop();
});

const install = (name: string) =>
  hub.call('POST', '/api/v1/integrations', {
    type: 'test.inmemory',
    name,
    config: { endpoint: 'https://example.test', authMode: 'none' },
  });

describe('webhooks out over the API', () => {
  it('a change in the hub arrives at a subscriber, signed; the history tells, and it can be sent again', async () => {
    const created = await hub.call('POST', base, {
      url: sink.url,
      events: ['integration.created'],
      filter: { at: '/name', prefix: 'first' },
      headers: { 'X-Secret-Header': 'header-value-canary-1' },
    });
    expect(created.status).toBe(201);
    expect(created.headers.get('etag')).toBe('"1"');
    const { id, secret } = created.body;
    expect(created.body).toMatchObject({ headerNames: ['x-secret-header'], active: true, revision: 1 });
    expect((await install('first-one')).status).toBe(201);
    await expect.poll(() => sink.received.length, patience).toBe(1);

    const [got] = sink.received;
    const headers = Object.fromEntries(
      Object.entries(got?.headers ?? {}).map(([name, value]) => [name, String(value)]),
    );
    expect(new Webhook(secret).verify(got?.body ?? '', headers)).toMatchObject({
      type: 'integration.created',
      data: { name: 'first-one' },
    });
    const list = `${base}/${id}/deliveries?status=delivered&type=integration.*`;
    await expect.poll(async () => (await hub.call('GET', list)).body.items.length, patience).toBe(1);
    const delivery = (await hub.call('GET', list)).body.items[0];
    const detail = await hub.call('GET', `${base}/${id}/deliveries/${delivery.id}`);
    expect(detail.body.attemptLog[0]).toMatchObject({
      success: true,
      request: { headers: { 'x-secret-header': '[redacted]' } },
    });

    expect((await hub.call('POST', `${base}/${id}/deliveries/${delivery.id}/resend`)).status).toBe(200);
    await expect.poll(() => sink.received.length, patience).toBe(2);
    expect(sink.received[1]?.id).toBe(got?.id);

    const shown = await hub.call('GET', `${base}/${id}`);
    expect(shown.text).not.toContain(secret);
    expect(shown.text).not.toContain('header-value-canary-1');
    const metrics = await hub.call('GET', '/metrics');
    expect(metrics.text).toMatch(
      /connector_webhook_deliveries_total\{tenant="[^"]+",subscription="[^"]+",status="success"\} [12]/,
    );
    expect(hub.logs.join('')).not.toContain(secret);
    expect((await hub.call('GET', '/api/v1/audit?limit=200')).text).not.toContain('header-value-canary-1');
  });

  it('says which field is wrong', async () => {
    const attempts: [object, string][] = [
      [{ url: 'ftp://example.com', events: ['*'] }, '/url'],
      [{ url: 'http://169.254.169.254/latest', events: ['*'] }, '/url'],
      [{ url: sink.url, events: ['a.*.b'] }, '/events/0'],
      [{ url: sink.url, events: ['*'], filter: { at: '/a', matches: 'x' } }, '/filter'],
      [{ url: sink.url, events: ['*'], headers: { Host: 'x' } }, '/headers/Host'],
      [{ url: sink.url, events: ['*'], headers: { 'webhook-id': 'x' } }, '/headers/webhook-id'],
      [{ url: sink.url, events: ['*'], secret: 'not-a-standard-secret' }, '/secret'],
      [{ url: sink.url, events: ['*'], ordering: { key: 'issue', onExhausted: 'block' } }, '/ordering/key'],
      [{ url: sink.url, events: ['*'], retryPolicy: { backoffMs: [1] } }, '/retryPolicy/backoffMs/0'],
    ];
    for (const [body, path] of attempts) {
      const answer = await hub.call('POST', base, body);
      expect({
        status: answer.status,
        paths: answer.body.errors?.map((error: { path: string }) => error.path),
      }).toEqual({
        status: 400,
        paths: expect.arrayContaining([path]),
      });
    }
  });

  it('changes with a version, rotates, switches off and on, tests, recovers, deletes', async () => {
    const { body: made } = await hub.call('POST', base, { url: sink.url, events: ['never.sent'] });
    const at = `${base}/${made.id}`;
    expect((await hub.call('PATCH', at, { name: 'x' })).status).toBe(428);
    expect((await hub.call('PATCH', at, { name: 'x' }, { 'if-match': '"7"' })).status).toBe(412);
    const changed = await hub.call('PATCH', at, { retryPolicy: { preset: 'day' } }, { 'if-match': '"1"' });
    expect(changed.body).toMatchObject({ revision: 2, version: 2, retryPolicy: { preset: 'day' } });

    const rotated = await hub.call('POST', `${at}/rotate-secret`, { overlapHours: 1 });
    expect(rotated.body.secret).toMatch(/^whsec_/);
    expect(rotated.body.keys).toHaveLength(2);
    expect((await hub.call('POST', `${at}/disable`)).body).toMatchObject({ active: false, disabledReason: 'manual' });
    const recover = { since: new Date(0).toISOString() };
    expect((await hub.call('POST', `${at}/recover`, recover)).status).toBe(409);
    expect((await hub.call('POST', `${at}/enable`)).body).toMatchObject({ active: true });
    expect((await hub.call('POST', `${at}/recover`, { ...recover, dryRun: true })).body).toEqual({
      failed: 0,
      missing: 0,
      more: false,
    });
    expect((await hub.call('POST', `${at}/test`)).body).toMatchObject({
      status: 'delivered',
      eventType: 'webhook.test',
    });
    sink.answer((_request, response) => void response.writeHead(500).end());
    expect((await hub.call('POST', `${at}/test`)).body).toMatchObject({ status: 'exhausted' });
    expect((await hub.call('GET', `${base}/dead-letters`)).body).toEqual({ items: [], nextCursor: null });
    expect((await hub.call('POST', `${base}/dead-letters/redrive`, { dryRun: true })).body).toEqual({
      count: 0,
      more: false,
    });
    expect((await hub.call('DELETE', at)).status).toBe(204);
    expect((await hub.call('GET', at)).status).toBe(404);

    const actions = (await hub.call('GET', `/api/v1/audit?targetId=${made.id}&limit=50`)).body.items.map(
      (entry: { action: string }) => entry.action,
    );
    expect(actions).toEqual([
      'subscription.delete',
      'subscription.test',
      'subscription.test',
      'subscription.enable',
      'subscription.disable',
      'subscription.rotate_secret',
      'subscription.update',
      'subscription.create',
    ]);
  });
});

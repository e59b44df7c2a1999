import { createId } from '@inthub/contracts';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Answer, startTestHub, type TestHub } from './testing.ts';

let hub: TestHub;
beforeAll(async () => {
  hub = await startTestHub({ HUB_ROLES: 'api,worker' });
});
afterAll(async () => {
  await hub?.stop();
});

interface Endpoint {
  readonly integrationId: string;
  readonly endpointId: string;
  readonly secret: string;
  readonly url: string;
}

let counter = 0;
async function createIntegration(type = 'custom.webhook', more: object = {}): Promise<string> {
  counter += 1;
  const created = await hub.call('POST', '/api/v1/integrations', {
    type,
    name: `receiver-${counter}`,
    config: { endpoint: 'http://webhook.invalid', authMode: 'none' },
    ...more,
  });
  expect(created.status, created.text).toBe(201);
  const { id } = created.body;
  expect((await hub.call('POST', `/api/v1/integrations/${id}/submit`)).status).toBe(200);
  expect((await hub.call('POST', `/api/v1/integrations/${id}/test`)).body.success).toBe(true);
  return id;
}
async function createEndpoint(more: object = {}): Promise<Endpoint> {
  const integrationId = await createIntegration('custom.webhook', more);
  const made = await hub.call('POST', `/api/v1/integrations/${integrationId}/webhooks`, {});
  expect(made.status, made.text).toBe(201);
  return { integrationId, endpointId: made.body.id, secret: made.body.secret, url: made.body.url };
}

function signed(secret: string, body: string, { id = `msg_${createId()}`, at = new Date() } = {}) {
  return {
    'content-type': 'application/json',
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
    'webhook-signature': new Webhook(secret).sign(id, at, body),
  };
}
async function post(url: string, body: string, headers: Record<string, string>): Promise<Answer> {
  const response = await fetch(url, { method: 'POST', body, headers });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, body: text === '' ? null : JSON.parse(text) };
}
const eventsOf = async (integrationId: string) =>
  (await hub.call('GET', `/api/v1/connectors/instances/${integrationId}/events`)).body.items.filter(
    ({ type }: { type: string }) => type === 'webhook.event.received',
  );
const payload = JSON.stringify({ type: 'order.paid', data: { id: 7 } });

describe('a delivery', () => {
  it('is answered once it is stored, becomes its event, and can be looked at', async () => {
    const { integrationId, url, secret, endpointId } = await createEndpoint();
    const headers = signed(secret, payload, { id: 'msg_1' });

    const answer = await post(url, payload, headers);

    expect(answer.status, answer.text).toBe(202);
    expect(answer.body).toMatchObject({ accepted: true, eventType: 'order.paid', error: null, duplicate: false });
    const { eventId } = answer.body;
    await expect.poll(() => eventsOf(integrationId), { timeout: 20_000 }).toHaveLength(1);
    const [event] = await eventsOf(integrationId);
    expect(event).toMatchObject({
      type: 'webhook.event.received',
      source: integrationId,
      correlationId: eventId,
      data: { id: 'msg_1', type: 'order.paid', payload: { type: 'order.paid', data: { id: 7 } } },
      metadata: { connectorId: 'webhook', connectorVersion: '1.0.0', originalWebhookId: 'msg_1' },
    });

    const base = `/api/v1/integrations/${integrationId}/webhooks/deliveries`;
    const list = await hub.call('GET', `${base}?status=translated&kind=order.paid`);
    expect(list.body.items).toEqual([
      expect.objectContaining({
        id: eventId,
        endpointId,
        webhookId: 'webhook.standard',
        externalId: 'msg_1',
        bytes: payload.length,
        attempts: 1,
        eventTypes: ['webhook.event.received'],
      }),
    ]);
    const one = await hub.call('GET', `${base}/${eventId}`);
    expect(one.body.body).toEqual({ encoding: 'utf8', content: payload, truncated: false });
    expect(one.body.headers).toContainEqual({ name: 'webhook-id', value: 'msg_1' });
  });

  it('is stored once, however often it is sent', async () => {
    const { integrationId, url, secret } = await createEndpoint();
    const send = () => post(url, payload, signed(secret, payload, { id: 'msg_again' }));

    const answers = await Promise.all(Array.from({ length: 8 }, send));
    const late = await send();

    const ids = new Set([...answers, late].map(({ body }) => body.eventId));
    expect(ids.size).toBe(1);
    expect(answers.filter(({ status }) => status === 202)).toHaveLength(1);
    expect(late.status).toBe(200);
    expect(late.body.duplicate).toBe(true);
    await expect.poll(() => eventsOf(integrationId), { timeout: 20_000 }).toHaveLength(1);
  });

  it('that does not prove itself is refused alike, whether there is such an integration or not', async () => {
    const { integrationId, url, secret } = await createEndpoint();
    const other = await createEndpoint();
    const unknown = url.replace(integrationId, createId<string>());
    const cases: [string, string, Record<string, string>][] = [
      ['unknown integration', unknown, signed(secret, payload)],
      ['no uuid', url.replace(integrationId, 'nothing'), signed(secret, payload)],
      ['another’s secret', url, signed(other.secret, payload)],
      ['another body', url, signed(secret, `${payload} `)],
      ['no signature', url, { 'content-type': 'application/json' }],
      ['an old one', url, signed(secret, payload, { at: new Date(Date.now() - 3_600_000) })],
      ['a wrong address', `${url}/wrong`, signed(secret, payload)],
    ];
    const bodies = new Set<string>();
    for (const [name, to, headers] of cases) {
      const answer = await post(to, payload, headers);
      expect(answer.status, `${name}: ${answer.text}`).toBe(401);
      expect(answer.headers.get('content-type'), name).toContain('application/problem+json');
      const { requestId: _, instance, ...rest } = answer.body;
      expect(instance).not.toContain('wrong');
      bodies.add(JSON.stringify(rest));
    }

    expect(bodies.size).toBe(1);
    expect(await eventsOf(integrationId)).toEqual([]);
    const audited = async () =>
      (await hub.call('GET', `/api/v1/audit?targetId=${integrationId}&action=webhook.refuse`)).body.items;
    await expect.poll(audited, { timeout: 20_000 }).not.toHaveLength(0);
    const reasons = (await audited()).map(({ reason }: { reason: string }) => reason).sort();
    expect(reasons).toEqual(['invalid', 'missing', 'stale', 'wrong_address']);
  });

  it('may carry the secret in its address, which is in no log line', async () => {
    const { url, secret } = await createEndpoint();

    const answer = await post(`${url}/${encodeURIComponent(secret)}`, payload, signed(secret, payload));

    expect(answer.status, answer.text).toBe(202);
    const logs = hub.logs.join('');
    expect(logs).not.toContain(secret);
    expect(logs).not.toContain(encodeURIComponent(secret));
    expect(logs).toContain('/v1/webhooks/:integrationId/:secret');
  });

  it('is taken whatever it calls itself, and refused when it is too large or compressed', async () => {
    const { url, secret } = await createEndpoint();
    const text = { ...signed(secret, payload), 'content-type': 'text/plain; charset=weird' };
    expect((await post(url, payload, text)).status).toBe(202);

    const large = 'x'.repeat(1_100_000);
    expect((await post(url, large, signed(secret, large))).status).toBe(413);
    const stream = new Blob([large]).stream();
    const chunked = await fetch(url, {
      method: 'POST',
      body: stream,
      duplex: 'half',
      headers: signed(secret, large),
    } as RequestInit).then(
      ({ status }) => status,
      // The hub has answered and closed while the body was still being sent.
      () => 413,
    );
    expect(chunked).toBe(413);
    const zipped = await post(url, payload, { ...signed(secret, payload), 'content-encoding': 'gzip' });
    expect(zipped.status).toBe(415);
    expect((await fetch(url)).status).toBe(405);
  });

  it('that cannot be translated is kept, seen and translated again', async () => {
    const { integrationId, url, secret } = await createEndpoint();
    const { eventId } = (await post(url, 'no json', signed(secret, 'no json'))).body;
    const base = `/api/v1/integrations/${integrationId}/webhooks/deliveries`;
    const status = async () => (await hub.call('GET', `${base}/${eventId}`)).body;
    await expect.poll(async () => (await status()).status, { timeout: 20_000 }).toBe('dead');
    expect((await status()).error).toBe('The body is not JSON.');

    const again = await hub.call('POST', `${base}/${eventId}/translate`);
    expect(again.body).toEqual({ requeued: 1 });
    await expect.poll(async () => (await status()).status, { timeout: 20_000 }).toBe('dead');
    expect((await hub.call('POST', `${base}/translate`, { status: 'untranslated' })).body).toEqual({ requeued: 0 });
    expect((await hub.call('POST', `${base}/${createId()}/translate`)).status).toBe(404);
  });
});

describe('an endpoint', () => {
  it('shows its secret once, and what it takes in', async () => {
    const { integrationId, secret } = await createEndpoint();

    const list = await hub.call('GET', `/api/v1/integrations/${integrationId}/webhooks`);
    const kinds = await hub.call('GET', `/api/v1/integrations/${integrationId}/webhooks/kinds`);

    expect(list.text).not.toContain(secret);
    expect(list.body.items).toHaveLength(1);
    expect(kinds.body.items).toEqual([
      {
        id: 'webhook.standard',
        title: 'Standard Webhooks',
        events: ['webhook.event.received'],
        proof: 'signature',
        secretFrom: 'hub',
        registration: null,
      },
    ]);
  });

  it('takes both secrets while one is rotated, and none once it is removed', async () => {
    const { integrationId, endpointId, url, secret } = await createEndpoint();
    const path = `/api/v1/integrations/${integrationId}/webhooks/${endpointId}`;
    const rotated = await hub.call('POST', `${path}/rotate`, {});
    expect(rotated.status, rotated.text).toBe(200);
    const status = async (key: string) => (await post(url, payload, signed(key, payload))).status;

    await expect.poll(() => status(rotated.body.secret), { timeout: 20_000 }).toBe(202);
    expect(await status(secret)).toBe(202);
    expect(Date.parse(rotated.body.previousSecretUntil) - Date.now()).toBeGreaterThan(86_000_000);
    const second = await hub.call('POST', `${path}/rotate`, {
      secret: `whsec_${Buffer.alloc(24, 5).toString('base64')}`,
    });
    expect(second.status).toBe(200);
    await expect.poll(() => status(secret), { timeout: 20_000 }).toBe(401);

    expect((await hub.call('DELETE', path)).status).toBe(204);
    await expect.poll(() => status(second.body.secret), { timeout: 20_000 }).toBe(401);
    expect((await hub.call('DELETE', path)).status).toBe(404);
  });

  it('takes nothing while its integration is paused, and is gone with it', async () => {
    const { integrationId, url, secret } = await createEndpoint();
    const send = async () => (await post(url, payload, signed(secret, payload))).status;
    expect(await send()).toBe(202);

    expect((await hub.call('POST', `/api/v1/integrations/${integrationId}/pause`, { reason: 'test' })).status).toBe(
      200,
    );
    await expect.poll(send, { timeout: 20_000 }).toBe(409);
    expect((await hub.call('POST', `/api/v1/integrations/${integrationId}/resume`)).status).toBe(200);
    await expect.poll(send, { timeout: 20_000 }).toBe(202);
    expect((await hub.call('DELETE', `/api/v1/integrations/${integrationId}`)).status).toBe(204);
    await expect.poll(send, { timeout: 20_000 }).toBe(401);
  });

  it('takes nothing while webhooks are switched off for its integration', async () => {
    const { integrationId, url, secret } = await createEndpoint();
    const path = `/api/v1/integrations/${integrationId}`;
    const send = () => post(url, payload, signed(secret, payload));
    const switchTo = async (webhooksEnabled: boolean) => {
      const { headers } = await hub.call('GET', path);
      const etag = headers.get('etag') ?? '';
      const changed = await hub.call('PATCH', path, { features: { webhooksEnabled } }, { 'if-match': etag });
      expect(changed.status, changed.text).toBe(200);
    };
    expect((await send()).status).toBe(202);

    await switchTo(false);
    const refused = await send();
    const another = await hub.call('POST', `${path}/webhooks`, {});

    expect(refused.body).toMatchObject({ status: 409, code: 'integration_inactive' });
    expect(refused.body.detail).toContain('features.webhooksEnabled');
    expect([another.status, another.body.detail]).toEqual([409, expect.stringContaining('features.webhooksEnabled')]);
    // Who proves nothing learns nothing of it.
    expect((await post(url, payload, {})).status).toBe(401);
    await switchTo(true);
    expect((await send()).status).toBe(202);
    expect((await hub.call('GET', `${path}/webhooks/deliveries`)).body.items).toHaveLength(2);
  });

  it('answers 429 with Retry-After beyond its integration’s limit, and others go on', async () => {
    const noisy = await createEndpoint({ rateLimits: { webhooksPerMinute: 2 } });
    const quiet = await createEndpoint();
    const send = ({ url, secret }: Endpoint) => post(url, payload, signed(secret, payload));

    const answers = [await send(noisy), await send(noisy), await send(noisy)];

    expect(answers.map(({ status }) => status)).toEqual([202, 202, 429]);
    expect(answers[2]?.body).toMatchObject({ code: 'rate_limited', details: { limitType: 'connector' } });
    const retryAfter = Number(answers[2]?.headers.get('retry-after'));
    expect(retryAfter).toBeGreaterThan(0);
    expect(retryAfter).toBeLessThanOrEqual(30);
    expect((await send(quiet)).status).toBe(202);
    const stored = await hub.call('GET', `/api/v1/integrations/${noisy.integrationId}/webhooks/deliveries`);
    expect(stored.body.items).toHaveLength(2);
  });

  it('refuses what makes no sense, and says why', async () => {
    const integrationId = await createIntegration();
    const path = `/api/v1/integrations/${integrationId}/webhooks`;
    const refused = async (body: object) => (await hub.call('POST', path, body)).body;

    expect(await refused({ webhookId: 'x' })).toMatchObject({ errors: [{ path: '/webhookId' }] });
    expect(await refused({ events: ['a.b.c'] })).toMatchObject({ errors: [{ path: '/events/0' }] });
    expect(await refused({ register: {} })).toMatchObject({ errors: [{ path: '/register' }] });
    expect(await refused({ secret: 'short' })).toMatchObject({ errors: [{ path: '/secret' }] });
    const dumb = await createIntegration('test.inmemory');
    expect((await hub.call('POST', `/api/v1/integrations/${dumb}/webhooks`, {})).status).toBe(409);
    expect((await hub.call('GET', `/api/v1/integrations/${createId()}/webhooks`)).status).toBe(404);
  });
});

import { createHmac } from 'node:crypto';
import { createServer } from 'node:http';
import { listenOnLoopback } from '@inthub/testing';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestHub, type TestHub } from './testing.ts';

// A stub of Graph's subscriptions: like Graph it makes sure of the address before it answers (change-notifications-delivery-webhooks).
const publicUrl = 'https://hub.example.com';
const teamId = '11111111-2222-4333-8444-555555555555';
const channel = '19:channel@thread.tacv2';
const token = 'Validation: opaque + &canary-token';
let subscription: { notificationUrl: string; lifecycleNotificationUrl: string; clientState: string } | undefined;
let removed: string | undefined;

const ask = (address: string, init: RequestInit = {}) =>
  fetch(address.replace(publicUrl, hub.url), { method: 'POST', ...init });
const graph = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', async () => {
    const reply = (status: number, body: unknown) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    if (request.method === 'DELETE') {
      removed = request.url;
      response.writeHead(204).end();
      return;
    }
    if (request.url === `/v1.0/teams/${teamId}`) {
      reply(200, { id: teamId, displayName: 'Acme' });
      return;
    }
    const wanted = JSON.parse(Buffer.concat(chunks).toString()) as NonNullable<typeof subscription>;
    for (const address of [wanted.notificationUrl, wanted.lifecycleNotificationUrl]) {
      const answer = await ask(`${address}?validationToken=${encodeURIComponent(token)}`, {
        headers: { 'content-type': 'text/plain; charset=utf-8' },
      });
      const isRight =
        answer.status === 200 &&
        answer.headers.get('content-type')?.startsWith('text/plain') === true &&
        answer.headers.get('x-content-type-options') === 'nosniff' &&
        (await answer.text()) === token;
      if (!isRight) {
        reply(400, { error: { code: 'ValidationError', message: 'Subscription validation request failed.' } });
        return;
      }
    }
    subscription = wanted;
    reply(201, { id: 'sub-1', ...wanted });
  });
});

let hub: TestHub;
let stub: Awaited<ReturnType<typeof listenOnLoopback>>;
let id: string;
beforeAll(async () => {
  stub = await listenOnLoopback(graph);
  hub = await startTestHub({ HUB_ROLES: 'api,worker', HUB_PUBLIC_URL: publicUrl });
  const created = await hub.call('POST', '/api/v1/integrations', {
    type: 'chat.teams',
    name: 'teams',
    config: { endpoint: `http://127.0.0.1:${stub.port}/v1.0`, authMode: 'token', teamId },
    credentials: { kind: 'bearer_token', token: 'canary-graph-token' },
    submit: true,
  });
  expect(created.status, created.text).toBe(201);
  ({ id } = created.body);
  const tested = await hub.call('POST', `/api/v1/integrations/${id}/test`);
  expect(tested.body.success, tested.text).toBe(true);
});
afterAll(async () => {
  await hub?.stop();
  await stub?.stop();
});

const eventsOf = async (type: string) =>
  (await hub.call('GET', `/api/v1/connectors/instances/${id}/events`)).body.items.filter(
    (event: { type: string }) => event.type === type,
  );

describe('change notifications of Graph', () => {
  it('are registered with their handshake, become events, and end with the endpoint', async () => {
    const made = await hub.call('POST', `/api/v1/integrations/${id}/webhooks`, {
      webhookId: 'teams.graph',
      register: { target: channel },
    });
    expect(made.status, made.text).toBe(201);
    expect(made.body.registration).toEqual({ target: channel, externalId: 'sub-1' });
    expect(subscription?.notificationUrl).toBe(`${publicUrl}/v1/webhooks/${id}/${made.body.secret}`);

    const notify = (clientState: string, address = subscription!.notificationUrl) =>
      ask(address, {
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({
          value: [
            {
              subscriptionId: 'sub-1',
              clientState,
              changeType: 'created',
              resource: `teams('${teamId}')/channels('${channel}')/messages('17')`,
              resourceData: { id: '17' },
            },
          ],
        }),
      });
    expect((await notify('guessed')).status).toBe(401);
    expect((await notify(made.body.secret)).status, 'the address does not give the state').toBe(401);
    expect((await notify(subscription!.clientState, `${publicUrl}/v1/webhooks/${id}`)).status).toBe(401);
    expect((await notify(subscription!.clientState)).status).toBe(202);
    await expect.poll(() => eventsOf('teams.message.created'), { timeout: 20_000 }).toHaveLength(1);
    const [event] = await eventsOf('teams.message.created');
    expect(event.data).toMatchObject({ teamId, channelId: channel, messageId: '17' });
    expect(JSON.stringify(event)).not.toContain(subscription!.clientState);

    expect((await hub.call('DELETE', `/api/v1/integrations/${id}/webhooks/${made.body.id}`)).status).toBe(204);
    expect(removed).toBe('/v1.0/subscriptions/sub-1');
    expect(hub.logs.join('')).not.toContain(made.body.secret);
  });

  it('answer no handshake at an address without its secret, nor to a query of any size', async () => {
    const made = await hub.call('POST', `/api/v1/integrations/${id}/webhooks`, { webhookId: 'teams.graph' });
    const address = `${hub.url}/v1/webhooks/${id}`;

    expect((await ask(`${address}?validationToken=x`)).status).toBe(401);
    expect((await ask(`${address}/wrong?validationToken=x`)).status).toBe(401);
    expect((await ask(`${address}/${made.body.secret}?validationToken=x`)).status).toBe(200);
    expect((await ask(`${address}/${made.body.secret}?validationToken=${'x'.repeat(5_000)}`)).status).toBe(401);
    expect((await ask(`${address}/${made.body.secret}`)).status).toBe(401);
  });

  it('leave nothing of the query in logs or the database', async () => {
    const client = new Client({ connectionString: hub.databaseUrl });
    await client.connect();
    const { rows } = await client.query('SELECT * FROM inthub.audit_entries');
    await client.end();

    expect(JSON.stringify(rows)).not.toContain('canary-token');
    expect(hub.logs.join('')).not.toContain('canary-token');
  });
});

describe('an outgoing webhook of a team', () => {
  it('is proved by its HMAC and answered with a message for the channel', async () => {
    const secret = 'vqF0En+Z0ucuRTM/01o2GuhMH3hKKk/N2bOmlM31zaA=';
    const made = await hub.call('POST', `/api/v1/integrations/${id}/webhooks`, { webhookId: 'teams.outgoing', secret });
    expect(made.status, made.text).toBe(201);
    const body = JSON.stringify({ type: 'message', id: '1', text: '<at>Hub</at> deploy', from: { name: 'Megan' } });
    const send = (key: string) =>
      ask(made.body.url, {
        body,
        headers: {
          'content-type': 'application/json; charset=utf-8',
          authorization: `HMAC ${createHmac('sha256', Buffer.from(key, 'base64')).update(body).digest('base64')}`,
        },
      });

    expect((await send('d3Jvbmc=')).status).toBe(401);
    const answer = await send(secret);
    expect(answer.status).toBe(200);
    expect(await answer.json()).toEqual({ type: 'message', text: expect.any(String) });
    await expect.poll(() => eventsOf('teams.app.mentioned'), { timeout: 20_000 }).toHaveLength(1);
    expect((await eventsOf('teams.app.mentioned'))[0].data).toMatchObject({ command: 'deploy', userName: 'Megan' });
  });
});

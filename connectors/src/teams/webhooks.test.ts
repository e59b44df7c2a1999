import { createHmac } from 'node:crypto';
import {
  createMockGateway,
  createTestDelivery,
  type WebhookSample,
  webhookConformance,
} from '@inthub/connector-sdk/testing';
import { describe, expect, it } from 'vitest';
import { clientStateOf } from './client-state.ts';
import { teams } from './connector.ts';
import { teamsMentions } from './outgoing-webhook.ts';
import { teamId } from './testing.ts';
import { teamsChanges } from './webhooks.ts';

// As the page "Create Outgoing Webhooks" and Microsoft's own sample compute it, written apart from the connector.
function sign(body: Uint8Array, secret: string): Record<string, string> {
  return { authorization: `HMAC ${createHmac('sha256', Buffer.from(secret, 'base64')).update(body).digest('base64')}` };
}

const channel = '19:4a95f7d8db4c4e7fae857bcebe0623e6@thread.tacv2';
const activity = {
  type: 'message',
  id: '1700000000002',
  timestamp: '2026-11-21T10:00:00.123Z',
  serviceUrl: 'https://smba.trafficmanager.net/emea/canary/',
  channelId: 'msteams',
  from: { id: '29:x', name: 'Megan', aadObjectId: '00000000-0000-4000-8000-000000000002' },
  conversation: { isGroup: true, conversationType: 'channel', id: `${channel};messageid=1700000000001` },
  text: '<at>Hub</at>&nbsp;deploy **v2**\n',
  channelData: { channel: { id: channel }, team: { id: channel }, tenant: { id: 'tenant-1' } },
};

webhookConformance({
  connector: teams,
  definition: teamsMentions,
  sign,
  secrets: ['vqF0En+Z0ucuRTM/01o2GuhMH3hKKk/N2bOmlM31zaA=', '+ZaRRMC8+mpnfGaGsBOmkIFt98bttL5YQRq3p2tXgcE='],
  samples: [{ name: 'a mention', body: activity, events: ['teams.app.mentioned'], kind: 'message' }],
  unknown: { body: { ...activity, type: 'invoke' }, kind: 'invoke' },
});

const secret = 'conformance-secret-one-0123456789';
const resource = `teams('t1')/channels('${channel}')/messages('1700000000001')`;
const change = (more: object = {}, key = secret) => ({
  subscriptionId: 's1',
  subscriptionExpirationDateTime: '2026-11-24T10:00:00Z',
  clientState: clientStateOf(key),
  changeType: 'created',
  tenantId: 'tenant-1',
  resource,
  resourceData: { id: '1700000000001', '@odata.type': '#Microsoft.Graph.chatMessage', '@odata.id': resource },
  ...more,
});
const body = (...value: object[]) => ({ value });
const samples: readonly WebhookSample[] = [
  { name: 'a new message', body: body(change()), events: ['teams.message.created'], kind: 'created' },
  {
    name: 'several changes, and resources with slashes',
    body: body(
      change({ changeType: 'updated', resource: `${resource}/replies('1700000000002')` }),
      change({ changeType: 'deleted', resource: '/chats/19:c@unq.gbl.spaces/messages/17' }),
      change({ changeType: 'created', resource: `teams/t1/channels/${channel}` }),
      change({ changeType: 'deleted', resource: "teams('t1')/members('m1')" }),
    ),
    events: ['teams.message.updated', 'teams.message.deleted', 'teams.channel.created', 'teams.member.deleted'],
    kind: 'updated',
  },
  {
    name: 'what becomes of the subscription',
    body: body(
      ...['reauthorizationRequired', 'subscriptionRemoved', 'missed', 'somethingNew'].map((lifecycleEvent) => ({
        subscriptionId: 's1',
        clientState: clientStateOf(secret),
        lifecycleEvent,
      })),
    ),
    events: ['teams.subscription.reauthorization_required', 'teams.subscription.removed', 'teams.notification.missed'],
    kind: 'reauthorizationRequired',
  },
];

webhookConformance({
  connector: teams,
  definition: teamsChanges,
  samples,
  unknown: { body: body(change({ changeType: 'moved' }), change({ resource: 'users/u1/presence' })) },
  handshakes: [
    {
      name: 'Graph makes sure of the address',
      body: '',
      headers: { 'content-type': 'text/plain; charset=utf-8' },
      query: { validationToken: 'Validation: <b>opaque</b> + &' },
      answer: { status: 200, contentType: 'text/plain; charset=utf-8', body: 'Validation: <b>opaque</b> + &' },
    },
  ],
});

describe('mentions', () => {
  it('say who asked what, and where to answer', async () => {
    const [event] = await teamsMentions.translate(createTestDelivery({ body: activity }));

    expect(event?.data).toMatchObject({
      channelId: channel,
      messageId: '1700000000001/1700000000002',
      threadId: '1700000000001',
      userId: '00000000-0000-4000-8000-000000000002',
      command: 'deploy **v2**',
      occurredAt: '2026-11-21T10:00:00.123Z',
    });
    expect(JSON.stringify(event)).not.toContain('canary');
  });

  it('are answered with a message that Teams can show', () => {
    expect(JSON.parse(teamsMentions.receipt?.body ?? '')).toEqual({ type: 'message', text: expect.any(String) });
  });

  it('are told from notifications of Graph by their header', () => {
    expect(teamsMentions.recognises?.(createTestDelivery({ headers: { authorization: 'HMAC x' } }))).toBe(true);
    expect(teamsMentions.recognises?.(createTestDelivery({ headers: { authorization: 'Bearer x' } }))).toBe(false);
    expect(teamsMentions.recognises?.(createTestDelivery())).toBe(false);
  });
});

describe('change notifications', () => {
  const verify = (value: unknown, secrets: readonly string[] = [secret]) =>
    teamsChanges.verify(createTestDelivery({ body: value }), secrets);

  it('are taken only if every clientState is right, under either secret while one is rotated', () => {
    expect(verify(body(change()))).toBe('valid');
    expect(verify(body(change(), change({}, 'old')), [secret, 'old'])).toBe('valid');
    expect(verify(body(change(), change({}, 'old')))).toBe('invalid');
    expect(verify(body(change({ clientState: secret }))), 'the address alone does not do').toBe('invalid');
    expect(verify(body(change(), change({ clientState: null })))).toBe('invalid');
    expect(verify(body(change({ clientState: undefined })))).toBe('missing');
    expect(verify(body())).toBe('missing');
    expect(verify(body(change()), [])).toBe('invalid');
  });

  it('name message, thread, channel and team as the actions take them', async () => {
    const dataOf = async (more: object) =>
      (await teamsChanges.translate(createTestDelivery({ body: body(change(more)) })))[0]?.data;

    expect(await dataOf({})).toMatchObject({
      teamId: 't1',
      channelId: channel,
      messageId: '1700000000001',
      threadId: null,
    });
    expect(await dataOf({ resource: `${resource}/replies('17')` })).toMatchObject({
      messageId: '1700000000001/17',
      threadId: '1700000000001',
    });
    expect(await dataOf({ resource: undefined })).toMatchObject({ messageId: '1700000000001' });
    expect(JSON.stringify(await dataOf({}))).not.toContain(clientStateOf(secret));
  });

  it('are no repeats of each other when a message changes twice', () => {
    const idOf = (more: object, seconds: number) =>
      teamsChanges.deliveryId?.(
        createTestDelivery({ body: body(change(more)), receivedAt: new Date(1_700_000_000_000 + seconds * 1000) }),
      );

    expect(idOf({}, 0), 'a message is created once').toBeUndefined();
    expect(idOf({ changeType: 'updated' }, 0)).not.toBe(idOf({ changeType: 'updated' }, 1));
    expect(idOf({ changeType: 'updated', id: 'n1' }, 0), 'its id is in the body').toBeUndefined();
  });
});

describe('a subscription at Graph', () => {
  const registration = teamsChanges.registration!;
  const request = {
    url: 'https://hub.example.com/v1/webhooks/i/s',
    secret,
    events: teamsChanges.events,
    target: channel,
  };
  const gateway = (status = 201) =>
    createMockGateway({
      connector: teams,
      config: { teamId },
      respond: () => (status === 204 ? { status } : { status, json: { id: 'sub-1' } }),
    });

  it('is made for the messages of a channel or chat, with the lifecycle, for three days at most', async () => {
    const hub = gateway();

    expect(await registration.register(request, hub.ctx)).toEqual({ externalId: 'sub-1' });
    const [sent] = hub.requests;
    expect(sent?.url.pathname).toBe('/v1.0/subscriptions');
    const subscription = JSON.parse(Buffer.from(sent?.body ?? []).toString());
    expect(subscription).toMatchObject({
      changeType: 'created,updated,deleted',
      notificationUrl: request.url,
      lifecycleNotificationUrl: request.url,
      resource: `/teams/${teamId}/channels/${channel}/messages`,
      clientState: clientStateOf(secret),
    });
    const minutes = (Date.parse(subscription.expirationDateTime) - hub.ctx.clock.now().getTime()) / 60_000;
    expect(minutes).toBeGreaterThan(4_300);
    expect(minutes).toBeLessThan(4_320);
    expect(subscription.clientState.length).toBeLessThanOrEqual(128);

    await registration.register({ ...request, events: ['teams.message.deleted'], target: '19:c@thread.v2' }, hub.ctx);
    expect(JSON.parse(Buffer.from(hub.requests[1]?.body ?? []).toString())).toMatchObject({
      changeType: 'deleted',
      resource: '/chats/19:c@thread.v2/messages',
    });
  });

  it.each([
    ['events of something else', { events: ['teams.channel.created'] }],
    ['an address that Graph does not send to', { url: 'http://hub.example.com/v1/webhooks/i/s' }],
    ['a target that leads elsewhere', { target: '../../users' }],
    ['no target', { target: '' }],
  ])('is refused for %s before anything is sent', async (_what, more) => {
    const hub = gateway();

    await expect(registration.register({ ...request, ...more }, hub.ctx)).rejects.toMatchObject({
      code: 'invalid_request',
    });
    expect(hub.requests).toEqual([]);
  });

  it('is renewed for three days more, often enough for the tokens behind it', async () => {
    const hub = gateway(200);
    const { renewal } = registration;

    await renewal?.renew({ externalId: 'sub-1' }, hub.ctx);

    expect(renewal?.everyMs).toBeLessThan(3_600_000);
    const [sent] = hub.requests;
    expect([sent?.method, sent?.url.pathname]).toEqual(['PATCH', '/v1.0/subscriptions/sub-1']);
    const { expirationDateTime } = JSON.parse(Buffer.from(sent?.body ?? []).toString());
    expect(Date.parse(expirationDateTime) - hub.ctx.clock.now().getTime()).toBeGreaterThan(4_300 * 60_000);
    await expect(renewal?.renew({ externalId: 'x' }, gateway(404).ctx)).rejects.toMatchObject({
      code: 'provider_not_found',
    });
  });

  it('is removed, and may be gone already', async () => {
    for (const status of [204, 404]) {
      const hub = gateway(status);
      await registration.deregister({ externalId: 'sub/1' }, hub.ctx);
      expect(hub.requests[0]?.url.pathname).toBe('/v1.0/subscriptions/sub%2F1');
    }
    await expect(registration.deregister({ externalId: 'x' }, gateway(403).ctx)).rejects.toMatchObject({
      code: 'provider_forbidden',
    });
  });
});

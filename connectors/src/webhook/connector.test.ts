import { createMockGateway, manifestConformance, webhookConformance } from '@inthub/connector-sdk/testing';
import { Webhook } from 'standardwebhooks';
import { describe, expect, it } from 'vitest';
import { webhook } from './connector.ts';
import { standardWebhooks } from './webhooks.ts';

const secretOf = (fill: number) => `whsec_${Buffer.alloc(32, fill).toString('base64')}`;

manifestConformance(webhook);
webhookConformance({
  connector: webhook,
  definition: standardWebhooks,
  secrets: [secretOf(1), secretOf(2)],
  toleranceMs: 300_000,
  sign: (body, secret, at) => ({
    'webhook-id': 'msg_2KWPBgLlAfxdpx2AI54pPJ85f4W',
    'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
    'webhook-signature': new Webhook(secret).sign('msg_2KWPBgLlAfxdpx2AI54pPJ85f4W', at, Buffer.from(body)),
  }),
  unknown: null,
  samples: [
    {
      name: 'a payload of the recommended form',
      body: { type: 'contact.created', timestamp: '2022-11-03T20:26:10.344522Z', data: { id: '1f81eb52' } },
      events: ['webhook.event.received'],
      deliveryId: 'msg_2KWPBgLlAfxdpx2AI54pPJ85f4W',
      kind: 'contact.created',
    },
    { name: 'any other JSON', body: '[1]', events: ['webhook.event.received'] },
  ],
});

describe('webhook', () => {
  it('passes its test and says that it calls nobody', async () => {
    const gateway = createMockGateway({ connector: webhook, respond: () => undefined });

    expect(await gateway.testConnection()).toMatchObject({ success: true });
    expect(await gateway.check('webhook.reachable')).toMatchObject({ status: 'pass' });
    expect(gateway.requests).toEqual([]);
  });

  it('keeps the whole payload', async () => {
    const payload = { type: 'a.b', data: { nested: [1, null] } };
    const headers = new Map([['webhook-id', 'msg_1']]);
    const body = Buffer.from(JSON.stringify(payload));

    expect(
      await standardWebhooks.translate({
        body,
        headers: { get: (name) => headers.get(name), entries: () => headers.entries() },
        query: { get: () => undefined },
        receivedAt: new Date(0),
      }),
    ).toEqual([{ type: 'webhook.event.received', data: { id: 'msg_1', type: 'a.b', payload } }]);
  });
});

/** What was given up, over HTTP: an outgoing delivery among the dead letters, for those who may see it. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { patience, type Sink, startSink } from '../webhooks/testing.ts';
import { startTestHub, type TestHub } from './testing.ts';

let hub: TestHub;
let sink: Sink;

beforeAll(async () => {
  [hub, sink] = await Promise.all([startTestHub({ HUB_ROLES: 'api,worker' }), startSink()]);
});
afterAll(async () => {
  await hub?.stop();
  await sink?.stop();
});

it('lists, shows, sends again and gives up a delivery; without webhooks.read it is not there', async () => {
  let isMended = false;
  sink.answer((_request, response) => void response.writeHead(isMended ? 204 : 500).end('broken'));
  const { body: subscription } = await hub.call('POST', '/api/v1/connectors/webhooks', {
    url: sink.url,
    events: ['integration.created'],
    retryPolicy: { backoffMs: [], jitter: 0 },
  });
  const install = (name: string) =>
    hub.call('POST', '/api/v1/integrations', {
      type: 'test.inmemory',
      name,
      config: { endpoint: 'https://example.test', authMode: 'none' },
    });
  await install('first');
  await install('second');
  const path = `/api/v1/dead-letters?kind=delivery&subscriptionId=${subscription.id}`;
  const items = async () => (await hub.call('GET', path)).body.items as { id: string }[];
  await expect.poll(async () => (await items()).length, patience).toBe(2);
  const [newest, oldest] = await items();

  const { body: shown, text } = await hub.call('GET', `/api/v1/dead-letters/${newest?.id}`);
  expect(shown, text).toMatchObject({
    kind: 'delivery',
    subscriptionId: subscription.id,
    consumer: null,
    deliveryStatus: 'exhausted',
    eventType: 'integration.created',
    event: { type: 'integration.created', data: { name: 'second' } },
    attemptLog: [{ response: { status: 500, body: 'broken' } }],
  });

  const { body: made } = await hub.call('POST', '/api/v1/api-keys', { name: 'events only', scopes: ['events.read'] });
  const as = { authorization: `Bearer ${made.key}` };
  expect((await hub.call('GET', '/api/v1/dead-letters', undefined, as)).body).toEqual({ items: [], nextCursor: null });
  expect((await hub.call('GET', `/api/v1/dead-letters/${newest?.id}`, undefined, as)).status).toBe(404);
  expect((await hub.call('GET', path, undefined, as)).body).toMatchObject({
    code: 'forbidden',
    details: { requiredScope: 'webhooks.read' },
  });

  const filter = { ids: [oldest?.id] };
  const dropped = await hub.call('POST', '/api/v1/dead-letters/drop', { filter });
  expect(dropped.body).toEqual({ count: 1, events: 0, deliveries: 1, more: false, dryRun: false });
  isMended = true;
  const redriven = await hub.call('POST', '/api/v1/dead-letters/redrive', { filter: { kind: 'delivery' } });
  expect(redriven.body).toEqual({ count: 1, events: 0, deliveries: 1, more: false, dryRun: false });
  await expect.poll(items, patience).toEqual([]);
  const history = async () =>
    (await hub.call('GET', `/api/v1/connectors/webhooks/${subscription.id}/deliveries`)).body.items.map(
      ({ status }: { status: string }) => status,
    );
  await expect.poll(history, patience).toEqual(['delivered', 'skipped']);
  const { body: audit } = await hub.call('GET', '/api/v1/audit?action=dead_letter.redrive');
  expect(audit.items).toMatchObject([{ details: { kind: 'delivery', count: 1 } }]);
});

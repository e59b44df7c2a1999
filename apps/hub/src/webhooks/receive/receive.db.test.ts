import { randomInt } from 'node:crypto';
import type { WebhookDefinition } from '@inthub/connector-sdk';
import { createId, HubError, type Principal, type TenantId } from '@inthub/contracts';
import { createFakeClock, type FakeClock } from '@inthub/testing';
import { Registry } from 'prom-client';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { AuditRecord } from '../../audit/audit.ts';
import { createTestTenant, type OpenTestDatabase, openTestDatabase, silentLog } from '../../database/testing.ts';
import { createEventLog } from '../../events/events.ts';
import type { InstalledIntegration } from '../../runtime/runtime.ts';
import { createInboundWebhooks, type InboundWebhooks, type InboundWebhooksDeps } from './receive.ts';

let test: OpenTestDatabase;
let clock: FakeClock;
let tenantId: TenantId;
let integration: InstalledIntegration;
/** By slot, as the vault keeps them. */
let secrets: Map<string, string>;
let translate: WebhookDefinition['translate'];

beforeAll(async () => {
  test = await openTestDatabase();
});
afterAll(async () => {
  await test?.close();
});
beforeEach(async () => {
  clock = createFakeClock(new Date());
  tenantId = await createTestTenant(test.database);
  secrets = new Map();
  integration = {
    id: createId<string>(),
    tenantId,
    name: 'acme',
    type: 'custom.acme',
    connectorId: 'acme',
    connectorVersion: '1.0.0',
    status: 'active',
    features: { syncEnabled: false, webhooksEnabled: true, streamingEnabled: true },
    rateLimits: {},
  } as unknown as InstalledIntegration;
  translate = ({ body }) => [{ type: 'acme.thing.made', data: { text: Buffer.from(body).toString() } }];
});

const registered: object[] = [];
const definition: WebhookDefinition = {
  id: 'acme.things',
  title: 'Things',
  events: ['acme.thing.made'],
  proof: 'token',
  verify: ({ headers }, known) => (known.includes(headers.get('x-token') ?? '') ? 'valid' : 'invalid'),
  deliveryId: ({ headers }) => headers.get('x-id'),
  kind: () => 'made',
  translate: (delivery) => translate(delivery),
  registration: {
    register: async () => ({ externalId: '7' }),
    deregister: async () => undefined,
  },
};
const connector = { definition: { manifest: {}, webhooks: [definition] } };

/** One process of the hub. */
function startProcess(more: Partial<InboundWebhooksDeps> = {}): InboundWebhooks {
  return createInboundWebhooks({
    database: test.database,
    events: createEventLog({ database: test.database, clock }),
    audit: { append: async () => undefined, appendAll: async () => undefined },
    vault: {
      store: async (_tx, { slot = '', material }) => {
        secrets.set(slot, 'secret' in material ? material.secret : '');
        return {} as never;
      },
      revoke: async (_tx, { slots = [] }) => slots.filter((slot) => secrets.delete(slot)).length,
      webhookSecrets: async () => new Map(secrets),
    },
    registry: { find: () => connector } as never,
    metrics: { registry: new Registry() },
    presence: randomInt(1, 2 ** 31 - 1),
    clock,
    log: silentLog,
    findIntegration: () => integration,
    register: async (_acting, _id, _webhook, request) => {
      registered.push(request);
      return { externalId: '7' };
    },
    renew: async () => undefined,
    deregister: async (_acting, _id, _webhook, webhook) => void registered.push(webhook),
    publicUrl: () => 'https://hub.example.com',
    ...more,
  });
}

const acting = () => ({
  principal: { tenantId, kind: 'user', id: 'me', name: 'Me', scopes: new Set() } as unknown as Principal,
  requestId: 'request-1',
});
async function send(hub: InboundWebhooks, id: string, body = id, to: { id?: string; secret?: string } = {}) {
  const [first = ''] = secrets.values();
  const { id: integrationId = integration.id, secret = first } = to;
  const answer = await hub.receiver.receive({
    integrationId,
    pathSecret: undefined,
    headers: { 'x-token': secret, 'x-id': id, authorization: 'Bearer x', 'content-type': 'text/plain' },
    body: Buffer.from(body),
    query: '',
    sourceAddress: '192.0.2.1',
  });
  if ('status' in answer) throw new Error('no handshake was expected');
  return answer;
}
async function texts(): Promise<unknown[]> {
  const log = createEventLog({ database: test.database, clock });
  const { items } = await log.list(tenantId, { limit: 100 });
  return items.map(({ data }) => data['text']).sort();
}
const summaries = async (hub: InboundWebhooks) =>
  (await hub.deliveries.list(tenantId, integration.id, { limit: 100 })).items;

describe('deliveries', () => {
  it('are stored once by two processes, and translated once by two workers', async () => {
    const [one, two] = [startProcess(), startProcess()];
    await one.endpoints.create(acting(), integration.id, {});
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) => send(index % 2 === 0 ? one : two, `d${index >> 1}`)),
    );

    expect(new Set(answers.map(({ deliveryId }) => deliveryId)).size).toBe(10);
    const settled = await Promise.all([one.translateDue(), two.translateDue()]);
    expect(settled[0] + settled[1]).toBe(10);
    expect(await texts()).toEqual(Array.from({ length: 10 }, (_, index) => `d${index}`));
    await Promise.all([one.close(), two.close()]);
  });

  it('that a dead worker held are taken over when its lease ends, and are its own no more', async () => {
    const [dying, other] = [startProcess(), startProcess()];
    await dying.endpoints.create(acting(), integration.id, {});
    let comeBack: (() => void) | undefined;
    translate = async ({ body }) => {
      await new Promise<void>((resolve) => {
        comeBack = resolve;
      });
      return [{ type: 'acme.thing.made', data: { text: Buffer.from(body).toString() } }];
    };
    await send(dying, 'd1');
    const held = dying.translateDue();
    await expect.poll(() => comeBack).toBeDefined();
    const resume = comeBack;
    expect(await other.translateDue()).toBe(0);

    await clock.advance(15_000);
    translate = ({ body }) => [{ type: 'acme.thing.made', data: { text: Buffer.from(body).toString() } }];
    expect(await other.translateDue()).toBe(1);
    resume?.();
    expect(await held).toBe(0);
    expect(await texts()).toEqual(['d1']);
    await Promise.all([dying.close(), other.close()]);
  });

  it('that wait in memory are given back when the hub stops, at once and without a lost lease', async () => {
    const [stopping, other] = [startProcess(), startProcess()];
    await stopping.endpoints.create(acting(), integration.id, {});
    const [begun, gate] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    translate = async ({ body }) => {
      begun.resolve();
      await gate.promise;
      return [{ type: 'acme.thing.made', data: { text: Buffer.from(body).toString() } }];
    };
    stopping.startTranslating();
    await send(stopping, 'd1');
    await begun.promise;
    await Promise.all([send(stopping, 'd2'), send(stopping, 'd3')]);

    const stopped = stopping.close();
    gate.resolve();
    await stopped;

    expect(await texts()).toEqual(['d1']);
    expect(await other.translateDue()).toBe(2);
    expect(await texts()).toEqual(['d1', 'd2', 'd3']);
    await other.close();
  });

  it('that fail are tried again, then set aside, and hold back nobody', async () => {
    const hub = startProcess();
    await hub.endpoints.create(acting(), integration.id, {});
    translate = ({ body }) => {
      const text = Buffer.from(body).toString();
      if (text === 'poison') throw new TypeError('the connector breaks');
      if (text === 'garbage') throw new HubError('invalid_request', 'The body is garbage.');
      return text === 'unknown' ? [] : [{ type: 'acme.thing.made', data: { text } }];
    };
    for (const text of ['a', 'poison', 'garbage', 'unknown', 'b']) await send(hub, text);
    await hub.translateDue();

    const states = async () => Object.fromEntries((await summaries(hub)).map((s) => [s.externalId, s.status]));
    expect(await texts()).toEqual(['a', 'b']);
    expect(await states()).toEqual({
      a: 'translated',
      b: 'translated',
      poison: 'pending',
      garbage: 'dead',
      unknown: 'untranslated',
    });
    for (const pauseMs of [1_000, 10_000, 60_000, 600_000]) {
      await clock.advance(pauseMs);
      await hub.translateDue();
    }
    expect((await states())['poison']).toBe('dead');
    expect((await summaries(hub)).find(({ externalId }) => externalId === 'poison')?.attempts).toBe(5);

    translate = () => [{ type: 'acme.thing.made', data: { text: 'mended' } }];
    expect(await hub.deliveries.translateAgain(acting(), integration.id, {})).toEqual({ requeued: 3 });
    await hub.translateDue();
    expect(await texts()).toEqual(['a', 'b', 'mended', 'mended', 'mended']);
    await hub.close();
  });

  it('with an event that is too large or undeclared are set aside, and the rest of their batch is stored', async () => {
    const hub = startProcess();
    await hub.endpoints.create(acting(), integration.id, {});
    translate = ({ body }) => {
      const text = Buffer.from(body).toString();
      const type = text === 'undeclared' ? 'acme.thing.lost' : 'acme.thing.made';
      return [{ type, data: { text: text === 'large' ? 'x'.repeat(300_000) : text } }];
    };
    for (const text of ['a', 'large', 'undeclared', 'b']) await send(hub, text);
    await hub.translateDue();

    expect(await texts()).toEqual(['a', 'b']);
    const dead = (await summaries(hub)).filter(({ status }) => status === 'dead');
    expect(dead.map(({ externalId }) => externalId).sort()).toEqual(['large', 'undeclared']);
    for (const { error } of dead) expect(error?.length).toBeGreaterThan(20);
    await hub.close();
  });

  it('beyond the limit of their integration are refused before they are stored, and other integrations’ are not', async () => {
    const audited: AuditRecord[] = [];
    const appendAll = async (_tx: unknown, records: readonly AuditRecord[]) => void audited.push(...records);
    const noisy = { ...integration, id: createId<string>(), rateLimits: { webhooksPerMinute: 3 } };
    const all = [integration, noisy];
    const hub = startProcess({
      audit: { append: async () => undefined, appendAll },
      findIntegration: (_tenantId, id) => all.find((one) => one.id === id) ?? integration,
    });
    for (const { id } of all) await hub.endpoints.create(acting(), id, {});
    const [, secret = ''] = secrets.values();
    const post = (text: string, more: object = {}) => send(hub, text, text, { id: noisy.id, secret, ...more });

    for (const text of ['a', 'b', 'c']) await post(text);
    const refused = post('d');

    await expect(refused).rejects.toMatchObject({
      code: 'rate_limited',
      retryAfterMs: 20_000,
      details: { limitType: 'connector' },
      message: expect.stringContaining('rateLimits.webhooksPerMinute'),
    });
    expect(await send(hub, 'a')).toMatchObject({ duplicate: false });
    // Unproved ones take nobody's place.
    for (let i = 0; i < 5; i += 1)
      await expect(post('e', { secret: 'wrong' })).rejects.toMatchObject({ code: 'unauthenticated' });
    await clock.advance(20_000);
    expect(await post('d')).toMatchObject({ duplicate: false });
    await expect(post('e')).rejects.toMatchObject({ code: 'rate_limited' });
    const { items } = await hub.deliveries.list(tenantId, noisy.id, { limit: 100 });
    expect(items.map(({ externalId }) => externalId).sort()).toEqual(['a', 'b', 'c', 'd']);
    await hub.close();
    expect(audited).toContainEqual(
      expect.objectContaining({
        action: 'webhook.refuse',
        reason: 'rate_limited',
        target: expect.objectContaining({ id: noisy.id }),
      }),
    );
  });

  it('are refused while webhooks are switched off, which the audit shows once a minute', async () => {
    const audited: AuditRecord[] = [];
    const appendAll = async (_tx: unknown, records: readonly AuditRecord[]) => void audited.push(...records);
    const hub = startProcess({ audit: { append: async () => undefined, appendAll } });
    await hub.endpoints.create(acting(), integration.id, {});
    await send(hub, 'before');
    integration = { ...integration, features: { ...integration.features, webhooksEnabled: false } };
    hub.forget(integration.id);

    for (const id of ['a', 'b'])
      await expect(send(hub, id)).rejects.toMatchObject({
        code: 'integration_inactive',
        message: expect.stringContaining('features.webhooksEnabled'),
      });
    await expect(hub.endpoints.create(acting(), integration.id, {})).rejects.toMatchObject({ code: 'conflict' });

    expect((await summaries(hub)).map(({ externalId }) => externalId)).toEqual(['before']);
    await hub.close();
    expect(audited).toMatchObject([
      { action: 'webhook.refuse', outcome: 'denied', reason: 'webhooks_disabled', details: { count: 2 } },
    ]);
  });

  it('keep no header that could hold a secret', async () => {
    const hub = startProcess();
    await hub.endpoints.create(acting(), integration.id, {});
    const { deliveryId } = await send(hub, 'd1');

    const { headers } = await hub.deliveries.get(tenantId, integration.id, deliveryId);
    expect(headers.map(({ name }) => name).sort()).toEqual(['content-type', 'x-id']);
    await hub.close();
  });
});

describe('registration at the product', () => {
  it('hands over address and secret, and is undone with the endpoint', async () => {
    registered.length = 0;
    const hub = startProcess();
    const made = await hub.endpoints.create(acting(), integration.id, { register: { target: 'acme/app' } });

    expect(made.registration).toEqual({ target: 'acme/app', externalId: '7' });
    expect(registered).toEqual([
      { url: made.url, secret: made.secret, events: ['acme.thing.made'], target: 'acme/app' },
    ]);
    await hub.endpoints.remove(acting(), integration.id, made.id);
    expect(registered.at(-1)).toEqual({ externalId: '7', target: 'acme/app' });
    expect(secrets.size).toBe(0);
    await hub.close();
  });

  it('leaves nothing behind when the product refuses', async () => {
    const refusal = new HubError('provider_forbidden', 'No.');
    const hub = startProcess({ register: async () => Promise.reject(refusal) });

    await expect(hub.endpoints.create(acting(), integration.id, { register: {} })).rejects.toBe(refusal);
    expect(await hub.endpoints.list(tenantId, integration.id)).toEqual([]);
    expect(secrets.size).toBe(0);
    await hub.close();
  });

  it('stops at twenty endpoints', async () => {
    const hub = startProcess();
    for (let i = 0; i < 20; i += 1) await hub.endpoints.create(acting(), integration.id, {});

    await expect(hub.endpoints.create(acting(), integration.id, {})).rejects.toMatchObject({ code: 'conflict' });
    await hub.close();
  });
});

import type { WebhookDefinition } from '@inthub/connector-sdk';
import { createId, HubError, type TenantId } from '@inthub/contracts';
import { createFakeClock, type FakeClock } from '@inthub/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createTestTenant, type OpenTestDatabase, openTestDatabase, silentLog } from '../../database/testing.ts';
import type { InstalledIntegration } from '../../runtime/runtime.ts';
import { insertEndpoint } from './endpoint-repository.ts';
import { createRenewals, type Renewals } from './renewals.ts';

const everyMs = 1_800_000;
const renewal = { everyMs, renew: async () => undefined };
const webhooks = [
  { id: 'acme.ending', registration: { renewal } },
  { id: 'acme.lasting', registration: {} },
] as unknown as WebhookDefinition[];

let test: OpenTestDatabase;
let clock: FakeClock;
let integrations: Map<string, InstalledIntegration>;
let renewed: { tenantId: string; principal: string; integrationId: string; webhookId: string; webhook: object }[];
let fails: boolean;
let renewals: Renewals;

beforeAll(async () => {
  test = await openTestDatabase();
});
afterAll(async () => {
  await test?.close();
});
beforeEach(() => {
  clock = createFakeClock(new Date());
  integrations = new Map();
  renewed = [];
  fails = false;
  renewals = createRenewals({
    database: test.database,
    registry: { find: () => ({ definition: { webhooks } }) } as never,
    clock,
    log: silentLog,
    findIntegration(_tenantId, id) {
      const found = integrations.get(id);
      // Those of other tests.
      if (found === undefined) throw new HubError('not_found');
      return found;
    },
    async renew({ principal }, integrationId, webhookId, webhook) {
      if (fails) throw new HubError('provider_unavailable');
      renewed.push({ tenantId: principal.tenantId, principal: principal.id, integrationId, webhookId, webhook });
    },
  });
});

async function endpoint(
  more: { webhookId?: string; externalId?: string | null; status?: string; tenant?: TenantId } = {},
) {
  const tenantId = more.tenant ?? (await createTestTenant(test.database));
  const { webhookId = 'acme.ending', externalId = 'sub-1', status = 'active' } = more;
  const integrationId = createId<string>();
  integrations.set(integrationId, { id: integrationId, tenantId, connectorId: 'acme', status } as InstalledIntegration);
  await test.database.tenant(tenantId, (tx) =>
    insertEndpoint(tx, {
      id: createId<string>(),
      integrationId,
      webhookId,
      secretSlot: createId<string>(),
      previous: null,
      target: 'channel-1',
      eventTypes: ['acme.thing.made'],
      externalId,
      createdAt: clock.now(),
      createdBy: 'me',
      rotatedAt: null,
    }),
  );
  return { tenantId, integrationId };
}

describe('webhooks that end by themselves', () => {
  it('are renewed for every tenant, as the hub itself, and again after their time', async () => {
    const [first, second] = [await endpoint(), await endpoint()];

    expect(await renewals.runDue()).toBe(2);
    const expected = [first, second].map(({ tenantId, integrationId }) => ({
      tenantId,
      principal: 'webhook-receiver',
      integrationId,
      webhookId: 'acme.ending',
      webhook: { externalId: 'sub-1', target: 'channel-1' },
    }));
    expect(renewed).toHaveLength(2);
    expect(renewed).toEqual(expect.arrayContaining(expected));
    await clock.advance(everyMs - 1);
    expect(await renewals.runDue()).toBe(0);
    await clock.advance(1);
    expect(await renewals.runDue()).toBe(2);
  });

  it('are left alone where nobody has registered them, where they last, and while nothing is wanted', async () => {
    await endpoint({ externalId: null });
    await endpoint({ webhookId: 'acme.lasting' });
    await endpoint({ status: 'paused' });

    expect(await renewals.runDue()).toBe(0);
  });

  it('are tried again at the next look when the product fails, and hold up no others', async () => {
    await endpoint();
    fails = true;
    expect(await renewals.runDue()).toBe(0);
    fails = false;

    expect(await renewals.runDue()).toBe(1);
  });

  it('are looked for by themselves until the hub stops', async () => {
    await endpoint();
    renewals.start();
    await expect.poll(() => renewed.length, { timeout: 20_000 }).toBe(1);
    await expect.poll(() => clock.sleeping, { timeout: 20_000 }).toBe(1);

    await clock.advance(everyMs);
    await expect.poll(() => renewed.length, { timeout: 20_000 }).toBe(2);
    await renewals.stop();

    await clock.advance(everyMs);
    expect(renewed).toHaveLength(2);
  });
});

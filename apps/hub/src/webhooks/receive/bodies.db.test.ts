import { randomBytes } from 'node:crypto';
import { createId, type TenantId } from '@inthub/contracts';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestTenant, type OpenTestDatabase, openTestDatabase } from '../../database/testing.ts';
import { mostInPack, packBodies } from './body-packs.ts';
import { findDelivery, listDeliveries, readLeased } from './delivery-repository.ts';
import type { NewInbound } from './inbound-delivery.ts';
import { claimDeliveries, partBytes, storeDeliveries } from './ingest-repository.ts';

let test: OpenTestDatabase;
beforeAll(async () => {
  test = await openTestDatabase();
});
afterAll(() => test.close());

const now = new Date();
const delivery = (tenantId: TenantId, integrationId: string, body: Uint8Array): NewInbound => ({
  tenantId,
  id: createId<string>(),
  integrationId,
  endpointId: createId<string>(),
  webhookId: 'acme.things',
  externalId: null,
  kind: 'made – ü',
  receivedAt: now,
  headers: [['x-event', '"{}ü']],
  body,
  key: randomBytes(32).toString('hex'),
});

async function store(...batch: NewInbound[]): Promise<ReadonlySet<string>> {
  const packed = await packBodies(batch);
  return test.database.system('inthub_ingest', (tx) => storeDeliveries(tx, packed, { lease: null }));
}

async function asAdmin(text: string, values: unknown[]): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: test.url });
  await client.connect();
  const { rows } = await client.query(text, values);
  await client.end();
  return rows;
}

async function claimed(tenantId: TenantId) {
  const leaseId = createId<string>();
  const claims = await test.database.system('inthub_ingest', (tx) =>
    claimDeliveries(tx, { now, leaseMs: 15_000, leaseId, holder: 1, limit: 50 }),
  );
  return test.database.tenant(tenantId, (tx) => readLeased(tx, leaseId, claims));
}

describe('the body of a delivery', () => {
  it('is kept byte for byte, whatever its length and its neighbours in the batch', async () => {
    const [tenantId, other] = [await createTestTenant(test.database), await createTestTenant(test.database)];
    const integrationId = createId<string>();
    const lengths = [0, 1, partBytes - 1, partBytes, partBytes + 1, 2 * partBytes, 100_003, mostInPack, mostInPack + 1];
    const mine = lengths.map((length) => delivery(tenantId, integrationId, randomBytes(length)));
    const batch = mine.flatMap((one) => [one, delivery(other, createId<string>(), randomBytes(500))]);
    expect(await store(...batch)).toEqual(new Set(batch.map(({ id }) => id)));

    const toTranslate = await claimed(tenantId);
    for (const { id, body, headers, kind, externalId } of mine) {
      const found = toTranslate.find((one) => one.id === id);
      expect([found?.body, found?.headers, found?.kind, found?.externalId]).toEqual([body, headers, kind, externalId]);
    }
    await test.database.tenant(tenantId, async (tx) => {
      const listed = await listDeliveries(tx, { integrationId }, { limit: 50 });
      expect(new Map(listed.map(({ id, bytes }) => [id, bytes]))).toEqual(
        new Map(mine.map(({ id, body }) => [id, body.length])),
      );
      for (const { id, body } of mine) {
        for (const most of [1, partBytes, partBytes + 1, 200_000]) {
          const found = await findDelivery(tx, integrationId, id, most);
          expect(found?.body).toEqual(Buffer.from(body.subarray(0, most)));
        }
      }
    });
  });

  it('takes little room beside others like it', async () => {
    const tenantId = await createTestTenant(test.database);
    const alike = randomBytes(4_000).toString('hex');
    await store(...Array.from({ length: 30 }, () => delivery(tenantId, createId<string>(), Buffer.from(alike))));
    const rows = await asAdmin('SELECT bytes FROM inthub.inbound_bodies WHERE tenant_id = $1', [tenantId]);
    expect(rows.length).toBe(1);
  });

  it('is not kept of repeats', async () => {
    const tenantId = await createTestTenant(test.database);
    const first = delivery(tenantId, createId<string>(), randomBytes(10_000));
    await store(first);
    const repeat = () => ({ ...first, id: createId<string>() });
    const fresh = { ...first, id: createId<string>(), key: randomBytes(32).toString('hex') };
    expect(await store(repeat(), fresh)).toEqual(new Set([fresh.id]));
    expect(await store(repeat(), repeat())).toEqual(new Set());
    const rows = await asAdmin('SELECT DISTINCT delivery_id FROM inthub.inbound_bodies WHERE tenant_id = $1', [
      tenantId,
    ]);
    expect(rows.length).toBe(2);
    expect((await claimed(tenantId)).map(({ id, body }) => [id, body])).toEqual(
      [first, fresh].map(({ id, body }) => [id, body]),
    );
  });

  it('stands in the month of the youngest of its pack', async () => {
    const tenantId = await createTestTenant(test.database);
    const [older, younger] = [new Date(now.getTime() - 60_000), now];
    await store(
      { ...delivery(tenantId, createId<string>(), randomBytes(10)), receivedAt: younger },
      { ...delivery(tenantId, createId<string>(), randomBytes(20)), receivedAt: older },
    );
    const rows = await asAdmin('SELECT received_at FROM inthub.inbound_bodies WHERE tenant_id = $1', [tenantId]);
    expect(rows).toEqual([{ received_at: younger }]);
    expect((await claimed(tenantId)).map(({ body }) => body.length)).toEqual([20, 10]);
  });

  it.each(['in its row', 'in pieces of its own'])(
    'is found where it stood before there were packs: %s',
    async (where) => {
      const tenantId = await createTestTenant(test.database);
      const integrationId = createId<string>();
      const body = randomBytes(10_000);
      const old = delivery(tenantId, integrationId, body);
      const isWhole = where === 'in its row';
      await asAdmin(
        `INSERT INTO inthub.inbound_deliveries (tenant_id, id, integration_id, endpoint_id, webhook_id, received_at, headers, body, body_bytes, due_at)
       VALUES ($1, $2, $3, $4, 'acme.things', $5, '[]', $6, $7, $5)`,
        [tenantId, old.id, integrationId, old.endpointId, now, isWhole ? body : null, isWhole ? null : body.length],
      );
      for (let part = 0; part < 2 && !isWhole; part += 1) {
        await asAdmin('INSERT INTO inthub.inbound_bodies VALUES ($1, $2, $3, $4, $5)', [
          tenantId,
          old.id,
          part,
          now,
          body.subarray(part * partBytes, (part + 1) * partBytes),
        ]);
      }
      expect((await claimed(tenantId)).map((one) => one.body)).toEqual([body]);
      const found = await test.database.tenant(tenantId, (tx) => findDelivery(tx, integrationId, old.id, 100));
      expect([found?.summary.bytes, found?.body]).toEqual([10_000, body.subarray(0, 100)]);
    },
  );
});

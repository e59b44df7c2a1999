import { createId, type TenantId } from '@inthub/contracts';
import { createFakeClock, type FakeClock } from '@inthub/testing';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { createTestTenant, type OpenTestDatabase, openTestDatabase, silentLog } from '../database/testing.ts';
import { createEventLog } from './event-log.ts';
import { createExpiryCalendar } from './expiries.ts';

const day = 86_400_000;
let test: OpenTestDatabase;
let admin: pg.Client;
let tenantId: TenantId;
let clock: FakeClock;
const gauge = new Map<string, number>();

beforeAll(async () => {
  test = await openTestDatabase();
  admin = new pg.Client({ connectionString: test.url });
  await admin.connect();
});
afterAll(async () => {
  await admin?.end();
  await test?.close();
});
beforeEach(async () => {
  clock = createFakeClock('2026-11-21T10:00:00Z');
  tenantId = await createTestTenant(test.database);
});

const calendar = () =>
  createExpiryCalendar({
    database: test.database,
    events: createEventLog({ database: test.database, clock }),
    clock,
    log: silentLog,
    gauge: {
      reset: () => gauge.clear(),
      set: ({ tenant, connector }, seconds) => void gauge.set(`${tenant} ${connector}`, seconds),
    },
  });
const inDays = (days: number) => new Date(clock.now().getTime() + days * day);
async function addCredential(expiresAt: Date | null, more: { kind?: string; purpose?: string } = {}): Promise<string> {
  const id = createId();
  await admin.query(
    `INSERT INTO inthub.credentials (tenant_id, id, integration_id, connector_id, purpose, kind, sealed, wrapped_key, key_id, version, expires_at, created_at)
     VALUES ($1, $2, $3, 'oci', $4, $5, $6, $6, 'k', 1, $7, $8)`,
    [
      tenantId,
      id,
      createId(),
      more.purpose ?? 'access',
      more.kind ?? 'api_key',
      Buffer.alloc(40),
      expiresAt,
      clock.now(),
    ],
  );
  return id;
}
const list = async () => (await calendar().list(tenantId, { limit: 100 })).items;
const eventTypes = async () => {
  const { rows } = await admin.query<{ type: string; days: number }>(
    "SELECT type, (data->>'daysLeft')::int AS days FROM inthub.events WHERE tenant_id = $1 ORDER BY seq",
    [tenantId],
  );
  return rows.map(({ type, days }) => `${type} ${days}`);
};

it('lists what runs out, soonest first, page by page', async () => {
  const late = await addCredential(inDays(100));
  const soon = await addCredential(inDays(3), { kind: 'github_app' });
  await addCredential(inDays(0.04), { kind: 'oauth2_token' });
  await addCredential(null);
  const hook = await addCredential(inDays(10), { purpose: 'webhook', kind: 'webhook_secret' });
  const all = await list();

  expect(all.map(({ kind, subjectId, daysLeft }) => [kind, subjectId, daysLeft])).toEqual([
    ['app_key', soon, 3],
    ['webhook_secret', hook, 10],
    ['credential', late, 100],
  ]);
  const first = await calendar().list(tenantId, { limit: 2 });
  const second = await calendar().list(tenantId, { limit: 2, cursor: first.nextCursor ?? '' });
  expect([...first.items, ...second.items]).toEqual(all);
  expect(second.nextCursor).toBeNull();
  expect((await calendar().list(tenantId, { limit: 9, before: inDays(5).toISOString() })).items).toHaveLength(1);
});

it('lists no webhook secret that never ends, and the old one while it is being replaced', async () => {
  await addCredential(null, { purpose: 'webhook', kind: 'webhook_secret' });
  const [integrationId, endpointId] = [createId<string>(), createId<string>()];
  await admin.query(
    `INSERT INTO inthub.integrations (tenant_id, id, name, type, category, connector_id, connector_version, status, config, features, rate_limits, created_at, created_by,
      modified_at, modified_by, version) VALUES ($1, $2, 'acme', 'custom.acme', 'custom', 'acme', '1.0.0', 'active', '{}', '{}', '{}', now(), 'me', now(), 'me', 1)`,
    [tenantId, integrationId],
  );
  await admin.query(
    `INSERT INTO inthub.inbound_endpoints (tenant_id, integration_id, id, webhook_id, secret_slot, event_types, created_at, created_by)
      VALUES ($1, $2, $3, 'acme.things', $4, '{}', now(), 'me')`,
    [tenantId, integrationId, endpointId, createId()],
  );
  expect(await list()).toEqual([]);

  await admin.query(
    'UPDATE inthub.inbound_endpoints SET secret_slot = $2, previous_slot = secret_slot, previous_until = $3 WHERE id = $1',
    [endpointId, createId(), inDays(2)],
  );
  expect(await list()).toMatchObject([
    { kind: 'webhook_secret', subjectId: endpointId, integrationId, connectorId: 'acme', daysLeft: 2 },
  ]);
  await calendar().run();
  await clock.advance(3 * day);
  await calendar().run();
  // Its successor is in use, so there is nothing left to remember.
  expect(await eventTypes()).toEqual(['webhook_secret.expiring 2', 'webhook_secret.expired -1']);
  expect(await list()).toEqual([]);

  const prolong = 'UPDATE inthub.inbound_endpoints SET previous_until = $2 WHERE id = $1';
  await admin.query(prolong, [endpointId, inDays(5)]);
  expect(await list()).toHaveLength(1);
  await admin.query('DELETE FROM inthub.inbound_endpoints WHERE id = $1', [endpointId]);
  expect(await list()).toEqual([]);
});

it('notes the certificate that was seen, once for an integration, until there is none', async () => {
  const seen = { integrationId: createId<string>(), connectorId: 'oci' };
  await calendar().noteCertificate(tenantId, { ...seen, expiresAt: inDays(60) });
  await calendar().noteCertificate(tenantId, { ...seen, expiresAt: inDays(20) });
  expect(await list()).toMatchObject([
    { kind: 'tls_certificate', subjectId: seen.integrationId, connectorId: 'oci', daysLeft: 20 },
  ]);
  await calendar().run();
  await calendar().noteCertificate(tenantId, { ...seen, expiresAt: inDays(20) });
  await calendar().run();
  expect(await eventTypes()).toEqual(['tls_certificate.expiring 20']);
  await calendar().noteCertificate(tenantId, { ...seen, expiresAt: null });

  expect(await list()).toEqual([]);
});

it('warns 30, 7 and 1 days before and when it is over, each once, also with several replicas', async () => {
  await addCredential(inDays(40));
  const rounds = async () => {
    await Promise.all([calendar().run(), calendar().run()]);
    await calendar().run();
  };
  await rounds();
  expect(await eventTypes()).toEqual([]);
  for (const days of [11, 23, 5.5, 1]) {
    await clock.advance(days * day);
    await rounds();
  }

  expect(await eventTypes()).toEqual([
    'credential.expiring 29',
    'credential.expiring 6',
    'credential.expiring 0',
    'credential.expired -1',
  ]);
  expect(gauge.get(`${tenantId} oci`)).toBeCloseTo(-0.5 * 86_400);
});

it('forgets what was renewed and starts anew, and what was deleted', async () => {
  const id = await addCredential(inDays(5));
  await calendar().run();
  await admin.query('UPDATE inthub.credentials SET expires_at = $2 WHERE id = $1', [id, inDays(90)]);
  await calendar().run();
  expect(await eventTypes()).toEqual(['credential.expiring 5']);
  await clock.advance(85 * day);
  await calendar().run();
  expect(await eventTypes()).toEqual(['credential.expiring 5', 'credential.expiring 5']);
  await admin.query('DELETE FROM inthub.credentials WHERE id = $1', [id]);

  expect(await list()).toEqual([]);
});

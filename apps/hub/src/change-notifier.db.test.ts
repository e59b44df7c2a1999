import { createId, systemClock, type TenantId } from '@inthub/contracts';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type ChangeNotifier, startChangeNotifier } from './change-notifier.ts';
import { createTestTenant, type OpenTestDatabase, openTestDatabase, silentLog } from './database/testing.ts';

let opened: OpenTestDatabase;
let admin: pg.Client;
let tenantId: TenantId;
const notifiers: ChangeNotifier[] = [];

beforeAll(async () => {
  opened = await openTestDatabase();
  admin = new pg.Client({ connectionString: opened.url });
  await admin.connect();
  tenantId = await createTestTenant(opened.database);
});
afterEach(async () => {
  await Promise.all(notifiers.splice(0).map((notifier) => notifier.close()));
});
afterAll(async () => {
  await admin?.end();
  await opened?.close();
});

async function listen() {
  const heard = { changes: [] as string[], tenants: [] as string[], missed: 0, lines: [] as string[] };
  const note = (_: object, message: string) => void heard.lines.push(message);
  notifiers.push(
    await startChangeNotifier({
      url: opened.url,
      clock: systemClock,
      log: { ...silentLog, info: note, warn: note },
      onChanged: (tenant, integration) => heard.changes.push(`${tenant}/${integration}`),
      onTenantChanged: (tenant) => heard.tenants.push(tenant),
      onMissed: () => {
        heard.missed += 1;
      },
    }),
  );
  return heard;
}

/** A row of each table, written behind the rooms' backs. */
async function insertIntegration(): Promise<string> {
  const id = createId<string>();
  await admin.query(
    `INSERT INTO inthub.integrations (tenant_id, id, type, category, connector_id, connector_version, name, config, status, features,
      rate_limits, created_at, created_by, modified_at, modified_by)
    VALUES ($1, $2, 'custom.x', 'custom', 'x', '1.0.0', $3, '{}', 'draft', '{}', '{}', now(), 'me', now(), 'me')`,
    [tenantId, id, id],
  );
  return id;
}

describe('changes of a tenant', () => {
  it('are heard by every replica: what may be sent for it, its budgets and those of its integrations', async () => {
    const replicas = [await listen(), await listen()];
    const id = await insertIntegration();
    const budget = (integration: string | null): [string, unknown[]] => [
      `INSERT INTO inthub.budgets (tenant_id, id, integration_id, measure, period, amount, mode, created_at, modified_at, modified_by)
      VALUES ($1, $2, $3, 'requests', 'day', 5, 'hard', now(), now(), 'me')`,
      [tenantId, createId(), integration],
    ];

    await admin.query("UPDATE inthub.tenants SET name = 'Renamed' WHERE id = $1", [tenantId]);
    await admin.query('UPDATE inthub.tenants SET offline = true WHERE id = $1', [tenantId]);
    await admin.query("UPDATE inthub.tenants SET egress_allow = '{10.0.0.0/8}', offline = false WHERE id = $1", [
      tenantId,
    ]);
    await admin.query(...budget(null));
    await admin.query(...budget(id));
    await admin.query('UPDATE inthub.budgets SET amount = 6 WHERE integration_id = $1', [id]);
    await admin.query('DELETE FROM inthub.budgets WHERE tenant_id = $1', [tenantId]);

    for (const heard of replicas) {
      await expect.poll(() => heard.tenants, { timeout: 10_000 }).toEqual([tenantId, tenantId, tenantId, tenantId]);
      await expect.poll(() => heard.changes.filter((one) => one.endsWith(id)).length, { timeout: 10_000 }).toBe(3);
    }
  });
});

describe('changes of integrations', () => {
  it('are heard by every replica once they are committed, and not before', async () => {
    const replicas = [await listen(), await listen()];
    const id = await insertIntegration();
    await admin.query('BEGIN');
    await admin.query('UPDATE inthub.integrations SET version = version + 1 WHERE id = $1', [id]);
    await admin.query('ROLLBACK');
    await admin.query("UPDATE inthub.integrations SET status = 'paused' WHERE id = $1", [id]);

    for (const heard of replicas) await expect.poll(() => heard.changes).toEqual([`${tenantId}/${id}`]);
  });

  it('are those of the row, its grant and its credential; what a check writes is none', async () => {
    const heard = await listen();
    const id = await insertIntegration();
    const last = await insertIntegration();
    const change = (text: string) => admin.query(text, [tenantId, id]);
    const steps = [
      'UPDATE inthub.integrations SET version = version + 1 WHERE tenant_id = $1 AND id = $2',
      `INSERT INTO inthub.integration_grants (tenant_id, id, integration_id, granted_capabilities, denied_capabilities, data_scope,
        network_scope, granted_by, granted_at) VALUES ($1, gen_random_uuid(), $2, '{}', '{}', '{}', '{}', 'me', now())`,
      'UPDATE inthub.integration_grants SET granted_at = now() WHERE tenant_id = $1 AND integration_id = $2',
      `INSERT INTO inthub.credentials (tenant_id, id, integration_id, connector_id, purpose, kind, sealed, wrapped_key, key_id, version,
        created_at) VALUES ($1, gen_random_uuid(), $2, 'x', 'access', 'api_key', decode(repeat('00', 28), 'hex'),
        decode(repeat('00', 32), 'hex'), 'k', 1, now())`,
      'UPDATE inthub.credentials SET version = 2 WHERE tenant_id = $1 AND integration_id = $2',
      'DELETE FROM inthub.credentials WHERE tenant_id = $1 AND integration_id = $2',
    ];
    for (const step of steps) await change(step);
    await change(`UPDATE inthub.integrations SET last_tested_at = now(), last_test_success = true, health = 'healthy'
      WHERE tenant_id = $1 AND id = $2`);
    await admin.query('UPDATE inthub.integrations SET version = version + 1 WHERE id = $1', [last]);

    await expect.poll(() => heard.changes.at(-1)).toBe(`${tenantId}/${last}`);
    expect(heard.changes.slice(0, -1)).toEqual(steps.map(() => `${tenantId}/${id}`));
  });

  it('that are no ids are not believed', async () => {
    const heard = await listen();
    for (const payload of ['', 'x', `${tenantId}`, `${tenantId}/../x`, 'a/b/c'])
      await admin.query('SELECT pg_notify($1, $2)', ['inthub_changed', payload]);
    const id = await insertIntegration();
    await admin.query('SELECT pg_notify($1, $2)', ['inthub_changed', `${tenantId}/${id}`]);

    await expect.poll(() => heard.changes).toEqual([`${tenantId}/${id}`]);
  });
});

describe('a replica whose connection was lost', () => {
  const cut = () =>
    admin.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE application_name = 'inthub-changes' AND datname = current_database()`,
    );

  it('is told that it may have missed something, and hears what follows', async () => {
    const heard = await listen();
    const id = await insertIntegration();

    await cut();

    await expect.poll(() => heard.missed, { timeout: 10_000 }).toBe(1);
    await admin.query('UPDATE inthub.integrations SET version = version + 1 WHERE id = $1', [id]);
    await expect.poll(() => heard.changes).toEqual([`${tenantId}/${id}`]);
    expect(heard.lines).toEqual(['nothing is heard from the database for the moment', 'the database is heard again']);
  });

  it('does not hold up the end', async () => {
    await listen();
    await cut();

    await Promise.all(notifiers.splice(0).map((notifier) => notifier.close()));

    await expect
      .poll(async () => {
        const { rows } = await admin.query(
          "SELECT 1 FROM pg_stat_activity WHERE application_name = 'inthub-changes' AND datname = current_database()",
        );
        return rows;
      })
      .toEqual([]);
  });

  it('cannot begin without the database', async () => {
    const url = new URL(opened.url);
    url.pathname = '/no_such_database';
    const starting = startChangeNotifier({
      url: url.toString(),
      clock: systemClock,
      log: silentLog,
      onChanged: () => undefined,
      onTenantChanged: () => undefined,
      onMissed: () => undefined,
    });

    await expect(starting).rejects.toThrow(/no_such_database/);
  });
});

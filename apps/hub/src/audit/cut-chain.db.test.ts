/** A chain that has lost its oldest months to retention stays verifiable, and a deletion does not pass for retention. */
import type { TenantId } from '@inthub/contracts';
import { createFakeClock } from '@inthub/testing';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { createTestTenant, type OpenTestDatabase, openTestDatabase } from '../database/testing.ts';
import { createAuditLog } from './audit.ts';

const chainKey = Buffer.alloc(32, 7);
const cutoff = new Date('2020-02-01T00:00:00Z');
let test: OpenTestDatabase;
let admin: pg.Client;
let tenantId: TenantId;

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
  tenantId = await createTestTenant(test.database);
  audit = auditAt('2026-11-21T10:00:00Z');
  await admin.query(
    "CREATE TABLE IF NOT EXISTS inthub.audit_entries_2020_01 PARTITION OF inthub.audit_entries FOR VALUES FROM ('2020-01-01Z') TO ('2020-02-01Z')",
  );
});

const auditAt = (time: string) =>
  createAuditLog({ database: test.database, clock: createFakeClock(time), redact: (value) => value, chainKey });
async function write(time: string, count: number): Promise<void> {
  const record = {
    actor: { kind: 'user', id: 'u1', name: 'Ada' },
    action: 'integration.pause',
    target: { type: 'integration', id: 'i1' },
    outcome: 'success',
    requestId: 'r',
  } as const;
  await test.database.tenant(tenantId, (tx) =>
    auditAt(time).appendAll(
      tx,
      Array.from({ length: count }, () => record),
    ),
  );
}
let audit: ReturnType<typeof auditAt>;
const dropJanuary = () => admin.query('DROP TABLE inthub.audit_entries_2020_01');

it('begins behind the cut', async () => {
  await write('2020-01-15T00:00:00Z', 3);
  await write('2026-11-20T00:00:00Z', 2);
  expect(await audit.cut(tenantId, cutoff)).toBe(true);
  expect(await audit.verify(tenantId)).toMatchObject({ intact: true, entries: 2 });
  await dropJanuary();
  await write('2026-11-20T01:00:00Z', 1);

  expect(await audit.verify(tenantId)).toMatchObject({ intact: true, entries: 3, head: { seq: 6 } });
  expect(await audit.cut(tenantId, cutoff)).toBe(false);
});

it('goes on where everything was dropped', async () => {
  await write('2020-01-15T00:00:00Z', 3);
  await audit.cut(tenantId, cutoff);
  await dropJanuary();
  expect(await audit.verify(tenantId)).toMatchObject({ intact: true, entries: 0, head: { seq: 3 } });
  await write('2026-11-20T01:00:00Z', 1);

  expect(await audit.verify(tenantId)).toMatchObject({ intact: true, entries: 1 });
});

it('shows a deletion without a cut, and a cut that nobody with the key made', async () => {
  await write('2020-01-15T00:00:00Z', 3);
  const { rows } = await admin.query<{ mac: Buffer; hash: Buffer }>(
    'SELECT hash, mac FROM inthub.audit_heads WHERE tenant_id = $1',
    [tenantId],
  );
  await write('2026-11-20T00:00:00Z', 2);
  await dropJanuary();
  expect(await audit.verify(tenantId)).toMatchObject({ intact: false, firstBroken: { seq: 1 } });
  // The seal of an old head, kept for the purpose.
  await admin.query('INSERT INTO inthub.audit_cuts VALUES ($1, 3, $2, $3, now())', [
    tenantId,
    rows[0]?.hash,
    rows[0]?.mac,
  ]);

  expect(await audit.verify(tenantId)).toMatchObject({ intact: false, firstBroken: { seq: 3 } });
});

it('does not cut a chain that is broken', async () => {
  await write('2020-01-15T00:00:00Z', 3);
  await admin.query('ALTER TABLE inthub.audit_entries DISABLE TRIGGER USER');
  await admin.query("UPDATE inthub.audit_entries SET action = 'x.y' WHERE tenant_id = $1 AND seq = 2", [tenantId]);
  await admin.query('ALTER TABLE inthub.audit_entries ENABLE TRIGGER USER');

  await expect(audit.cut(tenantId, cutoff)).rejects.toMatchObject({ code: 'conflict' });
});

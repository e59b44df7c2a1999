import { HubError, type TenantId } from '@inthub/contracts';
import { createFakeClock, type FakeClock } from '@inthub/testing';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createTestTenant, type OpenTestDatabase, openTestDatabase } from '../database/testing.ts';
import { type AuditLogOptions, type AuditRecord, createAuditLog } from './audit.ts';

let test: OpenTestDatabase;
let superuser: pg.Client;
let clock: FakeClock;
let tenantId: TenantId;

beforeAll(async () => {
  test = await openTestDatabase();
  superuser = new pg.Client(test.url);
  await superuser.connect();
});
afterAll(async () => {
  await superuser?.end();
  await test?.close();
});
beforeEach(async () => {
  clock = createFakeClock('2026-11-21T10:00:00Z');
  tenantId = await createTestTenant(test.database);
});

const auditOf = (options: Partial<AuditLogOptions> = {}) =>
  createAuditLog({
    database: test.database,
    clock,
    redact: (value) => value,
    chainKey: Buffer.alloc(32, 1),
    ...options,
  });
const record = (change: Partial<AuditRecord> = {}): AuditRecord => ({
  actor: { kind: 'user', id: 'ada', name: 'Ada' },
  action: 'integration.create',
  target: { type: 'integration', id: 'one' },
  outcome: 'success',
  requestId: 'req-1',
  ...change,
});
const append = (...records: AuditRecord[]) =>
  test.database.tenant(tenantId, (tx) => auditOf().appendAll(tx, records.length === 0 ? [record()] : records));

describe('audit', () => {
  it('gives back who did what, when, to what, and what changed', async () => {
    const full = record({
      target: { type: 'integration', id: 'one', name: 'One' },
      before: { name: 'a' },
      after: { name: 'b' },
      reason: 'because',
      ticket: 'OPS-1',
      approver: 'grace',
      details: { status: 200 },
    });
    await append(full);

    const { items, nextCursor } = await auditOf().list(tenantId, { limit: 10 });

    expect(nextCursor).toBeNull();
    expect(items).toEqual([
      {
        ...full,
        id: expect.stringMatching(/^[0-9a-f-]{36}$/),
        seq: 1,
        at: '2026-11-21T10:00:00.000Z',
        hash: expect.stringMatching(/^[0-9a-f]{64}$/),
      },
    ]);
  });

  it('numbers entries without gaps, one chain a tenant, also under concurrent writers', async () => {
    await Promise.all(Array.from({ length: 12 }, (_, index) => append(record({ requestId: `r${index}` }))));
    const other = await createTestTenant(test.database);
    await test.database.tenant(other, (tx) => auditOf().append(tx, record()));

    const { items } = await auditOf().list(tenantId, { limit: 100 });
    expect(items.map(({ seq }) => seq)).toEqual(Array.from({ length: 12 }, (_, index) => 12 - index));
    expect(await auditOf().verify(tenantId)).toMatchObject({ intact: true, entries: 12, firstBroken: null });
    expect((await auditOf().list(other, { limit: 10 })).items.map(({ seq }) => seq)).toEqual([1]);
    expect(await auditOf().verify(other)).toMatchObject({ intact: true, entries: 1 });
  });

  it('leaves no gap where a change was rolled back', async () => {
    await append();
    const failed = test.database.tenant(tenantId, async (tx) => {
      await auditOf().append(tx, record());
      throw new HubError('conflict');
    });
    await expect(failed).rejects.toMatchObject({ code: 'conflict' });
    await append();

    expect(await auditOf().verify(tenantId)).toMatchObject({ intact: true, entries: 2 });
  });

  it('lists by action, actor, target and time, in pages that new entries do not disturb', async () => {
    for (let index = 0; index < 9; index++) {
      await append(
        record({
          action: index % 2 === 0 ? 'integration.create' : 'integration.pause',
          actor: { kind: 'user', id: index < 5 ? 'ada' : 'grace', name: 'x' },
          target: { type: 'integration', id: `t${index % 3}` },
        }),
      );
      await clock.advance(1000);
    }
    const seqs = async (query: object) =>
      (await auditOf().list(tenantId, { limit: 100, ...query })).items.map(({ seq }) => seq);

    expect(await seqs({ action: 'integration.pause' })).toEqual([8, 6, 4, 2]);
    expect(await seqs({ actorId: 'grace' })).toEqual([9, 8, 7, 6]);
    expect(await seqs({ targetId: 't0' })).toEqual([7, 4, 1]);
    expect(await seqs({ targetId: 't0\u0000' })).toEqual([]);
    expect(await seqs({ since: '2026-11-21T10:00:02Z', until: '2026-11-21T10:00:04Z' })).toEqual([4, 3]);

    const paged: number[] = [];
    let cursor: string | null = null;
    do {
      const page = await auditOf().list(tenantId, { limit: 2, actorId: 'ada', ...(cursor ? { cursor } : {}) });
      paged.push(...page.items.map(({ seq }) => seq));
      cursor = page.nextCursor;
      await append();
    } while (cursor !== null);
    expect(paged).toEqual([5, 4, 3, 2, 1]);
  });

  it('names the field of a bad time and refuses a cursor of another filter', async () => {
    await append(record(), record());
    const { nextCursor } = await auditOf().list(tenantId, { limit: 1 });

    await expect(auditOf().list(tenantId, { limit: 1, since: 'yesterday' })).rejects.toMatchObject({
      code: 'invalid_request',
      errors: [{ path: '/since' }],
    });
    await expect(
      auditOf().list(tenantId, { limit: 1, actorId: 'ada', cursor: nextCursor ?? '' }),
    ).rejects.toMatchObject({ code: 'invalid_cursor' });
  });

  it('shows nothing of another tenant', async () => {
    await append();
    const other = await createTestTenant(test.database);

    expect(await auditOf().list(other, { limit: 10 })).toEqual({ items: [], nextCursor: null });
    expect(await auditOf().verify(other)).toEqual({ intact: true, entries: 0, firstBroken: null, head: null });
  });

  it('redacts the whole record before it is sealed', async () => {
    const redact = (value: unknown) => JSON.parse(JSON.stringify(value).replaceAll('hunter2', '[redacted]'));
    await test.database.tenant(tenantId, (tx) =>
      auditOf({ redact }).append(
        tx,
        record({ before: { a: ['hunter2'] }, reason: 'was hunter2', details: { url: 'https://x/?k=hunter2' } }),
      ),
    );

    const { rows } = await superuser.query('SELECT * FROM inthub.audit_entries WHERE tenant_id = $1', [tenantId]);
    expect(JSON.stringify(rows)).not.toContain('hunter2');
    expect(rows[0].body).toContain('[redacted]');
  });

  it('keeps the fact when the values are too large, and says how large they were', async () => {
    await append(
      record({ before: { small: 1 }, after: { text: 'x'.repeat(100_000) }, details: { text: 'é'.repeat(40_000) } }),
    );

    const [entry] = (await auditOf().list(tenantId, { limit: 1 })).items;
    expect(entry).toMatchObject({
      action: 'integration.create',
      before: { small: 1 },
      after: { omitted: expect.any(String), bytes: 100_011 },
      details: { omitted: expect.any(String), bytes: 80_011 },
    });
  });

  it('stores text from outside that PostgreSQL would refuse', async () => {
    await append(record({ reason: 'a\u0000b\ud800', details: { 'k\u0000': [Number.NaN, 10n] } }));

    const [entry] = (await auditOf().list(tenantId, { limit: 1 })).items;
    expect(entry).toMatchObject({ reason: 'ab\ufffd', details: { k: [null, '10'] } });
    expect(await auditOf().verify(tenantId)).toMatchObject({ intact: true });
  });

  it('stores a batch larger than one statement under one lock', async () => {
    await append(...Array.from({ length: 2_345 }, (_, index) => record({ requestId: `r${index}` })));

    expect(await auditOf({ verifyBatchSize: 100 }).verify(tenantId)).toMatchObject({ intact: true, entries: 2_345 });
    const [last] = (await auditOf().list(tenantId, { limit: 1 })).items;
    expect(last).toMatchObject({ seq: 2_345, requestId: 'r2344' });
  });

  it('is not disturbed by entries that are added while it is verified', async () => {
    await append(...Array.from({ length: 50 }, () => record()));
    const verifying = auditOf({ verifyBatchSize: 5 }).verify(tenantId);
    await Promise.all(Array.from({ length: 5 }, () => append()));

    expect(await verifying).toMatchObject({ intact: true });
    expect(await auditOf().verify(tenantId)).toMatchObject({ intact: true, entries: 55 });
  });
});

describe('a change without audit does not happen', () => {
  const rename = () =>
    test.database.tenant(tenantId, async (tx) => {
      const tables = tx.db.withTables<{ tenants: { name: string } }>();
      await tables.updateTable('tenants').set({ name: 'changed' }).execute();
      await auditOf().append(tx, record());
    });
  const nameNow = async () =>
    (await superuser.query('SELECT name FROM inthub.tenants WHERE id = $1', [tenantId])).rows[0].name;

  it.each(['audit_entries', 'audit_heads'])('when %s cannot be written', async (table) => {
    const right = table === 'audit_entries' ? 'INSERT' : 'UPDATE';
    await append();
    await superuser.query(`REVOKE ${right} ON inthub.${table} FROM inthub_app`);
    if (right === 'UPDATE')
      await superuser.query('REVOKE UPDATE (seq, hash, mac) ON inthub.audit_heads FROM inthub_app');
    try {
      await expect(rename()).rejects.toMatchObject({ code: '42501' });
      expect(await nameNow()).toBe('Test tenant');
    } finally {
      const columns = right === 'UPDATE' ? ' (seq, hash, mac)' : '';
      await superuser.query(`GRANT ${right}${columns} ON inthub.${table} TO inthub_app`);
    }

    await rename();
    expect(await nameNow()).toBe('changed');
  });

  it('when the head carries the seal of somebody else: a forgery is not built upon', async () => {
    await append();
    await superuser.query("UPDATE inthub.audit_heads SET hash = sha256('forged') WHERE tenant_id = $1", [tenantId]);

    await expect(rename()).rejects.toMatchObject({ code: 'unavailable', retryable: false });
    expect(await nameNow()).toBe('Test tenant');
  });

  it('when the head was taken away: no second chain is begun', async () => {
    await append();
    await superuser.query('DELETE FROM inthub.audit_heads WHERE tenant_id = $1', [tenantId]);
    await clock.advance(1000);

    await expect(rename()).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('lost its head'),
    });
    expect(await nameNow()).toBe('Test tenant');
  });

  it('goes on after a change of key when the earlier key is known', async () => {
    await append();
    const [chainKey, earlier] = [Buffer.alloc(32, 2), Buffer.alloc(32, 1)];
    const write = (options: Partial<AuditLogOptions>) =>
      test.database.tenant(tenantId, (tx) => auditOf(options).append(tx, record()));

    await expect(write({ chainKey })).rejects.toMatchObject({ code: 'unavailable' });
    await write({ chainKey, earlierChainKeys: [earlier] });
    await write({ chainKey });

    expect(await auditOf({ chainKey }).verify(tenantId)).toMatchObject({ intact: true, entries: 3 });
  });
});

describe('append-only', () => {
  it.each(['UPDATE inthub.audit_entries SET action = action', 'DELETE FROM inthub.audit_entries'])(
    'the application may not %s',
    async (statement) => {
      await append();
      const asApp = async (sql: string) => {
        await superuser.query('BEGIN');
        try {
          await superuser.query(`SET LOCAL ROLE inthub_app; SET LOCAL app.current_tenant = '${tenantId}'`);
          await superuser.query(sql);
        } finally {
          await superuser.query('ROLLBACK');
        }
      };

      await expect(asApp(statement)).rejects.toMatchObject({
        code: '42501',
        message: expect.stringContaining('denied'),
      });
      await superuser.query('GRANT UPDATE, DELETE ON inthub.audit_entries TO inthub_app');
      try {
        await expect(asApp(statement)).rejects.toMatchObject({ message: 'audit entries are append-only' });
      } finally {
        await superuser.query('REVOKE UPDATE, DELETE ON inthub.audit_entries FROM inthub_app');
      }
    },
  );
});

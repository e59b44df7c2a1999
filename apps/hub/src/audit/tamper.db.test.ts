import type { TenantId } from '@inthub/contracts';
import fc from 'fast-check';
import type pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createTestTenant } from '../database/testing.ts';
import { entryHash, genesis } from './chain.ts';
import { type AuditRig, openAuditRig } from './testing.ts';

const length = 12;
let rig: AuditRig;
let intruder: pg.Client;
let tenantId: TenantId;

const audit = () => rig.auditWith(1);
const alter = (sql: string, ...values: unknown[]) =>
  intruder.query(`UPDATE inthub.audit_entries SET ${sql} WHERE tenant_id = $1 AND seq = $2`, [tenantId, ...values]);

beforeAll(async () => {
  rig = await openAuditRig({ verifyBatchSize: 5 });
  ({ intruder } = rig);
});
afterAll(() => rig?.close());
beforeEach(async () => {
  tenantId = await createTestTenant(rig.database);
  await rig.database.tenant(tenantId, (tx) =>
    audit().appendAll(
      tx,
      Array.from({ length }, (_, index) => ({
        actor: { kind: 'user', id: `user-${index % 3}`, name: 'x' },
        action: 'integration.update',
        target: { type: 'integration', id: `t-${index}` },
        outcome: index % 4 === 0 ? 'failure' : 'success',
        requestId: `req-${index}`,
        details: { index },
      })),
    ),
  );
});

/** Rewrites the chain from entry `from` on, hashes and all, as an intruder would who knows how it is made. */
async function rechain(from: number): Promise<Buffer> {
  const { rows } = await intruder.query(
    'SELECT seq, body, hash FROM inthub.audit_entries WHERE tenant_id = $1 ORDER BY seq',
    [tenantId],
  );
  let hash: Buffer = genesis;
  for (const row of rows) {
    hash = Number(row.seq) < from ? row.hash : entryHash(hash, row.body);
    await alter('hash = $3', row.seq, hash);
  }
  return hash;
}

describe('verification', () => {
  it('finds nothing wrong with what was not touched, and says where the chain ends', async () => {
    expect(await audit().verify(tenantId)).toEqual({
      intact: true,
      entries: length,
      firstBroken: null,
      head: { seq: length, hash: expect.stringMatching(/^[0-9a-f]{64}$/) },
    });
  });

  it.each([
    ['a changed body', () => alter(`body = replace(body, 'user-1', 'user-9')`, 5), 5, /changed/],
    ['a body that is no JSON any more', () => alter(`body = 'x'`, 5), 5, /changed/],
    ['a changed column', () => alter(`actor_id = 'somebody else'`, 5), 5, /beside the sealed body: actor_id/],
    ['a changed time', () => alter(`at = at + interval '1 second'`, 5), 5, /at/],
    ['a changed hash', () => alter(`hash = sha256('x')`, 5), 5, /changed/],
  ] as const)('finds %s', async (_, tamper, seq, problem) => {
    await tamper();

    expect(await audit().verify(tenantId)).toMatchObject({
      intact: false,
      entries: seq - 1,
      firstBroken: { seq, problem: expect.stringMatching(problem) },
    });
  });

  it('finds a missing entry, also the first', async () => {
    await intruder.query('DELETE FROM inthub.audit_entries WHERE tenant_id = $1 AND seq = 7', [tenantId]);
    expect(await audit().verify(tenantId)).toMatchObject({
      firstBroken: { seq: 7, problem: expect.stringMatching(/missing/) },
    });

    await intruder.query('DELETE FROM inthub.audit_entries WHERE tenant_id = $1 AND seq = 1', [tenantId]);
    expect(await audit().verify(tenantId)).toMatchObject({
      firstBroken: { seq: 1, problem: expect.stringMatching(/missing/) },
    });
  });

  it('finds a missing entry whose successors were renumbered', async () => {
    await intruder.query('DELETE FROM inthub.audit_entries WHERE tenant_id = $1 AND seq = 7', [tenantId]);
    await intruder.query('UPDATE inthub.audit_entries SET seq = seq - 1 WHERE tenant_id = $1 AND seq > 7', [tenantId]);

    expect(await audit().verify(tenantId)).toMatchObject({
      firstBroken: { seq: 7, problem: expect.stringMatching(/Reordered/) },
    });
  });

  it('finds two entries that changed places', async () => {
    await alter('seq = 100', 4);
    await alter('seq = 4', 5);
    await alter('seq = 5', 100);

    expect(await audit().verify(tenantId)).toMatchObject({
      firstBroken: { seq: 4, problem: 'Reordered: entry 5 stands in the place of 4.' },
    });
  });

  it('finds an entry that stands there twice, and one that was put behind the head', async () => {
    await intruder.query(
      `INSERT INTO inthub.audit_entries SELECT tenant_id, seq, gen_random_uuid(), at + interval '1 day', action, actor_id,
         target_id, outcome, request_id, body, hash FROM inthub.audit_entries WHERE tenant_id = $1 AND seq = $2`,
      [tenantId, 5],
    );
    expect(await audit().verify(tenantId)).toMatchObject({ intact: false, firstBroken: { seq: 5 } });

    await intruder.query(`DELETE FROM inthub.audit_entries WHERE tenant_id = $1 AND at > '2026-11-22'`, [tenantId]);
    await intruder.query(
      `INSERT INTO inthub.audit_entries SELECT tenant_id, seq + 1, gen_random_uuid(), at, action, actor_id,
         target_id, outcome, request_id, body, hash FROM inthub.audit_entries WHERE tenant_id = $1 AND seq = $2`,
      [tenantId, length],
    );
    expect(await audit().verify(tenantId)).toMatchObject({
      firstBroken: { seq: length + 1, problem: expect.stringMatching(/beyond the head/) },
    });
  });

  it('finds a tail that was cut off, also together with a matching head', async () => {
    await intruder.query('DELETE FROM inthub.audit_entries WHERE tenant_id = $1 AND seq > 10', [tenantId]);
    expect(await audit().verify(tenantId)).toMatchObject({
      entries: 10,
      firstBroken: { seq: 11, problem: expect.stringMatching(/cut off/) },
    });

    await intruder.query(
      `UPDATE inthub.audit_heads AS head SET seq = 10, hash = entry.hash FROM inthub.audit_entries AS entry
       WHERE head.tenant_id = $1 AND entry.tenant_id = $1 AND entry.seq = 10`,
      [tenantId],
    );
    expect(await audit().verify(tenantId)).toMatchObject({
      firstBroken: { seq: 10, problem: expect.stringMatching(/seal of the head/) },
    });
  });

  it('finds a history that was rewritten with correct hashes, with and without its head', async () => {
    await alter(`body = replace(body, 't-2', 't-x'), target_id = 't-x'`, 3);
    const hash = await rechain(3);
    expect(await audit().verify(tenantId)).toMatchObject({
      firstBroken: { seq: length, problem: expect.stringMatching(/rewritten/) },
    });

    await intruder.query('UPDATE inthub.audit_heads SET hash = $2 WHERE tenant_id = $1', [tenantId, hash]);
    expect(await audit().verify(tenantId)).toMatchObject({
      firstBroken: { seq: length, problem: expect.stringMatching(/seal of the head/) },
    });
  });

  it('finds a head that is gone', async () => {
    await intruder.query('DELETE FROM inthub.audit_heads WHERE tenant_id = $1', [tenantId]);

    expect(await audit().verify(tenantId)).toMatchObject({
      firstBroken: { seq: length, problem: 'The head of the chain is missing.' },
    });
  });

  it('finds a chain whose entries are all gone', async () => {
    await intruder.query('DELETE FROM inthub.audit_entries WHERE tenant_id = $1', [tenantId]);

    expect(await audit().verify(tenantId)).toMatchObject({ entries: 0, firstBroken: { seq: 1 } });
  });

  it('finds a chain of another tenant put in its place', async () => {
    const other = await createTestTenant(rig.database);
    for (const table of ['audit_entries', 'audit_heads']) {
      await intruder.query(`UPDATE inthub.${table} SET tenant_id = $2 WHERE tenant_id = $1`, [tenantId, other]);
    }

    expect(await audit().verify(other)).toMatchObject({
      firstBroken: { seq: 1, problem: expect.stringMatching(/tenant_id/) },
    });
  });

  it('finds any single change of any stored value', { timeout: 120_000 }, async () => {
    const columns = [
      'seq',
      'id',
      'at',
      'action',
      'actor_id',
      'target_id',
      'outcome',
      'request_id',
      'body',
      'hash',
      'delete',
    ] as const;
    const changeOf = (column: (typeof columns)[number], at: number): string => {
      switch (column) {
        case 'seq':
          return `seq = seq + ${length + at}`;
        case 'id':
          return 'id = gen_random_uuid()';
        case 'at':
          return `at = at - interval '${at + 1} milliseconds'`;
        case 'outcome':
          return `outcome = 'denied'`;
        case 'body':
          // One character in any place, spaces between tokens included.
          return `body = overlay(body placing (CASE substr(body, ${at + 1}, 1) WHEN 'x' THEN 'y' ELSE 'x' END) from ${at + 1} for 1)`;
        case 'hash':
          return `hash = set_bit(hash, ${at % 256}, 1 - get_bit(hash, ${at % 256}))`;
        default:
          return `${column} = ${column} || 'x'`;
      }
    };

    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...columns),
        fc.integer({ min: 1, max: length }),
        fc.nat({ max: 199 }),
        async (column, seq, at) => {
          await intruder.query('CREATE TEMP TABLE kept AS SELECT * FROM inthub.audit_entries WHERE tenant_id = $1', [
            tenantId,
          ]);
          if (column === 'delete') {
            await intruder.query('DELETE FROM inthub.audit_entries WHERE tenant_id = $1 AND seq = $2', [tenantId, seq]);
          } else await alter(changeOf(column, at), seq);

          const verdict = await audit().verify(tenantId);

          await intruder.query('DELETE FROM inthub.audit_entries WHERE tenant_id = $1', [tenantId]);
          await intruder.query('INSERT INTO inthub.audit_entries SELECT * FROM kept');
          await intruder.query('DROP TABLE kept');
          expect(verdict).toMatchObject({ intact: false, firstBroken: { seq } });
        },
      ),
      { numRuns: 150 },
    );
    expect(await audit().verify(tenantId)).toMatchObject({ intact: true });
  });
});

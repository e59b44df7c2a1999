import type { Principal, TenantId } from '@inthub/contracts';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createTestTenant } from '../database/testing.ts';
import { type AuditRig, openAuditRig } from './testing.ts';

let rig: AuditRig;
let auditWith: AuditRig['auditWith'];
let tenantId: TenantId;

beforeAll(async () => {
  rig = await openAuditRig({ verifyBatchSize: 2 });
  ({ auditWith } = rig);
});
afterAll(() => rig?.close());
beforeEach(async () => {
  tenantId = await createTestTenant(rig.database);
  for (const name of ['a', 'b', 'c']) await add(auditWith(1), name);
});

const add = (audit: ReturnType<typeof auditWith>, requestId: string) =>
  rig.database.tenant(tenantId, (tx) =>
    audit.append(tx, {
      actor: { kind: 'user', id: 'u', name: 'U' },
      action: 'integration.update',
      target: { type: 'integration', id: 't' },
      outcome: 'success',
      requestId,
    }),
  );

function reseal(audit: ReturnType<typeof auditWith>) {
  const principal: Principal = { tenantId, kind: 'user', id: 'admin', name: 'Admin', scopes: new Set() };
  return audit.reseal(tenantId, { principal, requestId: 'r', reason: 'the key file was on the lost disk' });
}

describe('a chain whose key is lost', () => {
  it('takes no entry until it is sealed anew, and then says who did that and why', async () => {
    const audit = auditWith(2);
    await expect(add(audit, 'd')).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('inthub audit reseal'),
    });
    const { head } = await audit.verify(tenantId);

    const sealed = await reseal(audit);
    await add(audit, 'd');

    expect(sealed).toEqual({ tenantId, entries: 3, formerHead: head });
    expect(await audit.verify(tenantId)).toMatchObject({ intact: true, entries: 5 });
    const { items } = await audit.list(tenantId, { limit: 10, action: 'audit.reseal' });
    expect(items).toMatchObject([
      {
        seq: 4,
        actor: { id: 'admin' },
        reason: 'the key file was on the lost disk',
        details: {
          entries: 3,
          formerHead: { seq: 3, hash: head?.hash, seal: expect.stringMatching(/^[0-9a-f]{64}$/) },
        },
      },
    ]);
  });

  it('is sealed by one of several who try at the same time', async () => {
    const results = await Promise.allSettled([reseal(auditWith(2)), reseal(auditWith(2))]);

    expect(results.filter(({ status }) => status === 'fulfilled').length).toBe(1);
    expect(await auditWith(2).verify(tenantId)).toMatchObject({ intact: true, entries: 4 });
  });
});

describe('a new seal is refused', () => {
  it.each([
    ['the key is there', [1]],
    ['the key is among the earlier ones', [2, 1]],
  ])('where %s', async (_, [key = 0, ...earlier]) => {
    await expect(reseal(auditWith(key, ...earlier))).rejects.toMatchObject({ code: 'conflict' });
    expect(await auditWith(1).verify(tenantId)).toMatchObject({ intact: true, entries: 3 });
  });

  it('where an entry was changed, removed or cut off as well', async () => {
    const where = 'WHERE tenant_id = $1 AND seq = 2';
    await rig.intruder.query(`UPDATE inthub.audit_entries SET body = replace(body, 'update', 'delete') ${where}`, [
      tenantId,
    ]);
    await expect(reseal(auditWith(2))).rejects.toMatchObject({
      code: 'conflict',
      details: { firstBroken: { seq: 2 } },
    });

    await rig.intruder.query(`DELETE FROM inthub.audit_entries WHERE tenant_id = $1 AND seq >= 2`, [tenantId]);
    await expect(reseal(auditWith(2))).rejects.toMatchObject({
      code: 'conflict',
      details: { firstBroken: { seq: 2 } },
    });
    await expect(add(auditWith(2), 'd')).rejects.toMatchObject({ code: 'unavailable' });
  });

  it('where the head is gone, and for a tenant that never had one', async () => {
    await rig.intruder.query('DELETE FROM inthub.audit_heads WHERE tenant_id = $1', [tenantId]);
    await expect(reseal(auditWith(2))).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringContaining('head'),
    });

    tenantId = await createTestTenant(rig.database);
    await expect(reseal(auditWith(2))).rejects.toMatchObject({ code: 'conflict' });
  });
});

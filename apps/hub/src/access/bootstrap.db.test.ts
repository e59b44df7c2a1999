import { HubError } from '@inthub/contracts';
import { createFakeClock } from '@inthub/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AuditRecord, AuditWriter } from '../audit/audit.ts';
import { type OpenTestDatabase, openTestDatabase, silentLog } from '../database/testing.ts';
import { createAccess } from './access.ts';

let test: OpenTestDatabase;
let audited: AuditRecord[];
const clock = createFakeClock();

beforeEach(async () => {
  test = await openTestDatabase({ maxConnections: 8 });
  audited = [];
});
afterEach(() => test.close());

function replica(auditFails = false) {
  const audit: AuditWriter = {
    async append(_tx, record) {
      if (auditFails) throw new HubError('unavailable');
      audited.push(record);
    },
    async appendAll() {
      throw new Error('not used here');
    },
  };
  return createAccess({ database: test.database, audit, clock, log: silentLog });
}

describe('bootstrap', () => {
  it('makes tenant default and shows a new admin key, once', async () => {
    const first = await replica().bootstrap(undefined);
    const second = await replica().bootstrap(undefined);

    expect(first.generatedKey).toMatch(/^ihk_/);
    expect(second).toEqual({ tenantId: first.tenantId, generatedKey: null });
    const principal = await replica().authenticate(`Bearer ${first.generatedKey}`);
    expect(principal).toMatchObject({ tenantId: first.tenantId, kind: 'api_key', name: 'Bootstrap' });
    expect(principal.scopes.has('platform.admin')).toBe(true);
    expect(audited.map(({ action }) => action)).toEqual(['tenant.create', 'api_key.create']);
    expect(JSON.stringify(audited)).not.toContain(first.generatedKey!.slice(17));
  });

  it('takes the given key, whatever it looks like, and never shows it', async () => {
    const given = 'an-operators-own-key-of-32-or-more-characters';

    const { generatedKey, tenantId } = await replica().bootstrap(given);
    await replica().bootstrap(given);

    expect(generatedKey).toBeNull();
    expect(await replica().authenticate(`Bearer ${given}`)).toMatchObject({ tenantId });
    expect((await replica().listApiKeys(tenantId, { limit: 10 })).items).toHaveLength(1);
    expect(JSON.stringify(audited)).not.toContain(given);
  });

  it('does not bring a revoked key back, but accepts another one', async () => {
    const access = replica();
    const given = 'an-operators-own-key-of-32-or-more-characters';
    const { tenantId } = await access.bootstrap(given);
    const principal = await access.authenticate(`Bearer ${given}`);
    await access.revokeApiKey({ principal, requestId: 'r' }, principal.id);

    await replica().bootstrap(given);
    expect(await replica().bootstrap(undefined)).toEqual({ tenantId, generatedKey: null });
    await expect(replica().authenticate(`Bearer ${given}`)).rejects.toMatchObject({ code: 'unauthenticated' });

    await replica().bootstrap(`${given}-the-next`);
    expect(await replica().authenticate(`Bearer ${given}-the-next`)).toMatchObject({ tenantId });
  });

  it('makes one tenant and one key when many replicas start at once', async () => {
    const started = await Promise.all(Array.from({ length: 6 }, () => replica().bootstrap(undefined)));

    expect(new Set(started.map(({ tenantId }) => tenantId)).size).toBe(1);
    expect(started.filter(({ generatedKey }) => generatedKey !== null)).toHaveLength(1);
    expect((await replica().listTenants({ limit: 10 })).items).toHaveLength(1);
    expect((await replica().listApiKeys(started[0]!.tenantId, { limit: 10 })).items).toHaveLength(1);
  });

  it('makes nothing when the audit cannot be written, and refuses a key that is too short', async () => {
    await expect(replica(true).bootstrap(undefined)).rejects.toMatchObject({ code: 'unavailable' });
    await expect(replica().bootstrap('short')).rejects.toMatchObject({ code: 'invalid_request' });

    expect((await replica().listTenants({ limit: 10 })).items).toEqual([]);
  });
});

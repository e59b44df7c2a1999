import { createId, HubError, type Principal, type Scope, type TenantId } from '@inthub/contracts';
import { createFakeClock } from '@inthub/testing';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { AuditRecord, AuditWriter } from '../audit/audit.ts';
import { createTestTenant, type OpenTestDatabase, openTestDatabase, silentLog } from '../database/testing.ts';
import { type Access, type Acting, createAccess } from './access.ts';

let test: OpenTestDatabase;
let behind: pg.Client;
let tenantId: TenantId;
let access: Access & { close(): Promise<void> };
let audited: { tenantId: string; record: AuditRecord }[];
let auditFails: boolean;
const clock = createFakeClock('2026-11-21T10:00:00Z');

const audit: AuditWriter = {
  async append(tx, record) {
    if (auditFails) throw new HubError('unavailable', 'The audit cannot be written.');
    audited.push({ tenantId: tx.tenantId, record });
  },
  async appendAll(tx, records) {
    for (const record of records) await this.append(tx, record);
  },
};

beforeAll(async () => {
  test = await openTestDatabase();
  behind = new pg.Client({ connectionString: test.url });
  await behind.connect();
});
afterAll(async () => {
  await behind.end();
  await test.close();
});
beforeEach(async () => {
  audited = [];
  auditFails = false;
  tenantId = await createTestTenant(test.database);
  access = createAccess({ database: test.database, audit, clock, log: silentLog });
});

function caller(scopes: Scope[], inTenant = tenantId): Acting {
  const principal: Principal = {
    tenantId: inTenant,
    kind: 'user',
    id: createId(),
    name: 'Ada',
    scopes: new Set(scopes),
  };
  return { principal, requestId: 'request-1' };
}
const admin = () => caller(['integrations.admin', 'integrations.read', 'integrations.execute']);
const platform = () =>
  caller([
    'platform.admin',
    'integrations.admin',
    'integrations.read',
    'integrations.execute',
    'webhooks.admin',
    'webhooks.read',
    'events.read',
    'audit.read',
  ]);
/** The principal, or the error. */
const answerTo = async (header: string | undefined): Promise<Error | object> => {
  try {
    return await access.authenticate(header);
  } catch (error) {
    return error as Error;
  }
};
const code = (answer: unknown) =>
  Promise.resolve(answer).then(
    () => 'no error',
    (error: unknown) => (error instanceof HubError ? error.code : String(error)),
  );
const signIn = (key: string) => access.authenticate(`Bearer ${key}`);
const rows = async (sql: string, values: unknown[] = []) => (await behind.query(sql, values)).rows;

describe('API keys', () => {
  it('let in whoever holds them, as the tenant and with the scopes that they were made for', async () => {
    const { key, apiKey } = await access.createApiKey(platform(), {
      name: ' CI ',
      scopes: ['integrations.execute'],
      roles: ['viewer'],
    });

    const principal = await signIn(key);

    expect(principal).toMatchObject({ tenantId, kind: 'api_key', id: apiKey.id, name: 'CI' });
    expect([...principal.scopes].sort()).toEqual([
      'events.read',
      'integrations.execute',
      'integrations.read',
      'webhooks.read',
    ]);
    expect(apiKey).toMatchObject({ prefix: key.slice(4, 16), revokedAt: null, expiresAt: null, lastUsedAt: null });
  });

  it('stand in no column in clear', async () => {
    const { key } = await access.createApiKey(admin(), { name: 'CI', scopes: ['integrations.read'] });

    const [row] = await rows('SELECT k::text AS text FROM inthub.api_keys k WHERE prefix = $1', [key.slice(4, 16)]);

    expect(row.text).toContain(key.slice(4, 16));
    expect(row.text).not.toContain(key.slice(17));
    expect(JSON.stringify(audited)).not.toContain(key.slice(17));
  });

  it('are refused with one and the same answer, whatever is wrong with them', async () => {
    const { key: revoked, apiKey } = await access.createApiKey(admin(), { name: 'a', scopes: ['integrations.read'] });
    await access.revokeApiKey(admin(), apiKey.id);
    const { key: expired } = await access.createApiKey(admin(), {
      name: 'b',
      scopes: ['integrations.read'],
      expiresAt: new Date(clock.now().getTime() + 1000).toISOString(),
    });
    await clock.advance(1000);
    const wrongSecret = `${expired.slice(0, 17)}${'A'.repeat(43)}`;

    const presented = [
      undefined,
      '',
      'Bearer ',
      'Bearer short',
      'Basic dXNlcjpwYXNz',
      `Bearer ihk_abcdefghijkm_${'x'.repeat(43)}`,
      `Bearer ${revoked}`,
      `Bearer ${expired}`,
      `Bearer ${wrongSecret}`,
      `Bearer ${'x'.repeat(100_000)}`,
      `Bearer eyJhbGciOiJub25lIn0.e30.`,
      `Bearer ${'k'.repeat(40)}`,
      `Bearer ${revoked} ${revoked}`,
    ];

    const answers = await Promise.all(presented.map((header) => answerTo(header)));
    const { message } = answers[0] as HubError;
    for (const answer of answers) {
      expect(answer).toBeInstanceOf(HubError);
      expect(answer).toMatchObject({ code: 'unauthenticated', message, details: {}, errors: [] });
    }
  });

  it('accept the scheme in any case', async () => {
    const { key } = await access.createApiKey(admin(), { name: 'CI', scopes: ['integrations.read'] });

    expect((await access.authenticate(`bearer ${key}`)).name).toBe('CI');
    expect((await access.authenticate(`BEARER  ${key}`)).name).toBe('CI');
  });

  it('stop at once where they are revoked, and within 30 s on another replica', async () => {
    const { key, apiKey } = await access.createApiKey(admin(), { name: 'CI', scopes: ['integrations.read'] });
    const replica = createAccess({ database: test.database, audit, clock, log: silentLog });
    await signIn(key);
    await replica.authenticate(`Bearer ${key}`);

    await access.revokeApiKey(admin(), apiKey.id);

    expect(await code(signIn(key))).toBe('unauthenticated');
    expect(await code(replica.authenticate(`Bearer ${key}`))).toBe('no error');
    await clock.advance(30_001);
    expect(await code(replica.authenticate(`Bearer ${key}`))).toBe('unauthenticated');
    await replica.close();
  });

  it('stop at the moment of their expiry, also while they are cached', async () => {
    const expiresAt = new Date(clock.now().getTime() + 5000).toISOString();
    const { key } = await access.createApiKey(admin(), { name: 'CI', scopes: ['integrations.read'], expiresAt });

    expect(await code(signIn(key))).toBe('no error');
    await clock.advance(5000);
    expect(await code(signIn(key))).toBe('unauthenticated');
  });

  it('ask the database once for many requests, good or bad', async () => {
    let asked = 0;
    const counting = {
      ...test.database,
      system: ((...args) => {
        asked += 1;
        return test.database.system(...args);
      }) as typeof test.database.system,
    };
    const counted = createAccess({ database: counting, audit, clock, log: silentLog });
    const { key } = await access.createApiKey(admin(), { name: 'CI', scopes: ['integrations.read'] });
    const bad = `Bearer ihk_abcdefghijkm_${'y'.repeat(43)}`;

    await Promise.all(Array.from({ length: 50 }, () => counted.authenticate(`Bearer ${key}`)));
    for (let call = 0; call < 50; call += 1) await Promise.resolve(counted.authenticate(bad)).catch(() => undefined);
    await counted.close();

    // The good key, the bad key, and the time of last use.
    expect(asked).toBe(3);
  });

  it('note their last use within a minute, and never make a request wait or fail for it', async () => {
    const { key, apiKey } = await access.createApiKey(admin(), { name: 'CI', scopes: ['integrations.read'] });
    const lastUsed = async () =>
      (await access.listApiKeys(tenantId, { limit: 10 })).items.find(({ id }) => id === apiKey.id)?.lastUsedAt;

    await signIn(key);
    await access.close();
    const first = await lastUsed();
    await clock.advance(59_000);
    await signIn(key);
    await access.close();
    const second = await lastUsed();
    await clock.advance(1000);
    const at = clock.now().toISOString();
    await signIn(key);
    await access.close();

    expect(first).not.toBeNull();
    expect(second).toBe(first);
    expect(await lastUsed()).toBe(at);
  });

  it('cannot be given scopes that the caller lacks, and without an admin scope none at all', async () => {
    const made = async (acting: Acting, scopes: Scope[], roles: ('auditor' | 'platform_admin')[] = []) =>
      code(access.createApiKey(acting, { name: 'x', scopes, roles }));

    expect(await made(admin(), ['audit.read'])).toBe('forbidden');
    expect(await made(admin(), [], ['auditor'])).toBe('forbidden');
    expect(await made(admin(), [], ['platform_admin'])).toBe('forbidden');
    expect(await made(caller(['integrations.read']), ['integrations.read'])).toBe('forbidden');
    expect(await made(admin(), [])).toBe('invalid_request');
    expect(audited).toEqual([]);
  });

  it('with more scopes than the caller are not its to revoke', async () => {
    const { key, apiKey } = await access.createApiKey(platform(), { name: 'root', scopes: ['platform.admin'] });

    expect(await code(access.revokeApiKey(admin(), apiKey.id))).toBe('forbidden');
    expect(await code(signIn(key))).toBe('no error');
  });

  it('of another tenant do not exist', async () => {
    const other = await createTestTenant(test.database);
    const { apiKey } = await access.createApiKey(caller(['integrations.admin', 'integrations.read'], other), {
      name: 'theirs',
      scopes: ['integrations.read'],
    });

    expect(await code(access.revokeApiKey(admin(), apiKey.id))).toBe('not_found');
    expect((await access.listApiKeys(tenantId, { limit: 10 })).items).toEqual([]);
    expect(await code(access.revokeApiKey(admin(), 'no-id'))).toBe('not_found');
  });

  it('are neither made nor revoked when the audit cannot be written', async () => {
    const { key, apiKey } = await access.createApiKey(admin(), { name: 'CI', scopes: ['integrations.read'] });
    auditFails = true;

    expect(await code(access.createApiKey(admin(), { name: 'new', scopes: ['integrations.read'] }))).toBe(
      'unavailable',
    );
    expect(await code(access.revokeApiKey(admin(), apiKey.id))).toBe('unavailable');

    expect((await access.listApiKeys(tenantId, { limit: 10 })).items.map(({ name }) => name)).toEqual(['CI']);
    expect(await code(signIn(key))).toBe('no error');
  });

  it('name what is wrong with a new one', async () => {
    const make = (input: object) =>
      access
        .createApiKey(admin(), { name: 'x', scopes: ['integrations.read'], ...input })
        .catch((error) => error.errors?.[0]?.path);

    expect(await make({ name: '  ' })).toBe('/name');
    expect(await make({ name: 'a\u0000b' })).toBe('/name');
    expect(await make({ name: 'x'.repeat(201) })).toBe('/name');
    expect(await make({ expiresAt: 'tomorrow' })).toBe('/expiresAt');
    expect(await make({ expiresAt: '2020-01-01T00:00:00Z' })).toBe('/expiresAt');
    expect(await make({ expiresAt: '+012345-01-01T00:00:00Z' })).toBe('/expiresAt');
  });

  it('are listed page by page, oldest first; rows that come and go repeat and skip nothing', async () => {
    const made: string[] = [];
    for (let number = 0; number < 5; number += 1) {
      made.push(
        (await access.createApiKey(admin(), { name: `key ${number}`, scopes: ['integrations.read'] })).apiKey.id,
      );
    }
    const first = await access.listApiKeys(tenantId, { limit: 2 });
    await behind.query('DELETE FROM inthub.api_keys WHERE id = $1', [made[1]]);
    const late = (await access.createApiKey(admin(), { name: 'late', scopes: ['integrations.read'] })).apiKey.id;
    const second = await access.listApiKeys(tenantId, { limit: 2, cursor: first.nextCursor! });
    const third = await access.listApiKeys(tenantId, { limit: 2, cursor: second.nextCursor! });

    expect([first, second, third].flatMap(({ items }) => items.map(({ id }) => id))).toEqual([...made, late]);
    expect(third.nextCursor).toBeNull();
    expect(await code(access.listApiKeys(tenantId, { limit: 2, cursor: 'nonsense' }))).toBe('invalid_cursor');
    expect(await code(access.listUsers(tenantId, { limit: 2, cursor: first.nextCursor! }))).toBe('invalid_cursor');
  });
});

describe('users and tenants', () => {
  it('are made and changed with an audit entry for each, in the chain of the tenant concerned', async () => {
    const tenant = await access.createTenant(platform(), { slug: `acme-${tenantId.slice(-6)}`, name: 'Acme' });
    await access.updateTenant(platform(), tenant.id, { approvalRequired: true });
    const user = await access.createUser(platform(), {
      name: 'Bob',
      email: 'bob@example.com',
      subject: 'bob',
      roles: ['viewer'],
    });
    await access.updateUser(platform(), user.id, { roles: ['developer', 'developer'], active: false });

    expect(await access.getTenant(tenant.id)).toEqual({ ...tenant, approvalRequired: true });
    expect((await access.listUsers(tenantId, { limit: 5 })).items).toEqual([
      { ...user, roles: ['developer'], active: false },
    ]);
    expect(audited.map(({ tenantId: chain, record }) => [chain, record.action, record.target.id])).toEqual([
      [tenant.id, 'tenant.create', tenant.id],
      [tenant.id, 'tenant.update', tenant.id],
      [tenantId, 'user.create', user.id],
      [tenantId, 'user.update', user.id],
    ]);
    expect(audited[3]?.record).toMatchObject({
      before: { roles: ['viewer'], active: true },
      after: { roles: ['developer'], active: false },
    });
    expect(audited[0]?.record.actor).toEqual({ kind: 'user', id: expect.any(String), name: 'Ada' });
  });

  it('of the platform are for platform.admin only', async () => {
    expect(await code(access.createTenant(admin(), { slug: 'x', name: 'X' }))).toBe('forbidden');
    expect(await code(access.updateTenant(admin(), tenantId, { name: 'Mine' }))).toBe('forbidden');
  });

  it('refuse a slug or subject that is taken, and a tenant or user that does not exist', async () => {
    const slug = `taken-${tenantId.slice(-6)}`;
    await access.createTenant(platform(), { slug, name: 'First' });
    await access.createUser(platform(), { name: 'Bob', subject: 'bob', roles: ['viewer'] });

    expect(await code(access.createTenant(platform(), { slug, name: 'Second' }))).toBe('conflict');
    expect(await code(access.createTenant(platform(), { slug: 'Bad_Slug', name: 'X' }))).toBe('invalid_request');
    expect(await code(access.createUser(platform(), { name: 'Bob', subject: 'bob', roles: ['viewer'] }))).toBe(
      'conflict',
    );
    expect(await code(access.getTenant(createId()))).toBe('not_found');
    expect(await code(access.getTenant('x' as TenantId))).toBe('not_found');
    expect(await code(access.updateTenant(platform(), createId(), { name: 'X' }))).toBe('not_found');
    expect(await code(access.updateUser(platform(), createId(), { name: 'X' }))).toBe('not_found');
    expect(await code(access.createApiKey(platformOf(createId()), { name: 'x', scopes: ['integrations.read'] }))).toBe(
      'not_found',
    );
  });

  it('without a subject may be many', async () => {
    await access.createUser(platform(), { name: 'One', roles: ['viewer'] });

    expect(await code(access.createUser(platform(), { name: 'Two', roles: ['viewer'] }))).toBe('no error');
  });

  it('cannot be raised above the caller, nor be changed by one who stands below them', async () => {
    const auditor = await access.createUser(platform(), { name: 'Eve', roles: ['auditor'] });

    expect(await code(access.createUser(admin(), { name: 'x', roles: ['platform_admin'] }))).toBe('forbidden');
    expect(await code(access.updateUser(admin(), auditor.id, { roles: ['viewer'] }))).toBe('forbidden');
    expect(await code(access.updateUser(admin(), auditor.id, { active: false }))).toBe('forbidden');
  });

  it('are listed across tenants with cursors', async () => {
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await access.listTenants({ limit: 3, ...(cursor !== undefined && { cursor }) });
      seen.push(...page.items.map(({ id }) => id));
      cursor = page.nextCursor ?? undefined;
    } while (cursor !== undefined);

    expect(seen).toEqual((await rows('SELECT id FROM inthub.tenants ORDER BY id')).map(({ id }) => id));
  });
});

function platformOf(tenant: TenantId): Acting {
  const acting = platform();
  return { ...acting, principal: { ...acting.principal, tenantId: tenant } };
}

import { createId, expandScopes, HubError, type Principal, type TenantId } from '@inthub/contracts';
import { createFakeClock, type FakeClock } from '@inthub/testing';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type AuditWriter, createAuditLog } from '../audit/audit.ts';
import { createTestTenant, type OpenTestDatabase, openTestDatabase } from '../database/testing.ts';
import { createEventLog } from '../events/events.ts';
import { createConnectorRegistry } from './connector-registry.ts';
import { createGrants, type GrantChange } from './grants.ts';
import { createSampleConnector } from './testing.ts';

let test: OpenTestDatabase;
let superuser: pg.Client;
let clock: FakeClock;
let tenantId: TenantId;
let integration: { id: string; connectorId: string; type: string };

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
  integration = await createIntegration(tenantId);
});

async function createIntegration(owner: TenantId): Promise<typeof integration> {
  const id = createId();
  await superuser.query(
    `INSERT INTO inthub.integrations (tenant_id, id, type, category, connector_id, connector_version, name, config, status, features,
       rate_limits, created_at, created_by, modified_at, modified_by)
     VALUES ($1, $2, 'registry.sample', 'registry', 'sample', '1.0.0', $3, '{}', 'draft', '{}', '{}', now(), 'ada', now(), 'ada')`,
    [owner, id, `Registry ${id}`],
  );
  return { id, connectorId: 'sample', type: 'registry.sample' };
}

function setUp(changes: { audit?: AuditWriter } = {}) {
  const changed: string[] = [];
  const audit = createAuditLog({
    database: test.database,
    clock,
    redact: (value) => value,
    chainKey: Buffer.alloc(32, 1),
  });
  const events = createEventLog({ database: test.database, clock });
  const grants = createGrants({
    database: test.database,
    registry: createConnectorRegistry([createSampleConnector()]),
    events,
    audit: changes.audit ?? audit,
    clock,
    onChanged: (_, id) => changed.push(id),
  });
  const principal: Principal = {
    tenantId,
    kind: 'user',
    id: 'ada',
    name: 'Ada',
    scopes: expandScopes(['integrations.admin']),
  };
  const acting = { principal, requestId: 'req-1' };
  return { grants, audit, events, acting, changed };
}

const change: GrantChange = {
  grantedCapabilities: ['tag.list', 'resource.discover', 'tag.list'],
  deniedCapabilities: ['tag.deploy'],
  dataScope: { projects: ['a', 'b'], dataTypes: ['code'], piiAccess: false },
  networkScope: { allowedDomains: ['cdn.example.com'], blockedDomains: [] },
  expiresAt: '2027-01-31T01:00:00+01:00',
  reviewedAt: null,
};

describe('grants', () => {
  it('are absent until an admin narrows an integration', async () => {
    expect(await setUp().grants.find(tenantId, integration.id)).toBeNull();
  });

  it('come back as they were put, times in UTC, with who gave them and when', async () => {
    const { grants, acting, changed } = setUp();

    const put = await grants.put(acting, integration, change);

    expect(put).toEqual({
      ...change,
      grantedCapabilities: ['tag.list', 'resource.discover'],
      expiresAt: '2027-01-31T00:00:00.000Z',
      grantedBy: 'ada',
      grantedAt: '2026-11-21T10:00:00.000Z',
    });
    expect(await grants.find(tenantId, integration.id)).toEqual(put);
    expect(changed).toEqual([integration.id]);
  });

  it('are replaced as a whole; audit and event tell both', async () => {
    const { grants, audit, events, acting } = setUp();
    await grants.put(acting, integration, change);
    await clock.advance(1_000);

    const second = await grants.put(acting, integration, {
      ...change,
      grantedCapabilities: [],
      expiresAt: null,
      reviewedAt: '2026-11-20T00:00:00Z',
    });

    expect(await grants.find(tenantId, integration.id)).toEqual(second);
    const { items } = await audit.list(tenantId, { limit: 10 });
    expect(items).toMatchObject([
      {
        action: 'grant.change',
        actor: { kind: 'user', id: 'ada', name: 'Ada' },
        target: { type: 'integration', id: integration.id },
        requestId: 'req-1',
        before: { grantedCapabilities: ['tag.list', 'resource.discover'] },
        after: { grantedCapabilities: [], reviewedAt: '2026-11-20T00:00:00.000Z' },
      },
      { action: 'grant.change', after: { deniedCapabilities: ['tag.deploy'] } },
    ]);
    const told = await events.list(tenantId, { type: 'grant.changed', limit: 10 });
    expect(told.items).toMatchObject([
      { source: integration.id, data: { grantedCapabilities: [] }, metadata: { connectorId: 'sample' } },
      { data: { grantedCapabilities: ['tag.list', 'resource.discover'] } },
    ]);
  });

  it.each<[string, Partial<GrantChange>, string, RegExp]>([
    [
      'a capability that is not declared',
      { grantedCapabilities: ['tag.list', 'tag.delete'] },
      '/grantedCapabilities/1',
      /"tag.delete" is not declared.*tag[.]deploy/,
    ],
    ['a denied one, too', { deniedCapabilities: ['tag.delete'] }, '/deniedCapabilities/0', /not declared/],
    ['an expiry that is no date', { expiresAt: 'tomorrow' }, '/expiresAt', /date-time/],
    ['a review that is no date', { reviewedAt: '2026-13-45' }, '/reviewedAt', /date-time/],
  ])('refuse %s and write nothing', async (_, part, path, message) => {
    const { grants, audit, acting, changed } = setUp();

    const error = await grants.put(acting, integration, { ...change, ...part }).catch((thrown: unknown) => thrown);

    expect(error).toMatchObject({
      code: 'invalid_request',
      errors: [{ path, message: expect.stringMatching(message) }],
    });
    expect(await grants.find(tenantId, integration.id)).toBeNull();
    expect((await audit.list(tenantId, { limit: 10 })).items).toEqual([]);
    expect(changed).toEqual([]);
  });

  it('do not change when the audit cannot be written', async () => {
    const failing: AuditWriter = {
      append: async () => Promise.reject(new HubError('unavailable')),
      appendAll: async () => Promise.reject(new HubError('unavailable')),
    };
    const { grants, events, acting, changed } = setUp({ audit: failing });

    await expect(grants.put(acting, integration, change)).rejects.toMatchObject({ code: 'unavailable' });

    expect(await grants.find(tenantId, integration.id)).toBeNull();
    expect((await events.list(tenantId, { limit: 10 })).items).toEqual([]);
    expect(changed).toEqual([]);
  });

  it('need the connector, which alone knows its capabilities', async () => {
    const { grants, acting } = setUp();

    await expect(grants.put(acting, { ...integration, connectorId: 'gone' }, change)).rejects.toMatchObject({
      code: 'connector_unavailable',
    });
  });

  it('stay within their tenant', async () => {
    const { grants, acting } = setUp();
    await grants.put(acting, integration, change);
    const stranger = await createTestTenant(test.database);

    expect(await grants.find(stranger, integration.id)).toBeNull();
    const intruder = { ...acting, principal: { ...acting.principal, tenantId: stranger } };
    await expect(grants.put(intruder, integration, { ...change, grantedCapabilities: [] })).rejects.toBeInstanceOf(
      Error,
    );
    expect((await grants.find(tenantId, integration.id))?.grantedCapabilities).toContain('tag.list');
  });

  it('survive two admins at once: one of them is last', async () => {
    const { grants, acting } = setUp();

    const puts = await Promise.all(
      ['tag.list', 'tag.deploy', 'resource.discover'].map((capability) =>
        grants.put(acting, integration, { ...change, grantedCapabilities: [capability], deniedCapabilities: [] }),
      ),
    );

    expect(puts).toContainEqual(await grants.find(tenantId, integration.id));
  });
});

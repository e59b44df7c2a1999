import type { Integration } from '@inthub/contracts';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { CatalogType, CheckOutcomeRecord } from './catalog.ts';
import { type CatalogRig, openCatalogRig, registryType, type TenantRig } from './testing.ts';

let rig: CatalogRig;
let tenant: TenantRig;
beforeAll(async () => {
  rig = await openCatalogRig();
});
afterAll(async () => {
  await rig?.close();
});
beforeEach(async () => {
  await rig.superuser.query('TRUNCATE inthub.catalog_types, inthub.integrations CASCADE');
  tenant = await rig.tenant({ types: both });
});

const oci = registryType();
const harbor = registryType({ id: 'registry.harbor', connectorId: 'harbor', connectorVersion: '2.0.0' });
const both: readonly CatalogType[] = [oci, harbor];
const passed: CheckOutcomeRecord = { success: true, message: 'ok', latencyMs: 1, errorCode: null };

async function active(rigged: TenantRig, type = 'registry.harbor'): Promise<Integration> {
  const { id } = await rigged.create({ type, submit: true });
  return rigged.catalog.recordCheck(rigged.as('ada'), id, passed);
}
const reread = (integration: Integration, rigged = tenant) => rigged.catalog.get(rigged.id, integration.id);

describe('a connector that vanishes', () => {
  it('fails what was in use, in every tenant, with a reason; what was not in use stays as it was', async () => {
    const other = await rig.tenant({ types: both });
    const [used, elsewhere, otherType] = [
      await active(tenant),
      await active(other),
      await active(tenant, 'registry.oci'),
    ];
    const draft = await tenant.create({ type: 'registry.harbor' });
    const paused = await active(tenant);
    await tenant.catalog.pause(tenant.as('ada'), paused.id, { reason: 'x' });
    tenant.calls();

    await tenant.catalog.setTypes([oci]);

    const lost = {
      status: 'failed',
      statusReason: 'connector_unavailable',
      health: 'unhealthy',
      lastError: expect.stringContaining('harbor'),
      version: used.version,
    };
    expect(await reread(used)).toMatchObject(lost);
    expect(await reread(elsewhere, other)).toMatchObject(lost);
    expect(await reread(otherType)).toEqual(otherType);
    expect(await reread(draft)).toEqual(draft);
    expect(await reread(paused)).toMatchObject({ status: 'paused' });
    expect(tenant.calls()).toContain(`changed ${used.id}`);
    const events = (await tenant.events()).slice(-4);
    expect(events.map(({ type, source }) => [type, source])).toEqual([
      ['connector.unregistered', 'hub'],
      ['integration.status_changed', used.id],
      ['integration.health_changed', used.id],
      ['integration.unhealthy', used.id],
    ]);
    expect(events[0]?.data).toMatchObject({
      connectorId: 'harbor',
      connectorVersion: '2.0.0',
      types: ['registry.harbor'],
    });
    expect((await tenant.auditEntries()).at(-1)).toMatchObject({
      action: 'integration.fail',
      actor: { kind: 'system' },
      target: { id: used.id },
      reason: expect.stringContaining('not loaded'),
    });
  });

  it('and returns gives back what it failed, to be checked at once; nothing else', async () => {
    const used = await active(tenant);
    const broken = await active(tenant);
    for (let count = 0; count < 5; count++) {
      await tenant.catalog.recordCheck(tenant.as('ada'), broken.id, {
        ...passed,
        success: false,
        errorCode: 'provider_timeout',
      });
    }
    await tenant.catalog.setTypes([oci]);
    tenant.calls();

    await tenant.catalog.setTypes(both);

    expect(await reread(used)).toMatchObject({
      status: 'active',
      statusReason: null,
      lastError: null,
      health: 'unknown',
    });
    expect(await reread(broken)).toMatchObject({ status: 'failed', statusReason: 'check_failures' });
    expect(tenant.calls()).toEqual([`check now ${used.id}`, `changed ${used.id}`]);
    const types = (await tenant.events()).map(({ type }) => type);
    expect(types.slice(-3)).toEqual([
      'connector.registered',
      'integration.status_changed',
      'integration.health_changed',
    ]);
  });

  it('fails what is resumed without it', async () => {
    const paused = await active(tenant);
    await tenant.catalog.pause(tenant.as('ada'), paused.id, { reason: 'x' });
    await tenant.catalog.setTypes([oci]);

    expect(await tenant.catalog.resume(tenant.as('ada'), paused.id)).toMatchObject({
      status: 'failed',
      statusReason: 'connector_unavailable',
    });
    await tenant.catalog.setTypes(both);
    expect(await reread(paused)).toMatchObject({ status: 'active' });
  });
});

describe('an ordinary start', () => {
  it('tells nobody anything', async () => {
    await active(tenant);
    const [events, entries] = [(await tenant.events()).length, (await tenant.auditEntries()).length];

    await tenant.catalog.setTypes(both);
    await rig.tenant({ types: both });

    expect(await tenant.events()).toHaveLength(events);
    expect(await tenant.auditEntries()).toHaveLength(entries);
  });

  it('with a newer version tells the tenants that use it', async () => {
    const used = await active(tenant);
    const bystander = await rig.tenant({ types: both });

    await tenant.catalog.setTypes([oci, { ...harbor, connectorVersion: '2.1.0' }]);

    expect((await tenant.events()).at(-1)).toMatchObject({
      type: 'connector.registered',
      data: { connectorId: 'harbor', connectorVersion: '2.1.0' },
    });
    expect(await reread(used)).toEqual(used);
    expect(await bystander.events()).toEqual([]);
  });
});

describe('a start that died on the way', () => {
  it('is taken up by the next, tenant by tenant', async () => {
    const used = await active(tenant);
    const other = await rig.tenant({ types: both });
    const elsewhere = await active(other);
    // Broken for the first tenant: its audit chain carries a foreign seal.
    const setSeal = (mac: unknown) =>
      rig.superuser.query('UPDATE inthub.audit_heads SET mac = $2 WHERE tenant_id = $1', [tenant.id, mac]);
    const { rows } = await rig.superuser.query('SELECT mac FROM inthub.audit_heads WHERE tenant_id = $1', [tenant.id]);
    await setSeal(Buffer.alloc(32));

    await other.catalog.setTypes([oci]);
    expect(await reread(used)).toMatchObject({ status: 'active' });
    expect(await reread(elsewhere, other)).toMatchObject({ status: 'failed' });

    await setSeal(rows[0].mac);
    await other.catalog.setTypes([oci]);
    expect(await reread(used)).toMatchObject({ status: 'failed', statusReason: 'connector_unavailable' });
    expect(await reread(elsewhere, other)).toMatchObject({ status: 'failed' });
  });

  it('moves more than one batch', { timeout: 60_000 }, async () => {
    const { id } = await active(tenant);
    await rig.superuser.query(
      `INSERT INTO inthub.integrations (tenant_id, id, type, category, connector_id, connector_version, name, config,
         status, features, rate_limits, created_at, created_by, modified_at, modified_by)
       SELECT tenant_id, gen_random_uuid(), type, category, connector_id, connector_version, 'copy ' || n, config,
         'active', features, rate_limits, now(), 'x', now(), 'x'
       FROM inthub.integrations, generate_series(1, 450) AS n WHERE id = $1`,
      [id],
    );

    await tenant.catalog.setTypes([oci]);
    const failed = await tenant.catalog.list(tenant.id, { status: 'failed' }, { limit: 500 });
    expect(failed.items).toHaveLength(451);
    await Promise.all([tenant.catalog.setTypes(both), tenant.catalog.setTypes(both)]);
    const back = await tenant.catalog.list(tenant.id, { status: 'active' }, { limit: 500 });

    expect(back.items).toHaveLength(451);
    expect(await rig.audit.verify(tenant.id)).toMatchObject({ intact: true });
  });
});

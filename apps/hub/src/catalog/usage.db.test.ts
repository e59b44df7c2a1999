import { createId } from '@inthub/contracts';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type CatalogRig, openCatalogRig, type TenantRig } from './testing.ts';

let rig: CatalogRig;
let tenant: TenantRig;
beforeAll(async () => {
  rig = await openCatalogRig();
});
afterAll(async () => {
  await rig?.close();
});
beforeEach(async () => {
  tenant = await rig.tenant();
});

const hourMs = 3_600_000;
const add = (integrationId: string, requests: number, more: object = {}) =>
  tenant.catalog.addUsage(tenant.id, [
    { integrationId, requests, errors: 0, latencyMs: requests * 10, lastActivityAt: rig.clock.now(), ...more },
  ]);
const usageOf = async (id: string) => (await tenant.catalog.get(tenant.id, id)).usage;

describe('usage', () => {
  it('adds up, several integrations in one go, the same one twice', async () => {
    const [one, two] = [await tenant.create(), await tenant.create()];
    const at = rig.clock.now();
    const delta = (integrationId: string, requests: number, errors: number) => ({
      integrationId,
      requests,
      errors,
      latencyMs: requests * 10,
      lastActivityAt: at,
    });
    await tenant.catalog.addUsage(tenant.id, [delta(one.id, 2, 1), delta(two.id, 5, 0), delta(one.id, 1, 1)]);
    await add(one.id, 1, { latencyMs: 100 });

    expect(await usageOf(one.id)).toEqual({
      totalRequests: 4,
      totalErrors: 2,
      averageLatencyMs: 32.5,
      last24hRequests: 4,
      lastActivityAt: at.toISOString(),
    });
    expect(await usageOf(two.id)).toMatchObject({ totalRequests: 5, totalErrors: 0 });
    expect((await tenant.catalog.get(tenant.id, one.id)).version).toBe(1);
  });

  it('shows the last 24 hours apart from the total', async () => {
    const { id } = await tenant.create();
    await add(id, 7);
    await rig.clock.advance(20 * hourMs);
    await add(id, 2);
    expect(await usageOf(id)).toMatchObject({ totalRequests: 9, last24hRequests: 9 });

    await rig.clock.advance(5 * hourMs);
    expect(await usageOf(id)).toMatchObject({ totalRequests: 9, last24hRequests: 2 });
  });

  it('keeps hours for 30 days', async () => {
    const { id } = await tenant.create();
    await add(id, 1);
    await rig.clock.advance(31 * 24 * hourMs);
    await add(id, 1);

    const { rows } = await rig.superuser.query(
      'SELECT count(*)::int AS hours FROM inthub.integration_usage_hours WHERE integration_id = $1',
      [id],
    );
    expect(rows).toEqual([{ hours: 1 }]);
    expect(await usageOf(id)).toMatchObject({ totalRequests: 2 });
  });

  it('loses nothing when many replicas tell at once', async () => {
    const ids = [(await tenant.create()).id, (await tenant.create()).id, (await tenant.create()).id];
    const lastActivityAt = rig.clock.now();
    await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        tenant.catalog.addUsage(
          tenant.id,
          (index % 2 === 0 ? ids : ids.toReversed()).map((integrationId) => ({
            integrationId,
            requests: 1,
            errors: 1,
            latencyMs: 1,
            lastActivityAt,
          })),
        ),
      ),
    );

    for (const id of ids) expect(await usageOf(id)).toMatchObject({ totalRequests: 20, totalErrors: 20 });
  });

  it("counts nothing for what is not the tenant's", async () => {
    const mine = await tenant.create();
    const other = await rig.tenant();
    const lastActivityAt = rig.clock.now();
    const delta = { requests: 1, errors: 0, latencyMs: 1, lastActivityAt };
    await other.catalog.addUsage(other.id, [
      { ...delta, integrationId: mine.id },
      { ...delta, integrationId: createId() },
    ]);
    await tenant.catalog.addUsage(tenant.id, []);

    expect(await usageOf(mine.id)).toMatchObject({ totalRequests: 0, lastActivityAt: null });
    const { rows } = await rig.superuser.query('SELECT FROM inthub.integration_usage WHERE tenant_id = $1', [other.id]);
    expect(rows).toEqual([]);
  });

  it('is forgotten with the data on uninstall, and kept otherwise', async () => {
    const count = async (id: string) =>
      (await rig.superuser.query('SELECT FROM inthub.integration_usage WHERE integration_id = $1', [id])).rowCount;
    for (const deleteData of [true, false]) {
      const { id } = await tenant.create();
      await add(id, 1);
      await tenant.catalog.uninstall(tenant.as('ada'), id, { deleteData, revokeTokens: true });

      expect(await count(id)).toBe(deleteData ? 0 : 1);
    }
  });
});

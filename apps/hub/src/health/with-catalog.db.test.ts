/** The two rooms together, as app wires them: changes schedule checks, checks move the lifecycle. */
import type { TenantId } from '@inthub/contracts';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Catalog, CheckOutcomeRecord } from '../catalog/catalog.ts';
import { type CatalogRig, openCatalogRig } from '../catalog/testing.ts';
import { silentLog } from '../database/testing.ts';
import { createCheckSchedule, createHealth } from './health.ts';

let rig: CatalogRig;
beforeAll(async () => {
  rig = await openCatalogRig();
});
afterAll(async () => {
  await rig?.close();
});

const never = new AbortController().signal;
const passed: CheckOutcomeRecord = { success: true, message: 'ok', latencyMs: 20, errorCode: null };
const failed: CheckOutcomeRecord = { success: false, message: 'no', latencyMs: 5, errorCode: 'provider_unavailable' };

it('an integration lives from draft to uninstalled on scheduled checks alone', async () => {
  const { clock, database } = rig;
  const tenant = await rig.tenant({ schedule: createCheckSchedule({ clock }) });
  const { catalog } = tenant;
  let outcome = passed;
  const health = createHealth({
    database,
    clock,
    log: silentLog,
    check: async () => outcome,
    record: recordWith(catalog),
    find: catalog.get,
    offline: () => false,
    random: () => 0.5,
  });
  const status = async (id: string) => (await catalog.get(tenant.id, id)).status;
  const afterChecks = async (count: number, id: string) => {
    for (let check = 0; check < count; check++) {
      await clock.advance(60_000);
      await health.runDue(never);
    }
    return status(id);
  };

  const { id } = await tenant.create({ submit: true });
  await health.runDue(never);
  expect(await status(id)).toBe('active');

  outcome = failed;
  expect(await afterChecks(2, id)).toBe('active');
  expect(await afterChecks(1, id)).toBe('degraded');
  expect(await afterChecks(2, id)).toBe('failed');
  expect(await health.summary(tenant.id, id)).toMatchObject({
    status: 'unhealthy',
    consecutiveFailures: 5,
    details: { serviceReachable: true, lastError: 'no' },
    nextCheckAt: new Date(clock.now().getTime() + 300_000).toISOString(),
  });

  outcome = passed;
  expect(await afterChecks(4, id)).toBe('failed');
  expect(await afterChecks(1, id)).toBe('active');

  await catalog.pause(tenant.as('ada'), id, { reason: 'x' });
  const { items } = await health.history(tenant.id, id, { limit: 100 });
  await afterChecks(3, id);
  expect((await health.history(tenant.id, id, { limit: 100 })).items).toEqual(items);
  expect(await health.summary(tenant.id, id)).toMatchObject({ nextCheckAt: null });

  await catalog.resume(tenant.as('ada'), id);
  expect(await health.runDue(never)).toBe(1);

  await catalog.uninstall(tenant.as('ada'), id, { deleteData: true, revokeTokens: true });
  await clock.advance(60_000);
  expect(await health.runDue(never)).toBe(0);
  expect(await rig.audit.verify(tenant.id)).toMatchObject({ intact: true });
});

function recordWith(catalog: Catalog) {
  return (tenantId: TenantId, integrationId: string, outcome: CheckOutcomeRecord) =>
    catalog.recordCheck(
      {
        principal: { tenantId, kind: 'system', id: 'health', name: 'Health checks', scopes: new Set() },
        requestId: 'poll',
      },
      integrationId,
      outcome,
    );
}

/** The two rooms together, as app wires them: changes schedule checks, checks move the lifecycle. */
import type { TenantId } from '@inthub/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
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

describe('health that is asked for often', () => {
  /** Two replicas that hear nothing of each other, and an integration that is active. */
  async function bench() {
    const { clock, database } = rig;
    const schedule = createCheckSchedule({ clock });
    const tenant = await rig.tenant({ schedule });
    const { catalog } = tenant;
    let outcome = passed;
    let isOffline = false;
    const replica = () =>
      createHealth({
        database,
        clock,
        log: silentLog,
        check: async () => outcome,
        record: recordWith(catalog),
        find: catalog.get,
        offline: () => isOffline,
        random: () => 0.5,
      });
    const [here, there] = [replica(), replica()];
    const { id } = await tenant.create({ submit: true });
    await there.runDue(never);
    return {
      ...{ clock, catalog, tenant, id, here, there },
      ask: () => here.summary(tenant.id, id),
      setOutcome(next: CheckOutcomeRecord) {
        outcome = next;
      },
      setOffline(next: boolean) {
        isOffline = next;
      },
    };
  }

  it('is read once, and then at hand', async () => {
    const { ask } = await bench();

    const [first, second, third] = [await ask(), await ask(), await ask()];

    expect(first).toMatchObject({ status: 'healthy', cached: false, latencyMs: 20 });
    expect([second, third]).toEqual([
      { ...first, cached: true },
      { ...first, cached: true },
    ]);
  });

  it('is never older than the last check, whichever replica made it', async () => {
    const { ask, clock, tenant, catalog, id, there, setOutcome } = await bench();
    await ask();
    await clock.advance(30_000);
    // By a person.
    const { lastTestedAt } = await catalog.recordCheck(tenant.as('ada'), id, failed);
    const between = await ask();
    await there.note(tenant.id, id, failed, lastTestedAt);
    const afterTest = await ask();
    expect(between).toMatchObject({ status: 'degraded', consecutiveFailures: 1, cached: false });
    expect(afterTest).toMatchObject({ checkedAt: lastTestedAt, latencyMs: 5, cached: false });
    expect(await ask()).toEqual({ ...afterTest, cached: true });

    // By the schedule.
    await clock.advance(30_000);
    setOutcome({ ...passed, latencyMs: 33 });
    await there.runDue(never);
    expect(await ask()).toMatchObject({ status: 'healthy', latencyMs: 33, consecutiveFailures: 0, cached: false });
    expect(await ask()).toMatchObject({ latencyMs: 33, cached: true });
  });

  it('shows turns that were left out, and changes of the integration, at once', async () => {
    const { ask, clock, tenant, catalog, id, there, setOffline } = await bench();
    await ask();
    setOffline(true);
    await clock.advance(60_000);
    await there.runDue(never);
    expect(await ask()).toMatchObject({ skippedOffline: true, cached: false });
    expect(await ask()).toMatchObject({ skippedOffline: true, cached: true });

    await catalog.pause(tenant.as('ada'), id, { reason: 'x' });
    expect(await ask()).toMatchObject({ nextCheckAt: null, cached: false });
    expect(await ask()).toMatchObject({ nextCheckAt: null, cached: true });
    await catalog.uninstall(tenant.as('ada'), id, { deleteData: true, revokeTokens: true });
    await expect(ask()).rejects.toMatchObject({ code: 'not_found' });
  });

  it('is read anew after it was told to forget, and takes the integration that was just read', async () => {
    const { ask, tenant, catalog, id, here } = await bench();
    await ask();
    expect(await here.summary(tenant.id, await catalog.get(tenant.id, id))).toMatchObject({ cached: true });
    for (const forget of [
      () => here.forget(tenant.id, id),
      () => here.forgetTenant(tenant.id),
      () => here.forgetAll(),
    ]) {
      forget();
      expect(await ask()).toMatchObject({ cached: false });
      expect(await ask()).toMatchObject({ cached: true });
    }
  });
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

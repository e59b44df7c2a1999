import { createId, HubError, type Integration, type IntegrationId, type TenantId } from '@inthub/contracts';
import { createFakeClock, type FakeClock } from '@inthub/testing';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { CheckOutcomeRecord } from '../catalog/catalog.ts';
import { createTestTenant, type OpenTestDatabase, openTestDatabase, silentLog } from '../database/testing.ts';
import { createCheckSchedule, createHealth, type Health, type HealthOptions } from './health.ts';

let test: OpenTestDatabase;
let superuser: pg.Client;
let clock: FakeClock;
let tenantId: TenantId;
/** What the catalog would know; an integration that is not in here is gone. */
let known: Map<string, Integration['status']>;
let checked: string[];
let outcomeOf: (integrationId: string, signal: AbortSignal) => Promise<CheckOutcomeRecord>;

beforeAll(async () => {
  test = await openTestDatabase({ maxConnections: 12 });
  superuser = new pg.Client(test.url);
  await superuser.connect();
});
afterAll(async () => {
  await superuser?.end();
  await test?.close();
});
beforeEach(async () => {
  await superuser.query('TRUNCATE inthub.health_schedule');
  clock = createFakeClock('2026-11-21T10:00:00Z');
  tenantId = await createTestTenant(test.database);
  known = new Map();
  checked = [];
  outcomeOf = async () => passed;
});

const passed: CheckOutcomeRecord = { success: true, message: 'ok', latencyMs: 20, errorCode: null };
const never = new AbortController().signal;

function find(id: string): Integration {
  const status = known.get(id);
  if (status === undefined) throw new HubError('not_found');
  return { id, tenantId, status, health: 'healthy', lastError: null, consecutiveFailures: 0 } as unknown as Integration;
}
function healthOf(options: Partial<HealthOptions> = {}): Health {
  return createHealth({
    database: test.database,
    clock,
    log: silentLog,
    check: async (_tenantId, integrationId, signal) => {
      checked.push(integrationId);
      return outcomeOf(integrationId, signal);
    },
    record: async (_tenantId, integrationId) => find(integrationId),
    find: async (_tenantId, integrationId) => find(integrationId),
    offline: () => false,
    random: () => 0.5,
    ...options,
  });
}
async function scheduled(status: Integration['status'] = 'active', count = 1): Promise<string[]> {
  const ids: string[] = Array.from({ length: count }, () => createId<IntegrationId>());
  for (const id of ids) known.set(id, status);
  await test.database.tenant(tenantId, (tx) => createCheckSchedule({ clock }).checkNow(tx, ids));
  return ids;
}
const dueAt = async (id: string): Promise<string | undefined> =>
  (
    await superuser.query('SELECT due_at FROM inthub.health_schedule WHERE integration_id = $1', [id])
  ).rows[0]?.due_at.toISOString();
const at = (ms: number) => new Date(clock.now().getTime() + ms).toISOString();

describe('schedule', () => {
  it('checks what is due, once, and again after the interval', async () => {
    const [id = ''] = await scheduled();
    const health = healthOf();

    expect(await health.runDue(never)).toBe(1);
    expect(await dueAt(id)).toBe(at(60_000));
    expect(await health.runDue(never)).toBe(0);
    await clock.advance(60_000);
    expect(await health.runDue(never)).toBe(1);
    expect(checked).toEqual([id, id]);
  });

  it.each([
    ['failed', 300_000],
    ['pending_verification', 300_000],
    ['degraded', 60_000],
  ] as const)('comes back to what is %s after %d ms', async (status, waitMs) => {
    const [id = ''] = await scheduled(status);
    await healthOf().runDue(never);

    expect(await dueAt(id)).toBe(at(waitMs));
  });

  it('forgets what is not to be checked any more, and what is gone', async () => {
    const [paused = '', gone = ''] = await scheduled('active', 2);
    known.set(paused, 'paused');
    known.delete(gone);
    await healthOf().runDue(never);

    expect(await dueAt(paused)).toBeUndefined();
    expect(await dueAt(gone)).toBeUndefined();
    const { rows } = await superuser.query('SELECT integration_id FROM inthub.health_samples WHERE tenant_id = $1', [
      tenantId,
    ]);
    expect(rows).toEqual([{ integration_id: paused }]);
  });

  it('stops and starts again with the change that asks for it', async () => {
    const [id = ''] = await scheduled();
    const schedule = createCheckSchedule({ clock });
    await test.database.tenant(tenantId, (tx) => schedule.stop(tx, id));
    expect(await healthOf().runDue(never)).toBe(0);

    const rolledBack = test.database.tenant(tenantId, async (tx) => {
      await schedule.checkNow(tx, [id]);
      throw new HubError('conflict');
    });
    await expect(rolledBack).rejects.toMatchObject({ code: 'conflict' });
    expect(await healthOf().runDue(never)).toBe(0);
  });

  it('does not lose a request for an immediate check that comes while one is running', async () => {
    const [id = ''] = await scheduled();
    const schedule = createCheckSchedule({ clock });
    outcomeOf = async () => {
      if (checked.length === 1) await test.database.tenant(tenantId, (tx) => schedule.checkNow(tx, [id]));
      return passed;
    };

    expect(await healthOf().runDue(never)).toBe(2);
    expect(await dueAt(id)).toBe(at(60_000));
  });

  it('gives each due check to one of many workers', async () => {
    const ids = await scheduled('active', 60);
    const workers = Array.from({ length: 4 }, () => healthOf());

    const counts = await Promise.all(workers.map((worker) => worker.runDue(never)));

    expect(counts.reduce((sum, count) => sum + count)).toBe(60);
    expect(checked.toSorted()).toEqual(ids.toSorted());
  });

  it('takes over from a worker that died, after its lease', async () => {
    const [id = ''] = await scheduled();
    await superuser.query(
      'UPDATE inthub.health_schedule SET lease_id = gen_random_uuid(), lease_until = $2 WHERE integration_id = $1',
      [id, at(30_000)],
    );
    const health = healthOf();

    expect(await health.runDue(never)).toBe(0);
    await clock.advance(30_000);
    expect(await health.runDue(never)).toBe(1);
  });

  it('spreads what piled up while no worker ran, instead of running it at once', async () => {
    const ids = await scheduled('active', 200);
    await clock.advance(3_600_000);
    const health = healthOf();

    expect(await health.runDue(never)).toBeLessThan(10);
    const { rows } = await superuser.query(
      'SELECT count(*)::int AS spread FROM inthub.health_schedule WHERE integration_id = ANY($1) AND due_at BETWEEN $2 AND $3',
      [ids, at(0), at(60_000)],
    );
    expect(rows).toEqual([{ spread: 200 }]);
    let total = checked.length;
    for (let second = 0; second < 60; second++) {
      await clock.advance(1_000);
      const count = await health.runDue(never);
      total += count;
      expect(count).toBeLessThan(20);
    }
    expect(total).toBe(200);
    expect(new Set(checked).size).toBe(200);
  });

  it('runs at most so many at once, and lets no slow one hold up the others', async () => {
    const [slow = '', ...others] = await scheduled('active', 20);
    let [now, most] = [0, 0];
    let letGo: () => void = () => undefined;
    const allDone = new Promise<void>((resolve) => {
      outcomeOf = async (id) => {
        now += 1;
        most = Math.max(most, now);
        if (id === slow) {
          await new Promise<void>((go) => {
            letGo = go;
          });
        }
        now -= 1;
        if (id !== slow && checked.length === 20) resolve();
        return passed;
      };
    });
    const running = healthOf({ concurrency: 3 }).runDue(never);
    await allDone;
    expect(checked).toHaveLength(others.length + 1);
    letGo();

    expect(await running).toBe(20);
    expect(most).toBeLessThanOrEqual(3);
  });
});

describe('a check', () => {
  const samples = async (id: string) => (await healthOf().history(tenantId, id, { limit: 10 })).items;

  it('that throws has failed with its code and public message', async () => {
    const [id = ''] = await scheduled();
    outcomeOf = async () => {
      throw new HubError('provider_unreachable', 'The host a.example.com does not answer.', {
        cause: new Error('secret'),
      });
    };
    await healthOf().runDue(never);

    expect(await samples(id)).toMatchObject([
      { success: false, errorCode: 'provider_unreachable', message: 'The host a.example.com does not answer.' },
    ]);
  });

  it('that breaks inside the hub is no fault of the integration, and tells no detail', async () => {
    const [id = ''] = await scheduled();
    const told: CheckOutcomeRecord[] = [];
    outcomeOf = async () => {
      throw new Error('password=hunter2');
    };
    const record: HealthOptions['record'] = async (_tenantId, integrationId, outcome) => {
      told.push(outcome);
      return find(integrationId);
    };
    await healthOf({ record }).runDue(never);

    expect(told).toMatchObject([{ success: false, errorCode: 'internal' }]);
    expect(JSON.stringify(told)).not.toContain('hunter2');
    expect(await samples(id)).toEqual([]);
    expect(await dueAt(id)).toBe(at(60_000));
  });

  it('that does not end is cut short', async () => {
    const [id = ''] = await scheduled();
    let wasAborted = false;
    outcomeOf = (_id, signal) =>
      new Promise(() => {
        signal.addEventListener('abort', () => {
          wasAborted = true;
        });
      });
    const running = healthOf({ checkTimeoutMs: 5_000 }).runDue(never);
    await expect.poll(() => checked.length).toBe(1);
    await clock.advance(5_000);
    await running;

    expect(await samples(id)).toMatchObject([{ success: false, errorCode: 'provider_timeout' }]);
    expect(wasAborted).toBe(true);
  });

  it('whose outcome cannot be recorded is tried again when its lease runs out', async () => {
    const [id = ''] = await scheduled();
    const record = async () => {
      throw new HubError('unavailable');
    };
    await healthOf({ record }).runDue(never);
    expect(await samples(id)).toEqual([]);

    await clock.advance(120_000);
    const health = healthOf();
    await health.runDue(never); // spreads what is overdue
    await clock.advance(60_000);
    expect(await health.runDue(never)).toBe(1);
  });
});

describe('offline', () => {
  it('checks nothing, says so, and goes on as before when it is online again', async () => {
    const [id = ''] = await scheduled();
    let isOffline = true;
    const health = healthOf({ offline: () => isOffline });
    await health.runDue(never);

    expect(checked).toEqual([]);
    expect(await health.summary(tenantId, id)).toMatchObject({
      skippedOffline: true,
      nextCheckAt: at(60_000),
      checkedAt: null,
    });
    isOffline = false;
    await clock.advance(60_000);
    await health.runDue(never);
    expect(checked).toEqual([id]);
    expect(await health.summary(tenantId, id)).toMatchObject({ skippedOffline: false });
  });

  it('of the tenant alone is told by the check, and counts nowhere', async () => {
    const [id = ''] = await scheduled();
    outcomeOf = async () => ({ ...passed, skipped: true });
    const health = healthOf();
    await health.runDue(never);

    expect(await health.summary(tenantId, id)).toMatchObject({ skippedOffline: true, checkedAt: null });
  });
});

describe('start and stop', () => {
  it('works in the background, and gives back what it cuts short', async () => {
    const [id = ''] = await scheduled();
    outcomeOf = () => new Promise(() => undefined);
    const health = healthOf();
    health.start();
    health.start();
    await expect.poll(() => checked.length).toBe(1);

    await health.stop();

    expect(await dueAt(id)).toBe(at(0));
    outcomeOf = async () => passed;
    expect(await healthOf().runDue(never)).toBe(1);
    expect(clock.sleeping).toBe(0);
  });
});

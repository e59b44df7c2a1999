import { createId, HubError, type Integration, type IntegrationId, type TenantId } from '@inthub/contracts';
import { createFakeClock, type FakeClock } from '@inthub/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { CheckOutcomeRecord } from '../catalog/catalog.ts';
import { createTestTenant, type OpenTestDatabase, openTestDatabase, silentLog } from '../database/testing.ts';
import { createHealth, type Health, type HealthOptions } from './health.ts';

let test: OpenTestDatabase;
let clock: FakeClock;
let tenantId: TenantId;
let id: string;
let other: string;

beforeAll(async () => {
  test = await openTestDatabase();
});
afterAll(async () => {
  await test?.close();
});
beforeEach(async () => {
  clock = createFakeClock('2026-11-21T10:00:00Z');
  tenantId = await createTestTenant(test.database);
  id = createId<IntegrationId>();
  other = createId<IntegrationId>();
});

const passed: CheckOutcomeRecord = { success: true, message: 'ok', latencyMs: 20, errorCode: null };
const failed: CheckOutcomeRecord = { success: false, message: 'no', latencyMs: 5, errorCode: 'provider_unavailable' };

function healthOf(options: Partial<HealthOptions> = {}): Health {
  return createHealth({
    database: test.database,
    clock,
    log: silentLog,
    check: async () => passed,
    record: async (_tenantId, integrationId) => find(integrationId),
    find: async (_tenantId, integrationId) => find(integrationId),
    offline: () => false,
    random: () => 0.5,
    ...options,
  });
}
function find(integrationId: string): Integration {
  if (integrationId !== id && integrationId !== other) throw new HubError('not_found');
  return { id: integrationId, tenantId, status: 'active', health: 'healthy' } as unknown as Integration;
}

describe('history', () => {
  async function samplesAt(
    id: string,
    list: readonly (readonly [agoMs: number, outcome: Partial<CheckOutcomeRecord>])[],
  ) {
    const now = clock.now().getTime();
    for (const [agoMs, outcome] of list) {
      const then = { ...clock, now: () => new Date(now - agoMs) };
      await healthOf({ clock: then }).note(tenantId, id, { ...passed, ...outcome });
    }
  }

  it('shows uptime and latency of each window', async () => {
    const minute = 60_000;
    await samplesAt(id, [
      ...Array.from({ length: 19 }, (_, index) => [index * minute, { latencyMs: index + 1 }] as const),
      [20 * minute, { ...failed, latencyMs: 9_999 }],
      [3 * 3_600_000, { latencyMs: 500 }],
      [3 * 86_400_000, failed],
      [20 * 86_400_000, failed],
      [40 * 86_400_000, failed],
    ]);

    const { windows } = await healthOf().history(tenantId, id, { limit: 5 });

    expect(windows).toEqual([
      { window: '1h', samples: 20, uptimePercent: 95, latencyMs: { p50: 10, p95: 18.1, p99: 18.82 } },
      { window: '24h', samples: 21, uptimePercent: 95.238, latencyMs: { p50: 10.5, p95: 43.05, p99: 408.61 } },
      { window: '7d', samples: 22, uptimePercent: 90.909, latencyMs: { p50: 10.5, p95: 43.05, p99: 408.61 } },
      { window: '30d', samples: 23, uptimePercent: 86.957, latencyMs: { p50: 10.5, p95: 43.05, p99: 408.61 } },
    ]);
  });

  it('says null, not zero, where there is nothing to say', async () => {
    expect((await healthOf().history(tenantId, id, { limit: 5 })).windows[0]).toEqual({
      window: '1h',
      samples: 0,
      uptimePercent: null,
      latencyMs: null,
    });
    await samplesAt(id, [[0, failed]]);
    expect((await healthOf().history(tenantId, id, { limit: 5 })).windows[0]).toEqual({
      window: '1h',
      samples: 1,
      uptimePercent: 0,
      latencyMs: null,
    });
  });

  it('pages newest first without repeating or skipping while checks go on', async () => {
    await samplesAt(other, [[0, {}]]);
    await samplesAt(
      id,
      Array.from({ length: 7 }, (_, index) => [index < 4 ? 0 : 1_000, { message: `m${index}` }] as const),
    );
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const page = await healthOf().history(tenantId, id, { limit: 2, ...(cursor === null ? {} : { cursor }) });
      seen.push(...page.items.map(({ message }) => message));
      cursor = page.nextCursor;
      await clock.advance(1);
      await samplesAt(id, [[0, { message: 'late' }]]);
    } while (cursor !== null);

    expect(seen).toEqual(['m3', 'm2', 'm1', 'm0', 'm6', 'm5', 'm4']);
    await expect(healthOf().history(tenantId, other, { limit: 2, cursor: 'nonsense' })).rejects.toMatchObject({
      code: 'invalid_cursor',
    });
  });

  it('is kept of outcomes about the integration only, bounded and storable', async () => {
    await samplesAt(id, [
      [0, { success: false, errorCode: 'rate_limited' }],
      [0, { success: false, errorCode: 'provider_unavailable', message: `a\u0000${'x'.repeat(5_000)}` }],
    ]);

    const { items } = await healthOf().history(tenantId, id, { limit: 5 });
    expect(items).toHaveLength(1);
    expect(items[0]?.message).toHaveLength(1_000);
  });

  it('of what the tenant does not have is not found', async () => {
    const health = healthOf();
    await expect(health.summary(tenantId, createId())).rejects.toMatchObject({ code: 'not_found' });
    await expect(health.history(tenantId, createId(), { limit: 1 })).rejects.toMatchObject({ code: 'not_found' });
    await expect(health.note(tenantId, 'x', passed)).rejects.toMatchObject({ code: 'not_found' });
  });
});

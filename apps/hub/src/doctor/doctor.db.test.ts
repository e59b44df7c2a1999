import { createId, expandScopes, HubError, type TenantId } from '@inthub/contracts';
import { createFakeClock } from '@inthub/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AuditReader, createAuditLog } from '../audit/audit.ts';
import type { Database } from '../database/database.ts';
import { createTestTenant, type OpenTestDatabase, openTestDatabase, silentLog } from '../database/testing.ts';
import { createSampleConnector } from '../runtime/testing.ts';
import { createDoctor, type DoctorDeps } from './doctor.ts';
import { createTestEvidence } from './testing.ts';

let test: OpenTestDatabase;
let database: Database;
let audit: AuditReader;
const clock = createFakeClock('2026-11-21T10:00:00Z');
const connector = createSampleConnector({
  checks: [{ id: 'sample.quota', title: 'Quota', run: async () => ({ status: 'pass', message: 'Fine.' }) }],
});

beforeAll(async () => {
  test = await openTestDatabase();
  ({ database } = test);
  audit = createAuditLog({ database, clock, redact: (value) => value, chainKey: Buffer.alloc(32, 7) });
});
afterAll(() => test.close());

async function setUp(asks: Partial<DoctorDeps> = {}) {
  const tenantId = await createTestTenant(database);
  const integrations = new Map<string, ReturnType<typeof install>>();
  function install() {
    const integration = { ...createTestEvidence().integration, tenantId };
    integrations.set(integration.id, integration);
    return integration;
  }
  const doctor = createDoctor({
    database,
    audit: createAuditLog({ database, clock, redact: (value) => value, chainKey: Buffer.alloc(32, 7) }),
    clock,
    log: silentLog,
    registry: { find: () => ({ definition: connector, origin: 'built-in' }) },
    async find(owner, id) {
      const found = owner === tenantId ? integrations.get(id) : undefined;
      if (found === undefined) throw new HubError('not_found', 'There is no such integration.');
      return found;
    },
    probe: createTestEvidence({ probe: { loopback: true } }).probe,
    testConnection: async () => ({ success: true, message: 'It answers.', latencyMs: 5, details: { version: '1.2' } }),
    runCheck: async ({ checkId }) => ({ status: 'pass', message: `${checkId} is fine.` }),
    expiries: { list: async () => ({ items: [], nextCursor: null }) },
    redact: (value) => value,
    ...asks,
  });
  const principal = {
    tenantId,
    kind: 'user',
    id: 'ada',
    name: 'Ada',
    scopes: expandScopes(['integrations.admin']),
  } as const;
  const run = (id: string, signal = new AbortController().signal) =>
    doctor.run({ principal, requestId: 'req-1' }, id, { signal });
  return { tenantId, doctor, install, run };
}

describe('the doctor', () => {
  it('makes every check in order, keeps the report, and tells the audit', async () => {
    const { tenantId, doctor, install, run } = await setUp();
    const { id, name } = install();

    const report = await run(id);

    expect(report).toMatchObject({
      integrationId: id,
      overallStatus: 'healthy',
      generatedAt: '2026-11-21T10:00:00.000Z',
    });
    expect(report.checks.map(({ checkType }) => checkType)).toEqual([
      'connectivity',
      'tls',
      'authentication',
      'authorization',
      'version',
      'rate_limit',
      'latency',
      'sample.quota',
    ]);
    expect(report.checks.at(-1)?.message).toBe('sample.quota is fine.');
    expect(await doctor.history(tenantId, id, { limit: 10 })).toEqual({ items: [report], nextCursor: null });
    expect((await audit.list(tenantId, { limit: 10 })).items).toMatchObject([
      {
        action: 'integration.doctor',
        actor: { id: 'ada' },
        target: { id, name },
        details: { reportId: report.id, overallStatus: 'healthy' },
      },
    ]);
  });

  it('looks into the calendar for the end of the credential, also of one that is borrowed', async () => {
    const lender = createId<string>();
    const line = {
      subjectId: createId<string>(),
      connectorId: 'oci',
      expiresAt: '2026-11-26T10:00:00.000Z',
      daysLeft: 5,
    };
    const { install, run } = await setUp({
      expiries: {
        list: async (_tenantId, { integrationId = '' }) => ({
          items: (integrationId === lender ? (['tls_certificate', 'credential'] as const) : []).map((kind) => ({
            ...line,
            kind,
            integrationId,
          })),
          nextCursor: null,
        }),
      },
    });
    const ends = async (authRef: string | null) => {
      const integration = install();
      Object.assign(integration, { authRef });
      const { checks } = await run(integration.id);
      return checks.find(({ checkType }) => checkType === 'authentication')?.details['credentialDaysLeft'];
    };

    expect(await ends(`ref://integrations/oci/${lender}`)).toBe(5);
    expect(await ends('ref://file/acme/token')).toBeUndefined();
    expect(await ends(null)).toBeUndefined();
  });

  it('pages through the history, newest first, and keeps the newest hundred of each integration', async () => {
    const { tenantId, doctor, install, run } = await setUp();
    const [busy, quiet] = [install().id, install().id];
    const kept = await run(quiet);
    const made: string[] = [];
    for (let count = 0; count < 103; count += 1) {
      // Several at one moment: the id decides.
      if (count % 3 === 0) await clock.advance(1_000);
      made.push((await run(busy)).id);
    }

    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await doctor.history(tenantId, busy, { limit: 7, ...(cursor === undefined ? {} : { cursor }) });
      seen.push(...page.items.map(({ id }) => id));
      cursor = page.nextCursor ?? undefined;
    } while (cursor !== undefined);

    expect(seen).toEqual(made.slice(-100).reverse());
    expect((await doctor.history(tenantId, quiet, { limit: 7 })).items).toEqual([kept]);
    const foreign = (await doctor.history(tenantId, busy, { limit: 1 })).nextCursor ?? '';
    await expect(doctor.history(tenantId, quiet, { limit: 1, cursor: foreign })).rejects.toMatchObject({
      code: 'invalid_cursor',
    });
  });

  it('works on one integration once at a time, and on a few at most', async () => {
    const gate = Promise.withResolvers<void>();
    const slow = createTestEvidence({ probe: { loopback: true } });
    const { install, run } = await setUp({
      async probe() {
        await gate.promise;
        return slow.probe();
      },
    });
    const ids = Array.from({ length: 4 }, () => install().id);
    const running = ids.map((id) => run(id));
    await new Promise((resolve) => setImmediate(resolve));

    await expect(run(ids[0]!)).rejects.toMatchObject({ code: 'conflict' });
    await expect(run(install().id)).rejects.toMatchObject({ code: 'rate_limited', retryAfterMs: 5_000 });
    gate.resolve();

    expect(await Promise.all(running)).toHaveLength(4);
    expect(await run(ids[0]!)).toMatchObject({ overallStatus: 'healthy' });
  });

  it('ends after a minute, and says which checks it did not make', async () => {
    const { install, run } = await setUp({
      testConnection: ({ signal }) =>
        new Promise((_, reject) => signal.addEventListener('abort', () => reject(new HubError('cancelled')))),
    });

    const running = run(install().id);
    while (clock.sleeping === 0) await new Promise((resolve) => setImmediate(resolve));
    await clock.advance(60_000);
    const { overallStatus, checks } = await running;

    expect(overallStatus).toBe('degraded');
    expect(checks.map(({ checkType, message }) => `${checkType}: ${message}`)).toContain(
      'authentication: Skipped: the 60 s of the doctor were over.',
    );
  });

  it('keeps nothing when the caller goes away', async () => {
    const caller = new AbortController();
    const { tenantId, doctor, install, run } = await setUp({
      async testConnection() {
        caller.abort();
        throw new HubError('cancelled');
      },
    });
    const { id } = install();

    await expect(run(id, caller.signal)).rejects.toMatchObject({ code: 'cancelled' });

    expect((await doctor.history(tenantId, id, { limit: 5 })).items).toEqual([]);
  });

  it('does not know another tenant’s integration', async () => {
    const { install, run } = await setUp();
    const other = await setUp();
    const { id } = install();
    await run(id);

    for (const asked of [id, createId<TenantId>(), 'no-id']) {
      await expect(other.run(asked)).rejects.toMatchObject({ code: 'not_found' });
      await expect(other.doctor.history(other.tenantId, asked, { limit: 5 })).rejects.toMatchObject({
        code: 'not_found',
      });
    }
  });
});

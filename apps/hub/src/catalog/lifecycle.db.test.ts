import type { Integration, LifecycleMove } from '@inthub/contracts';
import { integrationStatuses, operatorMoves, transition } from '@inthub/contracts';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { CheckOutcomeRecord } from './catalog.ts';
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

const passed: CheckOutcomeRecord = { success: true, message: 'ok', latencyMs: 12, errorCode: null };
const failed: CheckOutcomeRecord = {
  success: false,
  message: 'no answer',
  latencyMs: 900,
  errorCode: 'provider_timeout',
};
const system = (rigged: TenantRig) => ({
  principal: { ...rigged.as('scheduler').principal, kind: 'system' as const },
  requestId: 'poll',
});
const poll = (id: string, outcome: CheckOutcomeRecord) => tenant.catalog.recordCheck(system(tenant), id, outcome);

async function active(): Promise<Integration> {
  const { id } = await tenant.create({ submit: true });
  const integration = await poll(id, passed);
  tenant.calls();
  return integration;
}
const newEvents = async (since: number) =>
  (await tenant.events()).slice(since).map(({ type, data }) => ({ type, ...data }));

describe('submit', () => {
  it('waits for its first test, is activated by it, and says so', async () => {
    const draft = await tenant.create();
    const submitted = await tenant.catalog.submit(tenant.as('ada'), draft.id);
    expect(submitted).toMatchObject({ status: 'pending_verification', version: 2 });
    expect(tenant.calls()).toContain(`check now ${draft.id}`);
    const since = (await tenant.events()).length;

    const tested = await poll(draft.id, passed);

    expect(tested).toMatchObject({
      status: 'active',
      health: 'healthy',
      lastTestSuccess: true,
      lastTestedAt: rig.clock.now().toISOString(),
      approvedBy: null,
      version: 2,
    });
    expect((await newEvents(since)).map(({ type }) => type)).toEqual([
      'integration.activated',
      'integration.status_changed',
      'integration.health_changed',
      'integration.healthy',
    ]);
  });

  it('stays pending and shows why while the test fails', async () => {
    const { id } = await tenant.create({ submit: true });

    expect(await poll(id, failed)).toMatchObject({
      status: 'pending_verification',
      health: 'unhealthy',
      lastError: 'no answer',
      consecutiveFailures: 0,
    });
  });

  it('needs a way to log in first', async () => {
    const draft = await tenant.create({ config: { endpoint: 'https://x.example.com', authMode: 'basic' } });

    await expect(tenant.catalog.submit(tenant.as('ada'), draft.id)).rejects.toMatchObject({
      code: 'conflict',
      errors: [{ path: '/credentials' }],
    });
  });
});

describe('approval', () => {
  it('by somebody other than the creator, after a passed test, where the tenant requires it', async () => {
    tenant = await rig.tenant({ approvalRequired: async () => true });
    const { id } = await tenant.create({ submit: true });
    await expect(tenant.catalog.activate(tenant.as('grace'), id)).rejects.toMatchObject({
      code: 'illegal_transition',
      message: expect.stringMatching(/test/),
    });
    expect(await poll(id, passed)).toMatchObject({ status: 'pending_verification', lastTestSuccess: true });

    await expect(tenant.catalog.activate(tenant.as('ada'), id)).rejects.toMatchObject({ code: 'approval_required' });
    const activated = await tenant.catalog.activate(tenant.as('grace'), id);

    expect(activated).toMatchObject({ status: 'active', approvedBy: 'grace' });
    expect((await tenant.auditEntries()).at(-1)).toMatchObject({ action: 'integration.activate', approver: 'grace' });
    const types = (await tenant.events()).map(({ type }) => type);
    expect(types.filter((type) => type === 'integration.activated')).toHaveLength(1);
  });
});

describe('pause and resume', () => {
  it('keeps reason and ticket, stops the checks, and checks at once on resume', async () => {
    const { id } = await active();
    const paused = await tenant.catalog.pause(tenant.as('grace'), id, { reason: ' maintenance ', ticket: 'OPS-7' });

    expect(paused).toMatchObject({ status: 'paused', pauseReason: 'maintenance', pauseTicket: 'OPS-7' });
    expect(tenant.calls()).toEqual([`stop ${id}`, `changed ${id}`]);
    expect((await tenant.auditEntries()).at(-1)).toMatchObject({
      action: 'integration.pause',
      reason: 'maintenance',
      ticket: 'OPS-7',
    });

    const resumed = await tenant.catalog.resume(tenant.as('grace'), id);
    expect(resumed).toMatchObject({ status: 'active', pauseReason: null, pauseTicket: null });
    expect(tenant.calls()).toEqual([`check now ${id}`, `changed ${id}`]);
  });

  it('needs a reason', async () => {
    const { id } = await active();

    await expect(tenant.catalog.pause(tenant.as('ada'), id, { reason: '  ' })).rejects.toMatchObject({
      errors: [{ path: '/reason' }],
    });
    await expect(tenant.catalog.pause(tenant.as('ada'), id, { reason: 'x'.repeat(1001) })).rejects.toMatchObject({
      errors: [{ path: '/reason' }],
    });
  });

  it('a check while paused is noted and changes no status', async () => {
    const { id } = await active();
    await tenant.catalog.pause(tenant.as('ada'), id, { reason: 'x' });

    for (let count = 0; count < 6; count++) await tenant.catalog.recordCheck(tenant.as('ada'), id, failed);

    expect(await tenant.catalog.get(tenant.id, id)).toMatchObject({ status: 'paused', lastTestSuccess: false });
  });
});

describe('checks', () => {
  it('three failures in a row degrade, five fail, one success recovers; each change is told once', async () => {
    const { id } = await active();
    const since = (await tenant.events()).length;
    const seen: string[] = [];
    for (let count = 0; count < 6; count++) {
      const { status, health, statusReason } = await poll(id, failed);
      seen.push(`${status} ${health} ${statusReason}`);
    }

    expect(seen).toEqual([
      'active degraded null',
      'active degraded null',
      'degraded degraded check_failures',
      'degraded degraded check_failures',
      'failed unhealthy check_failures',
      'failed unhealthy check_failures',
    ]);
    expect(await poll(id, passed)).toMatchObject({
      status: 'active',
      health: 'healthy',
      consecutiveFailures: 0,
      lastError: null,
    });
    expect(await newEvents(since)).toMatchObject([
      { type: 'integration.health_changed', from: 'healthy', to: 'degraded', error: 'no answer' },
      { type: 'integration.status_changed', from: 'active', to: 'degraded', reason: 'check_failures' },
      { type: 'integration.status_changed', from: 'degraded', to: 'failed' },
      { type: 'integration.health_changed', from: 'degraded', to: 'unhealthy' },
      { type: 'integration.unhealthy' },
      { type: 'integration.status_changed', from: 'failed', to: 'active' },
      { type: 'integration.health_changed', from: 'unhealthy', to: 'healthy' },
      { type: 'integration.healthy' },
    ]);
  });

  it('leave the version, and write no event or audit entry when a poll finds nothing new', async () => {
    const { id, version } = await active();
    const [events, entries] = [(await tenant.events()).length, (await tenant.auditEntries()).length];
    await rig.clock.advance(60_000);

    const polled = await poll(id, passed);

    expect(polled).toMatchObject({ version, lastTestedAt: rig.clock.now().toISOString() });
    expect(await tenant.events()).toHaveLength(events);
    expect(await tenant.auditEntries()).toHaveLength(entries);
  });

  it('a test by a person is always audited, with its outcome', async () => {
    const { id } = await active();
    await tenant.catalog.recordCheck(tenant.as('grace'), id, { ...failed, message: 'a\u0000b' });

    expect((await tenant.auditEntries()).at(-1)).toMatchObject({
      action: 'integration.check',
      actor: { id: 'grace' },
      outcome: 'failure',
      details: { errorCode: 'provider_timeout', latencyMs: 900, message: 'ab' },
    });
  });

  it.each([
    ['skipped offline', { ...failed, skipped: true }],
    ['stopped by the hub itself', { ...failed, errorCode: 'rate_limited' }],
    ['cancelled', { ...failed, errorCode: 'cancelled' }],
  ])('count nothing when they were %s', async (_, outcome) => {
    const before = await active();

    expect(await poll(before.id, outcome)).toEqual(before);
    expect(await tenant.catalog.get(tenant.id, before.id)).toEqual(before);
  });

  it('bound what a provider says', async () => {
    const { id } = await active();

    const { lastError } = await poll(id, { ...failed, message: 'x'.repeat(100_000) });
    expect(lastError).toHaveLength(2_000);
  });
});

describe('illegal moves', () => {
  it('are refused with the state and the legal moves, and write nothing', async () => {
    const draft = await tenant.create();
    const entries = (await tenant.auditEntries()).length;

    await expect(tenant.catalog.resume(tenant.as('ada'), draft.id)).rejects.toMatchObject({
      code: 'illegal_transition',
      details: { status: 'draft', legalMoves: ['submit', 'uninstall'] },
    });
    expect(await tenant.catalog.get(tenant.id, draft.id)).toEqual(draft);
    expect(await tenant.auditEntries()).toHaveLength(entries);
  });
});

describe('uninstall', () => {
  it('goes through both moves at once, destroys credentials, stops checks and hides the integration', async () => {
    const { id } = await active();
    const since = (await tenant.events()).length;
    await tenant.catalog.uninstall(tenant.as('grace'), id, { deleteData: true, revokeTokens: false });

    await expect(tenant.catalog.get(tenant.id, id)).rejects.toMatchObject({ code: 'not_found' });
    expect(await tenant.catalog.findForCall(tenant.id, id)).toBeUndefined();
    expect((await tenant.catalog.list(tenant.id, {}, { limit: 10 })).items).toEqual([]);
    const gone = await tenant.catalog.list(tenant.id, { status: 'uninstalled' }, { limit: 10 });
    expect(gone.items).toMatchObject([{ id, status: 'uninstalled', authRef: null, credentialKind: null }]);
    expect(tenant.calls()).toEqual([`stop ${id}`, `revoke ${id}`, `changed ${id}`]);
    expect(await newEvents(since)).toMatchObject([
      { type: 'integration.status_changed', from: 'active', to: 'uninstalled' },
      { type: 'integration.deleted', deleteData: true, revokeTokens: false, credentialsRevoked: 1 },
    ]);
  });

  it('honours If-Match', async () => {
    const { id, version } = await active();
    const uninstall = (expectedVersion: number) =>
      tenant.catalog.uninstall(tenant.as('ada'), id, { deleteData: true, revokeTokens: true, expectedVersion });

    await expect(uninstall(version + 1)).rejects.toMatchObject({ code: 'version_mismatch' });
    await uninstall(version);
  });
});

describe('any sequence of moves and checks, over the database', () => {
  const steps = [...operatorMoves.filter((move) => move !== 'uninstall'), 'check_passed', 'check_failed'] as const;

  it('ends where the lifecycle table says', { timeout: 120_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.oneof({ weight: 2, arbitrary: fc.constant('check_failed' as const) }, fc.constantFrom(...steps)), {
          maxLength: 14,
        }),
        async (moves) => {
          const { id } = await tenant.create();
          let state = {
            status: 'draft',
            consecutiveFailures: 0,
            statusReason: null,
            lastTestSuccess: null,
            approvedBy: null,
          } as Parameters<typeof transition>[0];
          for (const move of moves) {
            const expected = transition(state, move as LifecycleMove, { approvalRequired: false, actor: 'ada' });
            const attempt = perform(id, move);
            if (expected.legal) {
              state = expected.state;
              expect(await attempt).toMatchObject(state);
            } else await expect(attempt).rejects.toMatchObject({ code: 'illegal_transition' });
          }
          const stored = await tenant.catalog.get(tenant.id, id);
          expect(stored).toMatchObject(state);
          expect(integrationStatuses).toContain(stored.status);
        },
      ),
      { numRuns: 40 },
    );
    expect(await rig.audit.verify(tenant.id)).toMatchObject({ intact: true });
  });

  function perform(id: string, move: (typeof steps)[number]): Promise<Integration> {
    const ada = tenant.as('ada');
    switch (move) {
      case 'check_passed':
        return poll(id, passed);
      case 'check_failed':
        return poll(id, failed);
      case 'pause':
        return tenant.catalog.pause(ada, id, { reason: 'x' });
      default:
        return tenant.catalog[move](ada, id);
    }
  }
});

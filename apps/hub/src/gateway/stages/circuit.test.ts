import { HubError } from '@inthub/contracts';
import { createFakeClock } from '@inthub/testing';
import { describe, expect, it } from 'vitest';
import { createSampleConnector, deployTag, listTags } from '../../runtime/testing.ts';
import { createRig, type RigOptions } from '../testing.ts';

/** The same as tag.list, never cached. */
const { cacheTtlMs: _, ...uncached } = listTags;
const read = { ...uncached, id: 'tag.read' };

function setUp(options: Partial<RigOptions> = {}) {
  const clock = createFakeClock();
  const connector = createSampleConnector({ actions: [listTags, deployTag, read] });
  const rig = createRig({ clock, connector, provider: async () => ({ tags: ['v1'] }), ...options });
  const run = (action = 'tag.read', params: unknown = { repository: 'app' }) =>
    rig.gateway.execute({ ...rig.call, action, params });
  return { clock, rig, run };
}

const failing = (...args: ConstructorParameters<typeof HubError>) =>
  setUp({ provider: async () => Promise.reject(new HubError(...args)) });

describe('the breaker', () => {
  it('opens on the provider’s faults, spares it, and closes when it has recovered', async () => {
    let ill = true;
    let asked = 0;
    const { clock, rig, run } = setUp({
      provider: async () => {
        asked += 1;
        if (ill) throw new HubError('provider_unavailable');
        return { tags: [] };
      },
    });
    for (let i = 0; i < 5; i += 1) expect((await run()).error?.code).toBe('provider_unavailable');

    expect((await run()).error).toMatchObject({
      code: 'circuit_open',
      retryAfterMs: 30_000,
      details: { circuit: 'open', forced: false },
    });
    expect(asked).toBe(5);
    expect(await rig.gateway.circuit(rig.integration.tenantId, rig.integration.id)).toEqual({
      state: 'open',
      failureCount: 5,
      successCount: 0,
      lastFailureAt: '2026-01-01T00:00:00.000Z',
      lastSuccessAt: null,
      openedAt: '2026-01-01T00:00:00.000Z',
      nextRetryAt: '2026-01-01T00:00:30.000Z',
    });
    expect(await rig.scrape('connector_circuit_state')).toEqual([expect.stringMatching(/ 2$/)]);

    ill = false;
    await clock.advance(30_000);
    for (let i = 0; i < 3; i += 1) expect((await run()).error).toBeUndefined();
    expect((await rig.gateway.circuit(rig.integration.tenantId, rig.integration.id)).state).toBe('closed');
    expect(await rig.scrape('connector_circuit_state')).toEqual([expect.stringMatching(/ 0$/)]);
  });

  it.each([
    'provider_not_found',
    'provider_rejected',
    'provider_unauthenticated',
    'provider_rate_limited',
    'provider_response_too_large',
    'provider_tls_invalid',
    'egress_denied',
    'proxy_failed',
    'offline',
  ] as const)('does not open on %s', async (code) => {
    const { run } = failing(code);
    for (let i = 0; i < 12; i += 1) expect((await run()).error?.code).toBe(code);
  });

  it.each(['provider_bad_response', 'provider_timeout'] as const)('opens on %s', async (code) => {
    const { run } = failing(code);
    for (let i = 0; i < 5; i += 1) await run();

    expect((await run()).error?.code).toBe('circuit_open');
  });

  it('lets blame decide about an unreachable provider', async () => {
    const refused = failing('provider_unreachable', 'Refused.', { blame: 'provider' });
    const lost = failing('provider_unreachable', 'No route.');
    for (let i = 0; i < 5; i += 1) {
      await refused.run();
      await lost.run();
    }

    expect((await refused.run()).error?.code).toBe('circuit_open');
    expect((await lost.run()).error?.code).toBe('provider_unreachable');
  });

  it('still answers from the cache while it is open', async () => {
    let ill = false;
    const { run } = setUp({
      provider: async () => {
        if (ill) throw new HubError('provider_unavailable');
        return { tags: ['v1'] };
      },
    });
    await run('tag.list');
    ill = true;
    for (let i = 0; i < 5; i += 1) await run();

    expect((await run('tag.list')).result).toMatchObject({ success: true, metadata: { cached: true } });
    expect((await run('tag.list', { repository: 'other' })).error?.code).toBe('circuit_open');
  });

  it('lets a connection test find out that the provider is back', async () => {
    let ill = true;
    const { rig, run } = setUp({
      provider: async () => {
        if (ill) throw new HubError('provider_unavailable');
        return { tags: [] };
      },
    });
    for (let i = 0; i < 5; i += 1) await run();
    ill = false;

    expect(await rig.gateway.testConnection(rig.call)).toMatchObject({ success: true });

    expect((await run()).error).toBeUndefined();
  });

  it('is opened and closed by an admin’s order, audited', async () => {
    const { clock, rig, run } = setUp();
    const { gateway, call, integration } = rig;

    expect(
      await gateway.forceCircuit(call, integration.id, { state: 'open', reason: 'maintenance', durationMs: 60_000 }),
    ).toMatchObject({
      state: 'open',
      nextRetryAt: '2026-01-01T00:01:00.000Z',
    });
    expect((await run()).error).toMatchObject({
      code: 'circuit_open',
      message: expect.stringContaining('(maintenance)'),
    });
    await expect(gateway.testConnection(call)).rejects.toMatchObject({ code: 'circuit_open' });
    expect(await gateway.forceCircuit(call, integration.id, { state: 'closed' })).toMatchObject({ state: 'closed' });
    expect((await run()).error).toBeUndefined();
    expect(rig.audit).toMatchObject([
      {
        action: 'circuit.force_open',
        reason: 'maintenance',
        before: { state: 'closed' },
        after: { state: 'open', durationMs: 60_000 },
      },
      { action: 'circuit.force_close', before: { state: 'open' }, after: { state: 'closed' } },
    ]);
    await clock.advance(1);
  });

  it('obeys admins only, with a reason and a sensible time', async () => {
    const { gateway, call, integration } = setUp().rig;
    const order = { state: 'open', reason: 'x' } as const;
    const reader = { ...call, principal: { ...call.principal, scopes: new Set(['integrations.execute'] as const) } };

    await expect(gateway.forceCircuit(reader, integration.id, order)).rejects.toMatchObject({ code: 'forbidden' });
    await expect(gateway.forceCircuit(call, 'nope', order)).rejects.toMatchObject({ code: 'not_found' });
    await expect(gateway.forceCircuit(call, integration.id, { ...order, reason: ' ' })).rejects.toMatchObject({
      code: 'invalid_request',
    });
    for (const durationMs of [0, Number.NaN, 1e12]) {
      await expect(gateway.forceCircuit(call, integration.id, { ...order, durationMs })).rejects.toMatchObject({
        errors: [{ path: '/durationMs' }],
      });
    }
  });

  it('stays as it is when the order cannot be audited', async () => {
    const { rig, run } = setUp({ deps: { writeAudit: async () => Promise.reject(new HubError('unavailable')) } });

    await expect(
      rig.gateway.forceCircuit(rig.call, rig.integration.id, { state: 'open', reason: 'x' }),
    ).rejects.toMatchObject({ code: 'unavailable' });

    expect((await run()).error).toBeUndefined();
  });
});

import { createId, expandScopes, type Scope } from '@inthub/contracts';
import { createFakeClock } from '@inthub/testing';
import { describe, expect, it } from 'vitest';
import type { Grant, InstalledIntegration } from '../../runtime/runtime.ts';
import { createSampleConnector, readSecret } from '../../runtime/testing.ts';
import { collect, createRig } from '../testing.ts';

const grant: Grant = {
  grantedCapabilities: ['tag.list', 'resource.discover'],
  deniedCapabilities: [],
  dataScope: { projects: 'all', dataTypes: ['code', 'issues', 'messages', 'configs', 'secrets'], piiAccess: true },
  networkScope: { allowedDomains: ['cdn.example.com'], blockedDomains: ['evil.example.com'] },
  grantedBy: 'admin',
  grantedAt: '2026-01-01T00:00:00.000Z',
  reviewedAt: null,
  expiresAt: null,
};

function setUp(integration: Partial<InstalledIntegration> = {}, scopes?: Scope[]) {
  const clock = createFakeClock('2026-06-01T00:00:00Z');
  const rig = createRig({
    clock,
    connector: createSampleConnector(),
    provider: async () => ({ tags: [] }),
    integration,
  });
  const principal = scopes === undefined ? rig.call.principal : { ...rig.call.principal, scopes: expandScopes(scopes) };
  const call = { ...rig.call, principal };
  const run = async (action = 'tag.list', more: object = {}) =>
    rig.gateway.execute({ ...call, action, params: { repository: 'app' }, ...more });
  return { rig, clock, call, run };
}

describe('scopes', () => {
  it.each<[Scope[], boolean]>([
    [['integrations.execute'], true],
    [['platform.admin'], true],
    [['integrations.admin'], false],
    [['integrations.read'], false],
    [[], false],
  ])('%j may execute: %s', async (scopes, may) => {
    const { error } = await setUp({}, scopes).run();

    expect(error?.code).toBe(may ? undefined : 'forbidden');
    if (!may) expect(error?.message).toContain('integrations.execute');
  });

  it('lets readers discover and admins test, and nobody without a scope', async () => {
    const reader = setUp({}, ['integrations.read']);
    expect((await reader.rig.gateway.discover({ ...reader.call, resourceType: 'tags', limit: 1 })).items).toHaveLength(
      1,
    );
    await expect(reader.rig.gateway.testConnection(reader.call)).rejects.toMatchObject({ code: 'forbidden' });
    const admin = setUp({}, ['integrations.admin']);
    expect(await admin.rig.gateway.testConnection(admin.call)).toMatchObject({ success: true });
  });

  it('trusts the hub’s own schedulers, inside their tenant', async () => {
    const { rig, call } = setUp();
    const scheduler = {
      ...call.principal,
      kind: 'system' as const,
      id: 'health',
      name: 'Health',
      scopes: new Set<Scope>(),
    };

    expect(await rig.gateway.testConnection({ ...call, principal: scheduler })).toMatchObject({ success: true });
  });
});

describe('the integration', () => {
  it.each(['not-a-uuid', '', "' OR 1=1", createId()])('that does not exist is not found: %j', async (integrationId) => {
    const { error } = await setUp().run('tag.list', { integrationId });

    expect(error).toMatchObject({ code: 'not_found' });
  });

  it.each([
    ['draft', /Submit it/, false, true, true],
    ['pending_verification', /Run a connection test/, false, true, true],
    ['active', null, true, true, true],
    ['degraded', null, true, true, true],
    ['failed', /Mend the cause.*The last check said: 401 from host/, false, true, false],
    ['paused', /Resume it/, false, true, false],
    ['uninstalling', /being removed/, false, false, false],
    ['uninstalled', /has been removed/, false, false, false],
  ])('in state %s says so and how to get out', async (status, wayOut, executes, tests, discovers) => {
    const { rig, call, run } = setUp({ status, lastError: '401 from host' });

    const { error } = await run();
    const test = await rig.gateway.testConnection(call).catch((thrown: unknown) => thrown);
    const found = await rig.gateway
      .discover({ ...call, resourceType: 'tags', limit: 1 })
      .catch((thrown: unknown) => thrown);

    if (executes) expect(error).toBeUndefined();
    else
      expect(error).toMatchObject({
        code: 'integration_inactive',
        message: expect.stringMatching(wayOut ?? /./),
        details: { status },
      });
    expect('success' in (test as object)).toBe(tests);
    expect('items' in (found as object)).toBe(discovers);
  });

  it('whose connector is gone says which', async () => {
    const { error } = await setUp({ connectorId: 'gone' }).run();

    expect(error).toMatchObject({ code: 'connector_unavailable', message: expect.stringContaining('gone') });
  });

  it('refuses to stream when its feature is off, and still executes', async () => {
    const { rig, call, run } = setUp({
      features: { syncEnabled: false, webhooksEnabled: false, streamingEnabled: false },
    });

    const events = await collect(rig.gateway.stream({ ...call, action: 'tag.list', params: { repository: 'app' } }));

    expect(events).toEqual([
      { type: 'error', error: { code: 'not_granted', message: expect.stringContaining('features.streamingEnabled') } },
    ]);
    expect((await run()).error).toBeUndefined();
  });
});

describe('the action', () => {
  it.each([
    ['tag.lst', /Did you mean tag[.]list/],
    ['tags.list', /Did you mean tag[.]list/],
    ['repository.delete', /It offers tag[.]list, tag[.]deploy/],
    ['constructor', /It offers/],
    ['x'.repeat(10_000), /It offers/],
  ])('that is unknown (%s) gets a hint', async (action, hint) => {
    const { error } = await setUp().run(action);

    expect(error).toMatchObject({ code: 'unknown_action', message: expect.stringMatching(hint) });
    expect(error!.message.length).toBeLessThan(400);
  });
});

describe('grants', () => {
  it('none: everything that the connector declares is allowed', async () => {
    expect((await setUp({ grant: null }).run('tag.list')).error).toBeUndefined();
  });

  it('allow what they name, and nothing else', async () => {
    const { run } = setUp({ grant });

    expect((await run('tag.list')).error).toBeUndefined();
    expect((await run('tag.deploy')).error).toMatchObject({
      code: 'not_granted',
      details: { capability: 'tag.deploy' },
    });
  });

  it('denied wins over granted', async () => {
    const { error } = await setUp({ grant: { ...grant, deniedCapabilities: ['tag.list'] } }).run();

    expect(error).toMatchObject({ code: 'not_granted', message: expect.stringContaining('denied') });
  });

  it('cover discovery, but never the connection test', async () => {
    const { rig, call } = setUp({ grant: { ...grant, grantedCapabilities: ['tag.list'] } });

    await expect(rig.gateway.discover({ ...call, resourceType: 'tags', limit: 1 })).rejects.toMatchObject({
      code: 'not_granted',
    });
    expect(await rig.gateway.testConnection(call)).toMatchObject({ success: true });
  });

  describe('of an action that deals in secrets', () => {
    const secretive = (changes: Partial<Grant> | null) => {
      const rig = createRig({
        clock: createFakeClock('2026-06-01T00:00:00Z'),
        connector: createSampleConnector({ actions: [readSecret] }),
        provider: async () => ({}),
        integration: { grant: changes === null ? null : { ...grant, ...changes } },
      });
      const run = (more: object = {}) =>
        rig.gateway.execute({ ...rig.call, action: 'secret.read', params: {}, ...more });
      const hub = { principal: { ...rig.call.principal, kind: 'system' as const, scopes: new Set<Scope>() } };
      return { run, hub };
    };

    it('must name it, even where there is no grant at all', async () => {
      expect((await secretive(null).run()).error).toMatchObject({ code: 'not_granted' });
      expect((await secretive({}).run()).error).toMatchObject({ code: 'not_granted' });
      expect((await secretive({ grantedCapabilities: ['secret.read'] }).run()).error).toBeUndefined();
    });

    it('need not name it for the hub itself, which opens references: those need secret.ref', async () => {
      const open = secretive(null);
      expect((await open.run(open.hub)).error).toBeUndefined();
      const closed = secretive({ grantedCapabilities: ['secret.read'] });
      expect((await closed.run(closed.hub)).error).toMatchObject({ code: 'not_granted' });
      const granted = secretive({ grantedCapabilities: ['secret.ref'] });
      expect((await granted.run(granted.hub)).error).toBeUndefined();
    });

    it('does not let its result be kept: no cache, no idempotency key', async () => {
      const { run } = secretive({ grantedCapabilities: ['secret.read'] });

      expect((await run()).result.metadata.cached).toBe(false);
      expect((await run()).result.metadata).toMatchObject({ cached: false });
      expect((await run({ idempotencyKey: 'k' })).error).toMatchObject({
        code: 'invalid_request',
        message: expect.stringContaining('Idempotency-Key'),
      });
    });
  });

  it('end at the very millisecond of their expiry', async () => {
    const { clock, run } = setUp({ grant: { ...grant, expiresAt: '2026-06-01T00:00:01.000Z' } });
    await clock.advance(999);
    expect((await run()).error).toBeUndefined();

    await clock.advance(1);

    expect((await run()).error).toMatchObject({
      code: 'grant_expired',
      message: expect.stringContaining('2026-06-01T00:00:01.000Z'),
    });
  });

  it('with a date that nobody can read allow nothing', async () => {
    expect((await setUp({ grant: { ...grant, expiresAt: 'soon' } }).run()).error).toMatchObject({
      code: 'grant_expired',
    });
  });

  it('bound the network: their domains reach egress', async () => {
    const { rig, run } = setUp({ grant });

    await run();

    expect(rig.scopes[0]).toMatchObject({
      allowedHosts: ['auth.example.com', 'cdn.example.com'],
      blockedHosts: ['evil.example.com'],
    });
  });
});

describe('deadline', () => {
  it.each<[given: number | undefined, configured: number | undefined, expected: number, from: string]>([
    [undefined, undefined, 30_000, 'integration'],
    [undefined, 5_000, 5_000, 'integration'],
    [1_000, 5_000, 1_000, 'caller'],
    [9_000, 5_000, 5_000, 'integration'],
    [undefined, 300_000, 300_000, 'integration'],
  ])('caller %s, integration %s: %s ms', async (given, configured, expected, from) => {
    const config = { endpoint: 'https://registry.example.com', authMode: 'none' as const };
    const { rig, run } = setUp({ config: configured === undefined ? config : { ...config, timeout: configured } });

    await run('tag.list', given === undefined ? {} : { timeoutMs: given });

    expect(rig.scopes[0]).toMatchObject({ deadlineMs: expected, deadlineFrom: from });
  });

  it.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY])('of %s ms is refused', async (timeoutMs) => {
    const { error } = await setUp().run('tag.list', { timeoutMs });

    expect(error).toMatchObject({ code: 'invalid_request', errors: [{ path: '/timeoutMs' }] });
  });

  it('of a caller who has left already starts nothing', async () => {
    const { rig, run } = setUp();

    const { error } = await run('tag.list', { signal: AbortSignal.abort() });

    expect(error).toMatchObject({ code: 'cancelled' });
    expect(rig.scopes).toEqual([]);
  });
});

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestHub, type TestHub } from './testing.ts';

// Two tenants in one hub: whatever one of them has does not exist for the other.
describe('tenants', () => {
  let hub: TestHub;
  let acmeKey: string;
  let rivalKey: string;
  let owned: { integrationId: string; keyId: string; userId: string; profileId: string };
  const as = (key: string) => ({ authorization: `Bearer ${key}` });

  beforeAll(async () => {
    hub = await startTestHub();
    acmeKey = await tenantWithKey('acme');
    rivalKey = await tenantWithKey('rival');
    const integration = await hub.call(
      'POST',
      '/api/v1/integrations',
      { type: 'test.inmemory', name: 'mine', config: { endpoint: 'http://inmemory.invalid', authMode: 'none' } },
      as(acmeKey),
    );
    const key = await hub.call('POST', '/api/v1/api-keys', { name: 'second', roles: ['viewer'] }, as(acmeKey));
    const user = await hub.call('POST', '/api/v1/users', { name: 'Ada', roles: ['viewer'] }, as(acmeKey));
    const profile = await hub.call(
      'POST',
      '/api/v1/connection-profiles',
      { name: 'mine', type: 'test.inmemory', defaultConfig: { latencyMs: 1 }, isDefault: true },
      as(acmeKey),
    );
    const made = [integration, key, user, profile];
    expect(
      made.map(({ status }) => status),
      made.map(({ text }) => text).join(),
    ).toEqual([201, 201, 201, 201]);
    owned = {
      integrationId: integration.body.id,
      keyId: key.body.apiKey.id,
      userId: user.body.id,
      profileId: profile.body.id,
    };
  });
  afterAll(() => hub.stop());

  async function tenantWithKey(slug: string): Promise<string> {
    const tenant = await hub.call('POST', '/api/v1/tenants', { slug, name: slug });
    const key = await hub.call('POST', `/api/v1/tenants/${tenant.body.id}/api-keys`, {
      name: 'first',
      roles: ['admin'],
    });
    expect([tenant.status, key.status], tenant.text + key.text).toEqual([201, 201]);
    return key.body.key as string;
  }

  it('cannot reach one another’s rows through any endpoint that takes an id', async () => {
    const document = (await hub.call('GET', '/openapi.json')).body as {
      paths: Record<string, Record<string, { security?: unknown[] }>>;
    };
    const place = { owner: 'o', repository: 'r' };
    const sha = 'a'.repeat(40);
    const bodies: Record<string, unknown> = {
      'PUT /api/v1/integrations/{id}': {
        name: 'stolen',
        config: { endpoint: 'http://inmemory.invalid', authMode: 'none' },
      },
      'PATCH /api/v1/integrations/{id}': { name: 'stolen' },
      'POST /api/v1/integrations/{id}/pause': { reason: 'mine now' },
      'PATCH /api/v1/connectors/instances/{instanceId}': { displayName: 'stolen' },
      'POST /api/v1/connectors/instances/{instanceId}/auth': { credentials: { kind: 'bearer_token', token: 'x' } },
      'POST /api/v1/connectors/instances/{instanceId}/execute': { action: 'echo', params: {} },
      'PUT /api/v1/connectors/instances/{instanceId}/permissions': { grantedCapabilities: [] },
      'POST /api/v1/connectors/instances/{instanceId}/pause': { reason: 'mine now' },
      'POST /api/v1/connectors/instances/{instanceId}/circuit/open': { reason: 'mine now' },
      'POST /api/v1/connectors/instances/{instanceId}/circuit/close': {},
      'PUT /api/v1/connection-profiles/{id}': { name: 'stolen' },
      'PATCH /api/v1/users/{id}': { roles: [] },
      'POST /api/v1/integrations/{id}/webhooks': {},
      'POST /api/v1/integrations/{id}/webhooks/{endpointId}/rotate': {},
      'POST /api/v1/integrations/{id}/webhooks/deliveries/translate': {},
      'PATCH /api/v1/connectors/webhooks/{id}': { name: 'stolen' },
      'POST /api/v1/connectors/webhooks/{id}/rotate-secret': {},
      'POST /api/v1/connectors/webhooks/{id}/recover': { since: '2026-01-01T00:00:00.000Z' },
      'POST /api/v1/integrations/{id}/annotations/comment': { ...place, pullRequestNumber: 1, body: 'x' },
      'POST /api/v1/integrations/{id}/annotations/status': { ...place, commitSha: sha, state: 'success', context: 'x' },
      'POST /api/v1/integrations/{id}/annotations/check-run': { ...place, headSha: sha, name: 'x' },
      'POST /api/v1/integrations/{id}/annotations/findings': { ...place, commitSha: sha, name: 'x', findings: [] },
      'PUT /api/v1/model-routes/{id}': {
        alias: 'stolen',
        targets: [{ integration: 'mine', model: 'm' }],
      },
    };
    const tried: string[] = [];

    for (const [path, operations] of Object.entries(document.paths)) {
      if (!/\{(id|instanceId)\}/.test(path) || path.startsWith('/api/v1/tenants')) continue;
      const id = path.includes('/users/')
        ? owned.userId
        : path.includes('/api-keys/')
          ? owned.keyId
          : path.includes('/connection-profiles/')
            ? owned.profileId
            : owned.integrationId;
      const asked = path.endsWith('/resources') ? '?type=things' : '';
      const url = path.replace(/\{(id|instanceId)\}/, id).replaceAll(/\{\w+\}/g, owned.keyId) + asked;
      for (const [verb, { security }] of Object.entries(operations)) {
        // Open to everybody, and the same to everybody: see below.
        if (security?.length === 0) continue;
        const method = verb.toUpperCase();
        const name = `${method} ${path}`;
        const response = await hub.call(method, url, bodies[name], { ...as(rivalKey), 'if-match': '"1"' });

        tried.push(name);
        expect(response.body, name).toMatchObject({ status: 404, code: 'not_found' });
        expect(response.text, name).not.toContain('mine"');
      }
    }
    expect(tried.length).toBeGreaterThan(20);
    expect(
      (await hub.call('GET', `/api/v1/integrations/${owned.integrationId}`, undefined, as(acmeKey))).body,
    ).toMatchObject({ name: 'mine', version: 1 });
  });

  it('see only their own in every list', async () => {
    const lists = [
      '/api/v1/integrations',
      '/api/v1/connectors/instances',
      '/api/v1/connection-profiles',
      '/api/v1/users',
    ];

    for (const path of lists) {
      const mine = await hub.call('GET', path, undefined, as(acmeKey));
      const theirs = await hub.call('GET', path, undefined, as(rivalKey));

      expect(mine.body.items.length, path).toBe(1);
      expect(theirs.body.items, path).toEqual([]);
    }
    const audit = await hub.call('GET', '/api/v1/audit', undefined, as(rivalKey));
    const actions = audit.body.items.map(
      (entry: { action: string; outcome: string }) => `${entry.action} ${entry.outcome}`,
    );
    // Of the other's integration, only what they tried themselves.
    expect(actions).not.toContain('integration.create success');
    expect(actions).toContain('action.execute denied');
  });

  it('learn nothing from the one endpoint that is open', async () => {
    const ids = [owned.integrationId, '01890000-0000-7000-8000-00000000000f', 'nonsense'];
    const callback = (id: string) => `/api/v1/connectors/instances/${id}/auth/callback?code=c&state=s`;

    const answers = await Promise.all(
      ids.map(async (id) => {
        const response = await fetch(`${hub.url}${callback(id)}`);
        const { requestId: _, instance, ...problem } = (await response.json()) as Record<string, unknown>;
        return { status: response.status, path: String(instance).replace(id, 'ID'), problem };
      }),
    );

    expect(answers[0]).toMatchObject({ status: 409, problem: { code: 'conflict' } });
    expect(answers[1]).toEqual(answers[0]);
    expect(answers[2]).toEqual(answers[0]);
    expect(hub.logs.join('')).not.toContain('code=c');
  });

  it('may use the same name', async () => {
    const body = {
      type: 'test.inmemory',
      name: 'mine',
      config: { endpoint: 'http://inmemory.invalid', authMode: 'none' },
    };

    expect((await hub.call('POST', '/api/v1/integrations', body, as(rivalKey))).status).toBe(201);
    expect((await hub.call('POST', '/api/v1/integrations', body, as(rivalKey))).body).toMatchObject({
      status: 409,
      code: 'conflict',
    });
  });

  it('cannot manage tenants, nor give more than they have', async () => {
    const tenants = await hub.call('GET', '/api/v1/tenants', undefined, as(acmeKey));
    const more = await hub.call('POST', '/api/v1/api-keys', { name: 'root', scopes: ['platform.admin'] }, as(acmeKey));

    expect(tenants.body).toMatchObject({ code: 'forbidden' });
    expect(more.body).toMatchObject({ code: 'forbidden' });
  });

  it('lose a key the moment it is revoked', async () => {
    const made = await hub.call('POST', '/api/v1/api-keys', { name: 'short-lived', roles: ['viewer'] }, as(acmeKey));
    expect((await hub.call('GET', '/api/v1/me', undefined, as(made.body.key))).status).toBe(200);

    const revoked = await hub.call('DELETE', `/api/v1/api-keys/${made.body.apiKey.id}`, undefined, as(acmeKey));

    expect(revoked.status).toBe(204);
    expect((await hub.call('GET', '/api/v1/me', undefined, as(made.body.key))).body).toMatchObject({
      code: 'unauthenticated',
    });
  });
});

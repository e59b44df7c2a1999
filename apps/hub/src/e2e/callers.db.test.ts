import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createTemporaryDirectory, type OidcProvider, startOidcProvider } from '@inthub/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestHub, type TestHub } from './testing.ts';

describe('callers with tokens of a real OpenID provider', () => {
  let provider: OidcProvider;
  let hub: TestHub;

  beforeAll(async () => {
    provider = await startOidcProvider({
      scopes: ['integrations.read', 'platform.admin'],
      clients: [
        {
          clientId: 'pipeline',
          clientSecret: 'pipeline-secret-1',
          claims: { tenant: 'default', roles: ['developer'] },
        },
      ],
    });
    hub = await startTestHub({ OIDC_ISSUER: provider.issuer, OIDC_AUDIENCE: provider.audience });
  });
  afterAll(async () => {
    await hub.stop();
    await provider.stop();
  });

  const me = (token: string) => hub.call('GET', '/api/v1/me', undefined, { authorization: `Bearer ${token}` });

  it('are who the token says, with the scopes of their role', async () => {
    const answer = await me(await provider.requestToken());

    expect(answer.body).toMatchObject({ kind: 'user', tenant: { slug: 'default' } });
    expect(answer.body.scopes).toContain('integrations.execute');
    expect(answer.body.scopes).not.toContain('integrations.admin');
  });

  it('never become platform admin by a token', async () => {
    const answer = await me(await provider.requestToken({ scope: 'platform.admin' }));

    expect(answer.body.scopes).not.toContain('platform.admin');
  });

  it.each(['expired', 'wrong-audience', 'wrong-key', 'alg-none'] as const)(
    'are refused with a token that is %s',
    async (defect) => {
      const answer = await me(await provider.mint(defect, { tenant: 'default', roles: ['admin'] }));

      expect(answer.body).toMatchObject({ status: 401, code: 'unauthenticated' });
    },
  );
});

describe('connectors from PLUGINS_DIR', () => {
  const plugins = createTemporaryDirectory('plugins');
  let hub: TestHub;

  beforeAll(async () => {
    writeFileSync(join(plugins.path, 'broken.js'), 'export const connector = { manifest: {} };\n');
    mkdirSync(join(plugins.path, 'throws'));
    writeFileSync(join(plugins.path, 'throws', 'index.js'), 'throw new Error("cannot load");\n');
    writeFileSync(join(plugins.path, 'greeter.js'), greeter);
    hub = await startTestHub({ PLUGINS_DIR: plugins.path });
  });
  afterAll(async () => {
    await hub.stop();
    plugins.remove();
  });

  it('reports broken plugins with the reason and serves on', async () => {
    const { body } = await hub.call('GET', '/api/v1/connectors/registry');

    expect(body.broken).toHaveLength(2);
    expect(body.broken.map((plugin: { path: string }) => plugin.path).join()).toMatch(/broken\.js.*throws/);
    expect(body.broken[1].reason).toContain('cannot load');
    expect(body.items.map((item: { id: string }) => item.id)).toContain('oci');
  });

  it('runs a good one like any other', async () => {
    const made = await hub.call('POST', '/api/v1/connectors/instances', {
      connectorId: 'greeter',
      displayName: 'greeter',
      config: { endpoint: 'http://127.0.0.1:9', authMode: 'none', greeting: 'Hello' },
      submit: true,
    });
    expect(made.status, made.text).toBe(201);
    await hub.call('POST', `/api/v1/integrations/${made.body.instanceId}/test`);

    const answer = await hub.call('POST', `/api/v1/connectors/instances/${made.body.instanceId}/execute`, {
      action: 'greeter.greet',
      params: { name: 'Ada' },
    });

    expect(answer.body).toMatchObject({ success: true, data: { text: 'Hello, Ada' } });
  });

  it('validates configuration by the schema of the plugin', async () => {
    const { body } = await hub.call('POST', '/api/v1/connectors/instances', {
      connectorId: 'greeter',
      displayName: 'other',
      config: { endpoint: 'http://127.0.0.1:9', authMode: 'none', greeting: 7, colour: 'red' },
    });

    expect(body).toMatchObject({ status: 400, code: 'invalid_request' });
    expect(body.errors.map((error: { path: string }) => error.path)).toEqual(
      expect.arrayContaining(['/config/greeting', '/config/colour']),
    );
  });
});

// A plugin as a third party ships it: plain JavaScript without any import.
const greeter = `
const metadata = {
  name: 'Greeter', description: 'Greets.', icon: 'data:image/svg+xml,%3Csvg/%3E', category: 'custom', vendor: 'Example',
  documentationUrl: 'https://example.com', supportUrl: 'https://example.com', privacyPolicyUrl: 'https://example.com',
  tags: [], minPlatformVersion: '0.1.0', targetApiVersion: '1',
};
const text = { type: 'string', minLength: 1, maxLength: 100 };
export const connector = {
  manifest: {
    id: 'greeter', version: '1.0.0', metadata,
    types: [{
      id: 'custom.greeter', displayName: 'Greeter', description: 'Greets.', category: 'custom', capabilities: ['greet'],
      config: { type: 'object', required: ['greeting'], properties: { greeting: text } }, defaultEndpoint: null,
    }],
    auth: [{ mode: 'none', kind: null, title: 'None', help: 'Needs none.', apply: { scheme: 'none' } }],
    egress: { hosts: [] }, requiredPermissions: [],
  },
  actions: new Map([['greeter.greet', {
    id: 'greeter.greet', title: 'Greet', description: 'Greets somebody.', safe: true,
    input: { type: 'object', required: ['name'], additionalProperties: false, properties: { name: text } },
    output: { type: 'object', required: ['text'], properties: { text: { type: 'string' } } },
    run: async ({ name }, ctx) => ({ text: ctx.integration.config.greeting + ', ' + name }),
  }]]),
  testConnection: async () => ({ success: true, message: 'Ready.', details: {} }),
  discover: {}, checks: [],
};
`;

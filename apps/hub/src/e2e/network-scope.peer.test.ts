import { type FaultServer, respond, startFaultServer } from '@inthub/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeEachStore } from './each-store.ts';
import { type Answer, startTestHub, type TestHub } from './testing.ts';

// Where an integration may connect to, as three people decide it: the operator, the platform admin (by tenant), the tenant's admin
// (by grant). The provider listens on a loopback address, which the hub of this test does not allow by itself.
let provider: FaultServer;
let elsewhere: FaultServer;
let hub: TestHub;
beforeAll(async () => {
  provider = await startFaultServer();
  elsewhere = await startFaultServer();
  provider.always('GET', '/v2/', respond.json(200, {}));
  provider.always('GET', '/v2/team/app/tags/list', respond.json(200, { name: 'team/app', tags: ['v1'] }));
  provider.always('GET', '/v2/team/moved/tags/list', respond.redirect(`http://localhost:${elsewhere.port}/tags`));
  elsewhere.always('GET', '/tags', respond.json(200, { name: 'team/moved', tags: ['v2'] }));
});
afterAll(async () => {
  await provider.stop();
  await elsewhere.stop();
});

async function tenantWithRegistry(slug: string, egressAllow: string[]) {
  const tenant = await hub.call('POST', '/api/v1/tenants', { slug, name: slug });
  const key = await hub.call('POST', `/api/v1/tenants/${tenant.body.id}/api-keys`, { name: 'k', roles: ['admin'] });
  const as = { authorization: `Bearer ${key.body.key}` };
  const allow = await hub.call('PATCH', `/api/v1/tenants/${tenant.body.id}`, { egressAllow });
  expect(allow.status, allow.text).toBe(200);
  const { body } = await hub.call(
    'POST',
    '/api/v1/integrations',
    {
      type: 'registry.oci',
      name: 'registry',
      config: { endpoint: provider.url, authMode: 'none', retryPolicy: { maxRetries: 0 } },
      submit: true,
    },
    as,
  );
  const id = body.id as string;
  return {
    tenantId: tenant.body.id as string,
    test: async () => (await hub.call('POST', `/api/v1/integrations/${id}/test`, undefined, as)).body,
    tags: (repository: string): Promise<Answer> =>
      hub.call(
        'POST',
        `/api/v1/connectors/instances/${id}/execute`,
        { action: 'tag.list', params: { repository } },
        as,
      ),
    grant: (networkScope: object) =>
      hub.call(
        'PUT',
        `/api/v1/connectors/instances/${id}/permissions`,
        {
          grantedCapabilities: ['tag.list'],
          networkScope: { allowedDomains: [], blockedDomains: [], ...networkScope },
        },
        as,
      ),
  };
}

await describeEachStore((environment) => {
  beforeAll(async () => {
    hub = await startTestHub({ HUB_EGRESS_ALLOW: '', ...environment() });
  });
  afterAll(() => hub.stop());

  describe('exceptions of a tenant', () => {
    it('let its integrations reach a private address, and nobody else’s', async () => {
      const acme = await tenantWithRegistry('acme', ['127.0.0.0/8']);
      const rival = await tenantWithRegistry('rival', []);

      expect(await acme.test()).toMatchObject({ success: true });
      expect((await acme.tags('team/app')).body.data.items).toHaveLength(1);
      expect(await rival.test()).toMatchObject({
        success: false,
        details: { code: 'egress_denied' },
      });
    });

    it('end with the next call when they are withdrawn', async () => {
      const brief = await tenantWithRegistry('brief', ['127.0.0.1']);
      expect(await brief.test()).toMatchObject({ success: true });

      await hub.call('PATCH', `/api/v1/tenants/${brief.tenantId}`, { egressAllow: [] });

      expect((await brief.tags('team/app')).body).toMatchObject({ code: 'egress_denied' });
    });

    it('are refused where egress could not read them, naming the entry', async () => {
      const { tenantId } = await tenantWithRegistry('typo', []);
      const before = (await hub.call('GET', '/api/v1/tenants?limit=100')).body.items;

      const { status, body } = await hub.call('PATCH', `/api/v1/tenants/${tenantId}`, {
        egressAllow: ['10.0.0.0/8', 'http://x/'],
      });

      expect([status, body.code, body.errors[0].path]).toEqual([400, 'invalid_request', '/egressAllow/1']);
      expect(body.detail).toContain('CIDR (10.0.0.0/8)');
      expect((await hub.call('GET', '/api/v1/tenants?limit=100')).body.items).toEqual(before);
    });
  });

  describe('domains of a grant', () => {
    it('open a host beside the endpoint, for a redirect too', async () => {
      const acme = await tenantWithRegistry('granted', ['127.0.0.1', 'localhost']);
      await acme.test();

      const before = await acme.tags('team/moved');
      await acme.grant({ allowedDomains: [`localhost:${elsewhere.port}`] });
      const after = await acme.tags('team/moved');

      expect(before.body).toMatchObject({ code: 'egress_denied', details: { host: `localhost:${elsewhere.port}` } });
      expect(after.body.data.items).toMatchObject([{ name: 'v2' }]);
    });

    it('block even the endpoint', async () => {
      const acme = await tenantWithRegistry('blocked', ['127.0.0.1']);
      await acme.test();

      await acme.grant({ blockedDomains: ['127.0.0.1'] });

      expect((await acme.tags('team/app')).body).toMatchObject({ code: 'egress_denied' });
      await acme.grant({});
      expect((await acme.tags('team/app')).status).toBe(200);
    });
  });
});

import { type FaultServer, respond, startFaultServer } from '@inthub/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeEachStore } from './each-store.ts';
import { startTestHub, type TestHub } from './testing.ts';

let provider: FaultServer;

const install = async (hub: TestHub, key?: string) => {
  const { status, body } = await hub.call(
    'POST',
    '/api/v1/integrations',
    {
      type: 'registry.oci',
      name: 'registry',
      config: { endpoint: provider.url, authMode: 'none', retryPolicy: { maxRetries: 0 } },
      submit: true,
    },
    as(key),
  );
  expect(status, JSON.stringify(body)).toBe(201);
  return body.id as string;
};
const as = (key: string | undefined): Record<string, string> =>
  key === undefined ? {} : { authorization: `Bearer ${key}` };

/** Asks until the answer fits; what the hub does by itself takes its own time. */
async function eventually<Value>(ask: () => Promise<Value>, fits: (value: Value) => boolean): Promise<Value> {
  for (let tries = 0; tries < 2_000; tries += 1) {
    const value = await ask();
    if (fits(value)) return value;
  }
  throw new Error('did not come about');
}

await describeEachStore((environment) => {
  beforeAll(async () => {
    provider = await startFaultServer();
    provider.always('GET', '/v2/', respond.json(200, {}));
    provider.always('GET', '/v2/team/app/tags/list', respond.json(200, { name: 'team/app', tags: ['v1'] }));
  });
  afterAll(() => provider.stop());

  describe('a hub in offline mode', () => {
    let hub: TestHub;
    let id: string;
    beforeAll(async () => {
      hub = await startTestHub({ HUB_OFFLINE: 'true', HUB_ROLES: 'api,worker', ...environment() });
      id = await install(hub);
    });

    it('refuses a connection test as its own doing, which says nothing about the integration', async () => {
      const test = await hub.call('POST', `/api/v1/integrations/${id}/test`);

      expect(test.body).toMatchObject({ success: false, details: { code: 'offline' } });
      expect((await hub.call('GET', `/api/v1/integrations/${id}`)).body).toMatchObject({
        status: 'pending_verification',
        consecutiveFailures: 0,
      });
    });

    it('fails discovery with the typed error', async () => {
      const { status, body } = await hub.call('GET', `/api/v1/integrations/${id}/resources?type=repositories`);

      expect([status, body.code, body.retryable]).toEqual([503, 'offline', false]);
      expect(body.detail).toContain('HUB_OFFLINE');
    });

    it('leaves out the scheduled check and says so', async () => {
      const health = await eventually(
        async () => (await hub.call('GET', `/api/v1/integrations/${id}/health`)).body,
        (body) => body.skippedOffline === true,
      );

      expect(health).toMatchObject({ consecutiveFailures: 0 });
    });

    it('runs what needs no network', async () => {
      const made = await hub.call('POST', '/api/v1/integrations', {
        type: 'test.inmemory',
        name: 'double',
        config: { endpoint: 'http://inmemory.invalid', authMode: 'none' },
        submit: true,
      });
      expect((await hub.call('POST', `/api/v1/integrations/${made.body.id}/test`)).body).toMatchObject({
        success: true,
      });

      const { status } = await hub.call('POST', `/api/v1/connectors/instances/${made.body.id}/execute`, {
        action: 'inmemory.echo',
        params: { value: 1 },
      });

      expect(status).toBe(200);
    });

    it('proves that nothing was attempted, to platform admins, and once more when it stops', async () => {
      const proof = await hub.call('GET', '/api/v1/platform/egress');
      const key = await hub.call('POST', '/api/v1/api-keys', { name: 'reader', roles: ['admin'] });
      const refused = await hub.call('GET', '/api/v1/platform/egress', undefined, as(key.body.key));

      expect(proof.body).toEqual({ offline: true, attempts: 0, since: expect.stringMatching(/Z$/) });
      expect(refused.status).toBe(403);
      expect([provider.connections, provider.requests.length]).toEqual([0, 0]);

      await hub.stop();
      const lines = hub.logs.map((line) => JSON.parse(line));
      expect(lines.filter((line) => line.msg === 'calls to outside hosts since the start')).toMatchObject([
        { offline: true, attempts: 0 },
      ]);
    });
  });

  describe('one tenant in offline mode', () => {
    let hub: TestHub;
    let acme: { id: string; key: string };
    let rivalId: string;
    beforeAll(async () => {
      hub = await startTestHub(environment());
      const tenant = await hub.call('POST', '/api/v1/tenants', { slug: 'acme', name: 'Acme' });
      const key = await hub.call('POST', `/api/v1/tenants/${tenant.body.id}/api-keys`, { name: 'k', roles: ['admin'] });
      acme = { id: tenant.body.id, key: key.body.key };
      rivalId = await install(hub);
    });
    afterAll(() => hub.stop());

    const attempts = async () => (await hub.call('GET', '/api/v1/platform/egress')).body.attempts as number;

    it('sends nothing for it, and everything for the others; the change is audited in its own chain', async () => {
      const changed = await hub.call('PATCH', `/api/v1/tenants/${acme.id}`, { offline: true });
      expect(changed.body).toMatchObject({ offline: true, egressAllow: [], name: 'Acme' });
      const id = await install(hub, acme.key);

      const test = await hub.call('POST', `/api/v1/integrations/${id}/test`, undefined, as(acme.key));
      const before = await attempts();
      const other = await hub.call('POST', `/api/v1/integrations/${rivalId}/test`);

      expect(test.body).toMatchObject({ success: false, details: { code: 'offline' } });
      expect(test.body.message).toContain('This tenant is in offline mode');
      expect([before, other.body.success, await attempts()]).toEqual([0, true, 1]);
      const audit = await hub.call('GET', '/api/v1/audit?action=tenant.update', undefined, as(acme.key));
      expect(audit.body.items).toMatchObject([{ before: { offline: false }, after: { offline: true } }]);
    });

    it('sends again from the moment that it is back', async () => {
      await hub.call('PATCH', `/api/v1/tenants/${acme.id}`, { offline: false });
      const id = (await hub.call('GET', '/api/v1/integrations', undefined, as(acme.key))).body.items[0].id;

      const test = await hub.call('POST', `/api/v1/integrations/${id}/test`, undefined, as(acme.key));

      expect(test.body).toMatchObject({ success: true });
    });

    it('can be set by platform admins only', async () => {
      for (const change of [{ offline: false }, { egressAllow: ['10.0.0.0/8'] }]) {
        expect((await hub.call('PATCH', `/api/v1/tenants/${acme.id}`, change, as(acme.key))).status).toBe(403);
      }
    });
  });
});

import { HubError } from '@inthub/contracts';
import { type FaultServer, respond, startFaultServer } from '@inthub/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { TenantNetwork } from './egress.ts';
import { createPolicy } from './policy.ts';
import { createTestEgress, failure, type TestEgress } from './testing.ts';

let server: FaultServer;
let networks: Record<string, TenantNetwork>;
let test: TestEgress;
const none: TenantNetwork = { offline: false, egressAllow: [] };

beforeEach(async () => {
  server = await startFaultServer();
  server.always('GET', '/x', respond.json(200, {}));
  networks = {};
  test = createTestEgress({ policy: { allow: [] }, network: async (tenant) => networks[tenant] ?? none });
});
afterEach(async () => {
  await test.egress.close();
  await server.stop();
});

const get = (tenantId: string) => test.client(server.url, { tenantId }).get('/x');

describe('exceptions of a tenant', () => {
  it('open an address for that tenant only, and beside those of the operator', async () => {
    networks = { acme: { offline: false, egressAllow: [`127.0.0.1:${server.port}`] } };

    expect((await get('acme')).status).toBe(200);
    expect(await failure(get('rival'))).toMatchObject({ code: 'egress_denied', blame: 'configuration' });

    const both = createTestEgress({
      policy: { allow: ['127.0.0.1'] },
      network: () => ({ offline: false, egressAllow: ['10.0.0.0/8'] }),
    });
    expect((await both.client(server.url).get('/x')).status).toBe(200);
    await both.egress.close();
  });

  it('that are withdrawn close the way again, open connections included', async () => {
    networks = { acme: { offline: false, egressAllow: ['127.0.0.0/8'] } };
    await get('acme');

    networks = {};
    const error = await failure(get('acme'));

    expect(error.code).toBe('egress_denied');
    expect(error.message).toContain("or to the tenant's egressAllow");
    expect(server.requests).toHaveLength(1);
  });

  it('hold for the probe too', async () => {
    networks = { acme: { offline: false, egressAllow: ['127.0.0.1'] } };
    const probe = (tenantId: string) =>
      test.egress.probe({
        tenantId,
        config: { endpoint: server.url, authMode: 'none' },
        allowedHosts: [],
        blockedHosts: [],
        signal: new AbortController().signal,
      });

    expect(await probe('acme')).toMatchObject({ reached: 'endpoint' });
    expect(await failure(probe('rival'))).toMatchObject({ code: 'egress_denied' });
  });

  it('never open the hub itself, and a metadata address only by its exact name', () => {
    const policy = createPolicy({ allow: ['127.0.0.0/8'], ownPorts: [8080] });
    const at = (port: number) => ({ hostname: 'x.example', port });
    const check =
      (allow: string[], address: string, port = 80) =>
      () =>
        policy.withExceptions(allow).checkAddress(address, at(port));

    expect(check(['127.0.0.1:8080'], '127.0.0.1', 8080)).toThrow('this hub itself');
    expect(check(['169.254.0.0/16', 'x.example'], '169.254.169.254')).toThrow('cloud metadata');
    expect(check(['169.254.169.254'], '169.254.169.254')).not.toThrow();
    expect(() => policy.withExceptions(['10.0.0.0/99'])).toThrow('egressAllow: "10.0.0.0/99"');
  });
});

describe('offline', () => {
  it('stops one tenant and leaves the others online, until it is withdrawn', async () => {
    networks = {
      acme: { offline: true, egressAllow: ['127.0.0.1'] },
      rival: { offline: false, egressAllow: ['127.0.0.1'] },
    };

    expect(await failure(get('acme'))).toMatchObject({ code: 'offline', blame: 'configuration', retryable: false });
    expect(test.egress.attempts).toBe(0);
    expect((await get('rival')).status).toBe(200);

    networks = { acme: { offline: false, egressAllow: ['127.0.0.1'] } };
    expect((await get('acme')).status).toBe(200);
  });

  it('of the hub wins over whatever a tenant has', async () => {
    const sealed = createTestEgress({ offline: true, network: () => ({ offline: false, egressAllow: ['127.0.0.1'] }) });

    const error = await failure(sealed.client(server.url).get('/x'));

    expect(error.message).toContain('HUB_OFFLINE');
    expect([sealed.egress.attempts, server.connections]).toEqual([0, 0]);
    await sealed.egress.close();
  });
});

it('sends nothing while it is not known what is set for the tenant', async () => {
  const blind = createTestEgress({
    network: async () => {
      throw new HubError('unavailable');
    },
  });

  expect(await failure(blind.client(server.url).get('/x'))).toMatchObject({ code: 'unavailable' });
  expect(blind.egress.attempts).toBe(0);
  await blind.egress.close();
});

/** The watch with the real egress, before real TLS servers; the calendar is a stub that remembers. */
import type { IntegrationConfig, TenantId } from '@inthub/contracts';
import { type CertificateAuthority, createAuthority, type FaultServer, startFaultServer } from '@inthub/testing';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { type CertificateWatch, createCertificateWatch } from './certificate-watch.ts';
import { createTestEgress, type TestEgress } from './egress/testing.ts';

const tenantId = 'tenant-1' as TenantId;
const validTo = new Date('2031-05-06T07:08:09Z');
const patient = { timeout: 10_000, interval: 5 };
let authority: CertificateAuthority;
let secure: FaultServer;
let plain: FaultServer;
let test: TestEgress;
let watch: CertificateWatch;
let config: IntegrationConfig;
let noted: unknown[];

beforeAll(async () => {
  authority = await createAuthority({ name: 'Watch CA' });
  const tls = await authority.issue({ hosts: ['127.0.0.1'], notAfter: validTo });
  [secure, plain] = [await startFaultServer({ tls }), await startFaultServer()];
});
afterAll(async () => {
  await secure?.stop();
  await plain?.stop();
});
beforeEach(() => {
  test = createTestEgress();
  noted = [];
  config = { endpoint: secure.url, authMode: 'none', network: { caCertificate: authority.caPem } };
  watch = createCertificateWatch({
    probe: test.egress.probe,
    find: (_tenant, id) => (id === 'gone' ? undefined : ({ id, connectorId: 'oci', config, grant: null } as never)),
    registry: { find: () => undefined },
    expiries: { noteCertificate: async (_tenant, seen) => void noted.push(seen) },
    clock: test.clock,
    log: { debug() {}, info() {}, warn() {}, error() {} },
  });
});
afterEach(async () => {
  await watch.stop();
  await test.egress.close();
});

it('notes the date of the certificate, once a day', async () => {
  watch.reached(tenantId, 'one');
  await expect.poll(() => noted, patient).toEqual([{ integrationId: 'one', connectorId: 'oci', expiresAt: validTo }]);
  watch.reached(tenantId, 'one');
  watch.reached(tenantId, 'gone');
  watch.reached(tenantId, 'two');
  await expect.poll(() => noted.length, patient).toBe(2);
  expect(test.egress.attempts).toBe(2);
  await test.clock.advance(86_400_000);
  watch.reached(tenantId, 'one');

  await expect.poll(() => noted.length, patient).toBe(3);
  expect([secure.requests, secure.unexpected]).toEqual([[], []]);
});

it('looks at a new endpoint at once, and forgets the date of one that no longer has a certificate', async () => {
  watch.reached(tenantId, 'one');
  await expect.poll(() => noted.length, patient).toBe(1);
  config = { endpoint: plain.url, authMode: 'none' };
  watch.reached(tenantId, 'one');

  await expect
    .poll(() => noted, patient)
    .toEqual([expect.objectContaining({ expiresAt: validTo }), expect.objectContaining({ expiresAt: null })]);
});

it('notes nothing of an endpoint that it cannot connect to, and disturbs nobody', async () => {
  config = { endpoint: 'https://127.0.0.1:1', authMode: 'none' };
  watch.reached(tenantId, 'one');
  await expect.poll(() => test.egress.attempts, patient).toBe(1);
  config = { endpoint: secure.url, authMode: 'none', network: { caCertificate: authority.caPem } };
  watch.reached(tenantId, 'two');

  await expect.poll(() => noted, patient).toEqual([expect.objectContaining({ integrationId: 'two' })]);
});

it('looks at nothing any more once it is stopped', async () => {
  watch.reached(tenantId, 'one');
  await watch.stop();
  watch.reached(tenantId, 'two');
  await watch.stop();

  expect(noted.filter((seen) => (seen as { integrationId: string }).integrationId === 'two')).toEqual([]);
});

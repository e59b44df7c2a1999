/** A client certificate that is stored as a credential: in the calendar, in the events, and in the doctor's report, over HTTP. */
import { createServer } from 'node:https';
import type { TLSSocket } from 'node:tls';
import { type Clock, systemClock } from '@inthub/contracts';
import { type CertificateAuthority, createAuthority, listenOnLoopback } from '@inthub/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createSampleConnector } from '../runtime/testing.ts';
import { startTestHub, type TestHub } from './testing.ts';

const dayMs = 86_400_000;
const roundMs = 300_000;
const patient = { timeout: 20_000, interval: 20 };
/** The rounds of the calendar come at once. */
const hasty: Clock = {
  ...systemClock,
  sleep: (ms, signal) => systemClock.sleep(ms === roundMs ? 20 : ms, signal),
};
const connector = createSampleConnector({
  manifest: {
    auth: [
      { mode: 'mtls', kind: 'mtls_cert', title: 'Certificate', help: 'Ask your PKI.', apply: { scheme: 'mtls' } },
      {
        mode: 'token',
        kind: 'bearer_token',
        title: 'Token',
        help: 'Ask.',
        apply: { scheme: 'bearer', token: '{token}' },
      },
    ],
  },
});
let hub: TestHub;
let authority: CertificateAuthority;
let endpoint: string;
const clients: string[] = [];
const closing: (() => unknown)[] = [];

beforeAll(async () => {
  authority = await createAuthority();
  const { certPem, keyPem } = await authority.issue({
    hosts: ['127.0.0.1'],
    notAfter: new Date(Date.now() + 300 * dayMs),
  });
  const server = createServer(
    { cert: certPem, key: keyPem, ca: authority.caPem, requestCert: true, rejectUnauthorized: true },
    ({ socket }, response) => {
      clients.push(String((socket as TLSSocket).getPeerCertificate().subject['CN']));
      response.setHeader('content-type', 'application/json').end('{}');
    },
  );
  const { port, stop } = await listenOnLoopback(server);
  closing.push(stop);
  endpoint = `https://127.0.0.1:${port}`;
  hub = await startTestHub({ HUB_ROLES: 'api,worker' }, { clock: hasty, connectors: [connector] });
});
afterAll(async () => {
  await hub?.stop();
  for (const close of closing) await close();
});

const issue = async (notAfter: Date) => {
  const { certPem, keyPem } = await authority.issue({ hosts: [], usage: 'client', commonName: 'hub', notAfter });
  return { kind: 'mtls_cert', certificate: certPem, privateKey: keyPem };
};
const dated = (days: number) => new Date(Math.floor(Date.now() / 1_000) * 1_000 + days * dayMs + dayMs / 2);
const certificates = async (id: string) =>
  (await hub.call('GET', `/api/v1/expiries?integrationId=${id}`)).body.items.filter(
    ({ kind }: { kind: string }) => kind === 'client_certificate',
  );
const warnings = async (id: string) =>
  (await hub.call('GET', `/api/v1/events?source=${id}&type=client_certificate.*`)).body.items;
const authentication = async (id: string) => {
  const { body } = await hub.call('POST', `/api/v1/integrations/${id}/doctor`);
  return body.checks.find(({ checkType }: { checkType: string }) => checkType === 'authentication');
};

it('tells its end everywhere, and a new one takes its place', async () => {
  const [soon, late] = [dated(20), dated(200)];
  const { body, text } = await hub.call('POST', '/api/v1/integrations', {
    type: 'registry.sample',
    name: 'behind mutual TLS',
    config: { endpoint, authMode: 'mtls', network: { caCertificate: authority.caPem } },
    credentials: await issue(soon),
  });
  expect(body.id, text).toBeDefined();
  const { id } = body;

  expect(await certificates(id)).toEqual([
    {
      kind: 'client_certificate',
      subjectId: expect.any(String),
      integrationId: id,
      connectorId: 'sample',
      expiresAt: soon.toISOString(),
      daysLeft: 20,
    },
  ]);
  await expect.poll(async () => (await warnings(id)).length, patient).toBe(1);
  expect(await warnings(id)).toMatchObject([
    { type: 'client_certificate.expiring', source: id, data: { expiresAt: soon.toISOString(), daysLeft: 20 } },
  ]);
  expect(await authentication(id)).toMatchObject({
    status: 'warn',
    message: `Reached. The client certificate expires in 20 days (${soon.toISOString().slice(0, 10)}).`,
    details: { credentialExpiresAt: soon.toISOString(), credentialDaysLeft: 20 },
  });
  expect(new Set(clients)).toEqual(new Set(['hub']));

  const renewed = await hub.call('POST', `/api/v1/connectors/instances/${id}/auth`, { credentials: await issue(late) });
  expect(renewed.body, renewed.text).toMatchObject({ test: { success: true } });
  expect(await certificates(id)).toMatchObject([{ expiresAt: late.toISOString(), daysLeft: 200 }]);
  expect(await authentication(id)).toMatchObject({ status: 'pass', message: 'Reached.' });
  expect(await warnings(id)).toHaveLength(1);
});

it('is named by the doctor as the cause when it is over', async () => {
  const over = dated(-3);
  const { body } = await hub.call('POST', '/api/v1/integrations', {
    type: 'registry.sample',
    name: 'with an old certificate',
    config: {
      endpoint,
      authMode: 'mtls',
      retryPolicy: { maxRetries: 0 },
      network: { caCertificate: authority.caPem },
    },
    credentials: await issue(over),
  });

  const check = await authentication(body.id);

  expect(check).toMatchObject({
    status: 'fail',
    message: expect.stringContaining(`The client certificate expired on ${over.toISOString().slice(0, 10)}.`),
    suggestions: expect.arrayContaining([expect.stringContaining('Make a new one')]),
  });
  await expect
    .poll(async () => (await warnings(body.id)).map(({ type }: { type: string }) => type), patient)
    .toEqual(['client_certificate.expired']);
});

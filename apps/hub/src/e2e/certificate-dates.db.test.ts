/** A connection test of an integration behind TLS puts the date of the provider's certificate into the calendar, without the doctor. */
import { createServer } from 'node:https';
import { createAuthority, listenOnLoopback } from '@inthub/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTestHub, type TestHub } from './testing.ts';

let hub: TestHub;
const closing: (() => unknown)[] = [];

beforeAll(async () => {
  hub = await startTestHub();
});
afterAll(async () => {
  await hub?.stop();
  for (const close of closing) await close();
});

it('notes the certificate of a provider that a connection test has reached', async () => {
  const authority = await createAuthority({ name: 'Calendar CA' });
  const tls = await authority.issue({ hosts: ['127.0.0.1'], notAfter: new Date('2031-05-06T07:08:09Z') });
  // A registry of the distribution API, as far as a connection test asks: `GET /v2/` (OCI distribution spec, end-1).
  const server = createServer({ cert: tls.certPem, key: tls.keyPem }, (_request, response) => {
    response.setHeader('content-type', 'application/json').end('{}');
  });
  const { port, stop } = await listenOnLoopback(server);
  closing.push(stop);
  const { body, text } = await hub.call('POST', '/api/v1/integrations', {
    type: 'registry.oci',
    name: 'behind TLS',
    config: {
      endpoint: `https://127.0.0.1:${port}`,
      authMode: 'none',
      network: { caCertificate: authority.caPem },
    },
  });
  expect(body.id, text).toBeDefined();
  const tested = await hub.call('POST', `/api/v1/integrations/${body.id}/test`);
  expect(tested.body, tested.text).toMatchObject({ success: true });

  await expect
    .poll(async () => (await hub.call('GET', '/api/v1/expiries')).body.items, { timeout: 20_000, interval: 20 })
    .toMatchObject([
      { kind: 'tls_certificate', subjectId: body.id, connectorId: 'oci', expiresAt: '2031-05-06T07:08:09.000Z' },
    ]);
});

import { createServer as createHttpServer } from 'node:http';
import { connect, createServer } from 'node:net';
import { HubError, type IntegrationConfig } from '@inthub/contracts';
import {
  type CertificateAuthority,
  createAuthority,
  type FaultServer,
  type IssueOptions,
  listenOnLoopback,
  startFaultServer,
} from '@inthub/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ProbeReport, TlsFacts } from './egress.ts';
import { createTestEgress, failure, type TestEgress, until } from './testing.ts';

const dayMs = 86_400_000;
let authority: CertificateAuthority;
let test: TestEgress;
const closing: (() => unknown)[] = [];

beforeAll(async () => {
  authority = await createAuthority({ name: 'Probe CA' });
});
beforeEach(() => {
  test = createTestEgress();
});
afterEach(() => test.egress.close());
afterAll(async () => {
  for (const close of closing) await close();
});

function probe(
  endpoint: string,
  config: Partial<IntegrationConfig> = {},
  { egress }: Pick<TestEgress, 'egress'> = test,
  signal = new AbortController().signal,
): Promise<ProbeReport> {
  return egress.probe({
    tenantId: 'tenant-1',
    config: { endpoint, authMode: 'none', ...config },
    allowedHosts: [],
    blockedHosts: [],
    signal,
  });
}

async function serve(issue: Partial<IssueOptions> = {}, clientCaPem?: string): Promise<FaultServer> {
  const tls = await authority.issue({ hosts: ['127.0.0.1'], ...issue });
  const server = await startFaultServer({ tls: { ...tls, ...(clientCaPem === undefined ? {} : { clientCaPem }) } });
  closing.push(server.stop);
  return server;
}

const trusting = () => ({ network: { caCertificate: authority.caPem } });
const facts = ({ tls }: ProbeReport): TlsFacts => {
  if (tls === null || tls instanceof HubError) throw new Error(`no facts: ${tls?.message}`);
  return tls;
};

describe('a probe', () => {
  it('connects to a plain endpoint and sends nothing', async () => {
    const server = await startFaultServer();
    closing.push(server.stop);

    const report = await probe(server.url);

    expect(report).toMatchObject({ proxy: null, reached: 'endpoint', address: '127.0.0.1', loopback: true, tls: null });
    expect(report.host).toBe(`127.0.0.1:${server.port}`);
    await until(() => server.connections === 1);
    expect([server.requests, server.unexpected]).toEqual([[], []]);
    expect(test.egress.attempts).toBe(1);
  });

  it('reads the certificate and its chain, as the integration would trust it', async () => {
    const notAfter = new Date('2031-05-06T07:08:09Z');
    const server = await serve({ commonName: 'registry', notAfter });

    const trusted = facts(await probe(server.url, trusting()));
    const untrusted = facts(await probe(server.url));

    expect(trusted).toMatchObject({ authorized: true, authorizationError: null, problem: null, protocol: 'TLSv1.3' });
    expect(trusted.chain.map(({ subject, issuer }) => [subject, issuer])).toEqual([
      ['CN=registry', 'CN=Probe CA'],
      ['CN=Probe CA', 'CN=Probe CA'],
    ]);
    expect(trusted.chain[0]?.validTo).toEqual(notAfter);
    expect(trusted.subjectAltName).toContain('127.0.0.1');
    expect(untrusted.authorized).toBe(false);
    expect(untrusted.problem).toContain('config.network.caCertificate');
    expect(untrusted.chain[0]?.subject).toBe('CN=registry');
  });

  it.each<[string, Partial<IssueOptions>, string, string]>([
    [
      'expired',
      { notBefore: new Date(Date.now() - 3 * dayMs), notAfter: new Date(Date.now() - dayMs) },
      'CERT_HAS_EXPIRED',
      'has expired',
    ],
    ['for another host', { hosts: ['other.example'] }, 'ERR_TLS_CERT_ALTNAME_INVALID', 'for another host name'],
  ])('tells of a certificate that is %s, and still shows it', async (_name, issue, code, words) => {
    const server = await serve(issue);

    const tls = facts(await probe(server.url, trusting()));

    expect(tls).toMatchObject({ authorized: false, authorizationError: code });
    expect(tls.problem).toContain(words);
    expect(tls.chain[0]?.issuer).toBe('CN=Probe CA');
  });

  it('looks at the certificate of a server that demands one of its own', async () => {
    const server = await serve({}, authority.caPem);

    expect(facts(await probe(server.url, trusting())).authorized).toBe(true);
  });

  it('tells a handshake that fails from a connection that fails', async () => {
    const plain = await startFaultServer();
    closing.push(plain.stop);
    const endpoint = plain.url.replace('http:', 'https:');

    const report = await probe(endpoint);
    await plain.stop();
    const error = await failure(probe(endpoint));

    expect(report.tls).toMatchObject({ code: 'provider_tls_invalid' });
    expect(error).toMatchObject({ code: 'provider_unreachable', blame: 'provider' });
  });

  it('does not wait longer than ten seconds for a handshake, and leaves no connection open', async () => {
    let open = 0;
    const mute = createServer((socket) => {
      open += 1;
      socket
        .on('error', () => {})
        .on('close', () => (open -= 1))
        .resume();
    });
    const { port, stop } = await listenOnLoopback(mute);
    closing.push(stop);

    const probing = probe(`https://127.0.0.1:${port}`);
    await until(() => open === 1 && test.clock.sleeping > 0);
    await test.clock.advance(10_000);

    expect((await probing).tls).toMatchObject({
      code: 'provider_timeout',
      message: expect.stringContaining('handshake within 10 s'),
    });
    await until(() => open === 0);
  });

  it('goes through the same policy as a call', async () => {
    const strict = createTestEgress({ policy: { allow: [] } });
    const rebound = createTestEgress({ resolve: async () => [{ address: '169.254.169.254', family: 4 }] });

    for (const [egress, endpoint] of [
      [strict, 'http://127.0.0.1:9'],
      [rebound, 'https://registry.example'],
    ] as const) {
      expect(await failure(probe(endpoint, {}, egress))).toMatchObject({ code: 'egress_denied' });
      await egress.egress.close();
    }
  });

  it('reaches an https endpoint through a proxy, and of an http one only the proxy', async () => {
    const server = await serve();
    const asked: string[] = [];
    const { port, stop } = await listenOnLoopback(
      createHttpServer((_request, response) => void response.end()).on('connect', (request, client) => {
        asked.push(String(request.url));
        client.on('error', () => {}).write('HTTP/1.1 200 OK\r\n\r\n');
        client.pipe(connect(server.port, '127.0.0.1').on('error', () => {})).pipe(client);
      }),
    );
    closing.push(stop);
    const proxyUrl = `http://127.0.0.1:${port}`;

    const secure = await probe(server.url, { network: { caCertificate: authority.caPem, proxyUrl } });
    const plain = await probe('http://127.0.0.1:9', { network: { proxyUrl } });

    expect(secure).toMatchObject({ proxy: `127.0.0.1:${port}`, reached: 'endpoint', tls: { authorized: true } });
    expect(asked).toEqual([`127.0.0.1:${server.port}`]);
    expect(plain).toMatchObject({ host: '127.0.0.1:9', reached: 'proxy', tls: null });
  });

  it('sends nothing while offline', async () => {
    const offline = createTestEgress({ offline: true });

    expect(await failure(probe('http://127.0.0.1:9', {}, offline))).toMatchObject({ code: 'offline' });

    expect(offline.egress.attempts).toBe(0);
    await offline.egress.close();
  });

  it('ends with its caller and with the hub', async () => {
    const mute = createServer((socket) => void socket.on('error', () => {}));
    const { port, stop } = await listenOnLoopback(mute);
    closing.push(stop);
    const endpoint = `https://127.0.0.1:${port}`;
    const caller = new AbortController();

    const cancelled = failure(probe(endpoint, {}, test, caller.signal));
    await until(() => test.clock.sleeping > 0);
    caller.abort();
    const stopped = failure(probe(endpoint));
    await until(() => test.clock.sleeping > 0);
    await test.egress.close();

    expect(await cancelled).toMatchObject({ code: 'cancelled' });
    expect(await stopped).toMatchObject({ code: 'unavailable' });
  });
});

import {
  type CertificateAuthority,
  createAuthority,
  type FaultServer,
  type IssueOptions,
  respond,
  startFaultServer,
} from '@inthub/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createTestEgress, failure, type TestEgress } from './testing.ts';

const dayMs = 86_400_000;
let authority: CertificateAuthority;
let stranger: CertificateAuthority;
const servers: FaultServer[] = [];
let test: TestEgress;

beforeAll(async () => {
  authority = await createAuthority();
  stranger = await createAuthority({ name: 'Another authority' });
});
beforeEach(() => {
  test = createTestEgress();
});
afterEach(() => test.egress.close());
afterAll(() => Promise.all(servers.map((server) => server.stop())));

async function serve(issue: Partial<IssueOptions> = {}, clientCaPem?: string): Promise<FaultServer> {
  const tls = await authority.issue({ hosts: ['127.0.0.1'], ...issue });
  const server = await startFaultServer({ tls: { ...tls, ...(clientCaPem === undefined ? {} : { clientCaPem }) } });
  server.always('GET', '/x', respond.json(200, { ok: true }));
  servers.push(server);
  return server;
}

const trusting = () => ({ network: { caCertificate: authority.caPem } });
const once = { retry: 'never' } as const;

describe('a server certificate', () => {
  it('of a private authority is accepted where the config trusts it, and the next call uses the same connection', async () => {
    const server = await serve();
    const config = { endpoint: server.url, authMode: 'token', ...trusting() } as const;

    for (let at = 0; at < 3; at += 1) {
      const response = await test.client(server.url, { config }).get('/x');
      expect(await response.json()).toEqual({ ok: true });
    }
  });

  it.each<[string, Partial<IssueOptions>, boolean, string]>([
    ['of an unknown authority', {}, false, 'config.network.caCertificate'],
    [
      'that has expired',
      { notBefore: new Date(Date.now() - 3 * dayMs), notAfter: new Date(Date.now() - dayMs) },
      true,
      'has expired',
    ],
    [
      'that is not valid yet',
      { notBefore: new Date(Date.now() + dayMs), notAfter: new Date(Date.now() + 2 * dayMs) },
      true,
      'not valid yet',
    ],
    ['for another name', { hosts: ['other.example'] }, true, 'for another host name'],
    ['for another address', { hosts: ['127.0.0.2'] }, true, 'for another host name'],
    ['that is meant for clients', { usage: 'client' }, true, 'not meant for servers'],
  ])('%s is refused, with the reason', async (_name, issue, trusted, why) => {
    const server = await serve(issue);

    const error = await failure(test.client(server.url, { config: trusted ? trusting() : {} }).get('/x'));

    expect(error).toMatchObject({ code: 'provider_tls_invalid', blame: 'configuration', retryable: false });
    expect(error.message).toContain(why);
    expect(server.requests).toHaveLength(0);
    expect(test.attempts).toHaveLength(1);
  });

  it('is checked against the name of the endpoint, not against the address behind it', async () => {
    const server = await serve({ hosts: ['registry.example'] });
    const own = createTestEgress({
      policy: { allow: ['127.0.0.1'] },
      resolve: async () => [{ address: '127.0.0.1', family: 4 }],
    });

    const response = await own.client(`https://registry.example:${server.port}`, { config: trusting() }).get('/x');
    expect(response.status).toBe(200);
    expect(server.requests[0]?.headers['host']).toBe(`registry.example:${server.port}`);

    const error = await failure(own.client(`https://other.example:${server.port}`, { config: trusting() }).get('/x'));
    expect(error.code).toBe('provider_tls_invalid');
    await own.egress.close();
  });

  it('trusted by one integration is not trusted by another, on the same endpoint', async () => {
    const server = await serve();

    await test.client(server.url, { config: trusting() }).get('/x');

    expect((await failure(test.client(server.url).get('/x'))).code).toBe('provider_tls_invalid');
    expect(
      (await failure(test.client(server.url, { config: { network: { caCertificate: stranger.caPem } } }).get('/x')))
        .code,
    ).toBe('provider_tls_invalid');
  });

  it.each(['garbage', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----'])(
    'is not compared with a private authority that is %j',
    async (pem) => {
      const error = await failure(
        test.client('https://127.0.0.1', { config: { network: { caCertificate: pem } } }).get('/x'),
      );

      expect(error).toMatchObject({ code: 'provider_tls_invalid' });
      expect(error.message).toContain('config.network.caCertificate holds');
      expect(test.egress.attempts).toBe(0);
    },
  );

  it('is missing: plain HTTP on the other side', async () => {
    const plain = await startFaultServer();
    servers.push(plain);

    const error = await failure(test.client(plain.url.replace('http:', 'https:')).get('/x', once));

    expect(error.code).toBe('provider_tls_invalid');
    expect(error.message).toContain('should start with http://');
  });

  it('is there, but the endpoint says http', async () => {
    const server = await serve();

    const error = await failure(test.client(server.url.replace('https:', 'http:')).get('/x', once));

    expect(error).toMatchObject({ blame: 'provider' });
    expect(['provider_unreachable', 'provider_bad_response', 'provider_rejected']).toContain(error.code);
  });
});

describe('a client certificate', () => {
  const scheme = { scheme: 'mtls' } as const;
  const materialOf = async (from: CertificateAuthority) => {
    const { certPem, keyPem } = await from.issue({ hosts: [], usage: 'client' });
    return { kind: 'mtls_cert', certificate: certPem, privateKey: keyPem } as const;
  };

  it('is shown where the scheme is mtls', async () => {
    const server = await serve({}, authority.caPem);

    const response = await test
      .client(server.url, { scheme, material: await materialOf(authority), config: trusting() })
      .get('/x');

    expect(response.status).toBe(200);
  });

  it('that is missing or of another authority is a failure of TLS', async () => {
    const server = await serve({}, authority.caPem);

    for (const overrides of [{}, { scheme, material: await materialOf(stranger) }]) {
      const error = await failure(test.client(server.url, { ...overrides, config: trusting() }).get('/x', once));
      expect(['provider_tls_invalid', 'provider_unreachable']).toContain(error.code);
    }
    expect(server.requests).toHaveLength(0);
  });

  it('is never shared: another credential gets another connection', async () => {
    const server = await serve({}, authority.caPem);
    const good = await materialOf(authority);
    const bad = await materialOf(stranger);
    const client = (material: typeof good, fingerprint: string) =>
      test.client(server.url, {
        scheme,
        credential: { open: async () => ({ material, fingerprint }) },
        config: trusting(),
      });

    await client(good, 'one').get('/x');

    await failure(client(bad, 'two').get('/x', once));
    expect(server.requests).toHaveLength(1);
  });

  it('with a key that does not fit is credential_unavailable, without the key', async () => {
    const { certificate } = await materialOf(authority);
    const { privateKey } = await materialOf(authority);
    const server = await serve();

    for (const key of [privateKey, 'garbage']) {
      const material = { kind: 'mtls_cert', certificate, privateKey: key } as const;
      const error = await failure(test.client(server.url, { scheme, material, config: trusting() }).get('/x'));
      expect(error.code).toBe('credential_unavailable');
      expect(`${error.message} ${String(error.cause)}`).not.toContain(key.slice(30, 60) || key);
    }
  });

  it('needs TLS and the right kind of credential', async () => {
    const plain = await startFaultServer();
    servers.push(plain);

    expect(
      (await failure(test.client(plain.url, { scheme, material: await materialOf(authority) }).get('/x'))).message,
    ).toContain('needs TLS');
    expect(
      (await failure(test.client(plain.url, { scheme, material: { kind: 'api_key', key: 'x' } }).get('/x'))).message,
    ).toContain('kind mtls_cert');
  });
});

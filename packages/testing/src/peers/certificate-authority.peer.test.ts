import { execFileSync, spawnSync } from 'node:child_process';
import { createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { get } from 'node:https';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { createAuthority, type IssuedCertificate } from './certificate-authority.ts';
import { getCommand, peersOrSkip } from './debian-packages.ts';
import { respond } from './fault-responses.ts';
import { startFaultServer } from './fault-server.ts';
import { createTemporaryDirectory } from './temporary-directory.ts';

const peers = await peersOrSkip(['openssl']);
const dayMs = 86_400_000;
const authority = await createAuthority();
const directory = createTemporaryDirectory('openssl');
afterAll(() => directory.remove());

/** What Node's own TLS client says about a server with this certificate: `ok` or the error's code. */
async function verdict(tls: IssuedCertificate, ca = authority.caPem): Promise<string | undefined> {
  const server = await startFaultServer({ tls });
  server.always('GET', '/', respond.empty(204));
  try {
    return await new Promise((resolve) => {
      get(`https://localhost:${server.port}/`, { ca, family: 4, agent: false }, (response) =>
        resolve(response.resume().statusCode === 204 ? 'ok' : 'status'),
      ).once('error', (error: NodeJS.ErrnoException) => resolve(error.code));
    });
  } finally {
    await server.stop();
  }
}

describe('createAuthority', () => {
  it('issues certificates that clients of the authority accept', async () => {
    expect(await verdict(await authority.issue({ hosts: ['localhost'] }))).toBe('ok');
    expect(await verdict(await authority.issue({ hosts: ['localhost'], keyType: 'rsa' }))).toBe('ok');
  });

  it.each([
    ['expired', { hosts: ['localhost'], notAfter: new Date(Date.now() - 60_000) }, 'CERT_HAS_EXPIRED'],
    ['not yet valid', { hosts: ['localhost'], notBefore: new Date(Date.now() + dayMs) }, 'CERT_NOT_YET_VALID'],
    ['for another name', { hosts: ['another.example'] }, 'ERR_TLS_CERT_ALTNAME_INVALID'],
    ['for a client', { hosts: ['localhost'], usage: 'client' as const }, 'INVALID_PURPOSE'],
  ])('issues one that is %s, which clients refuse', async (_name, options, code) => {
    expect(await verdict(await authority.issue(options))).toBe(code);
  });

  it('is not trusted by clients of another authority', async () => {
    const stranger = await createAuthority();

    expect(await verdict(await authority.issue({ hosts: ['localhost'] }), stranger.caPem)).toBe(
      'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    );
  });

  it('hands out the key that belongs to the certificate', async () => {
    const issued = await authority.issue({ hosts: ['127.0.0.1', '::1', 'a.example'], commonName: 'three names' });

    const certificate = new X509Certificate(issued.certPem);

    expect(certificate.checkPrivateKey(createPrivateKey(issued.keyPem))).toBe(true);
    expect(certificate.verify(createPublicKey(authority.caPem))).toBe(true);
    expect(certificate.subject).toBe('CN=three names');
    expect([certificate.checkIP('127.0.0.1'), certificate.checkIP('::1'), certificate.checkHost('a.example')]).toEqual([
      '127.0.0.1',
      '::1',
      'a.example',
    ]);
  });
});

describe.skipIf(peers.skip)(peers.label('openssl, the independent judge'), () => {
  it('accepts the good certificate and calls the expired one expired', async () => {
    const save = (name: string, pem: string): string => {
      const path = join(directory.path, name);
      writeFileSync(path, pem);
      return path;
    };
    const ca = save('ca.pem', authority.caPem);
    const good = save('good.pem', (await authority.issue({ hosts: ['localhost'] })).certPem);
    const expired = save(
      'expired.pem',
      (await authority.issue({ hosts: ['localhost'], notAfter: new Date(Date.now() - 60_000) })).certPem,
    );
    const openssl = getCommand('openssl');

    expect(
      execFileSync(openssl, ['verify', '-x509_strict', '-purpose', 'sslserver', '-CAfile', ca, good], {
        encoding: 'utf8',
      }),
    ).toContain('OK');
    expect(spawnSync(openssl, ['verify', '-CAfile', ca, expired], { encoding: 'utf8' }).stderr).toContain(
      'certificate has expired',
    );
  });
});

import {
  type CertificateAuthority,
  createAuthority,
  type DockerRegistry,
  imageMediaTypes,
  makeOciImage,
  type OciImage,
  peersOrSkip,
  pushImage,
  sha256,
  startDockerRegistry,
  startTokenServer,
  type TokenServer,
} from '@inthub/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type ClientOverrides, createTestEgress, failure, type TestEgress } from './testing.ts';

const peers = await peersOrSkip(['docker-registry', 'skopeo', 'umoci', 'htpasswd']);
const account = { username: 'ann', password: 'correct-horse' };
const material = { kind: 'basic_auth', ...account } as const;
const scheme = { scheme: 'registry-challenge' } as const;

describe.skipIf(peers.skip)(peers.label('egress against a real registry'), () => {
  let image: OciImage;
  let authority: CertificateAuthority;
  let test: TestEgress;

  beforeAll(async () => {
    image = await makeOciImage({ files: { 'app/hello.txt': 'hello' } });
    authority = await createAuthority();
  });
  afterAll(() => image.remove());
  beforeEach(() => {
    test = createTestEgress();
  });
  afterEach(() => test.egress.close());

  const manifest = (registry: DockerRegistry, overrides: ClientOverrides = {}, path = '/v2/team/app/manifests/v1') =>
    test
      .client(registry.url, { scheme, material, config: { network: { caCertificate: authority.caPem } }, ...overrides })
      .get(path, { accept: imageMediaTypes.manifest });

  describe('over TLS with a token service', () => {
    let tokens: TokenServer;
    let registry: DockerRegistry;

    beforeAll(async () => {
      tokens = await startTokenServer({ accounts: [{ ...account, grants: { 'team/app': ['pull', 'push'] } }] });
      registry = await startDockerRegistry({ auth: { kind: 'token', issuer: tokens } });
      await pushImage({ image, ref: 'team/app:v1', registry, creds: account });
    });
    afterAll(async () => {
      await registry.stop();
      await tokens.stop();
    });
    beforeEach(() => {
      tokens.issue('good');
      tokens.requests.length = 0;
    });

    it('gets the manifest whose digest the bytes have, with one token for several requests', async () => {
      const response = await manifest(registry);
      await manifest(registry);
      await manifest(registry, {}, '/v2/team/app/tags/list');

      expect(sha256(Buffer.from(await response.bytes()))).toBe(image.digest);
      expect(response.headers.get('docker-content-digest')).toBe(image.digest);
      expect(tokens.requests).toEqual([
        {
          service: tokens.service,
          scopes: ['repository:team/app:pull'],
          account: 'ann',
          authenticatedAs: 'ann',
          status: 200,
        },
      ]);
    });

    it('answers HEAD like GET, without a body', async () => {
      const http = test.client(registry.url, { scheme, material });

      const response = await http.head('/v2/team/app/manifests/v1', { accept: imageMediaTypes.manifest });

      expect(response.headers.get('docker-content-digest')).toBe(image.digest);
      expect(await response.bytes()).toHaveLength(0);
    });

    it.each(['expired', 'wrong-scope', 'wrong-audience', 'wrong-key', 'alg-none'] as const)(
      'that refuses a token which is %s ends in provider_unauthenticated, after one repeat',
      async (kind) => {
        tokens.issue(kind);

        const error = await failure(manifest(registry));

        expect(error.code).toBe('provider_unauthenticated');
        expect(tokens.requests).toHaveLength(1);
        expect(test.attempts.map(({ purpose, status }) => [purpose, status])).toEqual([
          ['action', 401],
          ['token', 200],
          ['action', 401],
        ]);
      },
    );

    it('refuses a wrong password, and a repository that the account may not read', async () => {
      expect((await failure(manifest(registry, { material: { ...material, password: 'wrong' } }))).code).toBe(
        'provider_unauthenticated',
      );
      expect((await failure(manifest(registry, {}, '/v2/other/app/manifests/v1'))).code).toBe(
        'provider_unauthenticated',
      );
    });
  });

  it('over TLS with a private authority and Basic', async () => {
    const registry = await startDockerRegistry({
      auth: { kind: 'htpasswd', ...account },
      tls: await authority.issue({ hosts: ['127.0.0.1'], keyType: 'rsa' }),
    });
    try {
      expect((await manifest(registry, {}, '/v2/')).status).toBe(200);
      expect(
        (await failure(manifest(registry, { material: { ...material, password: 'wrong' } }, '/v2/_catalog'))).code,
      ).toBe('provider_unauthenticated');
      expect((await failure(manifest(registry, {}, '/v2/team/app/manifests/none'))).message).toContain(
        'MANIFEST_UNKNOWN',
      );
      expect((await failure(manifest(registry, { config: {} }))).code).toBe('provider_tls_invalid');
    } finally {
      await registry.stop();
    }
  });
});

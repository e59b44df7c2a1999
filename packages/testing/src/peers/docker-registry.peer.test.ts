import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createAuthority } from './certificate-authority.ts';
import { peersOrSkip } from './debian-packages.ts';
import { type DockerRegistry, startDockerRegistry } from './docker-registry.ts';
import { respond } from './fault-responses.ts';
import { startFaultServer } from './fault-server.ts';
import { imageMediaTypes, makeOciImage, makeOciIndex, type OciImage, sha256 } from './images.ts';
import { inspectDigest, inspectRaw, listTags, pushImage, pushTags } from './registry-client.ts';
import { startTokenServer, type TokenKind } from './token-server.ts';

const peers = await peersOrSkip(['docker-registry', 'skopeo', 'umoci', 'htpasswd']);

describe.skipIf(peers.skip)(peers.label('docker-registry'), () => {
  let image: OciImage;
  beforeAll(async () => {
    image = await makeOciImage({ files: { 'app/hello.txt': 'hello' }, labels: { team: 'alpha' } });
  });
  afterAll(() => image.remove());

  describe('without authentication', () => {
    let registry: DockerRegistry;
    beforeAll(async () => {
      registry = await startDockerRegistry({ maxCatalogEntries: 2 });
    });
    afterAll(() => registry.stop());

    it('keeps the digest of the pushed manifest: layout, registry, skopeo and our own hash agree', async () => {
      await pushImage({ image, ref: 'team/app:v1', registry });

      const response = await fetch(`${registry.url}/v2/team/app/manifests/v1`, {
        headers: { accept: imageMediaTypes.manifest },
      });
      const bytes = Buffer.from(await response.arrayBuffer());

      expect(sha256(bytes)).toBe(image.digest);
      expect(response.headers.get('docker-content-digest')).toBe(image.digest);
      expect(await inspectDigest({ registry, ref: 'team/app:v1' })).toBe(image.digest);
      expect(sha256(await inspectRaw({ registry, ref: 'team/app:v1' }))).toBe(image.digest);
    });

    it('converts to Docker schema 2 on request, under another digest', async () => {
      const digest = await pushImage({ image, ref: 'team/app:docker', registry, format: 'v2s2' });

      const response = await fetch(`${registry.url}/v2/team/app/manifests/${digest}`, {
        headers: { accept: imageMediaTypes.dockerManifest },
      });

      expect(digest).not.toBe(image.digest);
      expect(response.headers.get('content-type')).toBe(imageMediaTypes.dockerManifest);
      expect(sha256(Buffer.from(await response.arrayBuffer()))).toBe(digest);
    });

    it('serves a multi-platform index with every image that it lists', async () => {
      const index = await makeOciIndex({
        platforms: [
          { os: 'linux', architecture: 'amd64' },
          { os: 'linux', architecture: 'arm64', variant: 'v8' },
        ],
      });
      try {
        await pushImage({ image: index, ref: 'team/multi:v1', registry });
        expect(await inspectDigest({ registry, ref: 'team/multi:v1' })).toBe(index.digest);
        expect(JSON.parse((await inspectRaw({ registry, ref: 'team/multi:v1' })).toString())).toMatchObject({
          mediaType: imageMediaTypes.index,
          manifests: [{ platform: { architecture: 'amd64' } }, { platform: { architecture: 'arm64', variant: 'v8' } }],
        });
        for (const child of index.children) {
          expect(
            (
              await fetch(`${registry.url}/v2/team/multi/manifests/${child.digest}`, {
                headers: { accept: child.mediaType },
              })
            ).status,
          ).toBe(200);
        }
      } finally {
        index.remove();
      }
    });

    it('takes many tags of one manifest', async () => {
      await pushImage({ image, ref: 'team/many:v0', registry });
      const tags = Array.from({ length: 150 }, (_, at) => `t${String(at).padStart(3, '0')}`);

      await pushTags({ registry, repository: 'team/many', from: 'v0', tags });

      expect((await listTags({ registry, repository: 'team/many' })).sort()).toEqual([...tags, 'v0']);
      expect(await inspectDigest({ registry, ref: 'team/many:t149' })).toBe(image.digest);
    });

    it('pages its catalog and refuses pages beyond the limit', async () => {
      const first = await fetch(`${registry.url}/v2/_catalog?n=2`);

      expect(first.headers.get('link')).toContain('rel="next"');
      expect((await fetch(`${registry.url}/v2/_catalog?n=3`)).status).toBe(400);
    });

    it('is gone after stop', async () => {
      const other = await startDockerRegistry();

      await other.stop();

      await expect(fetch(`${other.url}/v2/`)).rejects.toThrow();
    });
  });

  it('with htpasswd serves the right password only', async () => {
    const registry = await startDockerRegistry({
      auth: { kind: 'htpasswd', username: 'alice', password: 'correct horse' },
    });
    try {
      const creds = { username: 'alice', password: 'correct horse' };
      await pushImage({ image, ref: 'team/app:v1', registry, creds });

      expect(await inspectDigest({ registry, ref: 'team/app:v1', creds })).toBe(image.digest);
      await expect(
        inspectDigest({ registry, ref: 'team/app:v1', creds: { ...creds, password: 'wrong' } }),
      ).rejects.toThrow(/unauthorized|401/i);
      await expect(inspectDigest({ registry, ref: 'team/app:v1' })).rejects.toThrow(
        /unauthorized|authentication required/i,
      );
      expect((await fetch(`${registry.url}/v2/`)).headers.get('www-authenticate')).toMatch(/^Basic realm=/);
    } finally {
      await registry.stop();
    }
  });

  describe('with token authentication', () => {
    it('accepts good tokens and refuses every odd one', async () => {
      const issuer = await startTokenServer({
        accounts: [
          { username: 'alice', password: 'pw', grants: { 'team/app': ['pull', 'push'] } },
          { username: 'reader', password: 'pw', grants: { '*': ['pull'] } },
        ],
      });
      const registry = await startDockerRegistry({ auth: { kind: 'token', issuer } });
      try {
        const creds = { username: 'alice', password: 'pw' };
        await pushImage({ image, ref: 'team/app:v1', registry, creds });
        expect(await inspectDigest({ registry, ref: 'team/app:v1', creds })).toBe(image.digest);
        expect(issuer.requests.every(({ authenticatedAs }) => authenticatedAs === 'alice')).toBe(true);
        expect(issuer.requests.flatMap(({ scopes }) => scopes)).toContain('repository:team/app:pull');

        await expect(
          pushImage({ image, ref: 'team/app:v2', registry, creds: { username: 'reader', password: 'pw' } }),
        ).rejects.toThrow(/denied|unauthorized|authentication/i);
        await expect(pushImage({ image, ref: 'other/app:v1', registry, creds })).rejects.toThrow(
          /denied|unauthorized|authentication/i,
        );
        await expect(
          inspectDigest({ registry, ref: 'team/app:v1', creds: { ...creds, password: 'wrong' } }),
        ).rejects.toThrow(/unauthorized|incorrect/i);
        expect(issuer.requests.at(-1)).toMatchObject({ status: 401, authenticatedAs: undefined });

        for (const kind of [
          'expired',
          'wrong-scope',
          'wrong-audience',
          'wrong-issuer',
          'wrong-key',
          'alg-none',
        ] satisfies TokenKind[]) {
          issuer.issue(kind);
          expect(await pullStatus(registry, issuer.realm, issuer.service), kind).toBe(401);
        }
        issuer.issue('good');
        expect(await pullStatus(registry, issuer.realm, issuer.service)).toBe(200);
      } finally {
        await registry.stop();
        await issuer.stop();
      }
    });
  });

  it('over TLS is reached through its own authority only', async () => {
    const authority = await createAuthority();
    const registry = await startDockerRegistry({ tls: await authority.issue({ hosts: ['127.0.0.1'] }) });
    try {
      await pushImage({ image, ref: 'team/app:v1', registry, caPem: authority.caPem });
      await pushTags({ registry, repository: 'team/app', from: 'v1', tags: ['v2'], caPem: authority.caPem });

      expect(registry.url).toMatch(/^https:/);
      expect(await inspectDigest({ registry, ref: 'team/app:v2', caPem: authority.caPem })).toBe(image.digest);
      await expect(
        inspectDigest({ registry, ref: 'team/app:v1', caPem: (await createAuthority()).caPem }),
      ).rejects.toThrow(/x509|unknown authority/);
    } finally {
      await registry.stop();
    }
  });

  it('tells its receivers of each push, with the header asked for', async () => {
    const receiver = await startFaultServer();
    receiver.always('POST', '/events', respond.empty(202));
    const headers = { authorization: 'Bearer of-the-receiver' };
    const registry = await startDockerRegistry({ notifications: [{ url: `${receiver.url}/events`, headers }] });
    try {
      await pushImage({ image, ref: 'team/app:v1', registry });
      const pushed = () =>
        receiver.requests.flatMap(
          (request) => (request.json() as { events: { target: { digest: string; tag?: string } }[] }).events,
        );

      await expect.poll(() => pushed().find(({ target }) => target.tag === 'v1')?.target.digest).toBe(image.digest);
      expect(receiver.requests[0]?.headers).toMatchObject({
        ...headers,
        'content-type': 'application/vnd.docker.distribution.events.v1+json',
      });
    } finally {
      await registry.stop();
      await receiver.stop();
    }
  });

  it('that demands client certificates refuses a caller without one', async () => {
    const authority = await createAuthority();
    const server = await authority.issue({ hosts: ['127.0.0.1'] });
    const registry = await startDockerRegistry({ tls: { ...server, clientCaPem: authority.caPem } });
    try {
      const clientCertificate = await authority.issue({ hosts: [], usage: 'client', commonName: 'hub' });
      const access = { registry, ref: 'team/app:v1', caPem: authority.caPem };
      await pushImage({ ...access, image, clientCertificate });

      expect(await inspectDigest({ ...access, clientCertificate })).toBe(image.digest);
      await expect(inspectDigest(access)).rejects.toThrow(/certificate/);
    } finally {
      await registry.stop();
    }
  });
});

/** Fetches a token as alice and presents it, whatever it is. */
async function pullStatus(registry: DockerRegistry, realm: string, service: string): Promise<number> {
  const url = `${realm}?service=${service}&scope=${encodeURIComponent('repository:team/app:pull')}`;
  const answer = await fetch(url, {
    headers: { authorization: `Basic ${Buffer.from('alice:pw').toString('base64')}` },
  });
  const { token } = (await answer.json()) as { token: string };
  const pull = await fetch(`${registry.url}/v2/team/app/manifests/v1`, {
    headers: { authorization: `Bearer ${token}`, accept: imageMediaTypes.manifest },
  });
  await pull.body?.cancel();
  return pull.status;
}

/** The family's code against a real Distribution 2.8, without the hub between (its way through gateway and egress is tested there). */
import { registryActionIds } from '@inthub/connector-sdk';
import {
  createLoopbackTransport,
  createMockGateway,
  type MockGateway,
  registryConformance,
} from '@inthub/connector-sdk/testing';
import {
  type DockerRegistry,
  inspectDigest,
  listTags,
  makeOciImage,
  makeOciIndex,
  type OciImage,
  peersOrSkip,
  pushImage,
  pushTags,
  startDockerRegistry,
} from '@inthub/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { oci } from './connector.ts';

const peers = await peersOrSkip(['docker-registry', 'skopeo', 'umoci']);

describe.skipIf(peers.skip)(peers.label('Distribution 2.8'), () => {
  let registry: DockerRegistry;
  let image: OciImage;
  let index: OciImage;
  let hub: MockGateway;
  const platforms = [
    { os: 'linux', architecture: 'amd64' },
    { os: 'linux', architecture: 'arm64' },
  ];

  beforeAll(async () => {
    // A page of two, so that the catalog must be paged and an n above two is refused.
    registry = await startDockerRegistry({ maxCatalogEntries: 2 });
    [image, index] = await Promise.all([makeOciImage(), makeOciIndex({ platforms })]);
    for (const ref of ['team/app:v1', 'team/other:v1', 'zoo/last:v1', 'base:latest'])
      await pushImage({ registry, image, ref });
    await pushImage({ registry, image: index, ref: 'team/app:multi' });
    await pushTags({
      registry,
      repository: 'team/app',
      from: 'v1',
      tags: Array.from({ length: 40 }, (_, at) => `t${at}`),
    });
    hub = createMockGateway({
      connector: oci,
      respond: createLoopbackTransport(),
      config: { endpoint: registry.url, authMode: 'none' },
    });
  });
  afterAll(async () => {
    await registry?.stop();
    image?.remove();
    index?.remove();
  });

  registryConformance({
    name: 'Distribution 2.8',
    offered: registryActionIds.filter((id) => id !== 'scan.get'),
    run: (action, input) => hub.run(action, input),
    fixtures: async () => ({
      repository: 'team/app',
      tag: 'v1',
      digest: image.digest,
      mediaType: image.mediaType,
      tags: await listTags({ registry, repository: 'team/app' }),
      index: { repository: 'team/app', tag: 'multi', digest: index.digest, platforms },
      host: registry.authority,
    }),
  });

  it('gives the digest that skopeo computes, for OCI and for Docker schema 2', async () => {
    await pushImage({ registry, image, ref: 'team/docker:v1', format: 'v2s2' });

    for (const ref of ['team/app:v1', 'team/app:multi', 'team/docker:v1']) {
      const found = (await hub.run('tag.resolve', { imageRef: ref })) as { digest: string };
      expect(found.digest, ref).toBe(await inspectDigest({ registry, ref }));
    }
    expect(await hub.run('manifest.get', { imageRef: 'team/docker:v1' })).toMatchObject({
      kind: 'image',
      mediaType: 'application/vnd.docker.distribution.manifest.v2+json',
    });
  });

  it('lists repositories although the registry refuses our page size', async () => {
    const first = (await hub.run('repository.list', {})) as { items: { name: string }[]; nextCursor: string | null };

    expect(first.items.map(({ name }) => name)).toEqual(['base', 'team/app']);
    expect(first.nextCursor).not.toBeNull();
    expect(await hub.testConnection()).toMatchObject({ success: true, details: { registryApi: 'registry/2.0' } });
    expect(await hub.check('oci.catalog')).toMatchObject({ status: 'pass' });
  });
});

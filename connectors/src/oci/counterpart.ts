/** A real Distribution with two images in it; docker-registry, skopeo and umoci are Debian packages. */
import { type Counterpart, createLoopbackTransport } from '@inthub/connector-sdk/testing';
import { makeOciImage, makeOciIndex, pushImage, pushTags, requirePeers, startDockerRegistry } from '@inthub/testing';

/** @throws where one of the packages is missing and cannot be installed, with what to install. */
export async function startCounterpart(): Promise<Counterpart> {
  await requirePeers(['docker-registry', 'skopeo', 'umoci']);
  const registry = await startDockerRegistry();
  const platforms = ['amd64', 'arm64'].map((architecture) => ({ os: 'linux', architecture }));
  const [image, index] = await Promise.all([makeOciImage(), makeOciIndex({ platforms })]);
  await pushImage({ registry, image, ref: 'team/app:v1' });
  await pushImage({ registry, image: index, ref: 'team/app:multi' });
  await pushTags({ registry, repository: 'team/app', from: 'v1', tags: ['v2', 'latest'] });
  image.remove();
  index.remove();
  const at = { repository: 'team/app' };
  return {
    name: 'Distribution 2.8',
    proof: 'real',
    respond: createLoopbackTransport(),
    config: { endpoint: registry.url, authMode: 'none' },
    inputs: {
      'repository.list': {},
      'tag.list': at,
      'tag.resolve': { ...at, tag: 'v1' },
      'manifest.get': { ...at, reference: 'multi' },
      'digest.verify': { ...at, digest: image.digest },
    },
    stop: () => registry.stop(),
  };
}

/** `npm run demo:registry`: a real registry with two images on 127.0.0.1:5000, for the README's tour. Ends with Ctrl-C. */
import './require-node.mjs';
import {
  ensurePackages,
  inspectDigest,
  makeOciImage,
  makeOciIndex,
  pushImage,
  pushTags,
  startDockerRegistry,
} from '@inthub/testing';

const port = 5000;
const { missing, hint } = await ensurePackages(['docker-registry', 'skopeo', 'umoci']);
if (missing.length > 0) {
  console.error(`Missing: ${missing.join(', ')}. Install them with: ${hint}`);
  process.exit(1);
}
const registry = await startDockerRegistry({ port });
const image = await makeOciImage({ labels: { 'org.opencontainers.image.title': 'demo' } });
const index = await makeOciIndex({
  platforms: [
    { os: 'linux', architecture: 'amd64' },
    { os: 'linux', architecture: 'arm64' },
  ],
});
await pushImage({ registry, image, ref: 'team/app:v1' });
await pushTags({ registry, repository: 'team/app', from: 'v1', tags: ['v2', 'latest'] });
await pushImage({ registry, image: index, ref: 'team/multi:v1' });
console.log(`registry at ${registry.url}; team/app:v1 is ${await inspectDigest({ registry, ref: 'team/app:v1' })}`);

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    image.remove();
    index.remove();
    registry.stop().then(
      () => process.exit(0),
      () => process.exit(1),
    );
  });
}

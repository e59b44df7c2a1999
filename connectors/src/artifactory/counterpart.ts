/** The data plane in memory, and Artifactory's own API as its documentation has it. */
import {
  type Counterpart,
  createFakeRegistry,
  firstOf,
  type Responder,
  type SampleManifest,
  sampleImage,
  sampleIndex,
} from '@inthub/connector-sdk/testing';

export const image = sampleImage('app');
export const index = sampleIndex('multi');
export const repositories: Record<string, Record<string, SampleManifest>> = {
  'team/app': { v1: image, v2: sampleImage('app2'), v3: sampleImage('app3'), multi: index },
  'team/tool': { latest: sampleImage('tool') },
  base: { latest: sampleImage('base') },
};

/** Artifactory's own API: a stub by its documentation, since no description of it can be had. */
const api: Responder = ({ url }) => {
  switch (url.pathname) {
    case '/artifactory/api/system/ping':
      return { text: 'OK' };
    case '/artifactory/api/system/version':
      return { json: { version: '7.98.9', revision: '79809900', addons: [] } };
    case '/artifactory/api/repositories':
      return url.searchParams.get('packageType') === 'docker'
        ? {
            json: [
              {
                key: 'docker-remote',
                type: 'REMOTE',
                description: '',
                url: 'https://registry-1.docker.io/',
                packageType: 'Docker',
              },
              { key: 'docker-local', type: 'LOCAL', description: 'Ours', packageType: 'Docker' },
            ],
          }
        : undefined;
    default:
      return undefined;
  }
};
export const basePath = '/artifactory/api/docker/docker-local/v2';

/** By path: `/artifactory/api/docker/docker-local`. */
export const createFakeArtifactory = (): Responder =>
  firstOf(createFakeRegistry({ repositories, basePath, omitsLinks: true }), api);
export const config = { endpoint: 'https://art.example.com', repoKey: 'docker-local' };

export async function startCounterpart(): Promise<Counterpart> {
  const at = { repository: 'team/app' };
  return {
    name: 'a fake Artifactory',
    proof: 'stub',
    respond: createFakeArtifactory(),
    config,
    inputs: {
      'repository.list': {},
      'tag.list': at,
      'tag.resolve': { ...at, tag: 'v1' },
      'manifest.get': { ...at, reference: 'multi' },
      'digest.verify': { ...at, digest: image.digest },
      'artifactory.repository.list': {},
    },
    stop: async () => {},
  };
}

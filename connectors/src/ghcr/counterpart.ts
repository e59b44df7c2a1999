/** The data plane in memory, and GitHub's list of packages. */
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
const repositories: Record<string, Record<string, SampleManifest>> = {
  'acme-org/app': { v1: image, v2: sampleImage('app2'), multi: index },
  'acme-org/charts/web': { latest: sampleImage('chart') },
};

/** GitHub's list of packages: a stub by its documentation, since no description of it is at hand. */
const packagesApi: Responder = ({ url }) => {
  if (url.host !== 'api.github.com') return undefined;
  if (url.pathname !== '/orgs/Acme-Org/packages') return { status: 404, json: { message: 'Not Found', status: '404' } };
  const all = Object.keys(repositories).map((name, id) => ({
    id,
    name: name.slice('acme-org/'.length),
    package_type: 'container',
    visibility: id === 0 ? 'private' : 'public',
    updated_at: '2026-01-05T00:00:00Z',
  }));
  const page = Number(url.searchParams.get('page'));
  const size = Number(url.searchParams.get('per_page'));
  const next = `<https://api.github.com${url.pathname}?package_type=container&page=${page + 1}&per_page=${size}>; rel="next", <https://api.github.com/x>; rel="last"`;
  return { json: all.slice((page - 1) * size, page * size), headers: page * size < all.length ? { link: next } : {} };
};

export const createFakeGhcr = (): Responder =>
  firstOf(packagesApi, createFakeRegistry({ repositories, host: 'ghcr.io' }));

export async function startCounterpart(): Promise<Counterpart> {
  const at = { repository: 'acme-org/app' };
  return {
    name: 'a fake GitHub Container Registry',
    proof: 'stub',
    respond: createFakeGhcr(),
    config: { owner: 'Acme-Org' },
    inputs: {
      'repository.list': {},
      'tag.list': at,
      'tag.resolve': { ...at, tag: 'v1' },
      'manifest.get': { ...at, reference: 'multi' },
      'digest.verify': { ...at, digest: image.digest },
    },
    stop: async () => {},
  };
}

import { registryActionIds } from '@inthub/connector-sdk';
import {
  createFakeProvider,
  createFakeRegistry,
  createMockGateway,
  faultConformance,
  firstOf,
  manifestConformance,
  type Responder,
  registryConformance,
  type SampleManifest,
  sampleImage,
  sampleIndex,
} from '@inthub/connector-sdk/testing';
import { describe, expect, it } from 'vitest';
import { ghcr } from './connector.ts';

const image = sampleImage('app');
const index = sampleIndex('multi');
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
const respond = () => firstOf(packagesApi, createFakeRegistry({ repositories, host: 'ghcr.io' }));
const gateway = (responder: Responder = respond(), config: Record<string, unknown> = {}) =>
  createMockGateway({ connector: ghcr, respond: responder, config: { owner: 'Acme-Org', ...config } });

manifestConformance(ghcr);

const hub = gateway();
registryConformance({
  name: 'ghcr',
  offered: registryActionIds.filter((id) => id !== 'scan.get'),
  run: (action, input) => hub.run(action, input),
  fixtures: () => ({
    repository: 'acme-org/app',
    tag: 'v1',
    digest: image.digest,
    mediaType: image.mediaType,
    tags: ['multi', 'v1', 'v2'],
    index: {
      repository: 'acme-org/app',
      tag: 'multi',
      digest: index.digest,
      platforms: index.children.map(({ os, architecture }) => ({ os, architecture })),
    },
    host: 'ghcr.io',
  }),
});

faultConformance({
  connector: ghcr,
  config: { owner: 'Acme-Org' },
  respond,
  cases: [
    { action: 'repository.list', input: {} },
    { action: 'tag.list', input: { repository: 'acme-org/app' } },
    { action: 'tag.resolve', input: { repository: 'acme-org/app', tag: 'v1' } },
    { action: 'manifest.get', input: { repository: 'acme-org/app', reference: 'v1' } },
    { action: 'digest.verify', input: { repository: 'acme-org/app', digest: image.digest } },
  ],
  outcome: (fault, { url }) => (fault === 'strange' && url.pathname === '/v2/' ? 'handled' : undefined),
});

describe('ghcr', () => {
  it('lists packages under the names by which the registry knows them', async () => {
    expect(await hub.run('repository.list', {})).toEqual({
      items: [
        { name: 'acme-org/app', description: null, isPublic: false, updatedAt: '2026-01-05T00:00:00.000Z' },
        { name: 'acme-org/charts/web', description: null, isPublic: true, updatedAt: '2026-01-05T00:00:00.000Z' },
      ],
      nextCursor: null,
    });
  });

  it('asks as the documentation says, with the token of the same credential', async () => {
    const provider = createFakeProvider();
    provider.expect({
      host: 'api.github.com',
      path: '/users/octocat/packages',
      query: { package_type: 'container', page: '1', per_page: '50' },
      headers: {
        authorization: 'Bearer canary-basic-password-7f3a9c51e0',
        accept: 'application/vnd.github+json',
        'x-github-api-version': '2022-11-28',
      },
      reply: { json: [] },
    });

    await gateway(provider.respond, { owner: 'octocat', ownerType: 'user' }).run('repository.list', {});
  });

  it('says which setting to look at when the owner is unknown or missing', async () => {
    await expect(gateway(respond(), { owner: 'nobody' }).run('repository.list', {})).rejects.toMatchObject({
      code: 'provider_not_found',
      message: expect.stringContaining('ownerType'),
    });
    await expect(hub.run('repository.list', { namespace: 'acme/x' })).rejects.toMatchObject({
      code: 'invalid_request',
    });
    const bare = createMockGateway({ connector: ghcr, respond: respond() });
    await expect(bare.run('repository.list', {})).rejects.toMatchObject({
      code: 'invalid_request',
      message: expect.stringContaining('owner'),
    });
    expect(await bare.check('ghcr.packages')).toMatchObject({ status: 'warn' });
  });

  it('sends no credential anywhere when it is anonymous', async () => {
    const anonymous = gateway(respond(), { authMode: 'none' });
    await anonymous.run('tag.list', { repository: 'acme-org/app' });
    await anonymous.run('repository.list', {});

    expect(anonymous.requests.map(({ auth }) => auth)).toEqual(['registry-challenge', 'none']);
    expect(anonymous.requests.every(({ headers }) => headers['authorization'] === undefined)).toBe(true);
  });
});

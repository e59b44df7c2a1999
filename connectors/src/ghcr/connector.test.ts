import { registryActionIds } from '@inthub/connector-sdk';
import {
  createFakeProvider,
  createMockGateway,
  faultConformance,
  manifestConformance,
  type Responder,
  registryConformance,
} from '@inthub/connector-sdk/testing';
import { describe, expect, it } from 'vitest';
import { ghcr } from './connector.ts';
import { createFakeGhcr, image, index } from './counterpart.ts';

const respond = createFakeGhcr;
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

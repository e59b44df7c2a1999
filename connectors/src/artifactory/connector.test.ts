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
} from '@inthub/connector-sdk/testing';
import { describe, expect, it } from 'vitest';
import { artifactory } from './connector.ts';
import { basePath, config, createFakeArtifactory, image, index, repositories } from './counterpart.ts';

const respond = createFakeArtifactory;
const gateway = (responder: Responder = respond(), more: Record<string, unknown> = {}) =>
  createMockGateway({ connector: artifactory, respond: responder, config: { ...config, ...more } });
const offered = registryActionIds.filter((id) => id !== 'scan.get');
const fixtures = {
  repository: 'team/app',
  tag: 'v1',
  digest: image.digest,
  mediaType: image.mediaType,
  tags: ['multi', 'v1', 'v2', 'v3'],
  index: {
    repository: 'team/app',
    tag: 'multi',
    digest: index.digest,
    platforms: index.children.map(({ os, architecture }) => ({ os, architecture })),
  },
};

manifestConformance(artifactory);

describe.each([
  ['by path', {}, respond(), 'art.example.com/docker-local'],
  [
    'by path, with /artifactory in the endpoint',
    { endpoint: 'https://art.example.com/artifactory/' },
    respond(),
    'art.example.com/docker-local',
  ],
  [
    'by subdomain',
    { endpoint: 'https://docker-local.art.example.com', access: 'subdomain' },
    createFakeRegistry({ repositories }),
    'docker-local.art.example.com',
  ],
])('%s', (name, more, responder, host) => {
  const hub = gateway(responder, more);
  registryConformance({
    name: `artifactory ${name}`,
    offered,
    fixtures: () => ({ ...fixtures, host }),
    run: (action, input) => hub.run(action, input),
  });
});

faultConformance({
  connector: artifactory,
  config,
  respond,
  cases: [
    { action: 'repository.list', input: {} },
    { action: 'tag.list', input: { repository: 'team/app' } },
    { action: 'tag.resolve', input: { repository: 'team/app', tag: 'v1' } },
    { action: 'manifest.get', input: { repository: 'team/app', reference: 'v1' } },
    { action: 'digest.verify', input: { repository: 'team/app', digest: image.digest } },
    { action: 'artifactory.repository.list', input: {} },
  ],
  outcome: (fault, { url }) => {
    if (fault === 'strange' && url.pathname === `${basePath}/`) return 'handled';
    return url.pathname.endsWith('/version') && ['unauthorized', 'forbidden'].includes(fault) ? 'handled' : undefined;
  },
});

describe('artifactory', () => {
  it('signs in with the token at once', async () => {
    const provider = createFakeProvider();
    provider.expect({
      path: `${basePath}/team/app/tags/list`,
      query: { n: '50' },
      headers: { authorization: 'Bearer canary-bearer-token-7f3a9c51e0' },
      reply: { json: { tags: [] } },
    });

    await gateway(provider.respond).run('tag.list', { repository: 'team/app' });
  });

  it('refuses a reference to another Docker repository of the same host', async () => {
    await expect(gateway().run('tag.resolve', { imageRef: 'art.example.com/other/team/app:v1' })).rejects.toMatchObject(
      {
        code: 'invalid_request',
        message: expect.stringContaining('docker-local'),
      },
    );
  });

  it('stops at a registry that answers every page with the same names', async () => {
    const stuck = gateway(() => ({ json: { repositories: ['a'] } }));
    const { nextCursor } = (await stuck.run('repository.list', { limit: 1 })) as { nextCursor: string };

    await expect(stuck.run('repository.list', { limit: 1, cursor: nextCursor })).rejects.toMatchObject({
      code: 'provider_bad_response',
    });
  });

  it('lists the keys of Docker repositories, and discovers them', async () => {
    expect(await gateway().run('artifactory.repository.list')).toEqual({
      items: [
        { key: 'docker-local', kind: 'LOCAL', description: 'Ours' },
        { key: 'docker-remote', kind: 'REMOTE', description: null },
      ],
    });
    expect((await gateway().discover('registries')).items.map(({ id }) => id)).toEqual([
      'docker-local',
      'docker-remote',
    ]);
  });

  it('tells the version in the connection test, where it may', async () => {
    expect(await gateway().testConnection()).toMatchObject({
      success: true,
      details: { version: '7.98.9', systemPing: 'OK' },
    });
    const shy = gateway(
      firstOf(({ url }) => (url.pathname.endsWith('/version') ? { status: 403 } : undefined), respond()),
    );
    expect(await shy.testConnection()).toMatchObject({ success: true, details: { systemPing: 'OK' } });
  });

  it('names the repositories that there are when the configured one is not among them', async () => {
    const outcome = await gateway(respond(), { repoKey: 'docker-lokal' }).check('artifactory.repository');

    expect(outcome).toMatchObject({
      status: 'fail',
      suggestions: [expect.stringContaining('docker-local, docker-remote')],
    });
  });

  it('needs a repository key', () => {
    expect(() =>
      createMockGateway({ connector: artifactory, respond: respond(), config: { endpoint: config.endpoint } }),
    ).toThrow('/config/repoKey');
    expect(() => gateway(respond(), { repoKey: '../x' })).toThrow('/config/repoKey');
  });
});

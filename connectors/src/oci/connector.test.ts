import { registryActionIds } from '@inthub/connector-sdk';
import {
  createFakeProvider,
  createFakeRegistry,
  createMockGateway,
  type FakeRegistryOptions,
  faultConformance,
  manifestConformance,
  type Reply,
  type Responder,
  registryConformance,
  sampleImage,
  sampleIndex,
  sampleManifest,
} from '@inthub/connector-sdk/testing';
import { describe, expect, it } from 'vitest';
import { oci } from './connector.ts';

const endpoint = 'https://registry.example.com';
const image = sampleImage('app');
const index = sampleIndex('multi');
const docker = sampleIndex('docker', 'docker');
const repositories: FakeRegistryOptions['repositories'] = {
  'team/app': { v1: image, 'v1.0': image, v2: sampleImage('app2'), multi: index },
  'team/docker': { old: docker },
  base: { latest: sampleImage('base', 'docker') },
};
const offered = registryActionIds.filter((id) => id !== 'scan.get');
const fixtures = {
  repository: 'team/app',
  tag: 'v1',
  digest: image.digest,
  mediaType: image.mediaType,
  tags: ['multi', 'v1', 'v1.0', 'v2'],
  index: {
    repository: 'team/app',
    tag: 'multi',
    digest: index.digest,
    platforms: index.children.map(({ os, architecture }) => ({ os, architecture })),
  },
  host: 'registry.example.com',
};
const gateway = (respond: Responder, config: Record<string, unknown> = {}) =>
  createMockGateway({ connector: oci, respond, config: { endpoint, ...config } });
const over = (options: Partial<FakeRegistryOptions> = {}) => gateway(createFakeRegistry({ repositories, ...options }));

manifestConformance(oci);

describe.each<[string, Partial<FakeRegistryOptions>]>([
  ['a registry as specified', {}],
  ['Distribution 2.8, which does not page tags', { ignoresTagPaging: true }],
  ['a registry without digest headers', { omitsDigestHeader: true }],
  ['a registry without HEAD', { refusesHead: true }],
])('over %s', (name, options) => {
  const hub = over(options);
  registryConformance({ name, offered, fixtures: () => fixtures, run: (action, input) => hub.run(action, input) });
});

faultConformance({
  connector: oci,
  config: { endpoint },
  respond: () => createFakeRegistry({ repositories }),
  cases: [
    { action: 'repository.list', input: {} },
    { action: 'tag.list', input: { repository: 'team/app' } },
    { action: 'tag.resolve', input: { repository: 'team/app', tag: 'v1' } },
    { action: 'manifest.get', input: { repository: 'team/app', reference: 'multi' } },
    { action: 'digest.verify', input: { repository: 'team/app', digest: image.digest } },
  ],
  // Any JSON object is a possible answer to /v2/.
  outcome: (fault, { url }) => (fault === 'strange' && url.pathname === '/v2/' ? 'handled' : undefined),
});

describe('manifests that lie', () => {
  const answering = (reply: Reply) => gateway(() => reply);
  const manifest = (bytes: Uint8Array, mediaType: string, headers = {}): Reply => ({
    bytes,
    headers: { 'content-type': mediaType, ...headers },
  });
  const get = { repository: 'team/app', reference: 'v1' };

  it('refuses bytes that do not have the digest of the header', async () => {
    const hub = over({ tamper: (bytes) => Buffer.concat([bytes, Buffer.from(' ')]) });

    await expect(hub.run('manifest.get', get)).rejects.toMatchObject({
      code: 'provider_bad_response',
      message: expect.stringContaining('Docker-Content-Digest'),
      details: { expected: image.digest },
    });
  });

  it('refuses bytes that do not have the digest of the request, even without a header', async () => {
    const hub = over({ tamper: (bytes) => Buffer.concat([bytes, Buffer.from(' ')]), omitsDigestHeader: true });

    await expect(hub.run('manifest.get', { ...get, reference: image.digest })).rejects.toMatchObject({
      code: 'provider_bad_response',
    });
    expect(await hub.run('digest.verify', { repository: 'team/app', digest: image.digest })).toMatchObject({
      verified: false,
    });
  });

  it('refuses another digest in answer to HEAD', async () => {
    const other = sampleImage('other');
    const hub = answering({
      headers: { 'content-type': other.mediaType, 'docker-content-digest': other.digest, 'content-length': '10' },
    });

    await expect(hub.run('tag.resolve', { imageRef: `team/app@${image.digest}` })).rejects.toMatchObject({
      code: 'provider_bad_response',
    });
  });

  it.each<[string, Reply]>([
    ['a schema 1 manifest', manifest(Buffer.from('{}'), 'application/vnd.docker.distribution.manifest.v1+prettyjws')],
    ['no content type', { bytes: image.bytes }],
    ['a type inside that contradicts the header', manifest(sampleImage('a', 'docker').bytes, image.mediaType)],
    ['an image and index at once', both()],
    [
      'a layer without a size',
      manifest(...parts(sampleManifest(image.mediaType, { config: { mediaType: 'a', digest: 'b' }, layers: [] }))),
    ],
    ['a list instead of an object', manifest(Buffer.from('[]'), image.mediaType)],
    ['text that is not UTF-8', manifest(Buffer.from([0x7b, 0xff, 0x7d]), image.mediaType)],
    [
      'a malformed digest header',
      manifest(image.bytes, image.mediaType, { 'docker-content-digest': 'sha256:../../x' }),
    ],
  ])('refuses %s', async (_what, reply) => {
    await expect(answering(reply).run('manifest.get', get)).rejects.toMatchObject({ code: 'provider_bad_response' });
  });

  it('refuses a manifest larger than 4 MiB', async () => {
    const large = manifest(Buffer.alloc(4 * 1024 * 1024 + 1, 0x20), image.mediaType);

    await expect(answering(large).run('manifest.get', get)).rejects.toMatchObject({
      code: 'provider_response_too_large',
    });
  });

  function parts({ bytes, mediaType }: { bytes: Uint8Array; mediaType: string }): [Uint8Array, string] {
    return [bytes, mediaType];
  }
  function both(): Reply {
    const descriptor = { mediaType: 'application/octet-stream', digest: image.digest, size: 1 };
    return manifest(...parts(sampleManifest(index.mediaType, { manifests: [descriptor], layers: [descriptor] })));
  }
});

describe('lists', () => {
  it('uses the page size of the registry when it refuses ours', async () => {
    const provider = createFakeProvider();
    const hub = gateway(provider.respond);
    const refusal = {
      status: 400,
      json: { errors: [{ code: 'PAGINATION_NUMBER_INVALID', message: 'invalid number of results' }] },
    };
    provider.expect({ path: '/v2/_catalog', query: { n: '50' }, reply: refusal });
    provider.expect({
      path: '/v2/_catalog',
      reply: { json: { repositories: ['a', 'b'] }, headers: { link: '</v2/_catalog?last=b&n=2>; rel="next"' } },
    });
    provider.expect({ path: '/v2/_catalog', query: { n: '50', last: 'b' }, reply: refusal });
    provider.expect({ path: '/v2/_catalog', query: { last: 'b' }, reply: { json: { repositories: ['c'] } } });

    const first = (await hub.run('repository.list', {})) as { items: { name: string }[]; nextCursor: string };
    const second = await hub.run('repository.list', { cursor: first.nextCursor });

    expect(first.items.map(({ name }) => name)).toEqual(['a', 'b']);
    expect(second).toMatchObject({ items: [{ name: 'c' }], nextCursor: null });
  });

  it('carries a next_page token on, and never the path of a link', async () => {
    const provider = createFakeProvider();
    const hub = gateway(provider.respond);
    const link = '</v2/elsewhere/../_catalog?next_page=gAAAA%3D&n=1>; rel="next"';
    provider.expect({
      path: '/v2/_catalog',
      query: { n: '1' },
      reply: { json: { repositories: ['a'] }, headers: { link } },
    });
    provider.expect({
      path: '/v2/_catalog',
      query: { n: '1', next_page: 'gAAAA=' },
      reply: { json: { repositories: ['b'] } },
    });

    const { nextCursor } = (await hub.run('repository.list', { limit: 1 })) as { nextCursor: string };

    expect(await hub.run('repository.list', { limit: 1, cursor: nextCursor })).toMatchObject({
      items: [{ name: 'b' }],
    });
  });

  it.each(['<https://evil.example/v2/_catalog?last=a>; rel="next"', '</v2/_catalog>; rel="next"'])(
    'refuses the link %s',
    async (link) => {
      const hub = gateway(() => ({ json: { repositories: ['a'] }, headers: { link } }));

      await expect(hub.run('repository.list', { limit: 1 })).rejects.toMatchObject({ code: 'provider_bad_response' });
    },
  );

  it('notices a registry that links back to the same page', async () => {
    const hub = gateway(() => ({
      json: { repositories: ['a'] },
      headers: { link: '</v2/_catalog?last=a&n=1>; rel="next"' },
    }));
    const { nextCursor } = (await hub.run('repository.list', { limit: 1 })) as { nextCursor: string };

    await expect(hub.run('repository.list', { limit: 1, cursor: nextCursor })).rejects.toMatchObject({
      code: 'provider_bad_response',
    });
  });

  it('reads a repository without tags', async () => {
    const hub = gateway(() => ({ json: { name: 'team/app', tags: null } }));

    expect(await hub.run('tag.list', { repository: 'team/app' })).toMatchObject({ items: [], nextCursor: null });
  });

  it('filters by namespace', async () => {
    const page = (await over().run('repository.list', { namespace: 'team' })) as { items: { name: string }[] };

    expect(page.items.map(({ name }) => name)).toEqual(['team/app', 'team/docker']);
  });

  it('discovers repositories, and tags with the repository as parent', async () => {
    const hub = over();
    const repositoriesFound = await hub.discover('repositories');
    const tags = await hub.discover('tags', { parent: 'team/app', limit: 2 });

    expect(repositoriesFound.items.map(({ id }) => id)).toEqual(['base', 'team/app', 'team/docker']);
    expect(tags.items[0]).toMatchObject({ id: 'team/app:multi', name: 'multi', type: 'tags', parent: 'team/app' });
    expect(tags.nextCursor).not.toBeNull();
    await expect(hub.discover('tags')).rejects.toMatchObject({ code: 'invalid_request' });
    await expect(hub.discover('tags', { parent: '../x' })).rejects.toMatchObject({ code: 'invalid_request' });
  });
});

describe('tag.resolve', () => {
  it('asks once and remembers, unless told to ask again', async () => {
    const hub = over();
    await hub.run('tag.resolve', { imageRef: 'team/app:v1' });
    await hub.run('tag.resolve', { repository: 'team/app', tag: 'v1' });
    expect(hub.requests.map(({ method }) => method)).toEqual(['HEAD']);

    await hub.run('tag.resolve', { repository: 'team/app', tag: 'v1', fresh: true });
    expect(hub.requests).toHaveLength(2);
  });

  it('takes latest where the reference has no tag', async () => {
    expect(await over().run('tag.resolve', { imageRef: 'base' })).toMatchObject({ repository: 'base', tag: 'latest' });
  });

  it('asks for every kind of manifest', async () => {
    const hub = over();
    await hub.run('tag.resolve', { imageRef: 'team/docker:old' });

    expect(hub.requests[0]!.headers['accept']!.split(', ')).toEqual(
      expect.arrayContaining([image.mediaType, index.mediaType, docker.mediaType]),
    );
  });
});

describe('the connection test', () => {
  it.each([
    [401, {}, 'refused the credential', 'docker login'],
    [401, { authMode: 'none' }, 'does not let anonymous callers in', 'another authentication'],
    [403, {}, 'does not allow', 'right to pull'],
    [404, {}, 'was not found at this endpoint', '/v2/'],
  ])('explains %i %j', async (status, config, what, wayOut) => {
    const report = await gateway(() => ({ status }), config).testConnection();

    expect(report).toMatchObject({ success: false, details: { step: 'registry API' } });
    expect(report.message).toContain(what);
    expect(report.message).toContain(wayOut);
  });

  it('is not fooled by a web page', async () => {
    const report = await gateway(() => ({ text: '<html>Welcome to nginx!</html>' })).testConnection();

    expect(report).toMatchObject({ success: false, details: { code: 'provider_bad_response' } });
  });

  it('warns, and does not fail, where listing is refused', async () => {
    const hub = gateway(({ url }) => (url.pathname === '/v2/' ? { json: {} } : { status: 401 }));

    expect(await hub.check('oci.catalog')).toMatchObject({ status: 'warn' });
    expect(await hub.testConnection()).toMatchObject({ success: true });
  });
});

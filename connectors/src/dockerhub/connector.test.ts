import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { registryActionIds } from '@inthub/connector-sdk';
import {
  type ApiDescription,
  createApiDescription,
  createFakeProvider,
  createMockGateway,
  faultConformance,
  manifestConformance,
  type Responder,
  registryConformance,
  type SentRequest,
} from '@inthub/connector-sdk/testing';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { dockerhub } from './connector.ts';
import { createFakeDockerHub, createRegistry, image, index } from './counterpart.ts';

const vendorApis = process.env['VENDOR_APIS_DIR'] ?? join(import.meta.dirname, '../../../../shared/vendor-apis');
const descriptionFile = join(vendorApis, 'docker-hub/latest.yaml');
const isDescribed = existsSync(descriptionFile);

/** Every exchange about tags must be as described; the description at hand is older than the list of repositories. */
const respond = (described?: ApiDescription): Responder =>
  createFakeDockerHub((request, reply) => {
    if (described === undefined || !request.url.pathname.includes('/tags')) return;
    expect(described.checkRequest(request), request.url.href).toEqual([]);
    expect(described.checkReply(request, reply.status ?? 200, reply.json), request.url.href).toEqual([]);
  });
const gateway = (responder: Responder = respond(), config: Record<string, unknown> = {}) =>
  createMockGateway({ connector: dockerhub, respond: responder, config: { namespace: 'acme', ...config } });
const offered = registryActionIds.filter((id) => id !== 'scan.get');
const fixtures = {
  repository: 'acme/app',
  namespace: 'acme',
  tag: 'v1',
  digest: image.digest,
  mediaType: image.mediaType,
  tags: ['multi', 'v1', 'v2'],
  index: {
    repository: 'library/alpine',
    tag: '3.20',
    digest: index.digest,
    platforms: index.children.map(({ os, architecture }) => ({ os, architecture })),
  },
  host: 'docker.io',
};

manifestConformance(dockerhub);

const hub = gateway();
registryConformance({
  name: 'dockerhub',
  offered,
  fixtures: () => fixtures,
  run: (action, input) => hub.run(action, input),
});

describe.skipIf(!isDescribed)(
  `against Docker's latest.yaml${isDescribed ? '' : ` (absent: ${descriptionFile}; set VENDOR_APIS_DIR)`}`,
  () => {
    const described = isDescribed ? createApiDescription(parse(readFileSync(descriptionFile, 'utf8'))) : undefined;
    const strict = gateway(respond(described));
    registryConformance({
      name: 'dockerhub, tags checked',
      offered,
      fixtures: () => fixtures,
      run: (action, input) => strict.run(action, input),
    });

    it('exchanges credentials for a token as described', () => {
      const scheme = dockerhub.manifest.auth[0]!.perHost!['hub.docker.com']!;
      if (scheme.scheme !== 'token-exchange') expect.unreachable();
      const request: SentRequest = {
        method: 'POST',
        url: new URL(scheme.url),
        headers: {},
        body: Buffer.from(JSON.stringify(scheme.json)),
        auth: 'none',
      };

      expect(described!.checkRequest(request)).toEqual([]);
      expect(described!.checkRequest({ ...request, body: Buffer.from('{"user":"a"}') })).not.toEqual([]);
      expect(described!.checkReply(request, 200, { [scheme.tokenAt.slice(1)]: 'token' })).toEqual([]);
    });
  },
);

faultConformance({
  connector: dockerhub,
  config: { namespace: 'acme' },
  respond,
  cases: [
    { action: 'repository.list', input: {} },
    { action: 'tag.list', input: { repository: 'acme/app' } },
    { action: 'tag.resolve', input: { repository: 'acme/app', tag: 'v1' } },
    { action: 'manifest.get', input: { repository: 'acme/app', reference: 'v1' } },
    { action: 'digest.verify', input: { repository: 'acme/app', digest: image.digest } },
  ],
  outcome: (fault, { url }) => {
    if (fault === 'strange' && url.pathname === '/v2/') return 'handled';
    const isPushTime = url.host === 'hub.docker.com' && /\/tags\/[^/]+$/.test(url.pathname);
    return isPushTime && ['unauthorized', 'forbidden', 'missing'].includes(fault) ? 'handled' : undefined;
  },
});

describe('dockerhub', () => {
  it.each([
    'alpine:3.20',
    'library/alpine:3.20',
    'docker.io/alpine:3.20',
    'index.docker.io/library/alpine:3.20',
    'registry-1.docker.io/library/alpine:3.20',
  ])('finds the official image by %s', async (imageRef) => {
    expect(await hub.run('tag.resolve', { imageRef })).toMatchObject({
      repository: 'library/alpine',
      digest: index.digest,
    });
  });

  it('finds it by repository and tag, and in lists, too', async () => {
    expect(await hub.run('tag.resolve', { repository: 'alpine', tag: 'latest' })).toMatchObject({
      repository: 'library/alpine',
    });
    expect(await hub.run('tag.list', { repository: 'alpine' })).toMatchObject({
      repository: 'library/alpine',
      items: [{ name: 'latest' }, { name: '3.20' }],
    });
  });

  it('uses the token of hub.docker.com there and the challenge at the registry', async () => {
    const own = gateway();
    await own.run('tag.resolve', { imageRef: 'acme/app:v1' });

    expect(own.requests.map(({ url, auth }) => [url.host, auth])).toEqual([
      ['registry-1.docker.io', 'registry-challenge'],
      ['hub.docker.com', 'token-exchange'],
    ]);
  });

  it('gives the time of the push', async () => {
    expect(await hub.run('tag.resolve', { imageRef: 'acme/app:v1' })).toMatchObject({
      pushedAt: '2026-01-05T21:06:53.506Z',
    });
  });

  it('asks for a namespace where none is configured', async () => {
    const own = createMockGateway({ connector: dockerhub, respond: respond() });

    await expect(own.run('repository.list', {})).rejects.toMatchObject({
      code: 'invalid_request',
      errors: [{ path: '/namespace' }],
    });
    expect(await own.run('repository.list', { namespace: 'library' })).toMatchObject({
      items: [{ name: 'library/alpine' }],
    });
  });

  it('asks for pages of at most 100, by number', async () => {
    const provider = createFakeProvider();
    provider.expect({
      host: 'hub.docker.com',
      path: '/v2/namespaces/acme/repositories',
      query: { page: '1', page_size: '100', ordering: 'name' },
      reply: { json: { next: null, results: [] } },
    });

    expect(await gateway(provider.respond).run('repository.list', { limit: 500 })).toEqual({
      items: [],
      nextCursor: null,
    });
  });

  it('refuses a next link to another host', async () => {
    const own = gateway(() => ({ json: { next: 'https://evil.example/v2/?page=2', results: [] } }));

    await expect(own.run('tag.list', { repository: 'acme/app' })).rejects.toMatchObject({
      code: 'provider_bad_response',
    });
  });

  it('refuses names of three parts, which Docker Hub does not have', async () => {
    await expect(hub.run('tag.list', { repository: 'a/b/c' })).rejects.toMatchObject({ code: 'invalid_request' });
  });

  it.each([
    ['100;w=21600', '76;w=21600', 'pass', '76 of 100'],
    ['100;w=21600', '10;w=21600', 'warn', 'Only 10 of 100'],
    ['100;w=21600', '0;w=21600', 'warn', 'Only 0 of 100'],
    [undefined, undefined, 'pass', 'no pull limit'],
    ['many', 'few', 'pass', 'no pull limit'],
  ])('reads the pull limit %s, %s: %s', async (limit, remaining, status, message) => {
    const limited: Responder = async (request, signal) => {
      const reply = (await createRegistry()(request, signal))!;
      return {
        ...reply,
        headers: {
          ...reply.headers,
          ...(limit === undefined ? {} : { 'ratelimit-limit': limit, 'ratelimit-remaining': remaining }),
        },
      };
    };

    expect(await gateway(limited).check('dockerhub.pull_quota')).toMatchObject({
      status,
      message: expect.stringContaining(message),
    });
  });
});

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
import { quay } from './connector.ts';
import { createFakeQuay, image, index } from './counterpart.ts';

const respond = createFakeQuay;
const gateway = (responder: Responder = respond(), config: Record<string, unknown> = {}) =>
  createMockGateway({ connector: quay, respond: responder, config: { namespace: 'acme', ...config } });
const fixtures = {
  repository: 'acme/app',
  tag: 'v1',
  digest: image.digest,
  mediaType: image.mediaType,
  tags: ['multi', 'v1', 'v2'],
  index: {
    repository: 'acme/app',
    tag: 'multi',
    digest: index.digest,
    platforms: index.children.map(({ os, architecture }) => ({ os, architecture })),
  },
  host: 'quay.io',
};

manifestConformance(quay);

const hub = gateway();
registryConformance({
  name: 'quay',
  offered: registryActionIds,
  fixtures: () => fixtures,
  run: (action, input) => hub.run(action, input),
});

faultConformance({
  connector: quay,
  config: { namespace: 'acme' },
  respond,
  cases: [
    { action: 'repository.list', input: {} },
    { action: 'tag.list', input: { repository: 'acme/app' } },
    { action: 'tag.resolve', input: { repository: 'acme/app', tag: 'v1' } },
    { action: 'manifest.get', input: { repository: 'acme/app', reference: 'v1' } },
    { action: 'digest.verify', input: { repository: 'acme/app', digest: image.digest } },
    { action: 'scan.get', input: { repository: 'acme/app', reference: image.digest } },
  ],
  outcome: (fault, { url }) => {
    if (fault === 'strange' && url.pathname === '/v2/') return 'handled';
    return url.searchParams.has('specificTag') && ['unauthorized', 'forbidden', 'missing'].includes(fault)
      ? 'handled'
      : undefined;
  },
});

describe('quay', () => {
  it('gives digest and date with each tag, and the date of a resolved tag', async () => {
    const pushedAt = '2026-01-05T00:00:00.000Z';

    expect(await hub.run('tag.list', { repository: 'acme/app', limit: 1 })).toMatchObject({
      items: [{ name: 'v1', digest: image.digest, pushedAt }],
    });
    expect(await hub.run('tag.resolve', { imageRef: 'quay.io/acme/app:v1' })).toMatchObject({ pushedAt });
  });

  it('counts each vulnerability once, by its worst severity', async () => {
    expect(await hub.run('scan.get', { repository: 'acme/app', reference: 'v1' })).toEqual({
      repository: 'acme/app',
      digest: image.digest,
      status: 'complete',
      severity: 'high',
      total: 3,
      fixable: 1,
      bySeverity: { critical: 0, high: 1, medium: 0, low: 1, negligible: 0, unknown: 1 },
      scanner: 'Clair',
      completedAt: null,
    });
  });

  it.each([
    [
      { status: 'queued', data: null },
      { status: 'queued', total: null, severity: null },
    ],
    [
      { status: 'unsupported', data: null },
      { status: 'unsupported', total: null },
    ],
    [{ status: 'manifest_layer_too_large', data: null }, { status: 'unsupported' }],
    [
      { status: 'scanned', data: { Layer: { Features: [] } } },
      { status: 'complete', total: 0, severity: 'none' },
    ],
  ])('reads the security status %j', async (json, expected) => {
    expect(
      await gateway(() => ({ json })).run('scan.get', { repository: 'acme/app', reference: image.digest }),
    ).toMatchObject(expected);
  });

  it.each(['odd', 'constructor', '__proto__'])('refuses the unknown status "%s"', async (status) => {
    const own = gateway(() => ({ json: { status, data: null } }));

    await expect(own.run('scan.get', { repository: 'acme/app', reference: image.digest })).rejects.toMatchObject({
      code: 'provider_bad_response',
    });
  });

  it('signs in to the API with the token and to the registry by its challenge', async () => {
    const own = gateway();
    await own.run('tag.resolve', { repository: 'acme/app', tag: 'v1' });

    expect(own.requests.map(({ url, auth }) => [url.pathname.split('/')[1], auth])).toEqual([
      ['v2', 'registry-challenge'],
      ['api', 'bearer'],
    ]);
    expect(own.requests[1]!.headers['authorization']).toBe('Bearer canary-bearer-token-7f3a9c51e0');
  });

  it('never sends a robot account to the API, and lists its tags at the registry', async () => {
    const robot = gateway(respond(), { authMode: 'basic' });
    await robot.run('tag.list', { repository: 'acme/app' });
    await robot.run('repository.list', {});

    expect(robot.requests.map(({ url, auth }) => [url.pathname, auth])).toEqual([
      ['/v2/acme/app/tags/list', 'registry-challenge'],
      ['/api/v1/repository', 'none'],
    ]);
    expect(await robot.check('quay.api')).toMatchObject({ status: 'warn' });
  });

  it('asks for the namespace, with what the product calls its parameters', async () => {
    const provider = createFakeProvider();
    provider.expect({
      path: '/api/v1/repository',
      query: { namespace: 'other', public: 'true', last_modified: 'true' },
      reply: { json: { repositories: [] } },
    });

    await gateway(provider.respond).run('repository.list', { namespace: 'other' });
    const bare = createMockGateway({ connector: quay, respond: respond() });
    await expect(bare.run('repository.list', {})).rejects.toMatchObject({ code: 'invalid_request' });
    expect(await bare.check('quay.api')).toMatchObject({ status: 'warn' });
  });
});

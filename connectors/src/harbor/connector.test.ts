import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { registryActionIds } from '@inthub/connector-sdk';
import {
  type ApiDescription,
  createApiDescription,
  createFakeProvider,
  createMockGateway,
  faultConformance,
  firstOf,
  manifestConformance,
  type Responder,
  registryConformance,
} from '@inthub/connector-sdk/testing';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { harbor } from './connector.ts';
import { createFakeHarbor, endpoint, generic, image, index } from './counterpart.ts';

const vendorApis = process.env['VENDOR_APIS_DIR'] ?? join(import.meta.dirname, '../../../../shared/vendor-apis');
const descriptionFile = join(vendorApis, 'harbor/swagger.yaml');
const isDescribed = existsSync(descriptionFile);

/** Every exchange with Harbor's own API must be as described, where the description is at hand. */
const respond = (described?: ApiDescription): Responder =>
  createFakeHarbor((request, reply) => {
    if (described === undefined) return;
    expect(described.checkRequest(request), `${request.method} ${request.url}`).toEqual([]);
    expect(described.checkReply(request, reply.status ?? 200, reply.json), request.url.pathname).toEqual([]);
  });
const gateway = (responder: Responder = respond(), config: Record<string, unknown> = {}) =>
  createMockGateway({ connector: harbor, respond: responder, config: { endpoint, ...config } });
const fixtures = {
  repository: 'team/app',
  namespace: 'team',
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
  host: 'harbor.example.com',
};

manifestConformance(harbor);

const hub = gateway();
registryConformance({
  name: 'harbor',
  offered: registryActionIds,
  fixtures: () => fixtures,
  run: (action, input) => hub.run(action, input),
});

describe.skipIf(!isDescribed)(
  `against goharbor's swagger.yaml${isDescribed ? '' : ` (absent: ${descriptionFile}; set VENDOR_APIS_DIR)`}`,
  () => {
    const described = isDescribed ? createApiDescription(parse(readFileSync(descriptionFile, 'utf8'))) : undefined;
    const strict = gateway(respond(described));
    registryConformance({
      name: 'harbor, every exchange checked',
      offered: registryActionIds,
      fixtures: () => fixtures,
      run: (action, input) => strict.run(action, input),
    });

    it('asks for projects, health and version as described', async () => {
      const checked = gateway(respond(described));

      expect(await checked.run('harbor.project.list', {})).toMatchObject({
        items: [
          { name: 'team', isPublic: true },
          { name: 'library', isPublic: false },
        ],
      });
      expect(await checked.testConnection()).toMatchObject({
        success: true,
        details: { health: 'healthy', version: 'v2.12.0-0123abcd' },
      });
    });

    it('would notice a request that Harbor does not have', () => {
      const request = { method: 'GET', headers: {}, body: null, auth: 'none' } as const;
      const url = (text: string) => new URL(`https://h/api/v2.0${text}`);

      expect(described!.checkRequest({ ...request, url: url('/projects?page_size=1000') })).not.toEqual([]);
      expect(described!.checkRequest({ ...request, url: url('/projects?pagesize=1') })).not.toEqual([]);
      expect(described!.checkRequest({ ...request, url: url('/projects/a/repositories/b/c/artifacts') })).not.toEqual(
        [],
      );
      expect(described!.checkReply({ ...request, url: url('/projects') }, 200, [{ name: 1 }])).not.toEqual([]);
    });
  },
);

faultConformance({
  connector: harbor,
  config: { endpoint },
  respond,
  cases: [
    { action: 'repository.list', input: { namespace: 'team' } },
    { action: 'tag.list', input: { repository: 'team/app' } },
    { action: 'tag.resolve', input: { repository: 'team/app', tag: 'v1' } },
    { action: 'manifest.get', input: { repository: 'team/app', reference: 'v1' } },
    { action: 'digest.verify', input: { repository: 'team/app', digest: image.digest } },
    { action: 'scan.get', input: { repository: 'team/app', reference: 'v1' } },
    { action: 'harbor.project.list', input: {} },
  ],
  outcome: (fault, { url }) => {
    if (fault === 'strange' && (url.pathname === '/v2/' || url.pathname.endsWith('/systeminfo'))) return 'handled';
    const isPushTime = url.pathname.includes('/artifacts/') && !url.searchParams.has('with_scan_overview');
    return isPushTime && (fault === 'forbidden' || fault === 'missing') ? 'handled' : undefined;
  },
});

describe('harbor', () => {
  it('encodes a name with a slash twice and signs in at once', async () => {
    const provider = createFakeProvider();
    const strict = gateway(provider.respond);
    provider.expect({
      path: '/api/v2.0/projects/team/repositories/nested%252Ftool/artifacts',
      query: { q: 'tags=*', sort: 'push_time', with_tag: 'true', page: '1', page_size: '10' },
      headers: { authorization: `Basic ${Buffer.from('robot:canary-basic-password-7f3a9c51e0').toString('base64')}` },
      reply: { json: [] },
    });

    await strict.run('tag.list', { repository: 'team/nested/tool', limit: 10 });
  });

  it('gives digest and push time with each tag, and the push time of a resolved tag', async () => {
    const tags = (await hub.run('tag.list', { repository: 'team/app' })) as { items: object[] };

    expect(tags.items).toContainEqual({ name: 'v1.0', digest: image.digest, pushedAt: '2026-01-03T00:00:00.000Z' });
    expect(await hub.run('tag.resolve', { repository: 'team/app', tag: 'v1' })).toMatchObject({
      pushedAt: '2026-01-03T00:00:00.000Z',
    });
    expect(await hub.run('tag.resolve', { imageRef: `team/app@${image.digest}` })).toMatchObject({
      pushedAt: '2026-01-02T00:00:00.000Z',
    });
  });

  it('resolves a tag without its push time for an account that may only pull', async () => {
    const pullOnly = gateway(
      firstOf(({ url }) => (url.pathname.startsWith('/api/') ? { status: 403 } : undefined), respond()),
    );

    expect(await pullOnly.run('tag.resolve', { repository: 'team/app', tag: 'v1' })).toMatchObject({
      digest: image.digest,
      pushedAt: null,
    });
  });

  it('sums up a scan', async () => {
    expect(await hub.run('scan.get', { imageRef: 'harbor.example.com/team/app:v1' })).toEqual({
      repository: 'team/app',
      digest: image.digest,
      status: 'complete',
      severity: 'high',
      total: 5,
      fixable: 3,
      bySeverity: { critical: 0, high: 2, medium: 2, low: 0, negligible: 0, unknown: 1 },
      scanner: 'Trivy v0.58.0',
      completedAt: '2026-01-02T14:04:17.000Z',
    });
  });

  it.each([
    [undefined, 'not_scanned'],
    [{ [generic]: { scan_status: 'Pending' } }, 'queued'],
    [{ [generic]: { scan_status: 'Running' } }, 'running'],
    [{ [generic]: { scan_status: 'Error' } }, 'failed'],
  ])('reads the scan overview %j as %s, without counts', async (scan_overview, status) => {
    const own = gateway(() => ({
      json: { digest: image.digest, ...(scan_overview === undefined ? {} : { scan_overview }) },
    }));

    expect(await own.run('scan.get', { repository: 'team/app', reference: 'v1' })).toMatchObject({
      status,
      total: null,
      completedAt: null,
    });
  });

  it('refuses a scan status that it does not know', async () => {
    const own = gateway(() => ({
      json: { digest: image.digest, scan_overview: { [generic]: { scan_status: 'Odd' } } },
    }));

    await expect(own.run('scan.get', { repository: 'team/app', reference: 'v1' })).rejects.toMatchObject({
      code: 'provider_bad_response',
    });
  });

  it('explains that a repository needs a project', async () => {
    await expect(hub.run('tag.list', { repository: 'app' })).rejects.toMatchObject({
      code: 'invalid_request',
      message: expect.stringContaining('<project>/<name>'),
    });
  });

  it('discovers projects, their repositories and their tags', async () => {
    const projects = await hub.discover('projects', { limit: 1 });
    expect(projects.items).toMatchObject([{ id: 'team', type: 'projects' }]);
    expect((await hub.discover('projects', { cursor: projects.nextCursor! })).items).toMatchObject([{ id: 'library' }]);
    expect((await hub.discover('repositories', { parent: 'team' })).items.map(({ id }) => id)).toEqual([
      'team/app',
      'team/nested/tool',
    ]);
    expect((await hub.discover('tags', { parent: 'team/nested/tool' })).items).toMatchObject([{ name: 'latest' }]);
  });

  it('connects anonymously without /v2/, which Harbor keeps closed', async () => {
    const anonymous = gateway(
      firstOf(({ url }) => (url.pathname === '/v2/' ? { status: 401 } : undefined), respond()),
      { authMode: 'none' },
    );

    expect(await anonymous.testConnection()).toMatchObject({ success: true });
    expect(await anonymous.check('harbor.reachable')).toMatchObject({ status: 'pass' });
  });

  it('names the components that ail, in the test and in the check', async () => {
    const ailing = gateway(
      firstOf(
        ({ url }) =>
          url.pathname.endsWith('/health')
            ? { json: { status: 'unhealthy', components: [{ name: 'trivy', status: 'unhealthy', error: 'down' }] } }
            : undefined,
        respond(),
      ),
    );

    expect(await ailing.testConnection()).toMatchObject({ success: true, details: { unhealthyComponents: ['trivy'] } });
    expect(await ailing.check('harbor.health')).toMatchObject({
      status: 'warn',
      message: expect.stringContaining('trivy'),
    });
  });

  it.each([
    ['v2.0.1', 'pass'],
    ['v1.10.2', 'warn'],
    [null, 'warn'],
  ])('judges version %s: %s', async (harbor_version, status) => {
    expect(await gateway(() => ({ json: { harbor_version } })).check('harbor.version')).toMatchObject({ status });
  });
});

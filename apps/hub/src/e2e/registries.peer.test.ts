import { type RegistryFixtures, registryConformance } from '@inthub/connector-sdk/testing';
import { type ErrorCode, HubError } from '@inthub/contracts';
import {
  createAuthority,
  type DockerRegistry,
  inspectDigest,
  makeOciImage,
  makeOciIndex,
  peersOrSkip,
  pushImage,
  pushTags,
  startDockerRegistry,
  startTokenServer,
} from '@inthub/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestHub, type TestHub } from './testing.ts';

// The whole hub over HTTP, against a real Distribution server whose images were pushed and are inspected by skopeo.
const peers = await peersOrSkip(['docker-registry', 'skopeo', 'umoci', 'htpasswd']);

const creds = { username: 'robot', password: 'canary-registry-password' };

describe.skipIf(peers.skip)(peers.label('a real registry through the hub'), () => {
  let hub: TestHub;
  const closing: (() => unknown)[] = [];

  beforeAll(async () => {
    hub = await startTestHub();
  });
  afterAll(async () => {
    await hub.stop();
    for (const close of closing.reverse()) await close();
  });

  async function install(
    registry: DockerRegistry,
    settings: { config?: object; credentials?: object } = {},
  ): Promise<string> {
    const { status, body } = await hub.call('POST', '/api/v1/integrations', {
      type: 'registry.oci',
      name: `registry ${registry.port} ${closing.length} ${Object.keys(settings).join()}`,
      config: { endpoint: registry.url, authMode: 'none', ...settings.config },
      ...(settings.credentials === undefined ? {} : { credentials: settings.credentials }),
      submit: true,
    });
    expect(status, JSON.stringify(body)).toBe(201);
    return body.id as string;
  }

  async function run(id: string, action: string, params: unknown): Promise<unknown> {
    const { status, body } = await hub.call('POST', `/api/v1/connectors/instances/${id}/execute`, { action, params });
    if (status === 200) return body.data;
    throw new HubError(body.code as ErrorCode, body.detail as string);
  }

  const modes = [
    { name: 'open', auth: 'none' },
    { name: 'htpasswd', auth: 'basic' },
    { name: 'token service', auth: 'token' },
    { name: 'TLS from a private authority', auth: 'tls' },
  ] as const;

  for (const mode of modes) {
    describe(mode.name, () => {
      let registry: DockerRegistry;
      let id: string;
      let image: Awaited<ReturnType<typeof makeOciImage>>;

      beforeAll(async () => {
        const authority = await createAuthority();
        const issuer =
          mode.auth === 'token'
            ? await startTokenServer({
                accounts: [{ ...creds, grants: { '*': ['pull', 'push'], 'registry:catalog': ['*'] } }],
              })
            : undefined;
        if (issuer !== undefined) closing.push(() => issuer.stop());
        registry = await startDockerRegistry({
          ...(mode.auth === 'basic' ? { auth: { kind: 'htpasswd', ...creds } } : {}),
          ...(issuer === undefined ? {} : { auth: { kind: 'token', issuer } }),
          ...(mode.auth === 'tls' ? { tls: await authority.issue({ hosts: ['127.0.0.1', 'localhost'] }) } : {}),
        });
        closing.push(() => registry.stop());
        const secured = mode.auth === 'basic' || mode.auth === 'token';
        const access = {
          registry,
          ...(secured ? { creds } : {}),
          ...(mode.auth === 'tls' ? { caPem: authority.caPem } : {}),
        };
        image = await makeOciImage();
        const index = await makeOciIndex({
          platforms: [
            { os: 'linux', architecture: 'amd64' },
            { os: 'linux', architecture: 'arm64' },
          ],
        });
        closing.push(image.remove, index.remove);
        await pushImage({ ...access, image, ref: 'team/app:v1' });
        await pushImage({ ...access, image: index, ref: 'team/multi:v1' });
        if (mode.auth !== 'token')
          await pushTags({ ...access, repository: 'team/app', from: 'v1', tags: ['v2', 'v3'] });
        expect(await inspectDigest({ ...access, ref: 'team/app:v1' })).toBe(image.digest);

        id = await install(registry, {
          ...(secured ? { config: { authMode: 'basic' }, credentials: { kind: 'basic_auth', ...creds } } : {}),
          ...(mode.auth === 'tls' ? { config: { network: { caCertificate: authority.caPem } } } : {}),
        });
        fixtures = {
          repository: 'team/app',
          tag: 'v1',
          digest: image.digest,
          mediaType: image.mediaType,
          tags: mode.auth === 'token' ? ['v1'] : ['v1', 'v2', 'v3'],
          index: {
            repository: 'team/multi',
            tag: 'v1',
            digest: index.digest,
            platforms: [
              { os: 'linux', architecture: 'amd64' },
              { os: 'linux', architecture: 'arm64' },
            ],
          },
          host: `${registry.host}:${registry.port}`,
        };
      });
      let fixtures: RegistryFixtures;

      it('proves the connection, which activates the integration', async () => {
        const test = await hub.call('POST', `/api/v1/integrations/${id}/test`);

        expect(test.body).toMatchObject({ success: true });
        expect((await hub.call('GET', `/api/v1/integrations/${id}`)).body).toMatchObject({
          status: 'active',
          health: 'healthy',
          lastTestSuccess: true,
        });
      });

      registryConformance({
        name: `registry.oci, ${mode.name}`,
        offered: ['repository.list', 'tag.list', 'tag.resolve', 'manifest.get', 'digest.verify'],
        fixtures: () => fixtures,
        run: (action, input) => run(id, action, input),
      });

      it('discovers repositories and their tags', async () => {
        const repositories = await hub.call('GET', `/api/v1/integrations/${id}/resources?type=repositories`);
        const tags = await hub.call('GET', `/api/v1/integrations/${id}/resources?type=tags&parent=team/app`);

        expect(repositories.body.items.map((item: { id: string }) => item.id)).toEqual(['team/app', 'team/multi']);
        expect(tags.body.items.map((item: { name: string }) => item.name).sort()).toEqual(fixtures.tags);
      });
    });
  }

  it('says so when the password is wrong, and does not activate', async () => {
    const registry = await startDockerRegistry({ auth: { kind: 'htpasswd', ...creds } });
    closing.push(() => registry.stop());
    const id = await install(registry, {
      config: { authMode: 'basic' },
      credentials: { kind: 'basic_auth', username: creds.username, password: 'canary-wrong-password' },
    });

    const { status, body } = await hub.call('POST', `/api/v1/integrations/${id}/test`);

    expect(status).toBe(200);
    expect(body).toMatchObject({ success: false, details: { code: 'provider_unauthenticated' } });
    expect((await hub.call('GET', `/api/v1/integrations/${id}`)).body).toMatchObject({
      status: 'pending_verification',
      lastTestSuccess: false,
    });
  });

  it('degrades, fails and recovers with the registry', async () => {
    const registry = await startDockerRegistry({});
    const id = await install(registry, { config: { retryPolicy: { maxRetries: 0 } } });
    const test = async () => (await hub.call('POST', `/api/v1/integrations/${id}/test`)).body;
    const state = async () => (await hub.call('GET', `/api/v1/integrations/${id}`)).body;
    expect(await test()).toMatchObject({ success: true });
    await registry.stop();

    const statuses: string[] = [];
    for (let count = 0; count < 5; count++) {
      expect(await test()).toMatchObject({ success: false, details: { code: 'provider_unreachable' } });
      statuses.push((await state()).status);
    }

    expect(statuses).toEqual(['active', 'active', 'degraded', 'degraded', 'failed']);
    const refused = await hub.call('POST', `/api/v1/connectors/instances/${id}/execute`, {
      action: 'tag.list',
      params: { repository: 'a/b' },
    });
    expect(refused.body).toMatchObject({ code: 'integration_inactive', success: false });
    expect((await hub.call('GET', '/healthz')).status).toBe(200);
    const health = await hub.call('GET', `/api/v1/integrations/${id}/health`);
    expect(health.body).toMatchObject({ status: 'unhealthy', consecutiveFailures: 5 });
    const events = await hub.call('GET', `/api/v1/connectors/instances/${id}/events`);
    expect(events.body.items.map((event: { type: string }) => event.type)).toContain('integration.unhealthy');
  });

  it('leaves an intact audit that holds no secret', async () => {
    const verified = await hub.call('POST', '/api/v1/audit/verify');
    const audit = await hub.call('GET', '/api/v1/audit?limit=500');

    expect(verified.body).toMatchObject({ intact: true, firstBroken: null });
    expect(audit.body.items.length).toBeGreaterThan(20);
    expect(audit.text + hub.logs.join('')).not.toContain('canary-');
  });

  it('counts every call under the promised names', async () => {
    const { text } = await hub.call('GET', '/metrics');

    expect(text).toMatch(
      /connector_requests_total\{[^}]*connector="oci"[^}]*action="tag\.resolve"[^}]*status="success"[^}]*\} \d+/,
    );
    expect(text).toContain('connector_request_duration_ms_bucket');
    expect(text).toContain('integrations_test_connection_duration_seconds');
  });
});

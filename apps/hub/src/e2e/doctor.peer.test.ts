import {
  type CertificateAuthority,
  createAuthority,
  type DockerRegistry,
  type IssueOptions,
  peersOrSkip,
  type StartDockerRegistryOptions,
  startDockerRegistry,
} from '@inthub/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestHub, type TestHub } from './testing.ts';

// The doctor over HTTP against a real Distribution server: well, stopped, with a bad certificate, with a bad password.
const peers = await peersOrSkip(['docker-registry', 'htpasswd']);
const dayMs = 86_400_000;
const creds = { username: 'robot', password: 'canary-doctor-password' };
const standard = ['connectivity', 'tls', 'authentication', 'authorization', 'version', 'rate_limit', 'latency'];

interface Check {
  readonly checkType: string;
  readonly status: string;
  readonly message: string;
  readonly details: Record<string, unknown>;
  readonly suggestions: string[];
}

describe.skipIf(peers.skip)(peers.label('the doctor'), () => {
  let hub: TestHub;
  let authority: CertificateAuthority;
  const closing: (() => unknown)[] = [];

  beforeAll(async () => {
    hub = await startTestHub();
    authority = await createAuthority();
  });
  afterAll(async () => {
    await hub.stop();
    for (const close of closing.reverse()) await close();
  });

  async function serve(options: StartDockerRegistryOptions = {}): Promise<DockerRegistry> {
    const registry = await startDockerRegistry(options);
    closing.push(() => registry.stop());
    return registry;
  }

  async function serveTls(issue: Partial<IssueOptions> = {}): Promise<DockerRegistry> {
    return serve({ tls: await authority.issue({ hosts: ['127.0.0.1'], ...issue }) });
  }

  async function install(
    endpoint: string,
    config: object = {},
    credentials?: object,
    at: TestHub = hub,
  ): Promise<string> {
    const { status, body, text } = await at.call('POST', '/api/v1/integrations', {
      type: 'registry.oci',
      name: `registry ${endpoint} ${closing.length} ${Object.keys(config).join()}`,
      config: { endpoint, authMode: 'none', retryPolicy: { maxRetries: 0 }, ...config },
      ...(credentials === undefined ? {} : { credentials }),
    });
    expect(status, text).toBe(201);
    return body.id as string;
  }

  async function examine(id: string, at: TestHub = hub) {
    const { status, body, text } = await at.call('POST', `/api/v1/integrations/${id}/doctor`);
    expect(status, text).toBe(200);
    const checks = new Map((body.checks as Check[]).map((check) => [check.checkType, check]));
    return { report: body, checks, of: (type: string) => checks.get(type) as Check };
  }

  const trusting = () => ({ network: { caCertificate: authority.caPem } });

  it('finds a registry healthy, check by check, its own among them', async () => {
    const registry = await serveTls({ notAfter: new Date(Date.now() + 100 * dayMs), commonName: 'registry' });
    const id = await install(registry.url, trusting());

    const { report, checks, of } = await examine(id);

    expect(report).toMatchObject({ integrationId: id, overallStatus: 'healthy', generatedAt: expect.any(String) });
    expect([...checks.keys()]).toEqual([...standard, 'oci.reachable', 'oci.catalog']);
    expect([...checks.values()].filter(({ status }) => status !== 'pass')).toEqual([]);
    expect(of('connectivity').details).toMatchObject({ address: '127.0.0.1', proxy: null });
    expect(of('tls').details).toMatchObject({ chainValid: true, daysLeft: 99, subject: 'CN=registry' });
    expect(of('latency').details).toMatchObject({ tests: 5, failures: 0 });
    for (const check of checks.values()) {
      expect(check).toMatchObject({ runAt: expect.any(String), durationMs: expect.any(Number), suggestions: [] });
    }
  });

  it('says over plain http that there is no certificate, which is no fault on this machine', async () => {
    const registry = await serve();

    const { report, of } = await examine(await install(registry.url));

    expect(report.overallStatus).toBe('healthy');
    expect(of('tls')).toMatchObject({ status: 'warn', details: { skipped: true, because: 'not_applicable' } });
    expect(of('authentication').status).toBe('pass');
  });

  it('finds a stopped one, and does not blame seven things for it', async () => {
    const registry = await serve();
    const id = await install(registry.url);
    await registry.stop();

    const { report, checks, of } = await examine(id);

    expect(report.overallStatus).toBe('unhealthy');
    expect(of('connectivity')).toMatchObject({ status: 'fail', details: { code: 'provider_unreachable' } });
    expect(of('connectivity').message).toContain('refused the connection');
    expect(of('connectivity').suggestions.length).toBeGreaterThan(0);
    for (const check of [...checks.values()].slice(1)) {
      expect(check).toMatchObject({ status: 'warn', message: 'Skipped because connectivity failed.' });
    }
    expect((await hub.call('GET', `/api/v1/integrations/${id}`)).body).toMatchObject({
      status: 'draft',
      consecutiveFailures: 0,
    });
  });

  it.each<[string, Partial<IssueOptions>, string, string, string]>([
    [
      'has expired',
      { notBefore: new Date(Date.now() - 9 * dayMs), notAfter: new Date(Date.now() - dayMs) },
      'fail',
      'unhealthy',
      'has expired',
    ],
    ['will soon expire', { notAfter: new Date(Date.now() + 10 * dayMs) }, 'warn', 'degraded', 'expires in 9 days'],
    ['is for another host', { hosts: ['other.example'] }, 'fail', 'unhealthy', 'for another host name'],
  ])('looks at a certificate that %s', async (_name, issue, status, overall, words) => {
    const registry = await serveTls(issue);

    const { report, of } = await examine(await install(registry.url, trusting()));

    expect(report.overallStatus).toBe(overall);
    expect(of('tls')).toMatchObject({ status, message: expect.stringContaining(words) });
    expect(of('tls').suggestions).not.toEqual([]);
    const skipped = 'Skipped because tls failed.';
    if (status === 'fail') expect(of('authentication').message).toBe(skipped);
    else expect(of('authentication').status).toBe('pass');
  });

  it('finds a wrong password, and says where to get a right one, without saying it', async () => {
    const registry = await serve({ auth: { kind: 'htpasswd', ...creds } });
    const wrong = { kind: 'basic_auth', username: creds.username, password: 'canary-wrong-password' };
    const id = await install(registry.url, { authMode: 'basic' }, wrong);

    const { report, of } = await examine(id);
    await hub.call('POST', `/api/v1/connectors/instances/${id}/auth`, {
      credentials: { kind: 'basic_auth', ...creds },
    });
    const cured = await examine(id);

    expect(report.overallStatus).toBe('unhealthy');
    expect(of('connectivity').status).toBe('pass');
    expect(of('authentication')).toMatchObject({
      status: 'fail',
      details: { test: { code: 'provider_unauthenticated' } },
    });
    expect(of('authentication').suggestions.join()).toContain('docker login');
    expect(of('latency').message).toBe('Skipped because authentication failed.');
    expect(cured.report.overallStatus).toBe('healthy');
    expect(JSON.stringify([report, cured.report]) + hub.logs.join('')).not.toContain('canary-');
  });

  it('keeps its reports, newest first, and the audit knows of them', async () => {
    const registry = await serve();
    const id = await install(registry.url);
    const reports = [await examine(id), await examine(id), await examine(id)].map(({ report }) => report).reverse();
    const path = `/api/v1/integrations/${id}/doctor/history`;

    const first = await hub.call('GET', `${path}?limit=2`);
    const rest = await hub.call('GET', `${path}?limit=2&cursor=${first.body.nextCursor}`);
    const audit = await hub.call('GET', `/api/v1/audit?targetId=${id}&action=integration.doctor`);

    expect([...first.body.items, ...rest.body.items]).toEqual(reports);
    expect(rest.body.nextCursor).toBeNull();
    expect(audit.body.items).toHaveLength(3);
    expect(audit.body.items[0]).toMatchObject({ details: { reportId: reports[0].id, overallStatus: 'healthy' } });
  });

  it('says what an admin has stopped, and what a double has no network for', async () => {
    const inmemory = { type: 'test.inmemory', config: { endpoint: 'http://inmemory.invalid', authMode: 'none' } };
    const { body } = await hub.call('POST', '/api/v1/integrations', { ...inmemory, name: 'double' });
    const circuit = `/api/v1/connectors/instances/${body.id}/circuit`;

    const well = await examine(body.id);
    const opened = await hub.call('POST', `${circuit}/open`, { reason: 'maintenance', durationMs: 60_000 });
    const stopped = await examine(body.id);
    const closed = await hub.call('POST', `${circuit}/close`, {});

    expect(well.report.overallStatus).toBe('healthy');
    expect(opened.body).toMatchObject({ state: 'open', nextRetryAt: expect.any(String) });
    expect((await hub.call('GET', circuit)).body).toMatchObject({ state: 'closed' });
    expect(closed.body).toMatchObject({ state: 'closed' });
    expect(stopped.report.overallStatus).toBe('degraded');
    expect(stopped.of('authentication').message).toContain('maintenance');
    expect((await hub.call('POST', `${circuit}/open`, { reason: ' ' })).body).toMatchObject({
      status: 400,
      errors: [{ path: '/reason' }],
    });
    expect((await hub.call('POST', `${circuit}/open`, { reason: 'x', durationMs: 1 })).body).toMatchObject({
      status: 400,
    });
  });

  it('sends nothing from a hub that is offline, and says so', async () => {
    const offline = await startTestHub({ HUB_OFFLINE: 'true' });
    closing.push(() => offline.stop());
    const registry = await serve();
    const id = await install(registry.url, {}, undefined, offline);

    const { report, checks, of } = await examine(id, offline);

    expect(report.overallStatus).toBe('degraded');
    expect(of('connectivity')).toMatchObject({ status: 'warn', details: { skipped: true, because: 'offline' } });
    for (const check of [...checks.values()].slice(1))
      expect(check.message).toBe('Skipped because the hub is offline.');
    expect(registry.logs()).not.toContain('GET');
    expect((await offline.call('GET', '/api/v1/platform/egress')).body).toMatchObject({ offline: true, attempts: 0 });
  });

  it('answers that there is no sync yet', async () => {
    const registry = await serve();
    const path = `/api/v1/connectors/instances/${await install(registry.url)}/sync`;

    expect((await hub.call('POST', path)).body).toMatchObject({ status: 409, code: 'conflict' });
    expect((await hub.call('GET', `${path}/status`)).body).toMatchObject({
      supported: false,
      status: 'never',
      lastSyncAt: null,
    });
  });
});

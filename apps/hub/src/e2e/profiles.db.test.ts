import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestHub, type TestHub } from './testing.ts';

// PRO-1 and PRO-2 over HTTP: settings that are reused, and credentials that are not, unless somebody says so.
describe('connection profiles', () => {
  let hub: TestHub;
  let sourceRef: string;
  const path = '/api/v1/connection-profiles';
  const type = 'registry.oci';

  beforeAll(async () => {
    hub = await startTestHub();
    const { body } = await install({
      name: 'source',
      config: { endpoint: 'https://source.example.com', authMode: 'basic' },
      credentials: { kind: 'basic_auth', username: 'robot', password: 'canary-profile-password' },
    });
    sourceRef = body.authRef;
  });
  afterAll(() => hub.stop());

  const install = (input: object) => hub.call('POST', '/api/v1/integrations', { type, ...input });
  const make = async (input: object) => {
    const answer = await hub.call('POST', path, { type, ...input });
    expect(answer.status, answer.text).toBe(201);
    return answer;
  };
  const lastEntry = async (action: string) => {
    const { body } = await hub.call('GET', `/api/v1/audit?action=${action}&limit=1`);
    return body.items[0];
  };

  it('are created, read, replaced and deleted, each change under its version and in the audit', async () => {
    const created = await make({
      name: ' Production ',
      defaultConfig: { endpoint: 'https://Registry.example.com:443/' },
    });
    const { id } = created.body;
    expect(created.headers.get('etag')).toBe('"1"');
    expect(created.headers.get('location')).toBe(`${path}/${id}`);
    expect(created.body).toMatchObject({
      name: 'Production',
      type,
      defaultConfig: { endpoint: 'https://registry.example.com' },
      authRef: null,
      isDefault: false,
      lastUsedAt: null,
      version: 1,
    });
    expect((await hub.call('GET', `${path}/${id}`)).body).toEqual(created.body);

    const change = { name: 'Production', defaultConfig: { authMode: 'none' } };
    const unread = await hub.call('PUT', `${path}/${id}`, change);
    const changed = await hub.call('PUT', `${path}/${id}`, change, { 'if-match': '"1"' });
    const stale = await hub.call('PUT', `${path}/${id}`, { name: 'Lost' }, { 'if-match': '"1"' });
    const same = await hub.call('PUT', `${path}/${id}`, change, { 'if-match': '"2"' });

    expect(unread.body).toMatchObject({ status: 428, code: 'precondition_required' });
    expect(changed.body).toMatchObject({ version: 2, defaultConfig: { authMode: 'none' } });
    expect(stale.body).toMatchObject({ status: 412, code: 'version_mismatch', details: { currentVersion: 2 } });
    expect(same.body).toEqual(changed.body);
    expect(await lastEntry('profile.update')).toMatchObject({
      target: { type: 'connection_profile', id },
      before: { defaultConfig: { endpoint: 'https://registry.example.com' } },
      after: { defaultConfig: { authMode: 'none' } },
    });

    expect((await hub.call('DELETE', `${path}/${id}`, undefined, { 'if-match': '"1"' })).status).toBe(412);
    expect((await hub.call('DELETE', `${path}/${id}`, undefined, { 'if-match': '"2"' })).status).toBe(204);
    expect((await hub.call('GET', `${path}/${id}`)).status).toBe(404);
    expect(await lastEntry('profile.delete')).toMatchObject({ target: { id }, before: { name: 'Production' } });
  });

  it.each([
    ['an unknown field', { defaultConfig: { colour: 'red' } }, '/defaultConfig/colour'],
    ['a value that the type refuses', { defaultConfig: { authMode: 'mtls' } }, '/defaultConfig/authMode'],
    ['an endpoint that is no URL', { defaultConfig: { endpoint: 'registry' } }, '/defaultConfig/endpoint'],
    ['a secret', { defaultConfig: { password: 'canary-in-profile' } }, '/defaultConfig/password'],
    [
      'a secret in a header',
      { defaultConfig: { customHeaders: { Authorization: 'canary-x' } } },
      '/defaultConfig/customHeaders/Authorization',
    ],
    ['a type that does not exist', { type: 'registry.oc' }, '/type'],
    ['an empty name', { name: ' ' }, '/name'],
    ['a reference to nothing', { authRef: 'ref://integrations/oci/01890000-0000-7000-8000-00000000000f' }, '/authRef'],
    [
      'a reference that the mode does not take',
      { authRef: 'ref://env/default/X', defaultConfig: { authMode: 'none' } },
      '/authRef',
    ],
    ['a field that is not theirs', { version: 7 }, '/version'],
  ])('refuse %s', async (_name, input, field) => {
    const { status, body, text } = await hub.call('POST', path, { type, name: 'bad', ...input });

    expect([status, body.code]).toEqual([400, 'invalid_request']);
    expect(body.errors.map((error: { path: string }) => error.path)).toContain(field);
    expect(text).not.toContain('canary-');
    expect((await hub.call('GET', path)).text).not.toContain('"bad"');
  });

  it('take any part of a config', async () => {
    await make({ name: 'only a timeout', defaultConfig: { timeout: 5_000 } });
    await make({ name: 'nothing at all' });
    const twice = await hub.call('POST', path, { type, name: 'nothing at all' });

    expect(twice.body).toMatchObject({ status: 409, code: 'conflict', errors: [{ path: '/name' }] });
  });

  it('have at most one default for a type: a new one takes its place', async () => {
    const first = await make({ name: 'first', isDefault: true });
    const other = await make({ name: 'other type', type: 'test.inmemory', isDefault: true });
    const second = await make({ name: 'second', isDefault: true });
    const read = async ({ body }: { body: { id: string } }) => (await hub.call('GET', `${path}/${body.id}`)).body;

    expect(await read(first)).toMatchObject({ isDefault: false, version: 2 });
    expect(await read(other)).toMatchObject({ isDefault: true, version: 1 });
    expect(await read(second)).toMatchObject({ isDefault: true, version: 1 });
    expect(await lastEntry('profile.update')).toMatchObject({ details: { displacedBy: second.body.id } });

    const back = await hub.call(
      'PUT',
      `${path}/${first.body.id}`,
      { name: 'first', isDefault: true },
      { 'if-match': '"2"' },
    );
    expect(back.body).toMatchObject({ isDefault: true, version: 3 });
    expect(await read(second)).toMatchObject({ isDefault: false, version: 2 });
  });

  it('never have two defaults, whoever is first', async () => {
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, index) =>
        hub.call('POST', path, { type: 'registry.quay', name: `quay ${index}`, isDefault: true }),
      ),
    );
    const { body } = await hub.call('GET', `${path}?type=registry.quay`);

    for (const { status, text } of answers) expect([201, 409], text).toContain(status);
    expect(body.items.filter((item: { isDefault: boolean }) => item.isDefault)).toHaveLength(1);
    expect(body.items).toHaveLength(answers.filter(({ status }) => status === 201).length);
  });

  it('are listed by name in pages', async () => {
    const all = (await hub.call('GET', path)).body.items.map((item: { name: string }) => item.name);
    const seen: string[] = [];
    let cursor = '';
    do {
      const { body } = await hub.call('GET', `${path}?limit=3${cursor && `&cursor=${cursor}`}`);
      seen.push(...body.items.map((item: { name: string }) => item.name));
      cursor = body.nextCursor ?? '';
    } while (cursor !== '');

    expect(seen).toEqual(all);
    expect(seen).toEqual([...seen].sort());
    expect(seen.length).toBeGreaterThan(5);
    expect((await hub.call('GET', `${path}?type=registry.quay&cursor=${'A'.repeat(40)}`)).body.code).toBe(
      'invalid_cursor',
    );
  });

  describe('defaults for a wizard', () => {
    const defaults = (query: string) => hub.call('GET', `${path}/defaults?${query}`);

    it('begin with the type, and the template that is named', async () => {
      const plain = await defaults('type=registry.artifactory');
      const chosen = await defaults('type=registry.artifactory&template=Subdomain');

      expect(plain.body).toMatchObject({
        config: { authMode: 'token' },
        sources: { authMode: 'type' },
        profile: null,
        lastUsed: null,
      });
      expect(plain.body.templates.map((template: { name: string }) => template.name)).toContain('Subdomain');
      expect(chosen.body).toMatchObject({ config: { access: 'subdomain' }, sources: { access: 'template' } });
    });

    it('put the default profile over it, and over that what was used last; never a credential', async () => {
      const endpoint = 'https://quay-enterprise.example.com';
      const harbor = { type: 'registry.harbor' };
      const profile = await make({
        ...harbor,
        name: 'harbor',
        isDefault: true,
        authRef: sourceRef,
        defaultConfig: { endpoint: 'https://profile.example.com', timeout: 7_000, authMode: 'basic' },
      });
      const before = await defaults('type=registry.harbor');
      const network = { proxyUrl: 'http://proxy.example.com:3128' };
      const config = { endpoint, authMode: 'none', network, timeout: 9_000 };
      const used = await hub.call('POST', '/api/v1/integrations', { ...harbor, name: 'used', config });
      const after = await defaults('type=registry.harbor');
      await hub.call('DELETE', `/api/v1/integrations/${used.body.id}`);
      const removed = await defaults('type=registry.harbor');

      expect(before.body).toMatchObject({
        config: { endpoint: 'https://profile.example.com', timeout: 7_000, authMode: 'basic' },
        profile: { id: profile.body.id, name: 'harbor', hasCredential: true },
        lastUsed: null,
      });
      expect(after.body).toMatchObject({
        config: { endpoint, authMode: 'none', network, timeout: 7_000 },
        sources: { endpoint: 'last_used', authMode: 'last_used', network: 'last_used', timeout: 'profile' },
        lastUsed: { integrationId: used.body.id, name: 'used' },
      });
      expect(after.text).not.toContain('ref://');
      expect(removed.body).toEqual(before.body);
    });

    it.each([
      ['type=registry.ocy', '/type'],
      ['type=registry.artifactory&template=Sub', '/template'],
      ['', '/querystring/type'],
    ])('refuse %s', async (query, field) => {
      const { body } = await defaults(query);

      expect(body).toMatchObject({ status: 400, code: 'invalid_request', errors: [{ path: field }] });
    });
  });

  describe('an integration made from one', () => {
    let profile: { id: string };
    beforeAll(async () => {
      const defaultConfig = { endpoint: 'https://registry.example.com', authMode: 'basic', timeout: 4_000 };
      profile = (await make({ name: 'shared', authRef: sourceRef, defaultConfig })).body;
    });
    const from = (name: string, more: object = {}) => install({ name, profileId: profile.id, config: {}, ...more });

    it('gets its settings where it has none of its own, and no credential', async () => {
      const { status, body, text } = await from('plain', {
        config: { timeout: 1_000, retryPolicy: { maxRetries: 1 } },
      });

      expect(status, text).toBe(201);
      expect(body).toMatchObject({
        config: {
          endpoint: 'https://registry.example.com',
          authMode: 'basic',
          timeout: 1_000,
          retryPolicy: { maxRetries: 1 },
        },
        authRef: null,
      });
      expect((await hub.call('GET', `${path}/${profile.id}`)).body).toMatchObject({
        lastUsedAt: expect.any(String),
        version: 1,
      });
      expect(await lastEntry('integration.create')).toMatchObject({ details: { profileId: profile.id } });
      expect(await lastEntry('credential.reuse')).toBeUndefined();
    });

    it('gets its credential only by an explicit word, which the audit keeps', async () => {
      const { status, body, text } = await from('with credential', { confirmCredentialReuse: true });

      expect(status, text).toBe(201);
      expect(body).toMatchObject({ authRef: sourceRef, credentialKind: 'basic_auth' });
      expect(await lastEntry('credential.reuse')).toMatchObject({
        target: { type: 'integration', id: body.id },
        details: { profileId: profile.id, profileName: 'shared', authRef: sourceRef },
      });
    });

    it('may be installed through the connectors API too', async () => {
      const { status, body } = await hub.call('POST', '/api/v1/connectors/instances', {
        connectorId: 'oci',
        displayName: 'instance',
        profileId: profile.id,
        config: {},
      });

      expect([status, body.config?.timeout]).toEqual([201, 4_000]);
    });

    it.each<[string, (id: string) => object, string]>([
      ['an unknown profile', () => ({ profileId: '01890000-0000-7000-8000-00000000000f' }), '/profileId'],
      ['a profile of another type', () => ({ type: 'test.inmemory' }), '/profileId'],
      [
        'a confirmation without a profile',
        () => ({ profileId: undefined, confirmCredentialReuse: true }),
        '/confirmCredentialReuse',
      ],
      [
        'a confirmation beside a credential',
        () => ({ confirmCredentialReuse: true, credentials: { kind: 'basic_auth', username: 'a', password: 'b' } }),
        '/confirmCredentialReuse',
      ],
      ['a config that does not fit', () => ({ config: { timeout: 1 } }), '/config/timeout'],
    ])('is refused with %s, and nothing is written', async (_name, more, field) => {
      const { body } = await from('refused', more(profile.id));

      expect(body).toMatchObject({ status: 400, code: 'invalid_request', errors: [{ path: field }] });
      expect((await hub.call('GET', '/api/v1/integrations?q=refused')).body.items).toEqual([]);
    });

    it('stays when the profile is deleted; one without an AuthRef cannot lend it', async () => {
      const bare = (
        await make({ name: 'bare', defaultConfig: { endpoint: 'https://a.example.com', authMode: 'basic' } })
      ).body;
      const lent = await from('lent', { profileId: bare.id, confirmCredentialReuse: true });
      const made = await from('made', { profileId: bare.id });

      await hub.call('DELETE', `${path}/${bare.id}`);

      expect(lent.body).toMatchObject({ status: 400, errors: [{ path: '/confirmCredentialReuse' }] });
      expect((await hub.call('GET', `/api/v1/integrations/${made.body.id}`)).body).toMatchObject({ name: 'made' });
      expect((await from('late', { profileId: bare.id })).body).toMatchObject({ errors: [{ path: '/profileId' }] });
    });
  });

  it('leave their events, and no secret anywhere', async () => {
    const client = new Client({ connectionString: hub.databaseUrl });
    await client.connect();
    const { rows } = await client.query(
      "SELECT DISTINCT type FROM inthub.events WHERE type LIKE 'profile.%' ORDER BY type",
    );
    await client.end();
    const { text } = await hub.call('GET', '/api/v1/audit?limit=500');

    expect(rows.map(({ type: written }) => written)).toEqual(['profile.created', 'profile.deleted', 'profile.updated']);

    expect(text + hub.logs.join('')).not.toContain('canary-');
  });
});

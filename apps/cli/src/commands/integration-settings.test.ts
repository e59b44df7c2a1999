import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type HubRequest, problem } from '../testing/fake-hub.ts';
import { startBench } from '../testing/run-cli.ts';
import { ids, sampleIntegration, sampleType } from '../testing/samples.ts';

const create = ['integrations', 'create', '--type', 'registry.harbor', '--name', 'new one'] as const;
const creating = {
  getIntegrationType: () => sampleType,
  createIntegration: () => sampleIntegration({ name: 'new one', status: 'draft' }),
};
const bodyOf = (requests: readonly HubRequest[]) =>
  requests.find(({ operation }) => operation === 'createIntegration')?.body;

describe('inthub integrations create', () => {
  it('takes endpoint and anonymous access from the type', async () => {
    const { hub, run } = await startBench(creating);

    const { code, stdout, stderr } = await run([...create]);

    expect({ code, next: stderr }).toEqual({ code: 0, next: `Next: inthub integrations submit ${ids.integration}\n` });
    expect(stdout).toMatch(/name +new one/);
    expect(bodyOf(hub.requests)).toEqual({
      type: 'registry.harbor',
      name: 'new one',
      config: { endpoint: 'https://harbor.example.com', authMode: 'none' },
    });
  });

  it('puts config together from file, flags and --set, typed by the schema', async () => {
    const { hub, configHome, json } = await startBench(creating);
    const file = join(configHome, 'config-of-it.json');
    writeFileSync(file, '\ufeff{"timeout": 1000, "network": {"proxyUrl": "http://a"}, "endpoint": "https://file"}');

    const config = ['--config', `@${file}`, '--endpoint', 'https://flag', '--auth-mode', 'none'];
    const set = ['--set', 'timeout=5000', 'network.caCertificate=PEM', '--set', 'projectId=007'];
    const more = ['--description', 'D', '--environment', 'test', '--tag', 'a', 'b', '--owner', 'me', '--submit'];
    const limits = ['--feature', 'webhooksEnabled=true', '--rate-limit', 'requestsPerMinute=30'];
    await json([...create, ...config, ...set, ...more, ...limits]);

    expect(bodyOf(hub.requests)).toEqual({
      type: 'registry.harbor',
      name: 'new one',
      description: 'D',
      environment: 'test',
      tags: ['a', 'b'],
      ownerId: 'me',
      submit: true,
      features: { webhooksEnabled: true },
      rateLimits: { requestsPerMinute: 30 },
      config: {
        endpoint: 'https://flag',
        authMode: 'none',
        timeout: 5000,
        network: { proxyUrl: 'http://a', caCertificate: 'PEM' },
        projectId: '007',
      },
    });
  });

  it.each([
    [
      ['--username', 'robot', '--password-stdin'],
      'pa ss\n',
      { kind: 'basic_auth', username: 'robot', password: 'pa ss' },
      'basic',
    ],
    [['--token-stdin'], 'tok\r\n', { kind: 'bearer_token', token: 'tok' }, 'token'],
    [['--api-key-stdin', '--auth-mode', 'token'], 'k-canary', { kind: 'api_key', key: 'k-canary' }, 'token'],
    [['--credentials', '-'], '{"kind":"bearer_token","token":"t"}', { kind: 'bearer_token', token: 't' }, 'token'],
  ])('hands over a credential by %j, and knows the auth mode', async (flags, stdin, credentials, authMode) => {
    const { hub, run } = await startBench(creating);

    const { code, stdout, stderr } = await run([...create, ...flags], { stdin });

    expect(code).toBe(0);
    expect(bodyOf(hub.requests)).toMatchObject({ credentials, config: { authMode } });
    expect(stdout + stderr).not.toContain(stdin.trim());
  });

  it('reads credentials from files', async () => {
    const { hub, configHome, run } = await startBench(creating);
    const [key, cert, json] = ['key.pem', 'cert.pem', 'account.json'].map((name) => join(configHome, name)) as [
      string,
      string,
      string,
    ];
    writeFileSync(key, 'KEY\n');
    writeFileSync(cert, 'CERT\n');
    writeFileSync(json, '{"type":"service_account"}');

    await run([...create, '--client-cert', cert, '--client-key', key, '--auth-mode', 'mtls']);
    await run([...create, '--service-account-file', json, '--auth-mode', 'iam']);

    expect(
      hub.requests.filter(({ operation }) => operation === 'createIntegration').map(({ body }) => body),
    ).toMatchObject([
      { credentials: { kind: 'mtls_cert', certificate: 'CERT\n', privateKey: 'KEY\n' } },
      { credentials: { kind: 'service_account', credentialJson: '{"type":"service_account"}' } },
    ]);
  });

  it('asks for a password in a terminal', async () => {
    const { hub, run } = await startBench(creating);

    const { questions } = await run([...create, '--username', 'robot'], { answers: ['typed'] });

    expect(questions).toEqual(['Password of robot']);
    expect(bodyOf(hub.requests)).toMatchObject({ credentials: { username: 'robot', password: 'typed' } });
  });

  it.each([
    [['--password', 'canary'], /--username <name> with --password-stdin/],
    [['--password'], /--username <name> with --password-stdin/],
    [['--token=canary'], /--token-stdin/],
    [['--api-key', 'canary'], /--api-key-stdin/],
    [['--secret', 'canary'], /--credentials @file/],
    [['--credentials', '{"kind":"api_key","key":"canary"}'], /--credentials @file or --credentials -/],
  ])('refuses a secret among the arguments: %j', async (flags, wayOut) => {
    const { hub, run } = await startBench(creating);

    const human = await run([...create, ...flags]);
    const json = await run([...create, ...flags, '--json']);

    for (const { code, stdout, stderr } of [human, json]) {
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
      expect(stderr).toMatch(/shell’s history/);
      expect(stderr).toMatch(wayOut);
      expect(stderr).not.toContain('canary');
    }
    expect(hub.requests).toEqual([]);
  });

  it.each([
    [['--password-stdin'], 'canary', /needs --username/],
    [['--username', 'a'], 'canary', /needs --password-stdin/],
    [['--username', 'a', '--password-stdin'], '', /nothing came on standard input/],
    [['--token-stdin', '--api-key-stdin'], 'canary', /--token-stdin and --api-key-stdin are two/],
    [['--credentials', '-'], '{"kind":"api_key","key":canary}', /--credentials: this is not valid JSON/],
    [['--credentials', '-'], '["canary"]', /must be a JSON object/],
    [['--credentials', '-'], '{"kind":"canary"}', /"kind" is missing or unknown/],
    [['--credentials', '@/nowhere/at/all'], '', /\/nowhere\/at\/all cannot be read \(ENOENT\)/],
    [['--config', '-', '--token-stdin'], 'canary', /exclude each other/],
    [['--client-cert', 'a'], '', /go together/],
    [['--token-stdin', '--auth-ref', 'ref://env/a/b'], 'canary', /exclude each other/],
    [['--config', '{"a"'], '', /--config: this is not valid JSON/],
  ])('explains %j with stdin %j, without repeating it', async (flags, stdin, message) => {
    const { hub, run } = await startBench(creating);

    const { code, stderr } = await run([...create, ...flags], { stdin });

    expect(code).toBe(2);
    expect(stderr).toMatch(message);
    expect(stderr).not.toContain('canary');
    expect(hub.requests).toEqual([]);
  });

  it('refuses input without end', async () => {
    const { run } = await startBench(creating);

    const { code, stderr } = await run([...create, '--config', '-'], { stdin: 'x'.repeat(5_000_000) });

    expect(code).toBe(2);
    expect(stderr).toContain('larger than 4194304 bytes');
  });

  it('names the auth modes when the credential leaves them open', async () => {
    const { run } = await startBench(creating);

    const { code, stderr } = await run([...create, '--auth-ref', 'ref://env/harbor/TOKEN']);

    expect(code).toBe(2);
    expect(stderr).toContain('registry.harbor offers none, basic (takes basic_auth), token (takes bearer_token)');
  });

  it('passes on what the hub finds wrong', async () => {
    const { run } = await startBench({
      ...creating,
      createIntegration: () => {
        throw problem(409, 'conflict', 'The name is taken.');
      },
    });

    expect(await run([...create])).toMatchObject({ code: 6, stderr: expect.stringContaining('The name is taken.') });
  });
});

describe('inthub integrations update', () => {
  const update = ['integrations', 'update', 'main registry'] as const;
  const updating = {
    getIntegrationType: () => sampleType,
    listIntegrations: () => ({ items: [sampleIntegration()], nextCursor: null }),
    changeIntegration: () => sampleIntegration({ version: 8 }),
  };
  const sent = (requests: readonly HubRequest[]) => requests.find(({ operation }) => operation === 'changeIntegration');

  it('sends what changes only, with the version that was read', async () => {
    const { hub, json } = await startBench(updating);

    const result = await json([
      ...update,
      '--set',
      'timeout=900',
      '--description',
      'D',
      '--endpoint',
      'https://harbor.example.com',
    ]);

    expect(result).toMatchObject({ version: 8 });
    expect(sent(hub.requests)).toMatchObject({ path: { id: ids.integration }, headers: { 'if-match': '"7"' } });
    expect(sent(hub.requests)?.body).toEqual({ description: 'D', config: { timeout: 900 } });
  });

  it('keeps the rest of a nested field, which the hub would replace whole', async () => {
    const { hub, run } = await startBench(updating);

    await run([...update, '--set', 'network.caCertificate=PEM']);
    expect(sent(hub.requests)?.body).toEqual({
      config: { network: { proxyUrl: 'http://proxy:3128', caCertificate: 'PEM' } },
    });
  });

  it('removes fields and empties others', async () => {
    const { hub, run } = await startBench(updating);

    await run([...update, '--unset', 'timeout', 'network.proxyUrl', '--clear', 'environment', 'tags', 'owner']);

    expect(sent(hub.requests)?.body).toEqual({
      config: { timeout: null, network: {} },
      environment: null,
      tags: [],
      ownerId: null,
    });
  });

  it('replaces the credential', async () => {
    const { hub, run } = await startBench(updating);

    const { stdout, stderr } = await run([...update, '--username', 'u', '--password-stdin'], { stdin: 'canary' });

    expect(sent(hub.requests)?.body).toEqual({
      credentials: { kind: 'basic_auth', username: 'u', password: 'canary' },
    });
    expect(stdout + stderr).not.toContain('canary');
  });

  it('says what to do when somebody else was faster, and takes the version from outside', async () => {
    const { hub, run } = await startBench({
      ...updating,
      changeIntegration: () => {
        throw problem(412, 'version_mismatch', 'It has version 9 now.');
      },
    });

    const { code, stderr } = await run([...update, '--name', 'other', '--if-version', '5']);

    expect(code).toBe(6);
    expect(stderr).toContain('It has version 9 now.');
    expect(stderr).toContain('inthub integrations show');
    expect(sent(hub.requests)?.headers['if-match']).toBe('"5"');
  });

  it.each([
    [[], /nothing to change/],
    [['--endpoint', 'https://harbor.example.com'], /nothing to change/],
    [['--clear', 'tags', '--tag', 'x'], /exclude each other/],
    [['--unset', 'network.nothing'], /--unset network\.nothing: there is no such field/],
    [['--clear', 'name'], /Allowed choices are/],
  ])('changes nothing for %j', async (flags, message) => {
    const { hub, run } = await startBench(updating);

    const { code, stderr } = await run([...update, ...flags]);

    expect(code).toBe(2);
    expect(stderr).toMatch(message);
    expect(sent(hub.requests)).toBeUndefined();
  });
});

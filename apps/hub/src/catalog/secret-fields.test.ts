import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findSecretFields, isSecretName } from './secret-fields.ts';

const none = new Set<string>();
const paths = (config: unknown, declared = none) => findSecretFields(config, declared).map(({ path }) => path);

describe('secret names', () => {
  it.each([
    'password',
    'PASSWORD',
    'dbPassword',
    'db_password',
    'clientSecret',
    'client-secret',
    'token',
    'accessToken',
    'ACCESS_TOKEN',
    'apiKey',
    'api_key',
    'APIKEY',
    'x-api-key',
    'privateKey',
    'accessKey',
    'secret_key',
    'passphrase',
    'credentials',
    'myapikey',
  ])('%s is one', (name) => {
    expect(isSecretName(name)).toBe(true);
  });

  it.each([
    'tokenUrl',
    'tokenRealmHost',
    'secretName',
    'key',
    'keyId',
    'publicKey',
    'passwordPolicy',
    'monkey',
    'endpoint',
    '',
    '---',
  ])('%j is none', (name) => {
    expect(isSecretName(name)).toBe(false);
  });
});

describe('secrets in a config', () => {
  it('finds them at any depth, by pointer, with the way out', () => {
    const config = { endpoint: 'https://x', a: { 'b/c~d': [{ password: 'x' }] }, token: 'y' };

    expect(findSecretFields(config, none)).toEqual([
      { path: '/config/a/b~1c~0d/0/password', rule: 'no_secret', message: expect.stringContaining('authRef') },
      { path: '/config/token', rule: 'no_secret', message: expect.stringContaining('credentials') },
    ]);
  });

  it('believes the schema of the type about its own top fields, and only there', () => {
    expect(paths({ continuationToken: 'x' }, new Set(['continuationToken']))).toEqual([]);
    expect(paths({ nested: { continuationToken: 'x' } }, new Set(['continuationToken']))).toEqual([
      '/config/nested/continuationToken',
    ]);
  });

  it.each([
    'Authorization',
    'COOKIE',
    'X-Api-Key',
    'Private-Token',
    'X-Vault-Token',
    'Ocp-Apim-Subscription-Key',
    'Proxy-Authorization',
  ])('refuses header %s', (name) => {
    expect(findSecretFields({ customHeaders: { [name]: 'x' } }, none)).toEqual([
      { path: `/config/customHeaders/${name}`, rule: 'no_secret', message: expect.stringContaining('credentials') },
    ]);
  });

  it.each(['Host', 'content-length', 'Transfer-Encoding', 'Connection'])('leaves header %s to the hub', (name) => {
    expect(findSecretFields({ customHeaders: { [name]: 'x' } }, none)).toMatchObject([{ rule: 'header' }]);
  });

  it('allows ordinary headers', () => {
    expect(paths({ customHeaders: { 'X-Team': 'a', 'User-Agent': 'b', 'X-Request-Key': 'c' } })).toEqual([]);
  });

  it.each([
    ['network', { network: { proxyUrl: 'http://user:pass@proxy:3128' } }, '/config/network/proxyUrl'],
    ['PEM', { network: { caCertificate: '-----BEGIN RSA PRIVATE KEY-----\nx' } }, '/config/network/caCertificate'],
    ['token', { note: 'ghp_abcdefghijklmnopqrstuvwxyz0123456789' }, '/config/note'],
  ])('recognises a value that can be nothing else: %s', (_, config, path) => {
    expect(paths(config)).toEqual([path]);
  });

  it('takes an at sign in a path for what it is', () => {
    expect(paths({ url: 'https://registry.example.com/@scope/package' })).toEqual([]);
  });

  it('reports a bounded list and never throws', () => {
    fc.assert(fc.property(fc.anything({ maxDepth: 6 }), (value) => findSecretFields(value, none).length <= 20));
    const many = Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`password_${index}_token`, 'x']));
    expect(findSecretFields(many, none)).toHaveLength(20);
  });
});

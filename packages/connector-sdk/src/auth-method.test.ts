import { describe, expect, it } from 'vitest';
import { type AuthMethod, type AuthScheme, authSchemeFor } from './auth-method.ts';

const scheme = (token: string): AuthScheme => ({ scheme: 'bearer', token });
const method: AuthMethod = {
  mode: 'token',
  kind: 'bearer_token',
  title: 'Token',
  help: 'Make one.',
  apply: scheme('default'),
  perHost: { 'api.example.com': scheme('host') },
  perPath: { '/api/': scheme('path'), '/api/admin/': scheme('admin') },
};
const choose = (url: string, endpoint = 'https://registry.example.com') =>
  authSchemeFor(method, endpoint, new URL(url));

describe('authSchemeFor', () => {
  it.each([
    ['https://registry.example.com/v2/', 'default'],
    ['https://registry.example.com/api/v1/repository', 'path'],
    ['https://registry.example.com/api/admin/users', 'admin'],
    ['https://registry.example.com/v2/../api/x', 'path'],
    ['https://api.example.com/anything', 'host'],
    ['https://other.example.com/api/x', 'default'],
    ['http://registry.example.com/api/x', 'default'],
  ])('uses for %s the scheme %s', (url, expected) => {
    expect(choose(url)).toEqual(scheme(expected));
  });

  it('reads prefixes below the path of the endpoint', () => {
    expect(choose('https://example.com/quay/api/v1/x', 'https://example.com/quay/')).toEqual(scheme('path'));
    expect(choose('https://example.com/quay/v2/', 'https://example.com/quay')).toEqual(scheme('default'));
  });
});

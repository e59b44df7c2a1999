import { type CredentialKind, HubError } from '@inthub/contracts';
import { describe, expect, it } from 'vitest';
import { materialFromText, secretsOf } from './credential-material.ts';

const read = (text: string, kind: CredentialKind) => materialFromText(text, kind, 'The file x');
const pem = (label: string, body: string) => `-----BEGIN ${label}-----\n${body}\n-----END ${label}-----`;

describe('materialFromText', () => {
  it.each<[CredentialKind, string, object]>([
    ['bearer_token', 'abc', { token: 'abc' }],
    ['api_key', 'abc', { key: 'abc' }],
    ['webhook_secret', 'abc', { secret: 'abc' }],
    ['oauth2_token', 'abc', { accessToken: 'abc' }],
    ['basic_auth', 'user:pass:word', { username: 'user', password: 'pass:word' }],
    ['service_account', '{"type":"service_account"}', { credentialJson: '{"type":"service_account"}' }],
    ['bearer_token', '{"not":"ours"}', { token: '{"not":"ours"}' }],
    ['bearer_token', '{broken', { token: '{broken' }],
  ])('gives a bare text the shape of %s', (kind, text, fields) => {
    expect(read(text, kind)).toEqual({ kind, ...fields });
  });

  it('takes material in full, also of another kind than expected', () => {
    const material = { kind: 'basic_auth', username: 'u', password: 'p' };

    expect(read(` ${JSON.stringify(material)}\n`, 'bearer_token')).toEqual(material);
  });

  it('finds certificate chain and key in one PEM text, in any order', () => {
    const key = pem('ENCRYPTED PRIVATE KEY', 'DEK-Info: x\n\nkey');
    const leaf = pem('CERTIFICATE', 'leaf');
    const root = pem('CERTIFICATE', 'root');

    expect(read(`${key}\n${leaf}\n${root}`, 'mtls_cert')).toEqual({
      kind: 'mtls_cert',
      certificate: `${leaf}\n${root}`,
      privateKey: key,
    });
  });

  it.each<[CredentialKind, string]>([
    ['basic_auth', 'canary-without-colon'],
    ['basic_auth', ':canary'],
    ['mtls_cert', pem('CERTIFICATE', 'canary')],
    ['github_app', 'canary'],
    ['bearer_token', '{"kind":"bearer_token","tokn":"canary"}'],
    ['bearer_token', '{"kind":"canary"}'],
    ['bearer_token', '{"kind":"bearer_token","token":"canary","more":1}'],
    ['bearer_token', 'canary'.repeat(4000)],
    ['bearer_token', ''],
  ])('refuses a text that does not do for %s without repeating it', (kind, text) => {
    try {
      read(text, kind);
      expect.unreachable('it was accepted');
    } catch (error) {
      expect(error).toBeInstanceOf(HubError);
      expect(error).toMatchObject({ code: 'credential_unavailable', message: expect.stringContaining('The file x') });
      expect(JSON.stringify([error, (error as HubError).message])).not.toContain('canary');
    }
  });
});

describe('secretsOf', () => {
  it('names every secret text, and none of what is open', () => {
    expect(secretsOf({ kind: 'basic_auth', username: 'u', password: 'p' })).toEqual(['p']);
    expect(
      secretsOf({
        kind: 'oauth2_token',
        accessToken: 'a',
        refreshToken: 'r',
        expiresAt: '2026-01-01T00:00:00Z',
        scopes: ['s'],
      }),
    ).toEqual(['a', 'r']);
    expect(secretsOf({ kind: 'github_app', appId: '1', installationId: '2', privateKey: 'k' })).toEqual(['k']);
  });

  it('looks into a key file, because its fields may leak without the rest', () => {
    const credentialJson = JSON.stringify({ type: 'service_account', private_key: 'inner', client_email: 'a@b' });

    expect(secretsOf({ kind: 'service_account', credentialJson })).toEqual([credentialJson, 'inner']);
    expect(secretsOf({ kind: 'service_account', credentialJson: 'not json' })).toEqual(['not json']);
  });
});

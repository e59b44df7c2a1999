import type { CredentialMaterial } from '@inthub/contracts';
import { createAuthority } from '@inthub/testing';
import { UnsecuredJWT } from 'jose';
import { describe, expect, it } from 'vitest';
import { termOf } from './credential-end.ts';

const end = '2031-05-06T07:08:09.000Z';
const seconds = Date.parse(end) / 1_000;
const jwt = (claims: object) => new UnsecuredJWT({ ...claims }).encode();
const endOf = (material: CredentialMaterial) => termOf(material)?.endsAt.toISOString();
const bearer = (token: string) => endOf({ kind: 'bearer_token', token });
const withCertificate = (certificate: string) =>
  endOf({ kind: 'mtls_cert', certificate, privateKey: 'no key is read' });

describe('the end of a client certificate', () => {
  it('is that of the first to end in the chain, whatever stands around it, without the root', async () => {
    const authority = await createAuthority();
    const issue = async (notAfter: Date) => (await authority.issue({ hosts: [], usage: 'client', notAfter })).certPem;
    const [own, intermediate] = [await issue(new Date('2032-01-01T00:00:00Z')), await issue(new Date(end))];

    expect(withCertificate(`Bag Attributes\r\n  x: y\r\n${own.replaceAll('\n', '\r\n')}`)).toBe(
      '2032-01-01T00:00:00.000Z',
    );
    // The root of the test authority ends in about a year.
    expect(withCertificate([own, intermediate, authority.caPem].join('\n'))).toBe(end);
  });

  it('is that of a certificate which is its own issuer, when it is the client’s', async () => {
    const { caPem } = await createAuthority();

    expect(withCertificate(caPem)).toMatch(/^\d{4}-/);
  });

  it.each([
    ['garbage', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----'],
    ['nothing', 'no PEM at all'],
    ['an open block', '-----BEGIN CERTIFICATE-----\n'.repeat(2_000)],
  ])('is not told by %s', (_, text) => {
    expect(withCertificate(text)).toBeUndefined();
  });

  it('is none where the date stands for no end', async () => {
    const authority = await createAuthority();
    const { certPem } = await authority.issue({ hosts: [], notAfter: new Date('9999-12-31T23:59:59Z') });

    expect(withCertificate(certPem)).toBeUndefined();
  });
});

describe('the end of a token', () => {
  it('is the exp of a JWT, wherever the token is kept', () => {
    const token = jwt({ exp: seconds, iat: seconds - 3_600 });

    expect(termOf({ kind: 'bearer_token', token })).toEqual({
      endsAt: new Date(end),
      issuedAt: new Date((seconds - 3_600) * 1_000),
    });
    expect(endOf({ kind: 'api_key', key: token })).toBe(end);
    expect(endOf({ kind: 'basic_auth', username: 'robot', password: token })).toBe(end);
    expect(endOf({ kind: 'oauth2_token', accessToken: token })).toBe(end);
  });

  it('is the date that came with an OAuth token before that of the token', () => {
    const accessToken = jwt({ exp: 1_000 });

    expect(endOf({ kind: 'oauth2_token', accessToken, expiresAt: end })).toBe(end);
    expect(endOf({ kind: 'oauth2_token', accessToken: 'opaque', expiresAt: '2026-12-31T23:59:60Z' })).toBeUndefined();
  });

  it.each([
    ['an opaque token', 'glpat-abcdefghij'],
    ['three parts of nothing', 'a.b.c'],
    ['a JWT without exp', jwt({ sub: 'x' })],
    ['an exp that is a text', jwt({ exp: '2031' })],
    ['an exp in milliseconds', jwt({ exp: Date.parse(end) })],
    ['an exp before all times', jwt({ exp: -1 })],
    ['an exp without bound', `${jwt({}).split('.')[0]}.${Buffer.from('{"exp":1e999}').toString('base64url')}.`],
  ])('is not told by %s', (_, token) => {
    expect(bearer(token)).toBeUndefined();
  });
});

it('is not made up for an App’s key, a key file or a webhook secret', () => {
  expect(endOf({ kind: 'github_app', appId: '1', installationId: '2', privateKey: 'PEM' })).toBeUndefined();
  expect(endOf({ kind: 'service_account', credentialJson: '{"type":"service_account"}' })).toBeUndefined();
  expect(endOf({ kind: 'webhook_secret', secret: jwt({ exp: seconds }) })).toBeUndefined();
});

import { createRemoteJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type TokenDefect, tokenDefects } from './odd-tokens.ts';
import { type OidcProvider, startOidcProvider } from './oidc.ts';

let provider: OidcProvider;
beforeAll(async () => {
  provider = await startOidcProvider({
    scopes: ['integrations.read', 'integrations.write'],
    clients: [
      { clientId: 'ci', clientSecret: 'secret-of-ci', claims: { tenant: 'acme', roles: ['operator'] } },
      { clientId: 'other', clientSecret: 'secret-of-other' },
    ],
  });
});
afterAll(() => provider.stop());

/** A careful resource server, by jose: the judge of every token here. */
async function verify(token: string): Promise<Record<string, unknown>> {
  const { payload } = await jwtVerify(token, createRemoteJWKSet(new URL(provider.jwksUri)), {
    issuer: provider.issuer,
    audience: provider.audience,
    algorithms: ['RS256'],
    typ: 'at+jwt',
    requiredClaims: ['exp', 'sub'],
  });
  return payload;
}

/** What jose names as the reason. */
const refusals: Record<TokenDefect, { code: string; claim?: string }> = {
  'alg-none': { code: 'ERR_JOSE_ALG_NOT_ALLOWED' },
  'alg-none-capitals': { code: 'ERR_JOSE_ALG_NOT_ALLOWED' },
  'empty-signature': { code: 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED' },
  'changed-payload': { code: 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED' },
  'wrong-key': { code: 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED' },
  'hs256-with-public-key': { code: 'ERR_JOSE_ALG_NOT_ALLOWED' },
  'hs256-with-public-jwk': { code: 'ERR_JOSE_ALG_NOT_ALLOWED' },
  'unknown-kid': { code: 'ERR_JWKS_NO_MATCHING_KEY' },
  'embedded-jwk': { code: 'ERR_JWKS_NO_MATCHING_KEY' },
  'foreign-jku': { code: 'ERR_JWKS_NO_MATCHING_KEY' },
  'unknown-crit': { code: 'ERR_JOSE_NOT_SUPPORTED' },
  expired: { code: 'ERR_JWT_EXPIRED', claim: 'exp' },
  'not-yet-valid': { code: 'ERR_JWT_CLAIM_VALIDATION_FAILED', claim: 'nbf' },
  'no-expiry': { code: 'ERR_JWT_CLAIM_VALIDATION_FAILED', claim: 'exp' },
  'wrong-audience': { code: 'ERR_JWT_CLAIM_VALIDATION_FAILED', claim: 'aud' },
  'no-audience': { code: 'ERR_JWT_CLAIM_VALIDATION_FAILED', claim: 'aud' },
  'wrong-issuer': { code: 'ERR_JWT_CLAIM_VALIDATION_FAILED', claim: 'iss' },
  'no-issuer': { code: 'ERR_JWT_CLAIM_VALIDATION_FAILED', claim: 'iss' },
  'wrong-type': { code: 'ERR_JWT_CLAIM_VALIDATION_FAILED', claim: 'typ' },
};

describe('startOidcProvider', () => {
  it('publishes where its keys and tokens are', async () => {
    const discovery = (await (await fetch(`${provider.issuer}/.well-known/openid-configuration`)).json()) as Record<
      string,
      unknown
    >;

    expect(discovery).toMatchObject({
      issuer: provider.issuer,
      jwks_uri: provider.jwksUri,
      token_endpoint: provider.tokenEndpoint,
    });
  });

  it('gives JWT access tokens with the audience, scope and claims asked for', async () => {
    const payload = await verify(await provider.requestToken({ scope: 'integrations.read' }));

    expect(payload).toMatchObject({
      aud: 'inthub',
      client_id: 'ci',
      scope: 'integrations.read',
      tenant: 'acme',
      roles: ['operator'],
    });
    expect(
      await verify(await provider.requestToken({ client: { clientId: 'other', clientSecret: 'secret-of-other' } })),
    ).not.toHaveProperty('tenant');
  });

  it('refuses a wrong secret and unknown clients', async () => {
    await expect(provider.requestToken({ client: { clientId: 'ci', clientSecret: 'wrong' } })).rejects.toThrow(
      /invalid_client/,
    );
    await expect(
      provider.requestToken({ client: { clientId: 'nobody', clientSecret: 'secret-of-ci' } }),
    ).rejects.toThrow(/invalid_client/);
  });

  it('gives no scope that it does not know', async () => {
    expect(decodeJwt(await provider.requestToken({ scope: 'integrations.read admin' })).scope).toBe(
      'integrations.read',
    );
  });

  it('mints a good token that passes', async () => {
    expect(await verify(await provider.mint('good', { tenant: 'acme' }))).toMatchObject({ tenant: 'acme' });
  });

  it.each(tokenDefects)('mints one that a careful verifier refuses for its own defect: %s', async (defect) => {
    const token = await provider.mint(defect);

    expect(token.split('.')).toHaveLength(3);
    await expect(verify(token)).rejects.toMatchObject(refusals[defect]);
  });

  it('makes the confusing tokens genuinely confusing', async () => {
    const kid = decodeProtectedHeader(await provider.mint('good')).kid;

    expect(decodeProtectedHeader(await provider.mint('hs256-with-public-key'))).toMatchObject({ alg: 'HS256', kid });
    expect(decodeProtectedHeader(await provider.mint('wrong-key'))).toMatchObject({ alg: 'RS256', kid });
    expect(decodeJwt(await provider.mint('changed-payload')).sub).toBe('administrator');
  });

  it('rotates its keys, keeping the old one or not, and counts who fetches them', async () => {
    const rotating = await startOidcProvider();
    try {
      const check = async (token: string): Promise<unknown> =>
        (await jwtVerify(token, createRemoteJWKSet(new URL(rotating.jwksUri)))).payload.iss;
      const old = await rotating.requestToken();

      await rotating.rotateKeys();
      const fresh = await rotating.requestToken();
      expect([await check(old), await check(fresh)]).toEqual([rotating.issuer, rotating.issuer]);
      expect(decodeProtectedHeader(fresh).kid).not.toBe(decodeProtectedHeader(old).kid);
      expect(rotating.jwksRequests).toBe(2);

      await rotating.rotateKeys({ keepOld: false });
      await expect(check(fresh)).rejects.toThrow(/no applicable key/);
      expect(await check(await rotating.mint('good'))).toBe(rotating.issuer);
    } finally {
      await rotating.stop();
    }
  });
});

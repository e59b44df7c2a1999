/** Access tokens that a resource server must refuse, one defect each, made beside a good one that it must accept. */
import { randomUUID, type webcrypto } from 'node:crypto';
import {
  base64url,
  calculateJwkThumbprint,
  exportJWK,
  exportSPKI,
  type CryptoKey as JoseKey,
  type JWK,
  type JWTHeaderParameters,
  type JWTPayload,
  SignJWT,
} from 'jose';

/**
 * Each is wrong in exactly the way that it is named after. `wrong-type` (a `typ` of "JWT") is refused only by a verifier that
 * insists on RFC 9068's `at+jwt`, which several providers do not send.
 */
export const tokenDefects = [
  'alg-none',
  'alg-none-capitals',
  'empty-signature',
  'changed-payload',
  'wrong-key',
  'hs256-with-public-key',
  'hs256-with-public-jwk',
  'unknown-kid',
  'embedded-jwk',
  'foreign-jku',
  'unknown-crit',
  'expired',
  'not-yet-valid',
  'no-expiry',
  'wrong-audience',
  'no-audience',
  'wrong-issuer',
  'no-issuer',
  'wrong-type',
] as const;

export type TokenDefect = (typeof tokenDefects)[number];

export interface SigningKey {
  kid: string;
  privateKey: webcrypto.CryptoKey;
  publicKey: webcrypto.CryptoKey;
  privateJwk: JWK;
  publicJwk: JWK;
}

export interface MintOptions {
  issuer: string;
  audience: string;
  key: SigningKey;
  /** A key that the issuer never published. */
  foreignKey: SigningKey;
  /** Added to the payload, or replacing what is there. */
  claims?: JWTPayload;
}

/** An RS256 key pair whose id is its thumbprint (RFC 7638). */
export async function createSigningKey(): Promise<SigningKey> {
  const algorithm = {
    name: 'RSASSA-PKCS1-v1_5',
    hash: 'SHA-256',
    modulusLength: 2048,
    publicExponent: new Uint8Array([1, 0, 1]),
  };
  const { privateKey, publicKey } = (await crypto.subtle.generateKey(algorithm, true, [
    'sign',
    'verify',
  ])) as webcrypto.CryptoKeyPair;
  const publicJwk = await exportJWK(publicKey as JoseKey);
  const kid = await calculateJwkThumbprint(publicJwk);
  const marks = { kid, alg: 'RS256', use: 'sig' };
  return {
    kid,
    privateKey,
    publicKey,
    publicJwk: { ...publicJwk, ...marks },
    privateJwk: { ...(await exportJWK(privateKey as JoseKey)), ...marks },
  };
}

/** Mints an access token (RFC 9068 form), good or with one defect. */
export async function mintToken(
  kind: 'good' | TokenDefect,
  { issuer, audience, key, foreignKey, claims = {} }: MintOptions,
): Promise<string> {
  const nowSeconds = Math.floor(Date.now() / 1000);
  const good: JWTPayload = {
    iss: issuer,
    aud: audience,
    sub: 'client',
    client_id: 'client',
    jti: randomUUID(),
    iat: nowSeconds,
    exp: nowSeconds + 300,
    ...claims,
  };
  const header: JWTHeaderParameters = { alg: 'RS256', typ: 'at+jwt', kid: key.kid };
  const sign = (payload: JWTPayload, more: Partial<JWTHeaderParameters> = {}, by: SigningKey = key): Promise<string> =>
    new SignJWT(payload).setProtectedHeader({ ...header, ...more }).sign(by.privateKey as JoseKey);
  const without = (claim: string): JWTPayload =>
    Object.fromEntries(Object.entries(good).filter(([name]) => name !== claim));

  switch (kind) {
    case 'good':
      return sign(good);
    case 'alg-none':
      return assemble({ ...header, alg: 'none' }, good);
    case 'alg-none-capitals':
      return assemble({ ...header, alg: 'nOnE' }, good);
    case 'empty-signature':
      return assemble(header, good);
    case 'changed-payload': {
      const [head, , signature] = (await sign(good)).split('.');
      return `${head}.${encode({ ...good, sub: 'administrator' })}.${signature}`;
    }
    case 'wrong-key':
      return sign(good, {}, foreignKey);
    case 'hs256-with-public-key':
      return signWithHmac(good, key.kid, await exportSPKI(key.publicKey as JoseKey));
    case 'hs256-with-public-jwk':
      return signWithHmac(good, key.kid, JSON.stringify(key.publicJwk));
    case 'unknown-kid':
      return sign(good, { kid: foreignKey.kid }, foreignKey);
    case 'embedded-jwk':
      return sign(good, { kid: foreignKey.kid, jwk: foreignKey.publicJwk }, foreignKey);
    case 'foreign-jku':
      return sign(good, { kid: foreignKey.kid, jku: 'https://keys.attacker.example/jwks' }, foreignKey);
    case 'unknown-crit':
      // A library refuses to sign what it does not understand, so the header is signed by hand.
      return assemble(
        { ...header, crit: ['urn:example:must-understand'], 'urn:example:must-understand': true },
        good,
        key,
      );
    case 'expired':
      return sign({ ...good, iat: nowSeconds - 7200, exp: nowSeconds - 3600 });
    case 'not-yet-valid':
      return sign({ ...good, nbf: nowSeconds + 3600, exp: nowSeconds + 7200 });
    case 'no-expiry':
      return sign(without('exp'));
    case 'wrong-audience':
      return sign({ ...good, aud: 'https://another-api.example' });
    case 'no-audience':
      return sign(without('aud'));
    case 'wrong-issuer':
      return sign({ ...good, iss: 'https://another-issuer.example' });
    case 'no-issuer':
      return sign(without('iss'));
    case 'wrong-type':
      return sign(good, { typ: 'JWT' });
  }
}

async function assemble(header: object, payload: JWTPayload, key?: SigningKey): Promise<string> {
  const input = `${encode(header)}.${encode(payload)}`;
  if (!key) return `${input}.`;
  const signature = await crypto.subtle.sign('RSASSA-PKCS1-v1_5', key.privateKey, Buffer.from(input));
  return `${input}.${base64url.encode(new Uint8Array(signature))}`;
}

function signWithHmac(payload: JWTPayload, kid: string, secret: string): Promise<string> {
  return new SignJWT(payload).setProtectedHeader({ alg: 'HS256', typ: 'at+jwt', kid }).sign(Buffer.from(secret));
}

function encode(value: object): string {
  return base64url.encode(JSON.stringify(value));
}

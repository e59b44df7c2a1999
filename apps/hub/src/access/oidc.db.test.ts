import { HubError, type Principal, type Role, type TenantId } from '@inthub/contracts';
import {
  createFakeClock,
  type FakeClock,
  type OidcProvider,
  startOidcProvider,
  type TokenDefect,
  tokenDefects,
} from '@inthub/testing';
import { CompactSign, exportJWK, generateKeyPair, SignJWT } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { AuditWriter } from '../audit/audit.ts';
import { createTestTenant, type OpenTestDatabase, openTestDatabase, silentLog } from '../database/testing.ts';
import { type Access, createAccess, type PlatformFetch } from './access.ts';

let test: OpenTestDatabase;
let provider: OidcProvider;
let acme: TenantId;
let clock: FakeClock;
let access: Access & { close(): Promise<void> };

const audit: AuditWriter = { append: async () => undefined, appendAll: async () => undefined };
const realFetch: PlatformFetch = (url, options) => fetch(url, options);

function accessTo(issuer: Pick<OidcProvider, 'issuer' | 'audience'>, fetch = realFetch) {
  const oidc = { issuer: issuer.issuer, audience: issuer.audience, fetch };
  return createAccess({ database: test.database, audit, clock, log: silentLog, oidc });
}

beforeAll(async () => {
  test = await openTestDatabase();
  acme = await createTestTenant(test.database, 'acme');
  provider = await startOidcProvider({
    scopes: ['integrations.read', 'integrations.execute'],
    clients: [
      { clientId: 'ci', clientSecret: 'secret-of-ci', claims: { tenant: 'acme', roles: ['operator', 'boss'] } },
    ],
  });
});
afterAll(async () => {
  await provider.stop();
  await test.close();
});
beforeEach(() => {
  // Tokens are minted by the machine's clock.
  clock = createFakeClock(new Date());
  access = accessTo(provider);
});

const present = async (token: string) => access.authenticate(`Bearer ${token}`);
const outcome = (promise: Promise<Principal>) =>
  promise.then(
    () => 'let in',
    (error: unknown) => (error instanceof HubError ? error.code : String(error)),
  );
const mint = (claims: Record<string, unknown> = {}) => provider.mint('good', { tenant: 'acme', ...claims });

/** An issuer of our own, for tokens that a real provider would not sign. */
async function createIssuer(alg: string) {
  const issuer = 'https://issuer.example';
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
  const keys = [{ ...(await exportJWK(publicKey)), alg, kid: 'only', use: 'sig' }];
  const signText = (payload: string, header: object = {}) =>
    new CompactSign(Buffer.from(payload)).setProtectedHeader({ alg, kid: 'only', ...header }).sign(privateKey);
  const claims = { iss: issuer, aud: 'inthub', sub: 'somebody', tenant: 'acme', exp: 9_999_999_999 };
  const fetch: PlatformFetch = async (url) =>
    Response.json(url.endsWith('/keys') ? { keys } : { issuer, jwks_uri: `${issuer}/keys` });
  return {
    issuer,
    audience: 'inthub',
    fetch,
    signText,
    sign: (header: object) => signText(JSON.stringify(claims), header),
  };
}

async function createUser(subject: string, roles: Role[]) {
  const scopes = new Set([
    'integrations.admin',
    'platform.admin',
    'audit.read',
    'integrations.read',
    'integrations.execute',
    'webhooks.read',
    'webhooks.admin',
    'events.read',
  ] as const);
  const principal: Principal = { tenantId: acme, kind: 'user', id: 'admin', name: 'Admin', scopes };
  const acting = { principal, requestId: 'r' };
  const user = await access.createUser(acting, { name: `User ${subject}`, subject, roles });
  return { user, update: (change: { roles?: Role[]; active?: boolean }) => access.updateUser(acting, user.id, change) };
}

describe('tokens of the identity provider', () => {
  it('let in with the tenant, roles and scopes that they carry; unknown ones give nothing', async () => {
    const token = await provider.requestToken({ scope: 'integrations.read' });

    const principal = await present(token);

    expect(principal).toMatchObject({ tenantId: acme, kind: 'user', id: 'ci', name: 'ci' });
    expect([...principal.scopes].sort()).toEqual([
      'events.read',
      'integrations.admin',
      'integrations.execute',
      'integrations.read',
      'webhooks.admin',
      'webhooks.read',
    ]);
  });

  const refused = tokenDefects.filter((defect) => defect !== 'wrong-type');
  it.each(refused)('are refused when %s', async (defect: TokenDefect) => {
    expect(await outcome(present(await provider.mint(defect, { tenant: 'acme' })))).toBe('unauthenticated');
    // The good one beside it shows that it was the defect.
    expect(await outcome(present(await mint()))).toBe('let in');
  });

  it('may call themselves JWT, or nothing, as several providers have it, but not something else', async () => {
    const { sign, ...issuer } = await createIssuer('RS256');
    access = accessTo(issuer, issuer.fetch);

    for (const typ of [undefined, 'JWT', 'at+jwt', 'application/at+JWT']) {
      expect(await outcome(present(await sign({ typ })))).toBe('let in');
    }
    for (const typ of ['logout+jwt', 'dpop+jwt', 'secevent+jwt', '', 5]) {
      expect(await outcome(present(await sign({ typ })))).toBe('unauthenticated');
    }
  });

  it.each(['PS256', 'ES256', 'ES512', 'EdDSA'])('may be signed with %s', async (algorithm) => {
    const { sign, ...issuer } = await createIssuer(algorithm);
    access = accessTo(issuer, issuer.fetch);

    expect(await outcome(present(await sign({})))).toBe('let in');
  });

  it('are refused when the claim that a parser might overlook is written twice', async () => {
    const { signText, ...issuer } = await createIssuer('RS256');
    access = accessTo(issuer, issuer.fetch);
    const claims = (sub: string, exp: string) =>
      `{"iss":"${issuer.issuer}","aud":"inthub","tenant":"acme",${sub},${exp}}`;

    // The last one counts for every check, so there is no second reading of the token.
    const past = await signText(claims('"sub":"a"', '"exp":9999999999,"exp":1'));
    const twoSubjects = await present(await signText(claims('"sub":"a","sub":"b"', '"exp":9999999999')));

    expect(await outcome(present(past))).toBe('unauthenticated');
    expect(twoSubjects.id).toBe('b');
  });

  it('are refused when a header points to a key of the attacker, or to a file or table', async () => {
    const { privateKey, publicKey } = await generateKeyPair('RS256');
    const payload = { tenant: 'acme', sub: 'x', iss: provider.issuer, aud: provider.audience };
    const spki = Buffer.from(await crypto.subtle.exportKey('spki', publicKey)).toString('base64');
    const headers = [
      { alg: 'RS256', x5u: 'https://attacker.example/chain.pem' },
      { alg: 'RS256', x5c: [spki] },
      { alg: 'RS256', jku: 'https://attacker.example/jwks' },
      { alg: 'RS256', kid: '../../../../../../dev/null' },
      { alg: 'RS256', kid: "x' UNION SELECT 'key' --" },
      { alg: 'RS256', kid: 'a\u0000b' },
      { alg: 'RS256', kid: 5 as unknown as string },
    ];
    const empty = new Uint8Array(32);

    for (const header of headers) {
      const token = await new SignJWT(payload).setProtectedHeader(header).setExpirationTime('5m').sign(privateKey);
      expect(await outcome(present(token))).toBe('unauthenticated');
    }
    const nothing = await new SignJWT(payload)
      .setProtectedHeader({ alg: 'HS256', kid: '/dev/null' })
      .setExpirationTime('5m')
      .sign(empty);
    expect(await outcome(present(nothing))).toBe('unauthenticated');
  });

  it('are refused when malformed, huge or encrypted, without the provider being asked', async () => {
    let asked = 0;
    access = accessTo(provider, (url, options) => {
      asked += 1;
      return realFetch(url, options);
    });
    const good = await mint();
    const [header, payload, signature] = good.split('.');
    const twice = Buffer.from(`{"iss":"${provider.issuer}","iss":"https://other.example"}`).toString('base64url');
    const malformed = [
      `${header}.${payload}`,
      `${header}.${payload}.${signature}.${signature}`,
      `${header}..${signature}`,
      `eyJ.${payload}.${signature}`,
      `${header}.bm90IGpzb24.${signature}`,
      `${header}.${Buffer.from('[]').toString('base64url')}.${signature}`,
      `${header}.${Buffer.from('null').toString('base64url')}.${signature}`,
      `${header}.${twice}.${signature}`,
      `eyJhbGciOiJSU0EtT0FFUCJ9.a.b.c.d`,
      `${header}.${'A'.repeat(1_000_000)}.${signature}`,
      await mint({ padding: 'x'.repeat(8000) }),
    ];

    for (const token of malformed) expect(await outcome(present(token))).toBe('unauthenticated');
    expect(asked).toBe(0);
  });

  it('are refused when bound to a key, or without a usable subject', async () => {
    expect(await outcome(present(await mint({ cnf: { jkt: 'x' } })))).toBe('unauthenticated');
    expect(await outcome(present(await mint({ sub: '' })))).toBe('unauthenticated');
    expect(await outcome(present(await mint({ sub: 'x'.repeat(256) })))).toBe('unauthenticated');
    expect(await outcome(present(await mint({ sub: 5 as unknown as string })))).toBe('unauthenticated');
  });

  it('end a minute after their expiry, which allows for clocks that differ, also while they are cached', async () => {
    const nowSeconds = Math.floor(clock.now().getTime() / 1000);
    const token = await mint({ exp: nowSeconds - 50 });

    expect(await outcome(present(token))).toBe('let in');
    await clock.advance(11_000);
    expect(await outcome(present(token))).toBe('unauthenticated');
  });
});

describe('the tenant of a token', () => {
  it('is named by slug or id; an unknown one lets nobody in', async () => {
    expect((await present(await mint())).tenantId).toBe(acme);
    expect((await present(await mint({ tenant: acme }))).tenantId).toBe(acme);
    for (const tenant of ['nobody', '', 'acme\u0000', '\ud800', 'x'.repeat(300), 5, ['acme'], { slug: 'acme' }, null]) {
      expect(await outcome(present(await mint({ tenant })))).toBe('unauthenticated');
    }
  });

  it('is the only one when there is no claim, and nobody’s when there are several', async () => {
    const unnamed = await provider.mint('good');

    expect((await present(unnamed)).tenantId).toBe(acme);
    await createTestTenant(test.database, 'second');
    await clock.advance(31_000);
    expect(await outcome(present(unnamed))).toBe('unauthenticated');
  });
});

describe('what a token’s person may do', () => {
  it('is decided by the user row when there is one; scopes of the token only narrow it', async () => {
    const { user } = await createUser('narrow', ['developer']);

    const plain = await present(await mint({ sub: 'narrow', roles: ['admin'] }));
    const narrowed = await present(await mint({ sub: 'narrow', scope: 'openid integrations.execute audit.read' }));

    expect(plain).toMatchObject({ id: user.id, name: 'User narrow' });
    expect([...plain.scopes].sort()).toEqual([
      'events.read',
      'integrations.execute',
      'integrations.read',
      'webhooks.read',
    ]);
    expect([...narrowed.scopes]).toEqual(['integrations.execute']);
  });

  it('never includes running the platform, unless the hub’s own row says so', async () => {
    const claimed = await present(await mint({ sub: 'claimer', roles: ['platform_admin'], scope: 'platform.admin' }));
    await createUser('chief', ['platform_admin']);
    const granted = await present(await mint({ sub: 'chief' }));

    expect([...claimed.scopes]).toEqual([]);
    expect(granted.scopes.has('platform.admin')).toBe(true);
  });

  it('reads scp as text or list, and roles as text or list', async () => {
    const text = await present(await mint({ sub: 'a', scp: 'events.read audit.read', roles: 'viewer' }));
    const list = await present(await mint({ sub: 'b', scp: ['events.read', 7, 'nonsense'], roles: { admin: true } }));

    expect([...text.scopes].sort()).toEqual(['audit.read', 'events.read', 'integrations.read', 'webhooks.read']);
    expect([...list.scopes]).toEqual(['events.read']);
  });

  it('follows changes of the user at once on this replica', async () => {
    const token = await mint({ sub: 'changing', roles: ['admin'] });
    expect((await present(token)).scopes.has('integrations.admin')).toBe(true);

    const { update } = await createUser('changing', ['viewer']);
    expect((await present(token)).scopes.has('integrations.admin')).toBe(false);
    await update({ active: false });
    expect(await outcome(present(token))).toBe('unauthenticated');
    await update({ active: true, roles: ['operator'] });
    expect((await present(token)).scopes.has('integrations.admin')).toBe(true);
  });

  it('keeps a name to one line of bounded length', async () => {
    const { name } = await present(await mint({ sub: 'named', name: `evil\n\u0000${'x'.repeat(500)}` }));

    expect(name).toMatch(/^evil {2}x+$/);
    expect(name).toHaveLength(200);
  });
});

describe('the identity provider', () => {
  it('is asked for its keys once, and again for a key that it has made since', async () => {
    const own = await startOidcProvider({ audience: 'inthub' });
    access = accessTo(own);
    try {
      for (let user = 0; user < 5; user += 1)
        await present(await own.mint('good', { tenant: 'acme', sub: `user ${user}` }));
      expect(own.jwksRequests).toBe(1);
      // jose waits by the machine's clock before it asks again, so a hub that has just started meets the new key.
      await own.rotateKeys();
      access = accessTo(own);
      expect(await outcome(present(await own.mint('good', { tenant: 'acme' })))).toBe('let in');
    } finally {
      await own.stop();
    }
  });

  it('that cannot be read makes tokens unavailable, not invalid, and is not asked again at once', async () => {
    let asked = 0;
    const answers: (() => Promise<Response>)[] = [
      async () => {
        throw new TypeError('fetch failed');
      },
      async () => new Response('busy', { status: 503 }),
      async () => new Response(null, { status: 302, headers: { location: 'http://169.254.169.254/' } }),
      async () => new Response('<html>not json'),
      async () => new Response('x'.repeat(600 * 1024)),
      async () => Response.json({ issuer: 'https://other.example', jwks_uri: provider.jwksUri }),
      async () => Response.json({ issuer: provider.issuer }),
      async () => Response.json({ issuer: provider.issuer, jwks_uri: 'ftp://x.example/' }),
      async () => Response.json([]),
    ];
    for (const answer of answers) {
      asked = 0;
      access = accessTo(provider, () => {
        asked += 1;
        return answer();
      });
      const tokens = await Promise.all(Array.from({ length: 5 }, (_, user) => mint({ sub: `user ${user}` })));
      for (const token of tokens) expect(await outcome(present(token))).toBe('unavailable');
      expect(asked).toBe(1);
    }
  });

  it('is tried again after a pause, and answers count again', async () => {
    let isDown = true;
    access = accessTo(provider, async (url, options) =>
      isDown ? new Response(null, { status: 500 }) : realFetch(url, options),
    );
    const token = await mint();

    expect(await outcome(present(token))).toBe('unavailable');
    isDown = false;
    expect(await outcome(present(token))).toBe('unavailable');
    await clock.advance(5001);
    expect(await outcome(present(token))).toBe('let in');
  });

  it('with a broken key set makes tokens unavailable', async () => {
    access = accessTo(provider, async (url, options) =>
      url === provider.jwksUri ? Response.json({ keys: 'none' }) : realFetch(url, options),
    );

    expect(await outcome(present(await mint()))).toBe('unavailable');
  });

  it('that goes away later does not shut out those whose keys are known', async () => {
    let isDown = false;
    access = accessTo(provider, async (url, options) =>
      isDown ? new Response(null, { status: 500 }) : realFetch(url, options),
    );
    expect(await outcome(present(await mint({ sub: 'first' })))).toBe('let in');

    isDown = true;
    await clock.advance(3_600_001);

    const hourLater = Math.floor(clock.now().getTime() / 1000) + 300;
    expect(await outcome(present(await mint({ sub: 'second', exp: hourLater })))).toBe('let in');
  });

  it('is no way in where none is configured', async () => {
    access = createAccess({ database: test.database, audit, clock, log: silentLog });

    expect(await outcome(present(await mint()))).toBe('unauthenticated');
  });
});

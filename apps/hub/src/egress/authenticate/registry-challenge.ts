import type { AuthScheme } from '@inthub/connector-sdk';
import { type CredentialMaterial, HubError } from '@inthub/contracts';
import { headerText, isHeaderValue } from '../headers.ts';
import type { OpenCredential } from '../scope.ts';
import {
  type AuthContext,
  type Authenticator,
  type Authorization,
  type AuthRequest,
  noAuthorization,
} from './authorization.ts';
import { basicAuthorization } from './basic.ts';
import { type Challenge, parseChallenges } from './challenge.ts';
import { checkRealm } from './realm.ts';
import { parseTemplate, secretsOf } from './template.ts';
import { lastingToken, type RememberedChallenge, type Token } from './token-store.ts';

/** Used where the token service names no lifetime. Source: the "Token Response Fields" of the specification below. */
const defaultLifetimeSeconds = 60;

interface Account {
  readonly username: string;
  readonly password: string;
  readonly credential: OpenCredential;
}

/**
 * OCI distribution and Docker token authentication. The first request to a repository asks without a token and learns the realm;
 * later ones bring a token along. Source: distribution.github.io/distribution/spec/auth/token/.
 */
export function createRegistryChallenge(scheme: Extract<AuthScheme, { scheme: 'registry-challenge' }>): Authenticator {
  const username = parseTemplate(scheme.username ?? '{username}');
  const password = parseTemplate(scheme.password ?? '{password}');

  /** Undefined: the integration has no credential and asks anonymously. */
  async function openAccount(context: AuthContext): Promise<Account | undefined> {
    const opening = context.open();
    if (opening === undefined) return undefined;
    const credential = opening instanceof Promise ? await context.race(opening) : opening;
    const { material } = credential;
    return { credential, username: username.fill(material), password: password.fill(material) };
  }

  async function answer(
    challenge: RememberedChallenge,
    request: AuthRequest,
    context: AuthContext,
  ): Promise<Authorization> {
    const account = await openAccount(context);
    if (challenge.scheme === 'basic') {
      if (account === undefined) {
        throw new HubError(
          'provider_unauthenticated',
          `${request.target.host} wants a user name and a password, and this integration has no credential.`,
        );
      }
      return basicOf(account);
    }
    let fresh = false;
    const fetching = context.tokens.get(tokenKey(context, account, challenge), () => {
      fresh = true;
      return fetchToken(challenge, account, context);
    });
    const { value } = await context.race(fetching);
    return { ...bearerOf(value, account?.credential.material), fresh };
  }

  return {
    async authorize(request, context) {
      const known = context.tokens.challenges.get(challengeKey(request, context));
      return known === undefined ? noAuthorization : answer(known, request, context);
    },

    async renew(request, context, { headers, used }) {
      const challenge = chooseChallenge(headerText(headers, 'www-authenticate') ?? '');
      if (challenge === undefined) return undefined;
      if (challenge.scheme === 'basic') {
        // Sent already and refused: the credential is wrong, and a repeat could lock the account.
        if (used.headers['authorization']?.startsWith('Basic ') === true) return undefined;
      } else {
        checkRealm(challenge.realm, request.target, context.settings);
        const account = await openAccount(context);
        const usedToken = used.headers['authorization']?.replace(/^Bearer /, '');
        if (usedToken !== undefined) {
          const known = context.tokens.challenges.get(challengeKey(request, context));
          if (used.fresh === true && isSame(known, challenge)) return undefined;
          context.tokens.drop(tokenKey(context, account, challenge), usedToken);
        }
      }
      context.tokens.challenges.set(challengeKey(request, context), challenge);
      return answer(challenge, request, context);
    },
  };
}

function basicOf({ username, password, credential }: Account): Authorization {
  return basicAuthorization(username, password, credential.material);
}

function bearerOf(token: string, material: CredentialMaterial | undefined): Authorization {
  return {
    headers: { authorization: `Bearer ${token}` },
    secrets: () => [token, ...(material === undefined ? [] : secretsOf(material))],
  };
}

function chooseChallenge(field: string): RememberedChallenge | undefined {
  const challenges = parseChallenges(field);
  const bearer = challenges.find(({ scheme, parameters }) => scheme === 'bearer' && parameters.has('realm'));
  if (bearer !== undefined) return remember('bearer', bearer);
  const basic = challenges.find(({ scheme }) => scheme === 'basic');
  return basic === undefined ? undefined : remember('basic', basic);
}

function remember(scheme: RememberedChallenge['scheme'], { parameters }: Challenge): RememberedChallenge {
  return {
    scheme,
    realm: parameters.get('realm') ?? '',
    service: parameters.get('service'),
    scope: parameters.get('scope'),
  };
}

function isSame(one: RememberedChallenge | undefined, other: RememberedChallenge): boolean {
  return (
    one?.scheme === other.scheme &&
    one.realm === other.realm &&
    one.service === other.service &&
    one.scope === other.scope
  );
}

/** Everything about one repository needs the same scope for reading, and another for writing. */
function challengeKey({ target, path, method }: AuthRequest, { tenantId, integrationId }: AuthContext): string {
  const [pathname = ''] = path.split('?');
  const repository = /^(.*\/v2\/.+)\/(?:manifests|blobs|tags|referrers)\//.exec(pathname)?.[1];
  const access = method === 'GET' || method === 'HEAD' ? 'read' : method === 'DELETE' ? 'delete' : 'write';
  return JSON.stringify([tenantId, integrationId, target.origin, repository ?? pathname, access]);
}

function tokenKey(
  { tenantId, integrationId }: AuthContext,
  account: Account | undefined,
  challenge: RememberedChallenge,
): string {
  const { realm, service, scope } = challenge;
  return JSON.stringify([tenantId, integrationId, account?.credential.fingerprint ?? null, realm, service, scope]);
}

async function fetchToken(
  challenge: RememberedChallenge,
  account: Account | undefined,
  context: AuthContext,
): Promise<Token> {
  const url = new URL(challenge.realm);
  const realm = checkRealm(challenge.realm, context.settings.endpoint, context.settings);
  if (challenge.service !== undefined) url.searchParams.set('service', challenge.service);
  for (const scope of (challenge.scope ?? '').split(' ')) if (scope !== '') url.searchParams.append('scope', scope);
  if (account !== undefined) url.searchParams.set('account', account.username);
  const basic = account === undefined ? noAuthorization : basicOf(account);

  const sentMs = context.clock.monotonicMs();
  const reply = await context.fetchToken({
    url,
    method: 'GET',
    headers: basic.headers,
    secrets: basic.secrets(),
    realm,
  });
  const value = reply['token'] ?? reply['access_token'];
  if (typeof value !== 'string' || value === '' || !isHeaderValue(value)) {
    throw new HubError('provider_bad_response', `The token service ${url.host} answered without a usable token.`);
  }
  const lifetime = Number(reply['expires_in']);
  return lastingToken(value, lifetime > 0 ? lifetime : defaultLifetimeSeconds, sentMs);
}

/**
 * From a verified token to a principal. Precedence (README.md):
 * 1. The tenant is claim `tenant` (slug or id); without the claim, the only tenant there is.
 * 2. A user row with this subject decides what the person may do; its roles replace those of the token. When the token names hub
 *    scopes, they narrow the user's; they never widen them.
 * 3. Without a row, the token decides: claim `roles` and the hub scopes in `scope` or `scp`, but never `platform.admin`.
 */
import { expandScopes, isId, isRole, isScope, type Principal, type Role, type Scope } from '@inthub/contracts';
import type { JWTPayload } from 'jose';
import type { Database, SystemTx } from '../database/database.ts';
import { findTenantId, findUserBySubject, type KnownUser } from './authentication-repository.ts';
import { refusal } from './authenticator.ts';
import { bundleScopes } from './authority.ts';
import type { VerifiedToken } from './oidc-tokens.ts';
import type { Admission } from './principal-cache.ts';

/** @throws HubError `unauthenticated` when there is no such tenant, or the user was switched off. */
export function admitVerifiedToken(database: Database, token: VerifiedToken): Promise<Admission> {
  return database.system('inthub_auth', async (tx) => {
    const tenantId = await resolveTenant(tx, token.claims);
    const user = await findUserBySubject(tx, tenantId, token.subject);
    if (user !== undefined && !user.active) throw refusal('user is switched off');
    const principal: Principal = Object.freeze({
      tenantId,
      kind: 'user',
      id: user?.id ?? token.subject,
      name: user?.name ?? nameOf(token),
      scopes: scopesOf(token.claims, user),
    });
    return { principal, expiresAtMs: token.expiresAtMs };
  });
}

async function resolveTenant(tx: SystemTx, { tenant }: JWTPayload) {
  if (tenant !== undefined && typeof tenant !== 'string') throw refusal('claim tenant is not a string');
  const wanted = tenant === undefined ? 'only' : isId(tenant) ? { id: tenant } : { slug: tenant };
  const found = isHarmless(tenant ?? '') ? await findTenantId(tx, wanted) : undefined;
  if (found === undefined)
    throw refusal(tenant === undefined ? 'no claim tenant, and not just one tenant' : 'unknown tenant');
  return found;
}

function scopesOf(claims: JWTPayload, user: KnownUser | undefined): ReadonlySet<Scope> {
  const scopes = namedScopes(claims);
  if (user === undefined)
    return withoutPlatform(expandScopes(bundleScopes(scopes, namedRoles(claims)).filter(isTenants)));
  const granted = expandScopes(bundleScopes([], user.roles));
  if (scopes.length === 0) return granted;
  const asked = expandScopes(scopes);
  return new Set([...granted].filter((scope) => asked.has(scope)));
}

/** An identity provider says who somebody is and what they do for their tenant; who runs the platform is said in the hub. */
const isTenants = (scope: Scope) => scope !== 'platform.admin';
const withoutPlatform = (scopes: ReadonlySet<Scope>) => new Set([...scopes].filter(isTenants));

/** `scope` is a space-separated string (RFC 8693 §4.2); some providers send `scp`, as a string or a list. */
function namedScopes({ scope, scp }: JWTPayload): Scope[] {
  return [...words(scope), ...words(scp)].filter(isScope);
}

function namedRoles(claims: JWTPayload): Role[] {
  return words(claims['roles']).filter(isRole);
}

function words(claim: unknown): string[] {
  if (typeof claim === 'string') return claim.split(' ');
  return Array.isArray(claim) ? claim.filter((item) => typeof item === 'string') : [];
}

function nameOf({ claims, subject }: VerifiedToken): string {
  const candidates = [claims['name'], claims['preferred_username'], claims['email'], claims['client_id'], subject];
  const name = candidates.find((value): value is string => typeof value === 'string' && value.trim() !== '') ?? subject;
  // It ends up in audit entries: one line, no more than a row's name.
  return name
    .replaceAll(/\p{Cc}/gu, ' ')
    .toWellFormed()
    .slice(0, 200)
    .toWellFormed();
}

function isHarmless(text: string): boolean {
  return !text.includes('\0') && text.isWellFormed() && text.length <= 200;
}

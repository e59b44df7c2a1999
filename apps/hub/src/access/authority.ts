import { expandScopes, HubError, type Principal, type Role, roles, type Scope } from '@inthub/contracts';

/** The scopes that a set of scopes and roles stands for, without those they imply; in a fixed order, each once. */
export function bundleScopes(scopes: readonly Scope[], given: readonly Role[] = []): Scope[] {
  return [...new Set([...scopes, ...given.flatMap((role): readonly Scope[] => roles[role])])].sort();
}

/** @throws HubError `forbidden` */
export function requireScope(principal: Principal, scope: Scope): void {
  if (!principal.scopes.has(scope)) {
    throw new HubError('forbidden', `This needs the scope ${scope}.`, { details: { requiredScope: scope } });
  }
}

/**
 * Nobody gives, or takes from others, what they do not have: with this a leaked or low key cannot raise itself.
 * @param what Names the thing in the message: "The new key".
 * @throws HubError `forbidden` naming the missing scopes.
 */
export function requireCovers(principal: Principal, scopes: Iterable<Scope>, what: string): void {
  const missing = [...expandScopes(scopes)].filter((scope) => !principal.scopes.has(scope));
  if (missing.length > 0) {
    throw new HubError('forbidden', `${what} has scopes that the caller lacks: ${missing.join(', ')}.`, {
      details: { missingScopes: missing },
    });
  }
}

/** What the audit keeps of a principal. */
export function actorOf({ kind, id, name }: Principal): Pick<Principal, 'kind' | 'id' | 'name'> {
  return { kind, id, name };
}

import type { TenantId } from './ids.ts';

/** What a caller may do. `integrations.admin` and `webhooks.admin` include their `.read`; `platform.admin` includes all. */
export const scopes = [
  'integrations.read',
  'integrations.admin',
  'integrations.execute',
  'webhooks.read',
  'webhooks.admin',
  'events.read',
  'audit.read',
  'platform.admin',
] as const;
export type Scope = (typeof scopes)[number];

/** Roles bundle scopes; a role is never checked, only its scopes are. */
export const roles = {
  viewer: ['integrations.read', 'webhooks.read', 'events.read'],
  developer: ['integrations.read', 'integrations.execute', 'webhooks.read', 'events.read'],
  operator: ['integrations.admin', 'integrations.execute', 'webhooks.admin', 'events.read'],
  auditor: ['integrations.read', 'webhooks.read', 'events.read', 'audit.read'],
  admin: ['integrations.admin', 'integrations.execute', 'webhooks.admin', 'events.read', 'audit.read'],
  platform_admin: ['platform.admin'],
} as const satisfies Record<string, readonly Scope[]>;
export type Role = keyof typeof roles;

const implied: Partial<Record<Scope, readonly Scope[]>> = {
  'integrations.admin': ['integrations.read'],
  'webhooks.admin': ['webhooks.read'],
  'platform.admin': scopes,
};

/** Who is calling. `system` is the hub itself (schedulers); it has no scopes and calls rooms, not HTTP. */
export interface Principal {
  readonly tenantId: TenantId;
  readonly kind: 'api_key' | 'user' | 'system';
  /** API key id, user id or OIDC subject, or the scheduler's name. Goes into `createdBy` and the audit. */
  readonly id: string;
  readonly name: string;
  readonly scopes: ReadonlySet<Scope>;
}

/** All scopes that a set of scopes and roles gives, implied ones included. */
export function expandScopes(given: Iterable<Scope>): ReadonlySet<Scope> {
  const all = new Set<Scope>();
  for (const scope of given) {
    all.add(scope);
    for (const more of implied[scope] ?? []) all.add(more);
  }
  return all;
}

export function isScope(value: string): value is Scope {
  return (scopes as readonly string[]).includes(value);
}

export function isRole(value: string): value is Role {
  return Object.hasOwn(roles, value);
}

import type { Clock, Page, Principal, Role, Scope, TenantId } from '@inthub/contracts';
import type { AuditWriter } from '../audit/audit.ts';
import type { Database } from '../database/database.ts';
import type { Log } from '../telemetry/telemetry.ts';
import { createApiKey, listApiKeys, revokeApiKey } from './api-keys.ts';
import { createAuthenticator } from './authenticator.ts';
import { bootstrap } from './bootstrap.ts';
import { createIssuerFetch, type PlatformFetch } from './issuer-fetch.ts';
import { createLastUsedRecorder } from './last-used.ts';
import { admitVerifiedToken } from './oidc-principal.ts';
import { createTokenVerifier, type OidcSettings } from './oidc-tokens.ts';
import { createPrincipalCache } from './principal-cache.ts';
import type { Acting, ApiKey, Tenant, TenantChange, User } from './records.ts';
import { createTenant, findApprovalRequired, findTenantSlug, getTenant, listTenants, updateTenant } from './tenants.ts';
import { createUser, listUsers, updateUser } from './users.ts';

export type { PlatformFetch } from './issuer-fetch.ts';
export type { Acting, ApiKey, Tenant, TenantChange, User } from './records.ts';
export { findApprovalRequired, findTenantSlug };

/** Who may do what: tenants, users, API keys, OIDC tokens. */
export interface Access {
  /**
   * The principal behind `Authorization: Bearer …` (API key or JWT). Cached briefly; revocation reaches the cache at once on this
   * replica and within the cache's lifetime (30 s) elsewhere.
   * At once where the credential is known already.
   * Rejects with HubError `unauthenticated`, with one message for every cause; `unavailable` when the identity provider cannot
   * be asked.
   */
  authenticate(authorization: string | undefined): Principal | Promise<Principal>;
  createTenant(acting: Acting, input: { slug: string; name: string; approvalRequired?: boolean }): Promise<Tenant>;
  listTenants(page: { cursor?: string; limit: number }): Promise<Page<Tenant>>;
  getTenant(id: TenantId): Promise<Tenant>;
  updateTenant(acting: Acting, id: TenantId, change: TenantChange): Promise<Tenant>;
  createUser(
    acting: Acting,
    input: { name: string; email?: string; subject?: string; roles: readonly Role[] },
  ): Promise<User>;
  listUsers(tenantId: TenantId, page: { cursor?: string; limit: number }): Promise<Page<User>>;
  updateUser(
    acting: Acting,
    id: string,
    change: { name?: string; roles?: readonly Role[]; active?: boolean },
  ): Promise<User>;
  /** The only time that the whole key is seen is in this answer. A caller cannot give scopes that it lacks. */
  createApiKey(
    acting: Acting,
    input: { name: string; scopes: readonly Scope[]; roles?: readonly Role[]; expiresAt?: string | null },
  ): Promise<{ key: string; apiKey: ApiKey }>;
  listApiKeys(tenantId: TenantId, page: { cursor?: string; limit: number }): Promise<Page<ApiKey>>;
  revokeApiKey(acting: Acting, id: string): Promise<void>;
  /**
   * First start: makes tenant `default` and an admin key (the given one or a new one). Idempotent; returns the key only when it was
   * made now and nobody gave it.
   */
  bootstrap(givenKey: string | undefined): Promise<{ tenantId: TenantId; generatedKey: string | null }>;
}

export interface AccessDeps {
  readonly database: Database;
  readonly audit: AuditWriter;
  readonly clock: Clock;
  readonly log: Log;
  /** After a tenant was changed on this replica: drop what was kept of it. */
  readonly onTenantChanged?: (id: TenantId) => void;
  /** Without it, only API keys are accepted. */
  readonly oidc?: OidcSettings & { readonly fetch: PlatformFetch };
}

/** `close` waits for what is still being written; call it before the database is closed. */
export function createAccess(deps: AccessDeps): Access & { close(): Promise<void> } {
  const { database, audit, clock, log, oidc, onTenantChanged } = deps;
  const cache = createPrincipalCache(clock);
  const lastUsed = createLastUsedRecorder({ database, clock, log });
  const verify =
    oidc && createTokenVerifier({ oidc, clock, fetch: createIssuerFetch({ fetch: oidc.fetch, clock, log }) });
  const authenticate = createAuthenticator({
    database,
    clock,
    log,
    cache,
    lastUsed,
    ...(verify && { admitToken: async (token) => admitVerifiedToken(database, await verify(token)) }),
  });
  const writing = {
    database,
    audit,
    clock,
    ...(onTenantChanged === undefined ? {} : { onTenantChanged }),
    onKeyRevoked: (id: string) => cache.drop((principal) => principal.kind === 'api_key' && principal.id === id),
    onUserChanged: (tenantId: TenantId, id: string) =>
      cache.drop((principal) => principal.kind === 'user' && principal.tenantId === tenantId && principal.id === id),
  };

  return {
    authenticate,
    createTenant: (acting, input) => createTenant(writing, acting, input),
    listTenants: (page) => listTenants(writing, page),
    getTenant: (id) => getTenant(writing, id),
    updateTenant: (acting, id, change) => updateTenant(writing, acting, id, change),
    createUser: (acting, input) => createUser(writing, acting, input),
    listUsers: (tenantId, page) => listUsers(writing, tenantId, page),
    updateUser: (acting, id, change) => updateUser(writing, acting, id, change),
    createApiKey: (acting, input) => createApiKey(writing, acting, input),
    listApiKeys: (tenantId, page) => listApiKeys(writing, tenantId, page),
    revokeApiKey: (acting, id) => revokeApiKey(writing, acting, id),
    bootstrap: (givenKey) => bootstrap(writing, givenKey),
    close: () => lastUsed.close(),
  };
}

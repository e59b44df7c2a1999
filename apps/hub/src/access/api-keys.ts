import {
  type ApiKeyId,
  type Clock,
  createId,
  HubError,
  invalidField,
  isId,
  type Page,
  type Role,
  type Scope,
  type TenantId,
} from '@inthub/contracts';
import type { AuditWriter } from '../audit/audit.ts';
import { cursorKind, type Database, pageById } from '../database/database.ts';
import { generateApiKey, readApiKey } from './api-key-format.ts';
import { findApiKey, insertApiKey, listApiKeyRows, revokeApiKeyRow } from './api-key-repository.ts';
import { actorOf, bundleScopes, requireCovers, requireScope } from './authority.ts';
import type { Acting, ApiKey } from './records.ts';
import { findTenant } from './tenant-repository.ts';
import { readTextField } from './text-field.ts';

export interface ApiKeysDeps {
  readonly database: Database;
  readonly audit: AuditWriter;
  readonly clock: Clock;
  /** Told after the commit, so that the key stops working at once here. */
  readonly onKeyRevoked: (id: string) => void;
}

export async function createApiKey(
  { database, audit, clock }: Omit<ApiKeysDeps, 'onKeyRevoked'>,
  { principal, requestId }: Acting,
  input: { name: string; scopes: readonly Scope[]; roles?: readonly Role[]; expiresAt?: string | null },
): Promise<{ key: string; apiKey: ApiKey }> {
  requireScope(principal, 'integrations.admin');
  const scopes = bundleScopes(input.scopes, input.roles);
  if (scopes.length === 0) throw invalidField('/scopes', 'Name at least one scope or role.', 'minItems');
  requireCovers(principal, scopes, 'The new key');
  const name = readTextField('/name', input.name, 200);
  const createdAt = clock.now();
  const expiresAt = readExpiry(input.expiresAt ?? null, createdAt);
  const key = generateApiKey();
  const apiKey = await database.tenant(principal.tenantId, async (tx) => {
    // A platform admin may act for another tenant; the check turns a mistyped one into an answer instead of a database error.
    if ((await findTenant(tx)) === undefined) throw new HubError('not_found', 'There is no such tenant.');
    const created = await insertApiKey(tx, {
      ...readOwn(key),
      id: createId<ApiKeyId>(),
      name,
      scopes,
      expiresAt,
      createdAt,
      createdBy: principal.id,
    });
    await audit.append(tx, {
      actor: actorOf(principal),
      action: 'api_key.create',
      target: { type: 'api_key', id: created.id, name },
      outcome: 'success',
      requestId,
      after: { name, prefix: created.prefix, scopes, expiresAt: created.expiresAt },
    });
    return created;
  });
  return { key, apiKey };
}

export function listApiKeys(
  { database }: Pick<ApiKeysDeps, 'database'>,
  tenantId: TenantId,
  page: { cursor?: string; limit: number },
): Promise<Page<ApiKey>> {
  return pageById(cursorKind('api-keys'), page, (from) => database.tenant(tenantId, (tx) => listApiKeyRows(tx, from)));
}

/** Revoking a revoked key changes nothing and is no error. A key with more scopes than the caller's is not its to revoke. */
export async function revokeApiKey(
  { database, audit, clock, onKeyRevoked }: ApiKeysDeps,
  { principal, requestId }: Acting,
  id: string,
): Promise<void> {
  requireScope(principal, 'integrations.admin');
  if (!isId(id)) throw noKey();
  await database.tenant(principal.tenantId, async (tx) => {
    const key = await findApiKey(tx, id);
    if (key === undefined) throw noKey();
    requireCovers(principal, key.scopes, 'The key');
    const revokedAt = clock.now();
    if (!(await revokeApiKeyRow(tx, id, revokedAt))) return;
    await audit.append(tx, {
      actor: actorOf(principal),
      action: 'api_key.revoke',
      target: { type: 'api_key', id, name: key.name },
      outcome: 'success',
      requestId,
      before: { revokedAt: null },
      after: { revokedAt: revokedAt.toISOString() },
    });
    tx.afterCommit(() => onKeyRevoked(id));
  });
}

function readExpiry(text: string | null, now: Date): Date | null {
  if (text === null) return null;
  const at = new Date(text);
  if (Number.isNaN(at.getTime())) throw invalidField('/expiresAt', 'Must be an ISO 8601 time.', 'format');
  if (at <= now) throw invalidField('/expiresAt', 'Must be in the future.', 'minimum');
  // PostgreSQL and ISO 8601 with four digits both end before a Date does.
  if (at.getUTCFullYear() > 9999) throw invalidField('/expiresAt', 'Must be before the year 10000.', 'maximum');
  return at;
}

function readOwn(key: string): { prefix: string; hash: Buffer } {
  const read = readApiKey(key);
  if (read === undefined) throw new HubError('internal', 'A generated key has a wrong form.');
  return read;
}

function noKey(): HubError {
  return new HubError('not_found', 'There is no such API key.');
}

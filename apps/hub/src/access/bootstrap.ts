import { type ApiKeyId, type Clock, createId, HubError, type TenantId } from '@inthub/contracts';
import type { AuditWriter } from '../audit/audit.ts';
import type { Database } from '../database/database.ts';
import { generateApiKey, readApiKey } from './api-key-format.ts';
import { hasApiKey, insertApiKey, lockBootstrap } from './api-key-repository.ts';
import { findTenantId } from './authentication-repository.ts';
import { insertTenant } from './tenant-repository.ts';

const slug = 'default';
/** `created_by` of the keys made here; no person and no key has this id. */
const creator = 'bootstrap';
const actor = { kind: 'system', id: creator, name: 'Bootstrap' } as const;

export interface BootstrapDeps {
  readonly database: Database;
  readonly audit: AuditWriter;
  readonly clock: Clock;
}

/**
 * Makes tenant `default` and its first `platform.admin` key; safe under N starting replicas. A key that was revoked is not made
 * again: who has locked everybody out starts once with another HUB_BOOTSTRAP_API_KEY.
 */
export async function bootstrap(
  deps: BootstrapDeps,
  givenKey: string | undefined,
): Promise<{ tenantId: TenantId; generatedKey: string | null }> {
  const key = givenKey ?? generateApiKey();
  const read = readApiKey(key);
  if (read === undefined) {
    throw new HubError('invalid_request', 'The bootstrap key must be 32 to 256 printable characters without spaces.');
  }
  const tenantId = await ensureTenant(deps);
  const made = await deps.database.tenant(tenantId, async (tx) => {
    await lockBootstrap(tx);
    const wanted = givenKey === undefined ? { createdBy: creator } : { createdBy: creator, prefix: read.prefix };
    if (await hasApiKey(tx, wanted)) return false;
    const apiKey = await insertApiKey(tx, {
      ...read,
      id: createId<ApiKeyId>(),
      name: 'Bootstrap',
      scopes: ['platform.admin'],
      expiresAt: null,
      createdAt: deps.clock.now(),
      createdBy: creator,
    });
    await deps.audit.append(tx, {
      actor,
      action: 'api_key.create',
      target: { type: 'api_key', id: apiKey.id, name: apiKey.name },
      outcome: 'success',
      requestId: creator,
      after: { name: apiKey.name, prefix: apiKey.prefix, scopes: apiKey.scopes, expiresAt: null },
      reason: givenKey === undefined ? 'first start' : 'HUB_BOOTSTRAP_API_KEY',
    });
    return true;
  });
  return { tenantId, generatedKey: made && givenKey === undefined ? key : null };
}

async function ensureTenant({ database, audit, clock }: BootstrapDeps): Promise<TenantId> {
  const find = () => database.system('inthub_auth', (tx) => findTenantId(tx, { slug }));
  const found = await find();
  if (found !== undefined) return found;
  const tenantId = createId<TenantId>();
  const made = await database.tenant(tenantId, async (tx) => {
    const tenant = await insertTenant(tx, { slug, name: 'Default', approvalRequired: false, createdAt: clock.now() });
    if (tenant === undefined) return false;
    await audit.append(tx, {
      actor,
      action: 'tenant.create',
      target: { type: 'tenant', id: tenantId, name: tenant.name },
      outcome: 'success',
      requestId: creator,
      after: { slug, name: tenant.name, approvalRequired: false },
      reason: 'first start',
    });
    return true;
  });
  if (made) return tenantId;
  // Another replica was faster.
  const theirs = await find();
  if (theirs === undefined) throw new HubError('internal', 'Tenant "default" could neither be made nor found.');
  return theirs;
}

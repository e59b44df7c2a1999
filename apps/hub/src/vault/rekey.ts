import { type Clock, HubError, type Page, type TenantId } from '@inthub/contracts';
import type { AuditWriter } from '../audit/audit.ts';
import type { Database, TenantTx } from '../database/database.ts';
import type { Log } from '../telemetry/telemetry.ts';
import { claimForRekey, countByKey, saveWrappedKey } from './credential-repository.ts';
import { contextOf } from './credential-store.ts';
import type { KeyProvider } from './key-provider.ts';
import { rewrap } from './sealing.ts';

const batch = 100;
/** Rows held by others come free within moments; after this many rounds the caller is told and may start again. */
const maxRounds = 10;
const roundPauseMs = 200;

export type TenantLister = (page: { cursor?: string; limit: number }) => Promise<Page<{ readonly id: TenantId }>>;

export interface RekeyDeps {
  readonly database: Database;
  readonly audit: AuditWriter;
  readonly clock: Clock;
  readonly log: Log;
  readonly keys: KeyProvider;
  readonly listTenants: TenantLister;
}

export interface RekeyResult {
  readonly rewrapped: number;
  /** Credentials that did not open under the key they name; each is in the log by its id. They stay as they are. */
  readonly failed: number;
  readonly keyId: string;
}

/**
 * Moves every data key under the current key-encryption key while the hub serves: batches of 100, a transaction each, one tenant at a time.
 * Stopped half-way, it leaves two keys in use, and the next run goes on.
 */
export async function rekey(deps: RekeyDeps): Promise<RekeyResult> {
  const keyId = await deps.keys.currentKeyId();
  let rewrapped = 0;
  let failed = 0;
  for await (const tenantId of everyTenant(deps.listTenants)) {
    const done = await rekeyTenant(deps, tenantId, keyId);
    rewrapped += done.rewrapped;
    failed += done.failed;
  }
  deps.log.info({ rewrapped, failed, keyId }, 'credentials re-keyed');
  return { rewrapped, failed, keyId };
}

/** Key-encryption keys that stored credentials need, with how many need each. */
export async function keysInUse(
  deps: Pick<RekeyDeps, 'database' | 'listTenants'>,
): Promise<ReadonlyMap<string, number>> {
  const inUse = new Map<string, number>();
  for await (const tenantId of everyTenant(deps.listTenants)) {
    const counts = await deps.database.tenant(tenantId, countByKey);
    for (const [keyId, count] of counts) inUse.set(keyId, (inUse.get(keyId) ?? 0) + count);
  }
  return inUse;
}

async function rekeyTenant(deps: RekeyDeps, tenantId: TenantId, keyId: string) {
  let rewrapped = 0;
  for (let round = 0; round < maxRounds; round += 1) {
    if (round > 0) await deps.clock.sleep(roundPauseMs);
    let failed = 0;
    let afterId: string | null = null;
    do {
      const done = await rekeyBatch(deps, tenantId, keyId, afterId);
      rewrapped += done.rewrapped;
      failed += done.failed;
      afterId = done.lastId;
    } while (afterId !== null);
    const counts = await deps.database.tenant(tenantId, countByKey);
    const left = [...counts].reduce((sum, [id, count]) => sum + (id === keyId ? 0 : count), 0);
    if (left > failed) continue;
    // An entry in every tenant's chain, so that no chain is left sealed under a key that is about to go.
    if (rewrapped === 0) await deps.database.tenant(tenantId, (tx) => audit(deps, tx, { rewrapped, keyId }));
    return { rewrapped, failed };
  }
  throw new HubError(
    'unavailable',
    'Some credentials were in use the whole time and are not re-keyed yet. Start again.',
  );
}

/** `lastId` is null after the last batch. */
async function rekeyBatch(deps: RekeyDeps, tenantId: TenantId, keyId: string, afterId: string | null) {
  return deps.database.tenant(tenantId, async (tx) => {
    const rows = await claimForRekey(tx, { currentKeyId: keyId, afterId, take: batch });
    let failed = 0;
    for (const row of rows) {
      try {
        await saveWrappedKey(tx, row.id, await rewrap(deps.keys, contextOf(row), row.secret.key));
      } catch (error) {
        if (!(error instanceof HubError && error.code === 'credential_unavailable')) throw error;
        failed += 1;
        deps.log.error(
          { err: error, tenantId, credentialId: row.id, keyId: row.secret.key.keyId },
          'credential cannot be re-keyed',
        );
      }
    }
    const rewrapped = rows.length - failed;
    if (rewrapped > 0) await audit(deps, tx, { rewrapped, keyId });
    return { rewrapped, failed, lastId: rows.length < batch ? null : (rows.at(-1)?.id ?? null) };
  });
}

function audit(deps: RekeyDeps, tx: TenantTx, details: { rewrapped: number; keyId: string }): Promise<void> {
  return deps.audit.append(tx, {
    actor: { kind: 'system', id: 'vault', name: 'Vault' },
    action: 'vault.rekey',
    target: { type: 'tenant', id: tx.tenantId },
    outcome: 'success',
    requestId: 'vault.rekey',
    details,
  });
}

async function* everyTenant(listTenants: TenantLister): AsyncGenerator<TenantId> {
  let cursor: string | undefined;
  do {
    const page = await listTenants({ limit: 200, ...(cursor !== undefined && { cursor }) });
    for (const { id } of page.items) yield id;
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
}

/** The rig of this room's database tests: a vault on a real database, with an audit that can be made to fail. */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type CredentialMaterial,
  createId,
  type EventId,
  HubError,
  type Principal,
  type TenantId,
} from '@inthub/contracts';
import { createFakeClock, type FakeClock } from '@inthub/testing';
import pg from 'pg';
import type { AuditRecord, AuditWriter } from '../audit/audit.ts';
import type { TenantTx } from '../database/database.ts';
import { createTestTenant, openTestDatabase, silentLog } from '../database/testing.ts';
import type { EventWriter, NewEvent } from '../events/events.ts';
import { type KeyEncryptionKey, keyEncryptionKeyId } from './key-ring.ts';
import {
  type CredentialInfo,
  createKeyRing,
  createVault,
  type ResolvedCredential,
  type ResolveRequest,
  type Vault,
  type VaultDeps,
} from './vault.ts';

export type TestVault = ReturnType<typeof createVault>;

export interface VaultRig {
  readonly acme: TenantId;
  readonly other: TenantId;
  readonly clock: FakeClock;
  readonly audited: AuditRecord[];
  readonly sent: NewEvent[];
  readonly learned: string[];
  readonly secretEnvironment: Map<string, string>;
  readonly secretsDir: string;
  /** From now on every audit entry is refused, or no more. */
  failAudit(fails: boolean): void;
  vault(keys: readonly [KeyEncryptionKey, ...KeyEncryptionKey[]], more?: Partial<VaultDeps>): TestVault;
  inTenant<T>(work: (tx: TenantTx) => Promise<T>, tenantId?: TenantId): Promise<T>;
  store(
    vault: Vault,
    material: CredentialMaterial,
    to?: { integrationId?: string; tenantId?: TenantId },
  ): Promise<CredentialInfo>;
  /** For an integration of its own unless `change` names one, so that nothing comes out of a cache. */
  resolve(vault: Vault, authRef: string, change?: Partial<ResolveRequest>): Promise<ResolvedCredential>;
  revoke(vault: Vault, integrationId: string): Promise<number>;
  /** SQL past row-level security. */
  sql(text: string, values?: unknown[]): Promise<pg.QueryResult>;
  /** No credentials, two new tenants, nothing recorded. */
  reset(): Promise<void>;
  close(): Promise<void>;
}

export function newKeyEncryptionKey(): KeyEncryptionKey {
  const key = randomBytes(32);
  return { id: keyEncryptionKeyId(key), key };
}

export async function openVaultRig(): Promise<VaultRig> {
  const test = await openTestDatabase({ maxConnections: 8 });
  const behind = new pg.Client({ connectionString: test.url });
  await behind.connect();
  const secretsDir = await mkdtemp(join(tmpdir(), 'inthub-vault-'));
  const clock = createFakeClock('2026-11-21T10:00:00Z');
  let auditFails = false;
  let [acme, other] = [createId<TenantId>(), createId<TenantId>()];

  const audit: AuditWriter = {
    append: (tx, record) => audit.appendAll(tx, [record]),
    async appendAll(_tx, records) {
      if (auditFails) throw new HubError('unavailable', 'The audit cannot be written.');
      rig.audited.push(...records);
    },
  };
  const events: EventWriter = {
    async append(_tx, event) {
      rig.sent.push(event);
      return createId<EventId>();
    },
    appendAll: (tx, batch) => Promise.all(batch.map((event) => events.append(tx, event))),
  };
  const principal = (tenantId: TenantId): Principal => ({
    tenantId,
    kind: 'user',
    id: 'ada',
    name: 'Ada',
    scopes: new Set(),
  });

  const rig: VaultRig = {
    get acme() {
      return acme;
    },
    get other() {
      return other;
    },
    clock,
    audited: [],
    sent: [],
    learned: [],
    secretEnvironment: new Map(),
    secretsDir,
    failAudit(fails) {
      auditFails = fails;
    },
    vault: (keys, more = {}) =>
      createVault({
        database: test.database,
        audit,
        events,
        clock,
        log: silentLog,
        keys: createKeyRing(keys),
        secretEnvironment: rig.secretEnvironment,
        secretsDir,
        // The slug that createTestTenant gives.
        tenantSlug: async ({ tenantId }) => `t-${tenantId}`,
        // One tenant a page, so that the pages are followed.
        listTenants: async ({ cursor }) =>
          cursor === undefined
            ? { items: [{ id: acme }], nextCursor: 'other' }
            : { items: [{ id: other }], nextCursor: null },
        learnSecret: (secret) => void rig.learned.push(secret),
        ...more,
      }),
    inTenant: (work, tenantId = acme) => test.database.tenant(tenantId, work),
    store: (vault, material, { integrationId = createId(), tenantId = acme } = {}) =>
      test.database.tenant(tenantId, (tx) =>
        vault.store(tx, {
          integrationId,
          integrationName: 'harbor',
          connectorId: 'oci',
          material,
          principal: principal(tenantId),
          requestId: 'store-1',
        }),
      ),
    async resolve(vault, authRef, change = {}) {
      const { kind, id, name } = principal(acme);
      const request = {
        tenantId: acme,
        integrationId: createId<string>(),
        authRef,
        kind: 'bearer_token',
        requestId: 'use-1',
      } as const;
      return vault.resolve({ ...request, principal: { kind, id, name }, ...change });
    },
    revoke: (vault, integrationId) =>
      test.database.tenant(acme, (tx) =>
        vault.revoke(tx, { integrationId, principal: principal(acme), requestId: 'revoke-1' }),
      ),
    sql: (text, values) => behind.query(text, values),
    async reset() {
      await behind.query('DELETE FROM inthub.credentials');
      for (const list of [rig.audited, rig.sent, rig.learned]) list.length = 0;
      auditFails = false;
      acme = await createTestTenant(test.database);
      other = await createTestTenant(test.database);
    },
    async close() {
      await rm(secretsDir, { recursive: true, force: true });
      await behind.end();
      await test.close();
    },
  };
  return rig;
}

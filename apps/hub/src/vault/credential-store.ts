import {
  type Clock,
  type CredentialId,
  type CredentialMaterial,
  createId,
  HubError,
  type Principal,
} from '@inthub/contracts';
import type { AuditWriter } from '../audit/audit.ts';
import type { TenantTx } from '../database/database.ts';
import type { EventWriter } from '../events/events.ts';
import { type CredentialInfo, purposeOf } from './credential.ts';
import { termOf } from './credential-end.ts';
import { secretsOf } from './credential-material.ts';
import {
  deleteCredentials,
  findCredential,
  insertCredential,
  replaceCredential,
  type StoredCredential,
} from './credential-repository.ts';
import type { KeyProvider } from './key-provider.ts';
import { seal, unseal } from './sealing.ts';

export interface StoreCredentialInput {
  readonly integrationId: string;
  readonly integrationName: string;
  readonly connectorId: string;
  /** For a webhook secret: which of the integration's. Default the empty one. */
  readonly slot?: string;
  readonly material: CredentialMaterial;
  readonly principal: Principal;
  readonly requestId: string;
}

export interface CredentialStoreDeps {
  readonly audit: AuditWriter;
  readonly events: EventWriter;
  readonly clock: Clock;
  readonly keys: KeyProvider;
  readonly learnSecret: (secret: string, tenantId: string) => void;
  /** Told after the commit. */
  readonly onChanged: (tenantId: string, integrationId: string) => void;
}

/** First version or rotation; either way one current credential in its slot, with event and audit in the same transaction. */
export async function storeCredential(
  deps: CredentialStoreDeps,
  tx: TenantTx,
  input: StoreCredentialInput,
): Promise<CredentialInfo> {
  for (const secret of secretsOf(input.material)) deps.learnSecret(secret, tx.tenantId);
  const slot = {
    integrationId: input.integrationId,
    purpose: purposeOf(input.material.kind),
    slot: input.slot ?? '',
  };
  const before = await findCredential(tx, slot, { forUpdate: true });
  const stored = await write(deps, tx, input, before);
  const info = describe(stored);
  const change = {
    credentialId: info.id,
    integrationId: info.integrationId,
    integrationName: input.integrationName,
    kind: info.kind,
    version: info.version,
    authRef: info.authRef,
    expiresAt: info.expiresAt,
  };
  await deps.events.append(tx, {
    type: info.version === 1 ? 'credential.created' : 'credential.rotated',
    source: info.integrationId,
    data: change,
    correlationId: input.requestId,
    connectorId: input.connectorId,
  });
  const { kind, id, name } = input.principal;
  await deps.audit.append(tx, {
    actor: { kind, id, name },
    action: info.version === 1 ? 'credential.create' : 'credential.rotate',
    target: { type: 'credential', id: info.id, name: input.integrationName },
    outcome: 'success',
    requestId: input.requestId,
    ...(before && { before: { kind: before.kind, version: before.version, keyId: before.secret.key.keyId } }),
    after: { ...change, keyId: info.keyId },
  });
  tx.afterCommit(() => deps.onChanged(tx.tenantId, input.integrationId));
  return info;
}

/** Removes the credentials of an integration, with an event and an audit entry for each. */
export async function revokeCredentials(
  deps: CredentialStoreDeps,
  tx: TenantTx,
  input: { integrationId: string; slots?: readonly string[]; principal: Principal; requestId: string },
): Promise<number> {
  const removed = await deleteCredentials(tx, input.integrationId, input.slots);
  if (removed.length === 0) return 0;
  const { kind, id, name } = input.principal;
  for (const credential of removed) {
    const info = describe(credential);
    await deps.events.append(tx, {
      type: 'credential.revoked',
      source: info.integrationId,
      data: { credentialId: info.id, integrationId: info.integrationId, kind: info.kind, version: info.version },
      correlationId: input.requestId,
      connectorId: credential.connectorId,
    });
  }
  await deps.audit.appendAll(
    tx,
    removed.map((credential) => ({
      actor: { kind, id, name },
      action: 'credential.revoke',
      target: { type: 'credential', id: credential.id },
      outcome: 'success',
      requestId: input.requestId,
      before: { kind: credential.kind, version: credential.version, integrationId: credential.integrationId },
    })),
  );
  tx.afterCommit(() => deps.onChanged(tx.tenantId, input.integrationId));
  return removed.length;
}

/** @throws HubError `credential_unavailable` */
export async function openCredential(keys: KeyProvider, stored: StoredCredential): Promise<CredentialMaterial> {
  const plaintext = await unseal(keys, contextOf(stored), stored.secret);
  try {
    return JSON.parse(plaintext.toString('utf8')) as CredentialMaterial;
  } finally {
    plaintext.fill(0);
  }
}

export function contextOf(stored: Pick<StoredCredential, 'tenantId' | 'integrationId' | 'id' | 'version'>) {
  const { tenantId, integrationId, id, version } = stored;
  return { tenantId, integrationId, credentialId: id, version };
}

export function describe(stored: StoredCredential): CredentialInfo {
  return {
    id: stored.id,
    integrationId: stored.integrationId,
    kind: stored.kind,
    authRef: `ref://integrations/${stored.connectorId}/${stored.integrationId}`,
    version: stored.version,
    keyId: stored.secret.key.keyId,
    expiresAt: stored.expiresAt?.toISOString() ?? null,
    createdAt: stored.createdAt.toISOString(),
    rotatedAt: stored.rotatedAt?.toISOString() ?? null,
  };
}

async function write(
  { clock, keys }: CredentialStoreDeps,
  tx: TenantTx,
  { integrationId, connectorId, slot = '', material }: StoreCredentialInput,
  before: StoredCredential | undefined,
): Promise<StoredCredential> {
  const now = clock.now();
  const id = before?.id ?? createId<CredentialId>();
  const version = (before?.version ?? 0) + 1;
  const context = contextOf({ tenantId: tx.tenantId, integrationId, id, version });
  const plaintext = Buffer.from(JSON.stringify(material), 'utf8');
  const stored: StoredCredential = {
    tenantId: tx.tenantId,
    id,
    integrationId,
    connectorId,
    slot,
    kind: material.kind,
    secret: await seal(keys, context, plaintext),
    version,
    expiresAt: termOf(material)?.endsAt ?? null,
    createdAt: before?.createdAt ?? now,
    rotatedAt: before === undefined ? null : now,
  };
  plaintext.fill(0);
  if (before !== undefined) {
    await replaceCredential(tx, stored);
  } else if (!(await insertCredential(tx, purposeOf(material.kind), stored))) {
    throw new HubError('conflict', 'Another request is storing a credential for this integration. Try again.', {
      retryable: true,
    });
  }
  return stored;
}

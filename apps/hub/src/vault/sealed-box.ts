import { type Clock, type CredentialId, createId, HubError } from '@inthub/contracts';
import type { TenantTx } from '../database/database.ts';
import {
  deleteCredentials,
  findCredential,
  insertCredential,
  replaceCredential,
  type StoredCredential,
} from './credential-repository.ts';
import { contextOf } from './credential-store.ts';
import type { KeyProvider } from './key-provider.ts';
import { seal, unseal } from './sealing.ts';

/**
 * Sealed text of other rooms, one for each owner (a webhook subscription): kept, re-keyed and bound to its row like credentials, but with no
 * AuthRef, so that nothing but its room can ask for it. Event and audit are the room's.
 */
export interface SealedBoxes {
  /** Creates or replaces what `ownerId` has. */
  put(tx: TenantTx, ownerId: string, content: string): Promise<void>;
  /** Undefined when the owner has none. @throws HubError `credential_unavailable` when it does not open. */
  open(tx: TenantTx, ownerId: string): Promise<string | undefined>;
  remove(tx: TenantTx, ownerId: string): Promise<void>;
}

export interface SealedBoxDeps {
  readonly clock: Clock;
  readonly keys: KeyProvider;
}

const purpose = 'webhook';
const kind = 'webhook_secret';
/** Stands where a credential names its connector. */
const connectorId = 'hub';

export function createSealedBoxes({ clock, keys }: SealedBoxDeps): SealedBoxes {
  async function sealed(tx: TenantTx, ownerId: string, content: string, before: StoredCredential | undefined) {
    const now = clock.now();
    const id = before?.id ?? createId<CredentialId>();
    const version = (before?.version ?? 0) + 1;
    const context = { tenantId: tx.tenantId, integrationId: ownerId, credentialId: id, version };
    const secret = await seal(keys, context, Buffer.from(content, 'utf8'));
    return {
      id,
      integrationId: ownerId,
      connectorId,
      kind,
      slot: '',
      secret,
      version,
      expiresAt: null,
      createdAt: before?.createdAt ?? now,
      rotatedAt: now,
    } as const;
  }

  return {
    async put(tx, ownerId, content) {
      const before = await findCredential(tx, { integrationId: ownerId, purpose }, { forUpdate: true });
      const box = await sealed(tx, ownerId, content, before);
      if (before !== undefined) await replaceCredential(tx, box);
      else if (!(await insertCredential(tx, purpose, box))) throw new HubError('conflict', 'Somebody else was faster.');
    },
    async open(tx, ownerId) {
      const found = await findCredential(tx, { integrationId: ownerId, purpose });
      if (found === undefined) return undefined;
      const content = await unseal(keys, contextOf(found), found.secret);
      return content.toString('utf8');
    },
    async remove(tx, ownerId) {
      await deleteCredentials(tx, ownerId);
    },
  };
}

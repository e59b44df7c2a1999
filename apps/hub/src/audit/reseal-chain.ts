// After the key of the seals was lost for good: a chain that is whole gets a new seal, and an entry that says so.
import { HubError, type Principal, type TenantId } from '@inthub/contracts';
import type { Database, TenantTx } from '../database/database.ts';
import type { AuditRecord } from './audit-record.ts';
import { lockHead, type StoredHead, selectEnds, setHeadMac } from './audit-repository.ts';
import { cutMac, headMac, isSealed } from './chain.ts';
import { setCutMac } from './cut-repository.ts';
import { verifyEntries } from './verify-chain.ts';

export interface ResealRequest {
  readonly principal: Principal;
  readonly requestId: string;
  /** Why the key is gone; goes into the audit. */
  readonly reason: string;
}

export interface ResealResult {
  readonly tenantId: TenantId;
  /** Entries that were walked, each fitting the one before. */
  readonly entries: number;
  /** The head under the lost key; compare it with one that was written down elsewhere. */
  readonly formerHead: { readonly seq: number; readonly hash: string };
}

export interface ResealDeps {
  readonly database: Database;
  /** The one to seal with first, then earlier ones. */
  readonly chainKeys: readonly [Uint8Array, ...Uint8Array[]];
  readonly batchSize: number;
  append(tx: TenantTx, record: AuditRecord): Promise<void>;
}

/**
 * @throws HubError `conflict` when the seal opens under a key that is there (nothing is lost), when the chain has no head, or when it is
 * broken in itself: then it was not only the key that went.
 */
export async function resealChain(deps: ResealDeps, tenantId: TenantId, request: ResealRequest): Promise<ResealResult> {
  const { database, chainKeys, append } = deps;
  const { head, lastSeq } = await database.tenant(tenantId, selectEnds);
  demandLost(chainKeys, tenantId, head);
  const { fault, start, end } = await verifyEntries(deps, tenantId, head, lastSeq);
  if (fault !== null) {
    throw new HubError(
      'conflict',
      `The chain is broken at entry ${fault.seq}: ${fault.problem} A new seal would hide that. Compare the database with a backup first.`,
      { details: { firstBroken: fault } },
    );
  }
  await database.tenant(tenantId, async (tx) => {
    const locked = await lockHead(tx);
    demandLost(chainKeys, tenantId, locked);
    if (locked.seq !== head.seq || !locked.hash.equals(head.hash) || !locked.mac.equals(head.mac))
      throw new HubError('unavailable', 'The chain was changed while it was verified. Start again.', {
        retryAfterMs: 1_000,
      });
    await setHeadMac(tx, headMac(chainKeys[0], tenantId, locked));
    if (start !== undefined) await setCutMac(tx, cutMac(chainKeys[0], tenantId, start));
    const { kind, id, name } = request.principal;
    await append(tx, {
      actor: { kind, id, name },
      action: 'audit.reseal',
      target: { type: 'tenant', id: tenantId },
      outcome: 'success',
      requestId: request.requestId,
      reason: request.reason,
      details: {
        entries: end.seq - (start?.seq ?? 0),
        formerHead: { seq: locked.seq, hash: locked.hash.toString('hex'), seal: locked.mac.toString('hex') },
      },
    });
  });
  return {
    tenantId,
    entries: end.seq - (start?.seq ?? 0),
    formerHead: { seq: head.seq, hash: head.hash.toString('hex') },
  };
}

function demandLost(
  chainKeys: readonly Uint8Array[],
  tenantId: TenantId,
  head: StoredHead | undefined,
): asserts head is StoredHead {
  if (head === undefined) {
    throw new HubError(
      'conflict',
      'This chain has no head to seal. A tenant without entries needs none; one that has entries has lost its head, which a backup can restore.',
    );
  }
  if (isSealed(chainKeys, tenantId, head, head.mac)) {
    throw new HubError(
      'conflict',
      'The key of this chain is there and its seal is good: there is nothing to seal anew.',
    );
  }
}

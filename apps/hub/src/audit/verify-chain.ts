import type { TenantId } from '@inthub/contracts';
import type { Database } from '../database/database.ts';
import type { AuditVerification } from './audit-record.ts';
import { type StoredHead, selectChain, selectEnds } from './audit-repository.ts';
import { type ChainHead, isCutSealed, isSealed } from './chain.ts';
import { type ChainFault, type ChainWalk, createChainWalk } from './chain-walk.ts';
import { selectCut } from './cut-repository.ts';

const highestId = 'ffffffff-ffff-ffff-ffff-ffffffffffff';

export interface VerifyChainOptions {
  readonly database: Database;
  readonly tenantId: TenantId;
  readonly chainKeys: readonly Uint8Array[];
  /** Entries in memory at a time. */
  readonly batchSize: number;
}

/**
 * Walks a tenant's chain from its first entry to the head as it was when the walk began; entries that are added meanwhile do not
 * disturb it.
 */
export async function verifyChain(options: VerifyChainOptions): Promise<AuditVerification> {
  const { database, tenantId } = options;
  const { head, lastSeq } = await database.tenant(tenantId, selectEnds);
  const { fault: broken, start, end } = await verifyEntries(options, tenantId, head, lastSeq);
  const fault = cutFault(options, start) ?? broken ?? sealFault(options, head);
  return {
    intact: fault === null,
    entries: end.seq - (start?.seq ?? 0),
    firstBroken: fault,
    head: head === undefined ? null : { seq: head.seq, hash: head.hash.toString('hex') },
  };
}

async function walkEntries(
  { database, tenantId, batchSize }: Omit<VerifyChainOptions, 'chainKeys'>,
  walk: ChainWalk,
  upTo: number,
): Promise<ChainFault | null> {
  // Behind the cut: of what was to be dropped something may still be there.
  for (let after = { seq: walk.end.seq, id: highestId }; ; ) {
    const batch = await database.tenant(tenantId, (tx) => selectChain(tx, { after, upTo, limit: batchSize }));
    for (const entry of batch) {
      const fault = walk.take(entry);
      if (fault !== null) return fault;
      after = { seq: entry.seq, id: entry.id };
    }
    if (batch.length < batchSize) return null;
  }
}

/** Everything but the seals of the head and of the cut where the chain begins. */
export async function verifyEntries(
  options: Pick<VerifyChainOptions, 'database' | 'batchSize'>,
  tenantId: TenantId,
  head: StoredHead | undefined,
  lastSeq: number,
): Promise<{ readonly fault: ChainFault | null; readonly start: StoredHead | undefined; readonly end: ChainHead }> {
  const start = await options.database.tenant(tenantId, selectCut);
  const walk = createChainWalk(tenantId, start);
  const fault =
    (await walkEntries({ ...options, tenantId }, walk, head?.seq ?? lastSeq)) ?? faultAtEnd(walk.end, head, lastSeq);
  return { fault, start, end: walk.end };
}

function faultAtEnd(end: ChainHead, head: StoredHead | undefined, lastSeq: number): ChainFault | null {
  if (head === undefined)
    return lastSeq === 0 && end.seq === 0
      ? null
      : { seq: Math.max(lastSeq, end.seq), problem: 'The head of the chain is missing.' };
  if (end.seq < head.seq) {
    return {
      seq: end.seq + 1,
      problem: `Entry ${end.seq + 1} is missing: the chain is cut off before its head at ${head.seq}.`,
    };
  }
  if (lastSeq > head.seq) return { seq: head.seq + 1, problem: 'There are entries beyond the head of the chain.' };
  if (!end.hash.equals(head.hash)) {
    return { seq: head.seq, problem: 'The chain ends in another hash than its head: one of the two was rewritten.' };
  }
  return null;
}

function cutFault({ tenantId, chainKeys }: VerifyChainOptions, cut: StoredHead | undefined): ChainFault | null {
  if (cut === undefined || isCutSealed(chainKeys, tenantId, cut, cut.mac)) return null;
  return {
    seq: cut.seq,
    problem: 'The seal of the place where the chain begins is not ours: entries were deleted, not retired.',
  };
}

function sealFault({ tenantId, chainKeys }: VerifyChainOptions, head: StoredHead | undefined): ChainFault | null {
  if (head === undefined || isSealed(chainKeys, tenantId, head, head.mac)) return null;
  return {
    seq: head.seq,
    problem:
      'The seal of the head is not ours: its key is not among the master keys, the head was forged, or the whole chain was rewritten.',
  };
}

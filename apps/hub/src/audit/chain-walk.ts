import type { StoredEntry } from './audit-repository.ts';
import { type AuditBody, type ChainHead, entryHash, genesis } from './chain.ts';

/** What is wrong, and from which entry on. */
export interface ChainFault {
  readonly seq: number;
  readonly problem: string;
}

/** Follows a chain from its first entry, or from where it was cut, one entry at a time, in the order of their numbers. */
export interface ChainWalk {
  /** Takes the next entry; the first fault ends the walk. */
  take(entry: StoredEntry): ChainFault | null;
  /** The last entry that fitted. */
  readonly end: ChainHead;
}

export function createChainWalk(tenantId: string, start: ChainHead = { seq: 0, hash: genesis }): ChainWalk {
  let end = start;
  return {
    take(entry) {
      const fault = faultOf(entry, end, tenantId);
      if (fault === null) end = { seq: entry.seq, hash: entry.hash };
      return fault;
    },
    get end() {
      return end;
    },
  };
}

function faultOf(entry: StoredEntry, before: ChainHead, tenantId: string): ChainFault | null {
  const due = before.seq + 1;
  if (entry.seq > due) return { seq: due, problem: `Entry ${due} is missing; the next one found is ${entry.seq}.` };
  if (entry.seq < due) return { seq: entry.seq, problem: `There is a second entry ${entry.seq}.` };

  const body = parseBody(entry.body);
  if (body !== null && body.seq !== entry.seq) {
    return { seq: entry.seq, problem: `Reordered: entry ${String(body.seq)} stands in the place of ${entry.seq}.` };
  }
  if (!entryHash(before.hash, entry.body).equals(entry.hash)) {
    return {
      seq: entry.seq,
      problem: 'The body or the hash was changed: they do not fit each other and the entry before.',
    };
  }
  if (body === null) return { seq: entry.seq, problem: 'The body is not an audit entry.' };
  const changed = changedColumns(entry, body, tenantId);
  return changed.length === 0
    ? null
    : { seq: entry.seq, problem: `Changed beside the sealed body: ${changed.join(', ')}.` };
}

function changedColumns(entry: StoredEntry, body: AuditBody, tenantId: string): string[] {
  const pairs: readonly (readonly [string, unknown, unknown])[] = [
    ['tenant_id', tenantId, body.tenantId],
    ['id', entry.id, body.id],
    ['at', entry.at, body.at],
    ['action', entry.action, body.action],
    ['actor_id', entry.actorId, body.actor?.id],
    ['target_id', entry.targetId, body.target?.id],
    ['outcome', entry.outcome, body.outcome],
    ['request_id', entry.requestId, body.requestId],
  ];
  return pairs.filter(([, column, sealed]) => column !== sealed).map(([name]) => name);
}

function parseBody(text: string): AuditBody | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as AuditBody) : null;
  } catch {
    return null; // The hash decides whether this is damage, and the caller reports it.
  }
}

import { HubError, storableJson, storableText } from '@inthub/contracts';
import type { AuditRecord } from './audit-record.ts';
import { type AuditBody, type AuditStamp, canonicalBody } from './chain.ts';

/** Bytes of one entry's canonical JSON. */
const maxBodyBytes = 65_536;

/** Longest values of the fields that are text; far above what the API accepts, so that only a fault meets them. */
const limits = { id: 300, name: 300, word: 128, reason: 2_000 };

/**
 * The entry to seal, as canonical JSON and as fields: redacted, storable, and within 64 KiB. What is too large is replaced by a note
 * with its size, the largest first, so that the fact itself is always kept.
 */
export function sealableBody(
  record: AuditRecord,
  stamp: AuditStamp,
  redact: (value: unknown, tenantId: string) => unknown,
): { body: AuditBody; text: string } {
  let body = toBody(redact(record, stamp.tenantId) as AuditRecord, stamp);
  let text = canonicalBody(body);
  while (Buffer.byteLength(text) > maxBodyBytes) {
    body = withoutLargest(body);
    text = canonicalBody(body);
  }
  return { body, text };
}

/** Keys in the order of canonical JSON, which then needs no sorting. */
function toBody(record: AuditRecord, stamp: AuditStamp): AuditBody {
  const { actor, target } = record;
  const body: { -readonly [Field in keyof AuditBody]?: AuditBody[Field] } = {};
  body.action = storableText(record.action, limits.word);
  body.actor = {
    id: storableText(actor.id, limits.id),
    kind: actor.kind,
    name: storableText(actor.name, limits.name),
  };
  if (record.after !== undefined) body.after = storableJson(record.after);
  if (record.approver !== undefined) body.approver = storableText(String(record.approver), limits.id);
  body.at = stamp.at;
  if (record.before !== undefined) body.before = storableJson(record.before);
  if (record.details !== undefined) body.details = storableJson(record.details);
  body.id = stamp.id;
  body.outcome = record.outcome;
  if (record.reason !== undefined) body.reason = storableText(String(record.reason), limits.reason);
  body.requestId = storableText(record.requestId, limits.id);
  body.seq = stamp.seq;
  body.target = {
    id: storableText(target.id, limits.id),
    ...(target.name === undefined ? {} : { name: storableText(String(target.name), limits.name) }),
    type: storableText(target.type, limits.word),
  };
  body.tenantId = stamp.tenantId;
  if (record.ticket !== undefined) body.ticket = storableText(String(record.ticket), limits.id);
  return body as AuditBody;
}

const bulky = ['before', 'after', 'details'] as const;

function withoutLargest(body: AuditBody): AuditBody {
  const bytesOf = (field: (typeof bulky)[number]) => Buffer.byteLength(JSON.stringify(body[field] ?? null));
  const [largest] = bulky.toSorted((a, b) => bytesOf(b) - bytesOf(a));
  if (largest === undefined || bytesOf(largest) < 1_000) {
    throw new HubError('internal', 'An audit entry is larger than 64 KiB without its values.');
  }
  return { ...body, [largest]: { omitted: 'too large for the audit', bytes: bytesOf(largest) } };
}

// Nearly all entries are calls whose records hold short, harmless texts in order. They are looked at once and written as they are; whatever
// is not plain takes the general way (`audit-body.ts`), and both give the same text.
import { isStorable } from '@inthub/contracts';
import type { AuditRecord } from './audit-record.ts';

/** What tells whether something may be stored as it is; of `Redactor`. */
export interface Harmless {
  /** No secret in it, as far as anybody knows. */
  isHarmless(text: string, tenantId: string): boolean;
  /** Whether a field of this name holds what is to be hidden, whatever it is. */
  mayHide(name: string): boolean;
}

const maxDepth = 8;
const maxItems = 200;
/** Longer texts may have to be cut. */
const maxText = 300;
const maxWord = 128;

/** True when redaction, storing and sorting would all leave the record as it is. */
export function isPlainRecord(record: AuditRecord, tenantId: string, harmless: Harmless): boolean {
  const { actor, target } = record;
  if (record.before !== undefined || record.after !== undefined || record.reason !== undefined) return false;
  if (record.approver !== undefined || record.ticket !== undefined) return false;
  const isText = (text: unknown): boolean =>
    typeof text === 'string' && text.length <= maxText && isStorable(text) && harmless.isHarmless(text, tenantId);
  if (record.action.length > maxWord || target.type.length > maxWord) return false;
  if (!isText(record.action) || !isText(record.requestId) || !isText(record.outcome)) return false;
  if (!isText(actor.kind) || !isText(actor.id) || !isText(actor.name)) return false;
  if (!isText(target.type) || !isText(target.id) || !(target.name === undefined || isText(target.name))) return false;
  return record.details === undefined || isPlain(record.details, 0);

  function isPlain(value: unknown, depth: number): boolean {
    switch (typeof value) {
      case 'string':
        return isText(value);
      case 'number':
        return Number.isFinite(value);
      case 'boolean':
        return true;
      case 'object':
        if (value === null) return true;
        if (depth >= maxDepth) return false;
        return Array.isArray(value) ? isPlainList(value, depth) : isPlainObject(value, depth);
      default:
        return false;
    }
  }

  function isPlainList(list: readonly unknown[], depth: number): boolean {
    if (list.length > maxItems) return false;
    for (const item of list) if (!isPlain(item, depth + 1)) return false;
    return true;
  }

  function isPlainObject(object: object, depth: number): boolean {
    if (Object.getPrototypeOf(object) !== Object.prototype) return false;
    let before = '';
    let count = 0;
    for (const name in object) {
      const first = name.charCodeAt(0);
      count += 1;
      // Names in order, and none that an object would put first by itself.
      if (name <= before || (first >= 0x30 && first <= 0x39) || name === '__proto__' || count > maxItems) return false;
      before = name;
      if (harmless.mayHide(name) || !isText(name)) return false;
      if (!isPlain((object as Readonly<Record<string, unknown>>)[name], depth + 1)) return false;
    }
    return true;
  }
}

// Nearly all entries are calls whose records hold short, harmless texts in order. Such a record becomes its text as soon as it is made: one
// string is cheaper to keep until its batch is written than ten objects, and only the stamp is left to be filled in then. Whatever is not
// plain takes the general way (`audit-body.ts`), and both give the same text.
import type { AuditRecord } from './audit-record.ts';
import type { SearchKeys } from './audit-repository.ts';
import type { AuditStamp } from './chain.ts';

/** What tells whether something may be stored as it is; of `Redactor`. */
export interface Harmless {
  /** No secret, as far as anybody knows, in any text of this JSON, which has no escapes in it. */
  isHarmlessJson(json: string, tenantId: string): boolean;
  /** Whether a field of this name holds what is to be hidden, whatever it is. */
  mayHide(name: string): boolean;
}

/** The canonical JSON of an entry whose `at`, `id` and `seq` are still empty. Made by `unsealedEntryOf`. */
export class UnsealedEntry {
  readonly tenantId: string;
  readonly keys: SearchKeys;
  readonly #text: string;
  readonly #at: number;
  readonly #id: number;
  readonly #seq: number;

  constructor(
    tenantId: string,
    keys: SearchKeys,
    { text, ...places }: { text: string; at: number; id: number; seq: number },
  ) {
    this.tenantId = tenantId;
    this.keys = keys;
    this.#text = text;
    this.#at = places.at;
    this.#id = places.id;
    this.#seq = places.seq;
  }

  /** The text to seal. */
  stamped({ at, id, seq }: AuditStamp): string {
    const text = this.#text;
    const [first, second, third] = [this.#at, this.#id, this.#seq];
    return `${text.slice(0, first)}${at}${text.slice(first, second)}${id}${text.slice(second, third)}${seq}${text.slice(third)}`;
  }
}

const maxDepth = 8;
const maxItems = 200;
/** Longer texts may have to be cut. */
const maxText = 300;
const maxWord = 128;
/** Far below what an entry may hold. */
const maxLength = 20_000;

/** Undefined for a record that redaction, storing or sorting would change. */
export function unsealedEntryOf(record: AuditRecord, tenantId: string, harmless: Harmless): UnsealedEntry | undefined {
  const { action, actor, details, outcome, requestId, target } = record;
  if (record.before !== undefined || record.after !== undefined || record.reason !== undefined) return undefined;
  if (record.approver !== undefined || record.ticket !== undefined) return undefined;
  if (!isText(action, maxWord) || !isText(target.type, maxWord) || !isText(requestId) || !isText(outcome))
    return undefined;
  if (!isText(actor.kind) || !isText(actor.id) || !isText(actor.name)) return undefined;
  if (!isText(target.id) || !(target.name === undefined || isText(target.name))) return undefined;
  if (details !== undefined && !isPlain(details, harmless, 0)) return undefined;
  const { id, kind, name } = actor;
  let text = `${JSON.stringify({ action, actor: { id, kind, name } }).slice(0, -1)},"at":"`;
  const at = text.length;
  text += details === undefined ? '","id":"' : `","details":${JSON.stringify(details)},"id":"`;
  const idAt = text.length;
  text += `${JSON.stringify({ outcome, requestId }).replace('{', '",').slice(0, -1)},"seq":`;
  const seq = text.length;
  const shown = { id: target.id, name: target.name, type: target.type };
  text += JSON.stringify({ target: shown, tenantId }).replace('{', ',');
  // An escape is a sign of what is not plain text: quotation marks, control characters, half of a surrogate pair.
  if (text.length > maxLength || text.includes('\\') || !harmless.isHarmlessJson(text, tenantId)) return undefined;
  const keys = { action, actorId: id, targetId: target.id, outcome, requestId };
  return new UnsealedEntry(tenantId, keys, { text, at, id: idAt, seq });
}

function isText(value: unknown, most = maxText): boolean {
  return typeof value === 'string' && value.length <= most;
}

function isPlain(value: unknown, harmless: Harmless, depth: number): boolean {
  switch (typeof value) {
    case 'string':
      return value.length <= maxText;
    case 'number':
      return Number.isFinite(value);
    case 'boolean':
      return true;
    case 'object':
      if (value === null) return true;
      if (depth >= maxDepth) return false;
      return Array.isArray(value) ? isPlainList(value, harmless, depth) : isPlainObject(value, harmless, depth);
    default:
      return false;
  }
}

function isPlainList(list: readonly unknown[], harmless: Harmless, depth: number): boolean {
  if (list.length > maxItems) return false;
  for (const item of list) if (!isPlain(item, harmless, depth + 1)) return false;
  return true;
}

function isPlainObject(object: object, harmless: Harmless, depth: number): boolean {
  if (Object.getPrototypeOf(object) !== Object.prototype) return false;
  let before = '';
  let count = 0;
  for (const name in object) {
    const first = name.charCodeAt(0);
    count += 1;
    // Names in order, and none that an object would put first by itself.
    if (name <= before || (first >= 0x30 && first <= 0x39) || name === '__proto__' || count > maxItems) return false;
    before = name;
    if (name.length > maxText || harmless.mayHide(name)) return false;
    if (!isPlain((object as Readonly<Record<string, unknown>>)[name], harmless, depth + 1)) return false;
  }
  return true;
}

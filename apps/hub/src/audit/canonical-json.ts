import { HubError } from '@inthub/contracts';
import canonicalize from 'canonicalize';

/**
 * Canonical JSON (RFC 8785) of plain data that `storableJson` made. `JSON.stringify` writes numbers and text as §3.2.2 wants them, so
 * only the order of keys is left to see to; keys that look like array indexes stand first in an object whatever the order of their
 * making, so for those the general way is taken.
 */
export function canonicalJson(value: object): string {
  const sorted = sortKeys(value);
  const text = sorted === undefined ? canonicalize(value) : JSON.stringify(sorted);
  if (text === undefined) throw new HubError('internal', 'The value has no canonical form.');
  return text;
}

/** The same object where its keys are in order all the way down, else a copy; undefined when an object cannot hold them in order. */
function sortKeys<Value>(value: Value): Value | undefined {
  if (typeof value !== 'object' || value === null) return value;
  return (Array.isArray(value) ? sortItems(value) : sortFields(value as Fields)) as Value | undefined;
}

type Fields = Readonly<Record<string, unknown>>;

function sortItems(items: readonly unknown[]): readonly unknown[] | undefined {
  let copy: unknown[] | undefined;
  for (let at = 0; at < items.length; at += 1) {
    const item = items[at];
    const sorted = sortKeys(item);
    if (sorted === undefined) return undefined;
    if (sorted !== item) copy ??= items.slice();
    if (copy !== undefined) copy[at] = sorted;
  }
  return copy ?? items;
}

function sortFields(fields: Fields): Fields | undefined {
  let isSorted = true;
  let before: string | undefined;
  for (const key in fields) {
    if (startsWithDigit(key) || key === '__proto__') return undefined;
    // By UTF-16 code units, as RFC 8785 §3.2.3 says and < compares.
    if (before !== undefined && key < before) isSorted = false;
    before = key;
    const item = fields[key];
    if (typeof item !== 'object' || item === null) continue;
    const sorted = sortKeys(item);
    if (sorted === undefined) return undefined;
    if (sorted !== item) isSorted = false;
  }
  return isSorted ? fields : sortedCopy(fields);
}

function sortedCopy(fields: Fields): Fields {
  const copy: Record<string, unknown> = {};
  for (const key of Object.keys(fields).sort()) copy[key] = sortKeys(fields[key]);
  return copy;
}

function startsWithDigit(key: string): boolean {
  const first = key.charCodeAt(0);
  return first >= 0x30 && first <= 0x39;
}

/** A JSON value (RFC 8259). */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

const maxDepth = 32;

/** Whether PostgreSQL's `text` can hold this; what it cannot hold is in no row either, so a search for it finds nothing. */
export function isStorable(text: string): boolean {
  return !text.includes('\u0000') && text.isWellFormed();
}

/**
 * Text that PostgreSQL's `text` and `jsonb` accept: NUL dropped, lone surrogates replaced, cut to `maxLength` UTF-16 units (an ellipsis
 * marks the cut). For what comes from providers and errors; callers of the API get a refusal instead.
 */
export function storableText(text: string, maxLength = Number.POSITIVE_INFINITY): string {
  if (text.length <= maxLength && isStorable(text)) return text;
  const clean = text.replaceAll('\u0000', '');
  return (clean.length > maxLength ? `${clean.slice(0, Math.max(0, maxLength - 1))}…` : clean).toWellFormed();
}

/**
 * Any value as JSON that `jsonb` and RFC 8785 accept, much as `JSON.stringify` sees it: `toJSON` is honoured; undefined, functions and
 * symbols are left out. Unlike it: bigint becomes text, NaN and infinities null, text is made storable, a circle or a depth beyond 32
 * becomes a note, and nothing throws.
 */
export function storableJson(value: unknown): Json {
  try {
    return convert(value, []) ?? null;
  } catch {
    // A getter or toJSON of a foreign object threw; what it hides is not worth failing the caller's change for.
    return '[unreadable]';
  }
}

/** @param ancestors The objects above, as a stack: left as it was found. */
function convert(given: unknown, ancestors: unknown[]): Json | undefined {
  const value = resolve(given);
  switch (typeof value) {
    case 'string':
      return storableText(value);
    case 'number':
      return Number.isFinite(value) ? value : null;
    case 'boolean':
      return value;
    case 'bigint':
      return value.toString();
    case 'object':
      break;
    default:
      return undefined;
  }
  if (value === null) return null;
  if (ancestors.includes(value)) return '[circular]';
  if (ancestors.length >= maxDepth) return '[too deep]';
  ancestors.push(value);
  const json = Array.isArray(value)
    ? value.map((item) => convert(item, ancestors) ?? null)
    : convertObject(value, ancestors);
  ancestors.pop();
  return json;
}

function convertObject(value: object, ancestors: unknown[]): Json {
  const json: Record<string, Json> = {};
  for (const key of Object.keys(value)) {
    const item = convert((value as Readonly<Record<string, unknown>>)[key], ancestors);
    if (item === undefined) continue;
    const name = storableText(key);
    if (name === '__proto__')
      Object.defineProperty(json, name, { value: item, enumerable: true, configurable: true, writable: true });
    else json[name] = item;
  }
  return json;
}

function resolve(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const { toJSON } = value as { toJSON?: unknown };
  return typeof toJSON === 'function' ? toJSON.call(value) : value;
}

import { createHash } from 'node:crypto';
import { HubError } from '@inthub/contracts';
import canonicalize from 'canonicalize';
import type { Static, TSchema } from 'typebox';
import { Check } from 'typebox/value';

/** What a keyset needs to go on: the sort values of the last row that was handed out. */
export type CursorValues = readonly (string | number | boolean | null)[];

const maxLength = 2048;
const digestBytes = 8;

/**
 * Names a list together with its filters and order, so that a cursor of another list or filter is refused.
 *
 * @example cursorKind('integrations', { status: 'active', order: 'name' })
 */
export function cursorKind(list: string, filter: Readonly<Record<string, unknown>> = {}): string {
  return `${list}?${canonicalize(filter) ?? ''}`;
}

/**
 * Opaque text for `nextCursor`: base64url of a short digest and the values. The digest binds the values to `kind` and catches
 * damage; it is no signature. A forged cursor can only name another place in the same tenant's list, and `decodeCursor` checks
 * what it holds.
 * @throws HubError `internal` when the values make a cursor that the API would not accept back (over 2,048 characters).
 */
export function encodeCursor(kind: string, values: CursorValues): string {
  const payload = Buffer.from(JSON.stringify(values), 'utf8');
  const text = Buffer.concat([digest(kind, payload), payload]).toString('base64url');
  if (text.length > maxLength) throw new HubError('internal', 'A sort value is too long for a cursor.');
  return text;
}

/**
 * The values behind a cursor, checked against `schema` (a tuple with bounded members).
 * @throws HubError `invalid_cursor` for anything that this list and filter did not hand out.
 */
export function decodeCursor<Schema extends TSchema>(kind: string, text: string, schema: Schema): Static<Schema> {
  if (text.length > maxLength || !/^[A-Za-z0-9_-]+$/.test(text)) throw invalid();
  const bytes = Buffer.from(text, 'base64url');
  // Several texts decode to the same bytes; only the one that we write is ours.
  if (bytes.length <= digestBytes || bytes.toString('base64url') !== text) throw invalid();
  const payload = bytes.subarray(digestBytes);
  if (!digest(kind, payload).equals(bytes.subarray(0, digestBytes))) throw invalid();
  const values = parse(payload);
  if (!Array.isArray(values) || values.some(isUnstorable) || !Check(schema, values)) throw invalid();
  return values as Static<Schema>;
}

function digest(kind: string, payload: Buffer): Buffer {
  return createHash('sha256').update(kind).update('\0').update(payload).digest().subarray(0, digestBytes);
}

function parse(payload: Buffer): unknown {
  try {
    return JSON.parse(payload.toString('utf8'));
  } catch (error) {
    throw invalid(error);
  }
}

/** PostgreSQL's text refuses NUL and lone surrogates; a forged cursor must not become a database error. */
function isUnstorable(value: unknown): boolean {
  return typeof value === 'string' && (value.includes('\0') || !value.isWellFormed());
}

function invalid(cause?: unknown): HubError {
  return new HubError(
    'invalid_cursor',
    'The cursor is not one that this list handed out with these filters. Start again without a cursor.',
    { errors: [{ path: '/cursor', rule: 'cursor', message: 'Not a cursor of this list and filter.' }], cause },
  );
}

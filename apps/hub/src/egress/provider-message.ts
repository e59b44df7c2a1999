import { redactText } from './redact.ts';

const longest = 200;
/** Looked at, at most; error documents are short. */
const longestRead = 64 * 1024;

/**
 * A short piece of a provider's error body that may be shown: from problem+json (RFC 9457), `{message}`, `{error}`, `{errors: […]}`,
 * OCI error bodies (distribution-spec "Error Codes") and plain text. One line, at most 200 characters, secrets taken out.
 * Undefined when the body says nothing (empty, a web page, binary).
 */
export function providerMessage(
  body: string,
  contentType: string | undefined,
  secrets: readonly string[],
): string | undefined {
  const text = body.slice(0, longestRead).trim();
  const found = /^[{[]/.test(text) ? fromJson(text) : isPlain(text, contentType) ? text : undefined;
  if (found === undefined) return undefined;
  // Redacted before it is cut: half a secret is still one. What is beyond 4 KB is never shown.
  return cut(oneLine(redactText(found.slice(0, 4_096).toWellFormed(), secrets))) || undefined;
}

function isPlain(text: string, contentType: string | undefined): boolean {
  return text !== '' && !text.startsWith('<') && (contentType === undefined || /^text\/plain/i.test(contentType));
}

function fromJson(text: string): string | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined; // cut off or no JSON after all: the status has to speak
  }
  return describe(value, 0);
}

const keys = [
  'detail',
  'message',
  'error_description',
  'msg',
  'reason',
  'title',
  'Message',
  'errorMessage',
  'error',
  'errors',
];

function describe(value: unknown, depth: number): string | undefined {
  if (typeof value === 'string') return value.trim() === '' ? undefined : value;
  if (typeof value !== 'object' || value === null || depth > 3) return undefined;
  if (Array.isArray(value))
    return joined(
      value.slice(0, 3).map((item) => describe(item, depth + 1)),
      '; ',
    );
  const record = value as Readonly<Record<string, unknown>>;
  // A sentence before a structure: OCI puts an object called `detail` beside its `message`.
  const given = keys.filter((key) => Object.hasOwn(record, key)).map((key) => record[key]);
  for (const item of [...given.filter((value) => typeof value === 'string'), ...given]) {
    const found = describe(item, depth + 1);
    if (found === undefined) continue;
    // GitHub and others say in general what is wrong, and in `errors` what it is.
    const { errors } = record;
    const specific = typeof item === 'string' && Array.isArray(errors) ? describe(errors, depth + 1) : undefined;
    return joined([codeOf(record), found, specific === found ? undefined : specific], ': ');
  }
  // { "errors": { "name": ["is taken"] } } and the like
  if (depth === 0) return undefined;
  const { field, code } = record;
  if (typeof field === 'string' && typeof code === 'string') return `${field} ${code}`;
  return joined(
    Object.entries(record)
      .slice(0, 3)
      .map(([key, item]) => joined([key, describe(item, depth + 1)], ': ')),
    '; ',
  );
}

/** OCI and others put the machine-readable code beside the message. */
function codeOf(record: Readonly<Record<string, unknown>>): string | undefined {
  const { code } = record;
  return typeof code === 'string' && /^[A-Z][A-Z0-9_]{2,40}$/.test(code) ? code : undefined;
}

function joined(parts: readonly (string | undefined)[], separator: string): string | undefined {
  const given = parts.filter((part) => part !== undefined);
  return given.length === 0 ? undefined : given.join(separator);
}

/** Control and invisible characters (also those that turn the writing direction) become spaces. */
function oneLine(text: string): string {
  return text
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cn}]+/gu, ' ')
    .replace(/\s+/g, ' ')
    .trim();
}

function cut(text: string): string {
  return text.length <= longest ? text : `${text.slice(0, longest - 1).toWellFormed()}…`;
}

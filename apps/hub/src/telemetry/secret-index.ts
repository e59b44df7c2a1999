/** Finds known secrets in text, in the forms in which they travel. Fast when there is none, which is nearly always. */

/** Shorter values are words as often as secrets; key names and patterns must catch those. */
const shortestSecret = 8;
/** A secret cut off by a length limit is still recognised when this much of its beginning is there. */
const shortestPart = 16;
const prefixLength = shortestSecret;
/** More secrets than this with one beginning: whatever begins so is hidden, without looking further. */
const maxBucket = 32;
const filterBits = 20;
/** Characters that one look at the filter takes in. */
const gramLength = 4;
/** Between looks: wherever a secret begins, one of them falls wholly into its first characters. */
const stride = prefixLength - gramLength + 1;

interface Form {
  readonly text: string;
  readonly secret: Secret;
}
interface Secret {
  readonly forms: readonly string[];
  /** Undefined: the platform's own, hidden from everybody. */
  readonly owners: Set<string | undefined>;
  readonly size: number;
}

export interface SecretIndex {
  /**
   * @param owner Tenant to whom it belongs.
   * @returns False when it was known already, of whomever.
   */
  add(secret: string, owner?: string): boolean;
  /**
   * The text with every secret replaced; the same string when there is none.
   * @param owner Only this tenant's and the platform's; default everybody's.
   */
  replace(text: string, replacement: string, owner?: string): string;
}

export function createSecretIndex(limits: { secrets: number; characters: number }): SecretIndex {
  /** Oldest first; a secret that is seen again becomes the youngest. */
  const secrets = new Map<string, Secret>();
  const buckets = new Map<string, Form[]>();
  /** A bit for each four characters in a row of each form's beginning: nearly every place in a text is ruled out by looking at these. */
  let filter = new Uint8Array(1 << (filterBits - 3));
  let characters = 0;
  let forgotten = 0;

  function mark(form: string): void {
    for (let at = 0; at < stride; at += 1) {
      const hash = gramHash(form, at);
      filter[hash >> 3] = (filter[hash >> 3] ?? 0) | (1 << (hash & 7));
    }
  }

  function isMarked(text: string, at: number): boolean {
    const hash = gramHash(text, at);
    return ((filter[hash >> 3] ?? 0) & (1 << (hash & 7))) !== 0;
  }

  function forget(text: string, secret: Secret): void {
    secrets.delete(text);
    characters -= secret.size;
    for (const form of secret.forms) {
      const key = form.slice(0, prefixLength);
      const rest = buckets.get(key)?.filter((other) => other.secret !== secret) ?? [];
      if (rest.length === 0) buckets.delete(key);
      else buckets.set(key, rest);
    }
    // Bits cannot be taken back one by one; from time to time the filter is made anew.
    forgotten += 1;
    if (forgotten < limits.secrets / 4) return;
    forgotten = 0;
    filter = new Uint8Array(filter.length);
    for (const forms of buckets.values()) for (const form of forms) mark(form.text);
  }

  /** How many characters at `at` belong to a secret; 0 when none do. */
  function matchAt(text: string, at: number, owner: string | undefined): number {
    if (!isMarked(text, at)) return 0;
    const bucket = buckets.get(text.slice(at, at + prefixLength));
    if (bucket === undefined) return 0;
    if (bucket.length > maxBucket) return wordLength(text, at);
    let longest = 0;
    for (const form of bucket) {
      if (owner !== undefined && !form.secret.owners.has(owner) && !form.secret.owners.has(undefined)) continue;
      const length = sharedLength(text, at, form.text);
      if (length === form.text.length || length >= shortestPart) longest = Math.max(longest, length);
    }
    return longest;
  }

  /** The first secret that begins in this range, both ends included. */
  function firstMatch(text: string, from: number, to: number, owner: string | undefined) {
    for (let at = from; at <= to && at + prefixLength <= text.length; at += 1) {
      const length = matchAt(text, at, owner);
      if (length > 0) return { at, length };
    }
    return undefined;
  }

  return {
    add(text, owner) {
      if (text.length < shortestSecret) return false;
      const known = secrets.get(text);
      if (known !== undefined) {
        known.owners.add(owner);
        secrets.delete(text);
        secrets.set(text, known);
        return false;
      }
      const forms = formsOf(text);
      const size = forms.reduce((sum, form) => sum + form.length, 0);
      const secret: Secret = { forms, owners: new Set([owner]), size };
      secrets.set(text, secret);
      characters += size;
      for (const form of forms) {
        const key = form.slice(0, prefixLength);
        const bucket = buckets.get(key);
        if (bucket === undefined) buckets.set(key, [{ text: form, secret }]);
        else bucket.push({ text: form, secret });
        mark(form);
      }
      for (const [oldest, entry] of secrets) {
        if (secrets.size <= 1 || (secrets.size <= limits.secrets && characters <= limits.characters)) break;
        forget(oldest, entry);
      }
      return true;
    },
    replace(text, replacement, owner) {
      if (secrets.size === 0) return text;
      let result = '';
      let copied = 0;
      let look = 0;
      while (look + gramLength <= text.length) {
        if (isMarked(text, look)) {
          const found = firstMatch(text, Math.max(copied, look - stride + 1), look, owner);
          if (found !== undefined) {
            result += text.slice(copied, found.at) + replacement;
            copied = found.at + found.length;
            look = copied;
            continue;
          }
        }
        look += stride;
      }
      return copied === 0 ? text : result + text.slice(copied);
    },
  };
}

/** A hash of the four characters at `at`, within the filter. */
function gramHash(text: string, at: number): number {
  const hash =
    ((text.charCodeAt(at) * 31 + text.charCodeAt(at + 1)) * 31 + text.charCodeAt(at + 2)) * 31 +
    text.charCodeAt(at + 3);
  return (hash ^ (hash >> filterBits)) & ((1 << filterBits) - 1);
}

function sharedLength(text: string, at: number, form: string): number {
  const most = Math.min(form.length, text.length - at);
  let length = 0;
  while (length < most && text.charCodeAt(at + length) === form.charCodeAt(length)) length += 1;
  return length;
}

function wordLength(text: string, at: number): number {
  const end = text.slice(at).search(/[\s"'<>]/);
  return end === -1 ? text.length - at : Math.max(end, prefixLength);
}

/** As it is, inside base64 at each of the three alignments (Basic credentials), percent-encoded, form-encoded and as JSON text. */
function formsOf(secret: string): string[] {
  const bytes = Buffer.from(secret, 'utf8');
  const forms = new Set([secret, JSON.stringify(secret).slice(1, -1), encodeUri(secret)]);
  forms.add(encodeUri(secret).replaceAll('%20', '+'));
  for (const before of [0, 1, 2]) {
    const encoded = Buffer.concat([Buffer.alloc(before), bytes])
      .toString('base64')
      .replace(/=+$/, '');
    // The outermost characters also hold bits of what stands beside the secret.
    const inner = encoded.slice(before === 0 ? 0 : before + 1, (before + bytes.length) % 3 === 0 ? undefined : -1);
    forms.add(inner);
    forms.add(inner.replaceAll('+', '-').replaceAll('/', '_'));
  }
  return [...forms].filter((form) => form.length >= shortestSecret);
}

function encodeUri(text: string): string {
  return encodeURIComponent(text.toWellFormed());
}

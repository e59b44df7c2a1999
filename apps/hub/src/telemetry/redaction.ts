import { createSecretIndex } from './secret-index.ts';
import { mayHoldPattern, redactPatterns } from './secret-patterns.ts';

/** What stands in a secret's place. */
export const redacted = '[redacted]';

/**
 * Keeps secrets out of logs, audit entries, events and errors: values that the vault has opened, wherever they turn up; fields whose
 * name says what they hold; and texts that look like credentials.
 */
export interface Redactor {
  /**
   * Remembers a secret of 8 or more characters, to be hidden from now on.
   * @param tenantId Whose it is; without one it is hidden from everybody.
   */
  learn(secret: string, tenantId?: string): void;
  /**
   * The value without secrets: the same object where there are none, else a copy (errors, maps and the like as plain objects).
   * Deep, wide, huge and circular values are cut.
   * @param tenantId Hides only this tenant's secrets and the platform's, so that a tenant cannot black out another's audit by storing
   * a common word as its secret. Default: everybody's.
   */
  redact(value: unknown, tenantId?: string): unknown;
  redactText(text: string, tenantId?: string): string;
  /** Whether `redactText` would leave every text in it as it is. JSON without escapes: a text stands there as it is. */
  isHarmlessJson(json: string, tenantId: string): boolean;
  /** Whether a field of this name may be hidden whatever it holds. */
  mayHide(name: string): boolean;
}

const limits = { depth: 12, nodes: 10_000, text: 1_000_000 };
/** Texts in which nothing was found and which are likely to come again: names of fields, ids, words. */
const remembered = { texts: 5_000, length: 64 };

/** Compared with the name in lower case without separators; only text and what contains text is hidden, so `maxTokens: 5` stays. */
const secretName =
  /(?:authorization|cookie|password|passwd|passphrase|secret|token|apikey|privatekey|accesskey|accountkey|credentialjson|clientassertion)s?$/;

export function createRedactor(options: { maxSecrets?: number } = {}): Redactor {
  const index = createSecretIndex({ secrets: options.maxSecrets ?? 10_000, characters: 32_000_000 });

  /** Harmless to everybody, as of the last secret that was learnt. */
  const harmless = new Set<string>();

  function redactText(text: string, tenantId?: string): string {
    if (harmless.has(text)) return text;
    if (text.length > limits.text) return `[${text.length} characters]`;
    const safe = redactPatterns(index.replace(text, redacted, tenantId));
    if (safe === text && text.length <= remembered.length) remember(text, tenantId);
    return safe;
  }

  function remember(text: string, tenantId: string | undefined): void {
    if (tenantId !== undefined && index.replace(text, redacted) !== text) return;
    if (harmless.size >= remembered.texts) harmless.clear();
    harmless.add(text);
  }

  function learn(secret: string, tenantId?: string): void {
    if (index.add(secret, tenantId)) harmless.clear();
  }

  function redact(value: unknown, tenantId?: string): unknown {
    let nodes = 0;
    /** The objects around the one that is looked at; few, so a list is the fastest. */
    const above: object[] = [];

    const walk = (node: unknown, isSecret: boolean): unknown => {
      if (typeof node === 'string') return isSecret ? redacted : redactText(node, tenantId);
      if (typeof node === 'function' || typeof node === 'symbol') return `[${typeof node}]`;
      if (typeof node !== 'object' || node === null || node instanceof Date) return node;
      nodes += 1;
      if (nodes > limits.nodes || above.length >= limits.depth) return '[cut]';
      if (above.includes(node)) return '[circular]';
      if (ArrayBuffer.isView(node) || node instanceof ArrayBuffer) return `[${node.byteLength} bytes]`;
      above.push(node);
      try {
        return Array.isArray(node) ? walkArray(node, isSecret) : walkObject(plain(node), isSecret);
      } catch {
        // A getter or toJSON of a foreign object threw; what it would have said is not worth a lost log line.
        return '[unreadable]';
      } finally {
        above.pop();
      }
    };
    const walkArray = (node: readonly unknown[], isSecret: boolean): readonly unknown[] => {
      let copy: unknown[] | undefined;
      for (const [position, item] of node.entries()) {
        const safe = walk(item, isSecret);
        if (safe !== item) copy ??= node.slice();
        if (copy !== undefined) copy[position] = safe;
      }
      return copy ?? node;
    };
    const walkObject = (node: unknown, isSecret: boolean): unknown => {
      if (typeof node !== 'object' || node === null || Array.isArray(node)) return walk(node, isSecret);
      let changes: Map<string, unknown> | undefined;
      for (const name of Object.keys(node)) {
        const item = (node as Readonly<Record<string, unknown>>)[name];
        const safe = walk(item, isSecret || holdsSecret(name, node));
        const safeName = redactText(name, tenantId);
        if (safe !== item || safeName !== name) {
          changes ??= new Map();
          changes.set(name, safe);
        }
      }
      if (changes === undefined) return node;
      const entries = Object.entries(node).map(([name, item]) => [
        redactText(name, tenantId),
        changes.has(name) ? changes.get(name) : item,
      ]);
      return Object.fromEntries(entries);
    };

    return walk(value, false);
  }

  return {
    learn,
    redact,
    redactText,
    isHarmlessJson: (json, tenantId) => !mayHoldPattern(json) && index.replace(json, redacted, tenantId) === json,
    mayHide: (name) => name === 'key' || holdsSecret(name, {}),
  };
}

/** Names repeat endlessly, so the answer for each is kept; the map stays small because only short names enter. */
const knownNames = new Map<string, boolean>();

function holdsSecret(name: string, owner: object): boolean {
  // An api_key credential calls its secret `key`, which elsewhere is an innocent word.
  if (name === 'key') return (owner as { kind?: unknown }).kind === 'api_key';
  let holds = knownNames.get(name);
  if (holds === undefined) {
    holds = secretName.test(name.toLowerCase().replaceAll(/[^a-z0-9]/g, ''));
    if (name.length <= 64 && knownNames.size < 5000) knownNames.set(name, holds);
  }
  return holds;
}

/** The fields of what has none of its own: errors, maps, headers, URLs and everything that knows how it looks as JSON. */
function plain(node: object): unknown {
  if (node instanceof Error) {
    const { name, message, stack, cause } = node;
    return { ...node, type: name, message, stack, ...(cause !== undefined && { cause }) };
  }
  if (node instanceof Map) return Object.fromEntries([...node].map(([key, value]) => [String(key), value]));
  if (node instanceof Set) return [...node];
  if (node instanceof Headers || node instanceof URLSearchParams) return Object.fromEntries(node);
  const { toJSON } = node as { toJSON?: unknown };
  return typeof toJSON === 'function' ? toJSON.call(node) : node;
}

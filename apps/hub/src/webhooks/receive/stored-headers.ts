import type { HttpHeaders } from '@inthub/connector-sdk';
import { storableText } from '@inthub/contracts';

type Pair = readonly [string, string];

/** Never kept: they authenticate somebody, or say nothing of the delivery. */
const neverKept = new Set([
  'authorization',
  'proxy-authorization',
  'cookie',
  'set-cookie',
  'connection',
  'keep-alive',
  'transfer-encoding',
  'content-length',
  'host',
]);
const maxHeaders = 64;
const maxValue = 2_048;

/** The headers that are stored with a delivery: without those that hold a secret, as some products send theirs in one. */
export function storedHeaders(headers: HttpHeaders, secrets: readonly string[]): readonly Pair[] {
  const kept: Pair[] = [];
  for (const [name, value] of headers.entries()) {
    if (kept.length === maxHeaders) break;
    if (neverKept.has(name) || holdsOneOf(value, secrets)) continue;
    kept.push([name, storableText(value, maxValue)]);
  }
  return kept;
}

function holdsOneOf(value: string, secrets: readonly string[]): boolean {
  for (const secret of secrets) if (value.length >= secret.length && value.includes(secret)) return true;
  return false;
}

/** What a connector sees of them. Node has joined and lower-cased the names already. */
export function headersOf(pairs: Iterable<Pair>): HttpHeaders {
  const byName = new Map<string, string>(pairs);
  return { get: (name) => byName.get(name) ?? byName.get(name.toLowerCase()), entries: () => byName.entries() };
}

/** Node's own form of a request's headers as a connector sees it. */
export function requestHeaders(raw: Readonly<Record<string, string | string[] | undefined>>): HttpHeaders {
  const read = (name: string) => (Object.hasOwn(raw, name) ? textOf(raw[name]) : undefined);
  return {
    get: (name) => read(name) ?? read(name.toLowerCase()),
    // As an array: a generator costs each delivery more than all that is done with its headers.
    entries() {
      const pairs: [string, string][] = [];
      for (const name of Object.keys(raw)) {
        const value = textOf(raw[name]);
        if (value !== undefined) pairs.push([name, value]);
      }
      return pairs;
    },
  };
}

function textOf(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value.join(', ') : value;
}

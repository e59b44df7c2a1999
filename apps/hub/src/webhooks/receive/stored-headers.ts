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
    if (neverKept.has(name) || secrets.some((secret) => value.includes(secret))) continue;
    kept.push([name, storableText(value, maxValue)]);
  }
  return kept;
}

/** What a connector sees of them. Node has joined and lower-cased the names already. */
export function headersOf(pairs: Iterable<Pair>): HttpHeaders {
  const byName = new Map<string, string>(pairs);
  return { get: (name) => byName.get(name) ?? byName.get(name.toLowerCase()), entries: () => byName.entries() };
}

/** Node's own form of a request's headers as a connector sees it. */
export function requestHeaders(raw: Readonly<Record<string, string | string[] | undefined>>): HttpHeaders {
  const read = (name: string) => {
    const value = Object.hasOwn(raw, name) ? raw[name] : undefined;
    return Array.isArray(value) ? value.join(', ') : value;
  };
  return {
    get: (name) => read(name) ?? read(name.toLowerCase()),
    *entries() {
      for (const name of Object.keys(raw)) {
        const value = read(name);
        if (value !== undefined) yield [name, value];
      }
    },
  };
}

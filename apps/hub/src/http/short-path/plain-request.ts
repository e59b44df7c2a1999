import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';

/** What the short path knows of a request before its body is there. */
export interface PlainRequest {
  readonly authorization: string;
  /** Bytes of the body. */
  readonly length: number;
}

/** Larger bodies are rare, and take long enough for the rest not to matter. */
const longestBody = 64 * 1024;
const jsonTypes = new Set(['application/json', 'application/json; charset=utf-8', 'application/json;charset=utf-8']);
/** With one of these there is more to do than the short path does. */
const notPlain = ['expect', 'idempotency-key', 'traceparent', 'transfer-encoding', 'upgrade'] as const;

const deliveryTypes = new Set([...jsonTypes, 'application/x-www-form-urlencoded']);

/** Undefined for what does not come in the form in which nearly all calls do: a small JSON body of a known caller, and no wishes. */
export function readPlainRequest({ headers }: IncomingMessage): PlainRequest | undefined {
  const { authorization } = headers;
  const length = plainLength(headers, jsonTypes);
  return length === undefined || authorization === undefined ? undefined : { authorization, length };
}

/** The same of what outside products send, of whom no caller is known: bytes of the body. */
export function readPlainDelivery({ headers }: IncomingMessage): number | undefined {
  return headers['content-encoding'] === undefined ? plainLength(headers, deliveryTypes) : undefined;
}

function plainLength(headers: IncomingHttpHeaders, types: ReadonlySet<string>): number | undefined {
  const length = Number(headers['content-length']);
  if (!(length > 0 && length <= longestBody) || !types.has(headers['content-type'] ?? '')) return undefined;
  for (const name of notPlain) if (headers[name] !== undefined) return undefined;
  return length;
}

import type { IncomingMessage } from 'node:http';

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

/** Undefined for what does not come in the form in which nearly all calls do: a small JSON body of a known caller, and no wishes. */
export function readPlainRequest({ headers }: IncomingMessage): PlainRequest | undefined {
  const { authorization } = headers;
  const length = Number(headers['content-length']);
  if (!(length > 0 && length <= longestBody) || authorization === undefined) return undefined;
  if (!jsonTypes.has(headers['content-type'] ?? '')) return undefined;
  for (const name of notPlain) if (headers[name] !== undefined) return undefined;
  return { authorization, length };
}

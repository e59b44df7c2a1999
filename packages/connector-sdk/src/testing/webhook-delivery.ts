import type { HttpHeaders, InboundDelivery } from '../index.ts';

export interface TestDeliveryOptions {
  /** Bytes, text, or anything else as JSON. Default empty. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Parameters of the address. */
  readonly query?: Readonly<Record<string, string>>;
  /** Default 2026-01-01T00:00:00Z. */
  readonly receivedAt?: Date;
}

/** A delivery as the hub hands it to a connector's `webhooks.ts`. */
export function createTestDelivery(options: TestDeliveryOptions = {}): InboundDelivery {
  const { body = '', headers = {}, query = {}, receivedAt } = options;
  return {
    body: bytesOf(body),
    headers: createHeaders(headers),
    query: { get: (name) => (Object.hasOwn(query, name) ? query[name] : undefined) },
    receivedAt: receivedAt ?? new Date('2026-01-01T00:00:00.000Z'),
  };
}

function createHeaders(headers: Readonly<Record<string, string>>): HttpHeaders {
  const byName = new Map(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
  return { get: (name) => byName.get(name.toLowerCase()), entries: () => byName.entries() };
}

export function bytesOf(body: unknown): Uint8Array {
  if (body instanceof Uint8Array) return body;
  return Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
}

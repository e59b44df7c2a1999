import type { HttpHeaders, InboundDelivery } from '../index.ts';

export interface TestDeliveryOptions {
  /** Bytes, text, or anything else as JSON. Default empty. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Default 2026-01-01T00:00:00Z. */
  readonly receivedAt?: Date;
}

/** A delivery as the hub hands it to a connector's `webhooks.ts`. */
export function createTestDelivery({ body = '', headers = {}, receivedAt }: TestDeliveryOptions = {}): InboundDelivery {
  return {
    body: bytesOf(body),
    headers: createHeaders(headers),
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

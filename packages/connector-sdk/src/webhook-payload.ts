/** Reading the body of a webhook without trusting its shape: nothing here throws, whatever was sent. */

export type JsonObject = Readonly<Record<string, unknown>>;

/** The body as a JSON object; undefined for anything else. */
export function parseJsonObject(body: Uint8Array | string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(typeof body === 'string' ? body : Buffer.from(body).toString('utf8'));
    return isObject(value) ? value : undefined;
  } catch {
    return undefined; // the caller says what is wrong with it
  }
}

/** The object in a field; undefined when something else is there, or nothing. */
export function objectAt(value: JsonObject | undefined, field: string): JsonObject | undefined {
  if (value === undefined || !Object.hasOwn(value, field)) return undefined;
  const found = value[field];
  return isObject(found) ? found : undefined;
}

/** The text in a field, cut to `maxLength` characters (default 256); null when there is none. */
export function textAt(value: JsonObject | undefined, field: string, maxLength = 256): string | null {
  if (value === undefined || !Object.hasOwn(value, field)) return null;
  const found = value[field];
  return typeof found === 'string' && found !== '' ? found.slice(0, maxLength).toWellFormed() : null;
}

/** A payload as plain JSON, for an event's `payload`; null when it is larger than `maxBytes`, so that the event stays within 256 KiB. */
export function boundedPayload(payload: JsonObject, maxBytes: number): JsonObject | null {
  const text = JSON.stringify(payload);
  return Buffer.byteLength(text) <= maxBytes ? (JSON.parse(text) as JsonObject) : null;
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

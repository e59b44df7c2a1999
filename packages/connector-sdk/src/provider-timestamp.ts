/**
 * A product's date as UTC ISO 8601 with milliseconds; null for none, for nonsense, and for the year 1 that Go programs write for
 * "never".
 */
export function toTimestamp(text: string | null | undefined): string | null {
  if (text === null || text === undefined) return null;
  const at = Date.parse(text);
  return Number.isNaN(at) || at < 0 ? null : new Date(at).toISOString();
}

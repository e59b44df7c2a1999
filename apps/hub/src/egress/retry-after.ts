/** Longer waits than this are not believed; the caller decides anew tomorrow. */
const longestMs = 86_400_000;

// The three forms of HTTP-date (RFC 9110 §5.6.7): IMF-fixdate, RFC 850, asctime.
const httpDate =
  /^(?:[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT|[A-Z][a-z]{5,8}, \d{2}-[A-Z][a-z]{2}-\d{2} \d{2}:\d{2}:\d{2} GMT|[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d{2}:\d{2}:\d{2} \d{4})$/;

/**
 * Milliseconds that a `Retry-After` field (RFC 9110 §10.2.3) asks to wait: seconds (fractions are seen in the wild) or a date;
 * 0 for a date that has passed, at most a day, undefined for anything else.
 */
export function parseRetryAfter(value: string | undefined, now: Date): number | undefined {
  const text = value?.trim() ?? '';
  if (/^\d{1,12}(?:\.\d{1,6})?$/.test(text)) return Math.min(longestMs, Math.ceil(Number(text) * 1000));
  if (!httpDate.test(text)) return undefined;
  // asctime has no zone; it is always UTC.
  const time = Date.parse(text.endsWith('GMT') ? text : `${text} GMT`);
  return Number.isNaN(time) ? undefined : Math.min(longestMs, Math.max(0, time - now.getTime()));
}

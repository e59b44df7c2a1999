import type { IncomingHttpHeaders } from 'node:http';

/** What stands in a secret's place. */
const redacted = '[redacted]';

/** Things that look like secrets wherever they stand: providers quote requests in their errors. */
const patterns: readonly (readonly [RegExp, string])[] = [
  [/\b(bearer|basic|token|digest)\s+[A-Za-z0-9._~+/=-]{8,}/gi, `$1 ${redacted}`],
  [/([a-z][a-z0-9+.-]{1,20}:\/\/)[^\s/:@]{1,256}:[^\s/@]{1,256}@/gi, `$1${redacted}@`],
  [/\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.?[A-Za-z0-9_-]*/g, redacted],
  [
    /\b(password|passwd|secret|token|api[_-]?key|access[_-]?key|authorization)(["']?\s*[:=]\s*["']?)[^\s"'&,;]{4,}/gi,
    `$1$2${redacted}`,
  ],
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g, redacted],
];

/** Shorter values would blot out ordinary words. */
const shortestSecret = 4;

/** Text without the given secrets (also as they look in URLs and JSON) and without what looks like one. */
export function redactText(text: string, secrets: readonly string[]): string {
  let clean = text;
  for (const secret of secrets) {
    if (secret.length < shortestSecret) continue;
    for (const form of new Set([
      secret,
      encodeURIComponent(secret.toWellFormed()),
      JSON.stringify(secret).slice(1, -1),
    ])) {
      clean = clean.replaceAll(form, redacted);
    }
  }
  for (const [pattern, replacement] of patterns) clean = clean.replace(pattern, replacement);
  return clean;
}

/** Headers of an answer in which no value holds one of the secrets: `Location` repeats the address that was asked. */
export function redactHeaders(headers: IncomingHttpHeaders, secrets: readonly string[]): IncomingHttpHeaders {
  const clean = (value: string) => redactText(value, secrets);
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.map(clean) : value === undefined ? value : clean(value),
    ]),
  );
}

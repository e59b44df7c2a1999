/** Texts that give themselves away as credentials, whoever they belong to. */

const patterns: readonly (readonly [hint: RegExp, pattern: RegExp, replacement: string])[] = [
  // RFC 6750 and RFC 7617, also in the middle of a copied header. A digit, "=" or a capital inside tells a token from prose
  // ("Basic authentication").
  [
    /\b(?:bearer|basic) /i,
    /\b([Bb]earer|[Bb]asic|BEARER|BASIC) +(?=\S{0,64}[0-9=]|\S{0,64}[a-z][A-Z])[A-Za-z0-9._~+/=-]{8,}/g,
    '$1 [redacted]',
  ],
  // User and password in a URL; the user may be a token as well.
  [/:\/\/[^\s/]*@/, /(:\/\/)[^\s/?#@]{1,512}@/g, '$1[redacted]@'],
  // Query parameters: tokens, keys and signatures of signed URLs.
  [
    /[?&][\w.-]*(?:token|secret|password|key|sig|signature|credential)=/i,
    /([?&][\w.-]{0,64}(?:token|secret|password|key|sig|signature|credential)=)[^&\s#"'<>]+/gi,
    '$1[redacted]',
  ],
  // A field of a JSON text that was quoted in a message, and of JSON within JSON.
  [
    /(?:token|secret|password|passphrase|api_?key|private_?key|authorization)"\s*:/i,
    /("[\w.-]{0,64}(?:token|secret|password|passphrase|api_?key|private_?key|authorization)"\s*:\s*")(?:[^"\\]|\\.)+/gi,
    '$1[redacted]',
  ],
  [
    /(?:token|secret|password|passphrase|api_?key|private_?key|authorization)\\"\s*:/i,
    /("[\w.-]{0,64}(?:token|secret|password|passphrase|api_?key|private_?key|authorization)\\"\s*:\s*\\")(?:\\\\\\"|[^"\\]|\\[^"])+/gi,
    '$1[redacted]',
  ],
  [/\bihk_/, /\b(ihk_[a-z2-9]{12}_)[A-Za-z0-9_-]{8,}/g, '$1[redacted]'],
  [/\beyJ/, /\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*/g, '[redacted]'],
  [
    /PRIVATE KEY-----/,
    /-----BEGIN [A-Z ]{0,32}PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]{0,32}PRIVATE KEY-----|$)/g,
    '[redacted]',
  ],
];
/** One look that rules out nearly all texts. */
const suspicious = /bearer |basic |@|=|":|"\s*:|\\"|ihk_|eyJ|PRIVATE KEY/i;

/** The same for JSON without escapes, whose texts hold no quotation marks. */
const suspiciousWords = /bearer |basic |PRIVATE KEY/i;

/** False when `redactPatterns` leaves every text of this JSON as it is. Several quick looks are faster than the one of above. */
export function mayHoldPattern(json: string): boolean {
  if (json.includes('@') || json.includes('=') || json.includes('ihk_') || json.includes('eyJ')) return true;
  return json.includes(' ') && suspiciousWords.test(json);
}

export function redactPatterns(text: string): string {
  if (!suspicious.test(text)) return text;
  let safe = text;
  for (const [hint, pattern, replacement] of patterns)
    if (hint.test(safe)) safe = safe.replaceAll(pattern, replacement);
  return safe;
}

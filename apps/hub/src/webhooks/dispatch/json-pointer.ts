const longest = 256;
const deepest = 16;

/** The tokens of a JSON Pointer (RFC 6901); undefined when the text is none, or too long to be one of ours. */
export function readPointer(text: unknown): readonly string[] | undefined {
  if (typeof text !== 'string' || text.length > longest || !text.startsWith('/') || /~(?![01])/.test(text)) {
    return undefined;
  }
  const tokens = text
    .slice(1)
    .split('/')
    .map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'));
  return tokens.length > deepest ? undefined : tokens;
}

/** What a pointer leads to; undefined when there is nothing. Only what the value itself holds, never what objects inherit. */
export function resolvePointer(value: unknown, tokens: readonly string[]): unknown {
  let found = value;
  for (const token of tokens) {
    if (Array.isArray(found)) found = /^(?:0|[1-9]\d{0,8})$/.test(token) ? found[Number(token)] : undefined;
    else if (typeof found === 'object' && found !== null && Object.hasOwn(found, token)) {
      found = (found as Readonly<Record<string, unknown>>)[token];
    } else return undefined;
  }
  return found;
}

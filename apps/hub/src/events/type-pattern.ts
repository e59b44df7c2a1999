import { invalidField } from '@inthub/contracts';

/** What a type pattern asks for. `prefix` ends with a dot. */
export type TypePattern = { readonly exact: string } | { readonly prefix: string } | 'any';

const grammar = /^(?:\*|[a-z0-9_]+(?:\.[a-z0-9_]+)*(?:\.\*)?)$/;
const maxLength = 128;

/**
 * Reads `integration.created`, `integration.*` or `*`. A star stands only at the end, for one or more further parts.
 * @throws HubError `invalid_request` naming `path`.
 */
export function parseTypePattern(text: string, path = '/type'): TypePattern {
  if (text.length > maxLength || !grammar.test(text)) {
    throw invalidField(path, 'is not an event type pattern; write integration.created, integration.* or *', 'pattern');
  }
  if (text === '*') return 'any';
  return text.endsWith('.*') ? { prefix: text.slice(0, -1) } : { exact: text };
}

/** Whether an event type is one that the pattern asks for. */
export function matchesType(pattern: TypePattern, type: string): boolean {
  if (pattern === 'any') return true;
  return 'exact' in pattern
    ? type === pattern.exact
    : type.startsWith(pattern.prefix) && type.length > pattern.prefix.length;
}

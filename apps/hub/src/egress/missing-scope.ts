import type { IncomingHttpHeaders } from 'node:http';
import type { ScopeHeaders } from '@inthub/connector-sdk';
import { parseChallenges } from './authenticate/challenge.ts';
import { headerText } from './headers.ts';

/** What an answer tells about scopes. */
export interface ScopeFacts {
  /** One of these is needed; empty when the answer does not say. */
  readonly needed: readonly string[];
  /** Undefined when the answer does not say. */
  readonly granted?: readonly string[];
}

const maxScopes = 30;

/** Reads the headers that the connector names, and `insufficient_scope` challenges (RFC 6750 §3.1). */
export function readScopes(headers: IncomingHttpHeaders, names: ScopeHeaders | undefined): ScopeFacts {
  const named = (names?.needed ?? []).flatMap((name) => listOf(headerText(headers, name.toLowerCase())));
  const granted = names?.granted === undefined ? undefined : headerText(headers, names.granted.toLowerCase());
  return {
    needed: named.length > 0 ? named : challenged(headerText(headers, 'www-authenticate')),
    ...(granted === undefined ? {} : { granted: listOf(granted) }),
  };
}

function challenged(field: string | undefined): readonly string[] {
  const challenge = parseChallenges(field ?? '').find(
    ({ parameters }) => parameters.get('error') === 'insufficient_scope',
  );
  return (challenge?.parameters.get('scope') ?? '').split(' ').filter(isScope).slice(0, maxScopes);
}

function listOf(text: string | undefined): readonly string[] {
  return (text ?? '')
    .split(/[,;]/)
    .map((scope) => scope.trim())
    .filter(isScope)
    .slice(0, maxScopes);
}

/** RFC 6749 §3.3. */
function isScope(text: string): boolean {
  return /^[\x21\x23-\x5b\x5d-\x7e]{1,128}$/.test(text);
}

/** A sentence that names the missing scope; undefined when scopes do not explain the refusal. */
export function explainScopes({ needed, granted }: ScopeFacts): string | undefined {
  if (needed.length === 0 || granted?.some((scope) => needed.includes(scope))) return undefined;
  const has = granted === undefined ? '' : `; the credential has ${granted.join(', ') || 'none'}`;
  return `It takes the scope ${needed.join(' or ')}${has}.`;
}

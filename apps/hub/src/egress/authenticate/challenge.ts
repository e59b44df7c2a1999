/** One challenge of a `WWW-Authenticate` field. */
export interface Challenge {
  /** In lower case. */
  readonly scheme: string;
  /** Names in lower case; of a repeated one the first counts. */
  readonly parameters: ReadonlyMap<string, string>;
  readonly token68?: string;
}

const maxLength = 16_384;
const maxChallenges = 8;
const maxParameters = 32;

const token = /[A-Za-z0-9!#$%&'*+.^_`|~-]+/y;
const token68 = /[A-Za-z0-9._~+/-]+=*(?=[\t ]*(?:,|$))/y;
const spaces = /[\t ]*/y;
const quoted = /"((?:[^"\\]|\\[\s\S])*)"/y;

/**
 * Reads a `WWW-Authenticate` field (RFC 9110 §11.6.1), several challenges and several joined lines included. Never throws: what
 * cannot be read ends the list, and what came before it counts.
 */
export function parseChallenges(field: string): readonly Challenge[] {
  const text = field.slice(0, maxLength);
  const challenges: { scheme: string; parameters: Map<string, string>; token68?: string }[] = [];
  let at = 0;

  const take = (pattern: RegExp): RegExpExecArray | undefined => {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    if (found === null) return undefined;
    at = pattern.lastIndex;
    return found;
  };
  const peek = (char: string) => text[at] === char;

  while (at < text.length && challenges.length <= maxChallenges) {
    take(spaces);
    if (peek(',')) {
      at += 1;
      continue;
    }
    const start = at;
    const name = take(token)?.[0];
    if (name === undefined) break;
    const afterName = at;
    take(spaces);
    const current = challenges.at(-1);
    if (peek('=') && current !== undefined) {
      at += 1;
      take(spaces);
      const value = readValue(take);
      if (value === undefined) break;
      const key = name.toLowerCase();
      if (!current.parameters.has(key) && current.parameters.size < maxParameters) current.parameters.set(key, value);
      continue;
    }
    if (peek('=')) break; // a parameter with no scheme before it
    if (challenges.length === maxChallenges) break;
    const next: (typeof challenges)[number] = { scheme: name.toLowerCase(), parameters: new Map() };
    challenges.push(next);
    if (at === afterName && at < text.length && !peek(',')) break; // something sticks to the name that is no separator
    const whole = peek(',') ? undefined : take(token68)?.[0];
    // `a=` alone would be a parameter without value; token68 is what fills the whole place up to the comma.
    if (whole !== undefined) next.token68 = whole;
    if (at === start) break;
  }
  return challenges;
}

function readValue(take: (pattern: RegExp) => RegExpExecArray | undefined): string | undefined {
  const string = take(quoted)?.[1];
  if (string !== undefined) return string.replace(/\\([\s\S])/g, '$1');
  return take(token)?.[0];
}

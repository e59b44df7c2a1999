/** One link of a `Link` header. */
export interface Link {
  /** The URI reference between the angle brackets, not resolved. */
  readonly target: string;
  /** Relation types, lower case. */
  readonly rel: readonly string[];
  /** The other parameters, names in lower case; the first of a name counts. */
  readonly parameters: ReadonlyMap<string, string>;
}

/**
 * The links of a `Link` header (RFC 8288 §3, read as its Appendix B.2 tells parsers to): lenient, so that a malformed rest ends the
 * list instead of losing the links before it.
 */
export function parseLinkHeader(value: string): readonly Link[] {
  const links: Link[] = [];
  const scan = createScanner(value);
  for (;;) {
    scan.skip(/[ \t,]/);
    if (!scan.take('<')) return links;
    const target = scan.until('>');
    if (target === undefined) return links;
    const parameters = parseParameters(scan);
    const rel = (parameters.get('rel') ?? '')
      .toLowerCase()
      .split(/[ \t]+/)
      .filter(Boolean);
    parameters.delete('rel');
    links.push({ target: target.trim(), rel, parameters });
    scan.skip(/[^,]/);
  }
}

function parseParameters(scan: Scanner): Map<string, string> {
  const parameters = new Map<string, string>();
  for (;;) {
    scan.skip(/[ \t]/);
    if (!scan.take(';')) return parameters;
    scan.skip(/[ \t;]/);
    const name = scan.while(/[^\s=;,]/).toLowerCase();
    scan.skip(/[ \t]/);
    let value = '';
    if (scan.take('=')) {
      scan.skip(/[ \t]/);
      value = scan.take('"') ? quotedString(scan) : scan.while(/[^\s;,]/);
    }
    if (name !== '' && !parameters.has(name)) parameters.set(name, value);
  }
}

/** RFC 9110 §5.6.4; the opening quote is already taken. */
function quotedString(scan: Scanner): string {
  let text = '';
  for (let char = scan.next(); char !== undefined && char !== '"'; char = scan.next()) {
    text += char === '\\' ? (scan.next() ?? '') : char;
  }
  return text;
}

interface Scanner {
  next(): string | undefined;
  take(char: string): boolean;
  skip(kind: RegExp): void;
  while(kind: RegExp): string;
  until(char: string): string | undefined;
}

function createScanner(text: string): Scanner {
  let at = 0;
  const run = (kind: RegExp) => {
    const start = at;
    while (at < text.length && kind.test(text[at] as string)) at += 1;
    return text.slice(start, at);
  };
  return {
    next: () => {
      const char = text[at];
      at += 1;
      return char;
    },
    take: (char) => {
      if (text[at] !== char) return false;
      at += 1;
      return true;
    },
    skip: (kind) => {
      run(kind);
    },
    while: run,
    until: (char) => {
      const end = text.indexOf(char, at);
      if (end === -1) return undefined;
      const part = text.slice(at, end);
      at = end + 1;
      return part;
    },
  };
}

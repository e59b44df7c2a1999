// Patterns of names such as `team/*`, matched in time that grows with the product of both lengths, whatever an admin has written.

/** Texts that stand for themselves, and wildcards between them. */
export type NamePattern = readonly string[];

/** `*` is any text, one character at least, within one part of a path; `**` any text at all. Everything else stands for itself, case included. */
export function parseNamePattern(text: string): NamePattern {
  return text.split(/(\*\*|\*)/).filter((part) => part !== '');
}

export function fitsNamePattern(pattern: NamePattern, name: string): boolean {
  /** Where in the name the part of the pattern so far may end. */
  let ends: readonly number[] = [0];
  for (const part of pattern) {
    ends = part === '*' || part === '**' ? afterWildcard(ends, name, part) : afterText(ends, name, part);
    if (ends.length === 0) return false;
  }
  return ends.at(-1) === name.length;
}

function afterText(starts: readonly number[], name: string, text: string): number[] {
  return starts.filter((start) => name.startsWith(text, start)).map((start) => start + text.length);
}

function afterWildcard(starts: readonly number[], name: string, wildcard: '*' | '**'): number[] {
  const ends: number[] = [];
  let open = false;
  let next = 0;
  for (let at = 0; at < name.length; at += 1) {
    if (starts[next] === at) {
      open = true;
      next += 1;
    }
    if (wildcard === '*' && name[at] === '/') open = false;
    if (open) ends.push(at + 1);
  }
  return ends;
}

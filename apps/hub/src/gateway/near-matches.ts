/** The known names that somebody may have meant, best first, at most five: same noun or verb, or few letters apart. */
export function nearMatches(wanted: string, known: readonly string[]): string[] {
  const target = wanted.slice(0, 64).toLowerCase();
  const parts = new Set(target.split(/[._-]/).filter(Boolean));
  return known
    .map((name) => {
      const letters = distance(target, name.slice(0, 64));
      const shares = name.split(/[._-]/).some((part) => parts.has(part));
      return { name, letters, near: shares || letters <= Math.max(2, target.length / 3) };
    })
    .filter(({ near }) => near)
    .sort((a, b) => a.letters - b.letters || (a.name < b.name ? -1 : 1))
    .slice(0, 5)
    .map(({ name }) => name);
}

/** Levenshtein distance. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const replace = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replace, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}

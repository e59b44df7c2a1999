const maxShown = 3;

/** The candidates that somebody may have meant by `text`, nearest first; at most three, and none that is far off. */
export function nearMatches(text: string, candidates: Iterable<string>): readonly string[] {
  const wanted = text.slice(0, 128).toLowerCase();
  return [...candidates]
    .map((candidate) => ({ candidate, distance: distanceOf(wanted, candidate.toLowerCase()) }))
    .filter(({ distance, candidate }) => distance <= Math.max(2, Math.floor(candidate.length / 3)))
    .sort((a, b) => a.distance - b.distance || (a.candidate < b.candidate ? -1 : 1))
    .slice(0, maxShown)
    .map(({ candidate }) => candidate);
}

/** "…; did you mean a, b?", or the whole list when nothing is near. */
export function suggest(text: string, candidates: Iterable<string>): string {
  const all = [...candidates].toSorted();
  const near = nearMatches(text, all);
  if (near.length > 0) return `did you mean ${near.join(', ')}?`;
  return all.length === 0 ? 'none is known' : `known: ${all.slice(0, 40).join(', ')}${all.length > 40 ? ', …' : ''}`;
}

function distanceOf(text: string, candidate: string): number {
  // "harbor" for "registry.harbor": one part of a dotted id is meant as the whole.
  if (candidate.split('.').includes(text)) return 0;
  let row = Array.from({ length: candidate.length + 1 }, (_, index) => index);
  for (let i = 1; i <= text.length; i++) {
    const next = [i];
    for (let j = 1; j <= candidate.length; j++) {
      const substituted = (row[j - 1] ?? 0) + (text[i - 1] === candidate[j - 1] ? 0 : 1);
      next.push(Math.min(substituted, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[candidate.length] ?? 0;
}

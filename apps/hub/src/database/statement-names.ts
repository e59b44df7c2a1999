import { LRUCache } from 'lru-cache';

/** Most statements that one connection prepares; each takes some tens of kilobytes of the server's memory. */
const mostNames = 200;
const usesBeforeName = 3;

/**
 * Names for the statements that come again and again, so that each connection prepares them once: planning under row-level
 * security costs the server more than running a short query does (bench: half of its time). Texts that are put together anew each
 * time (lists of varying length) are seen too seldom to get a name.
 */
export interface StatementNames {
  /** The name to prepare `text` under, or undefined to send it as it is. */
  find(text: string): string | undefined;
}

export function createStatementNames(): StatementNames {
  const names = new Map<string, string>();
  const uses = new LRUCache<string, number>({ max: 1000 });
  return {
    find(text) {
      const name = names.get(text);
      if (name !== undefined || names.size >= mostNames) return name;
      const count = (uses.get(text) ?? 0) + 1;
      if (count < usesBeforeName) {
        uses.set(text, count);
        return undefined;
      }
      uses.delete(text);
      const given = `inthub_${names.size + 1}`;
      names.set(text, given);
      return given;
    },
  };
}

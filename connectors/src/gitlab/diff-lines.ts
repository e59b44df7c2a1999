/**
 * Where a line of a merge request stands on both sides. GitLab wants `new_line` alone for an added line, `old_line` alone for a removed
 * one, and both for a line that did not change (docs.gitlab.com/api/discussions, "Create a new thread in the merge request diff").
 */
export interface LinePlace {
  readonly oldLine?: number;
  readonly newLine?: number;
}

/** @param diff The hunks of one file. @param line Counted from 1 on `side`. */
export function placeOf(diff: string, line: number, side: 'old' | 'new'): LinePlace {
  let oldLine = 1;
  let newLine = 1;
  // Lines left in the hunk, by its own header: a removed line `-- x` looks like a file header.
  let oldLeft = 0;
  let newLeft = 0;
  const reached = (at: number) => at > line;
  for (const text of diff.split('\n')) {
    if (oldLeft <= 0 && newLeft <= 0) {
      const hunk = /^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@/.exec(text);
      if (hunk === null) continue;
      oldLeft = Number(hunk[2] ?? 1);
      newLeft = Number(hunk[4] ?? 1);
      // Of an empty side git names the line before it.
      const oldStart = Number(hunk[1]) + (oldLeft === 0 ? 1 : 0);
      const newStart = Number(hunk[3]) + (newLeft === 0 ? 1 : 0);
      // The wanted line is above this hunk, among unchanged ones.
      if (reached(side === 'new' ? newStart : oldStart)) break;
      oldLine = oldStart;
      newLine = newStart;
      continue;
    }
    const sign = text[0];
    if (sign === '\\') continue; // "No newline at end of file"
    if (sign === '+') {
      if (side === 'new' && newLine === line) return { newLine };
      newLine += 1;
      newLeft -= 1;
    } else if (sign === '-') {
      if (side === 'old' && oldLine === line) return { oldLine };
      oldLine += 1;
      oldLeft -= 1;
    } else {
      if ((side === 'new' ? newLine : oldLine) === line) return { oldLine, newLine };
      oldLine += 1;
      newLine += 1;
      oldLeft -= 1;
      newLeft -= 1;
    }
  }
  // Between or after the hunks both sides run in step.
  return side === 'new'
    ? { newLine: line, oldLine: line - newLine + oldLine }
    : { oldLine: line, newLine: line - oldLine + newLine };
}

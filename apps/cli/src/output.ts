import { printable, toJsonText } from './printable.ts';
import { createPaint, type Style } from './style.ts';
import { type Cell, type Look, renderFields, renderTable } from './table.ts';
import type { Terminal } from './terminal.ts';

/** Results go to stdout, as JSON or for people; everything else goes to stderr. */
export interface Output {
  readonly json: boolean;
  /** Prints a result: the value with --json, the text otherwise. */
  result(value: unknown, text: () => string): void;
  /** One line of a stream: compact JSON with --json. */
  line(value: unknown, text: () => string): void;
  /** A remark on stderr, for people only. */
  note(text: string): void;
  /** A warning on stderr, with --json too: it is not part of the result. */
  warning(text: string): void;
  table(head: readonly string[], rows: readonly (readonly Cell[])[]): string;
  /** Names and values; those of undefined are left out. */
  fields(fields: readonly (readonly [string, Cell])[]): string;
  heading(text: string): string;
  paint(style: Style, text: string): string;
}

export function createOutput(terminal: Terminal, json: boolean): Output {
  const paint = createPaint(terminal.color);
  const look: Look = { columns: terminal.columns, paint };
  return {
    json,
    result: (value, text) => terminal.write(`${json ? toJsonText(value, 2) : text()}\n`),
    line: (value, text) => terminal.write(`${json ? toJsonText(value) : text()}\n`),
    note(text) {
      if (!json) terminal.writeError(`${paint('dim', printable(text))}\n`);
    },
    warning: (text) => terminal.writeError(`${paint('yellow', 'warning:')} ${printable(text)}\n`),
    table: (head, rows) => renderTable(head, rows, look),
    fields: (fields) => renderFields(fields, look),
    heading: (text) => `\n${paint('bold', text)}\n`,
    paint,
  };
}

/** "2026-11-21 10:15:30Z"; a dash for never. */
export function timeText(timestamp: string | null | undefined): string | null {
  if (timestamp === null || timestamp === undefined) return null;
  return timestamp.replace('T', ' ').replace(/\.\d+Z$/, 'Z');
}

/** Any value of an answer on one line. */
export function valueText(value: unknown): string {
  return typeof value === 'string' ? value : toJsonText(value);
}

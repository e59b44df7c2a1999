import Table from 'cli-table3';
import { oneLine } from './printable.ts';
import type { Style } from './style.ts';

/** A cell: text, or text with a style that depends on it. Null and undefined show as a dash. */
export type Cell = string | number | boolean | null | undefined | { readonly text: string; readonly style: Style };

export interface Look {
  /** Width to keep within by breaking lines; undefined: as wide as it gets. */
  readonly columns: number | undefined;
  readonly paint: (style: Style, text: string) => string;
}

const noFrame = Object.fromEntries(
  ['top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left', 'bottom-right', 'left'].map(
    (name) => [name, ''],
  ),
);
const noLines = { 'left-mid': '', mid: '', 'mid-mid': '', right: '', 'right-mid': '', middle: '' };
const gap = 2;
const narrowest = 12;

/** Columns under a heading, without lines; empty rows give the heading only. */
export function renderTable(head: readonly string[], rows: readonly (readonly Cell[])[], look: Look): string {
  const cells = rows.map((row) => row.map((cell) => paintCell(cell, look)));
  const plain = [head, ...rows.map((row) => row.map(cellText))];
  return render([head.map((text) => look.paint('bold', text.toUpperCase())), ...cells], plain, look);
}

/** Names and values in two columns. Values of undefined are left out. */
export function renderFields(fields: readonly (readonly [string, Cell])[], look: Look): string {
  const shown = fields.filter(([, value]) => value !== undefined);
  const cells = shown.map(([name, value]) => [look.paint('dim', name), paintCell(value, look)]);
  return render(
    cells,
    shown.map(([name, value]) => [name, cellText(value)]),
    look,
  );
}

function render(cells: readonly (readonly string[])[], plain: readonly (readonly string[])[], look: Look): string {
  const widths = columnWidths(plain, look.columns);
  const table = new Table({
    chars: { ...noFrame, ...noLines },
    style: { 'padding-left': 0, 'padding-right': gap, head: [], border: [] },
    ...(widths === undefined ? {} : { colWidths: widths, wordWrap: true, wrapOnWordBoundary: true }),
  });
  table.push(...cells.map((row) => [...row]));
  return table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}

/** Widths that keep the table within the terminal, taken from the widest columns; undefined when it fits anyway. */
function columnWidths(rows: readonly (readonly string[])[], columns: number | undefined): number[] | undefined {
  if (columns === undefined || rows.length === 0) return undefined;
  const count = Math.max(...rows.map((row) => row.length));
  const widths = Array.from({ length: count }, (_, at) => Math.max(...rows.map((row) => row[at]?.length ?? 0)) + gap);
  let excess = widths.reduce((sum, width) => sum + width, 0) - columns;
  if (excess <= 0) return undefined;
  while (excess > 0) {
    const widest = Math.max(...widths);
    if (widest <= narrowest) break;
    const at = widths.indexOf(widest);
    const next = Math.max(narrowest, ...widths.filter((width) => width < widest));
    const cut = Math.min(excess, Math.max(1, widest - next));
    widths[at] = widest - cut;
    excess -= cut;
  }
  return widths;
}

function cellText(cell: Cell): string {
  if (cell === null || cell === undefined || cell === '') return '–';
  return oneLine(typeof cell === 'object' ? cell.text : String(cell));
}

function paintCell(cell: Cell, look: Look): string {
  const text = cellText(cell);
  return typeof cell === 'object' && cell !== null ? look.paint(cell.style, text) : text;
}

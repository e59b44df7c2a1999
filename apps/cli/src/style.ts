import { styleText } from 'node:util';

export type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow';

/** Paints a text, or leaves it plain where colours are not wanted. */
export function createPaint(color: boolean): (style: Style, text: string) => string {
  return (style, text) => (color ? styleText(style, text, { validateStream: false }) : text);
}

const styles: Readonly<Record<string, Style>> = {
  active: 'green',
  healthy: 'green',
  success: 'green',
  pass: 'green',
  warn: 'yellow',
  fail: 'red',
  yes: 'green',
  degraded: 'yellow',
  pending_verification: 'yellow',
  denied: 'yellow',
  no: 'dim',
  failed: 'red',
  failure: 'red',
  unhealthy: 'red',
  draft: 'dim',
  paused: 'dim',
  unknown: 'dim',
};

/** A state as a cell, in the colour that says how good it is. */
export function stateCell(state: string): string | { text: string; style: Style } {
  const style = Object.hasOwn(styles, state) ? styles[state] : undefined;
  return style === undefined ? state : { text: state, style };
}

export function yesNoCell(value: boolean): string | { text: string; style: Style } {
  return stateCell(value ? 'yes' : 'no');
}

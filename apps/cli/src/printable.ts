/**
 * Text of others made safe for a terminal: control characters (escape sequences start with one) and marks that turn the
 * direction of writing are shown as \u{…}, so that a name from a provider can neither move the cursor nor hide itself.
 * Line breaks and tabs stay.
 */
export function printable(text: string): string {
  return text.replace(unsafe, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`);
}

/** As `printable`, on one line, for a cell of a table. */
export function oneLine(text: string): string {
  return printable(text.replace(/\s*[\r\n\t]+\s*/g, ' '));
}

const unsafe = /(?![\n\t])[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069\p{Cs}]/gu;

/** JSON in which no character can act on a terminal; still the same value for every parser. */
export function toJsonText(value: unknown, indent?: number): string {
  const toCode = (character: string) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return (JSON.stringify(value, null, indent) ?? 'null').replace(
    /[\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g,
    toCode,
  );
}

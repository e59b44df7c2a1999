// The pieces of a streamed answer are alike but for the text in them: what stands before and behind it is compared, and only the text is
// parsed. Parsing each piece whole is the largest single cost of a stream.

/** Reads the text of a piece that is the twin of an earlier one; undefined: it is not, or not to be told. */
export type TwinReader = (data: string) => string | undefined;

const marker = '"delta":{"content":"';

/**
 * @param data A piece that meant one text and nothing beside it.
 * @param text What it meant.
 * @returns undefined where the place of the text is not beyond doubt.
 */
export function twinReaderOf(data: string, text: string): TwinReader | undefined {
  const at = data.indexOf(marker);
  // The marker holds bare quotation marks, so it stands in no text of the document, only in its structure.
  if (at === -1 || data.includes(marker, at + 1)) return undefined;
  const start = at + marker.length;
  const end = endOfText(data, start);
  if (end === -1 || textOf(data.slice(start, end)) !== text) return undefined;
  const before = data.slice(0, start);
  const behind = data.slice(end);
  return (other) => {
    const length = other.length - before.length - behind.length;
    // Compared as wholes, which costs a fraction of `startsWith`.
    if (length < 0 || other.slice(0, before.length) !== before || other.slice(-behind.length) !== behind)
      return undefined;
    return textOf(other.slice(before.length, before.length + length));
  };
}

/** Where the text of a JSON string ends that begins at `start`: at the first quotation mark that is not escaped. */
function endOfText(data: string, start: number): number {
  for (let at = start; at < data.length; at += 1) {
    const code = data.charCodeAt(at);
    if (code === 0x5c) at += 1;
    else if (code === 0x22) return at;
  }
  return -1;
}

/** RFC 8259 §7: what cannot stand in a string as it is, or means something else: control characters are all before the space. */
const special = /["\\]|[^ -\uffff]/;

/** Undefined when it is not the inside of one JSON string. */
function textOf(inside: string): string | undefined {
  if (!special.test(inside)) return inside;
  try {
    return JSON.parse(`"${inside}"`) as string;
  } catch {
    return undefined;
  }
}

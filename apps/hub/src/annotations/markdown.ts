/** Markdown that every product shows alike, and never more of it than the product takes. */

/**
 * The mark by which the hub finds its own comment again; products show HTML comments to nobody. Two hyphens would end one (older parsers
 * take them for its end); a key has no percent sign, so no two keys have one mark.
 */
export function markerOf(key: string): string {
  return `<!-- inthub:annotation:${key.replaceAll('--', '-%2D')} -->`;
}

/** Text that a scanner wrote, as text: no mention, link, image, HTML or table cell of its own making. */
export function escapeText(text: string): string {
  return (
    text
      .replaceAll(/\s+/g, ' ')
      .trim()
      .replaceAll(/[\\`*_{}[\]()<>#+!|~]/g, '\\$&')
      // GitLab carries out a line that begins with a slash (a quick action) with the rights of the token.
      .replace(/^\//, '\\/')
      // A mention notifies people; a zero-width space keeps it from being one.
      .replaceAll('@', '@\u200b')
  );
}

/** As inline code; a backtick inside would end it. */
export function inlineCode(text: string): string {
  return `\`${text.replaceAll(/[`\r\n|]/g, ' ')}\``;
}

const cutNote = '\n\n_Cut: the product takes no more._';

/** Cuts to `max` characters at a line's end, keeps the marker in, and says so. Never splits a character. */
export function fit(body: string, max: number, marker = ''): { readonly text: string; readonly isTruncated: boolean } {
  const end = marker === '' ? '' : `\n\n${marker}`;
  if (body.length + end.length <= max) return { text: body + end, isTruncated: false };
  const room = Math.max(0, max - end.length - cutNote.length);
  const cut = body.slice(0, room);
  const line = cut.lastIndexOf('\n');
  let kept = line > room / 2 ? cut.slice(0, line) : cut;
  if (/[\ud800-\udbff]$/.test(kept)) kept = kept.slice(0, -1);
  // An open code fence would swallow the note and the marker.
  const fences = kept.match(/^```/gm)?.length ?? 0;
  return { text: `${kept}${fences % 2 === 1 ? '\n```' : ''}${cutNote}${end}`.slice(0, max), isTruncated: true };
}

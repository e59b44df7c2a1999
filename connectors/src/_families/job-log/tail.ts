/** The end of a job's log, which may be far longer than what is wanted of it. */

/** The last bytes of a stream, with never more than twice as many in memory. */
export async function tailOf(
  chunks: AsyncIterable<Uint8Array>,
  tailBytes: number,
): Promise<{ tail: Buffer; sizeBytes: number }> {
  let kept: Uint8Array[] = [];
  let keptBytes = 0;
  let sizeBytes = 0;
  for await (const chunk of chunks) {
    sizeBytes += chunk.length;
    kept.push(chunk);
    keptBytes += chunk.length;
    if (keptBytes < tailBytes * 2) continue;
    const joined = Buffer.concat(kept);
    kept = [Buffer.from(joined.subarray(joined.length - tailBytes))];
    keptBytes = tailBytes;
  }
  const all = Buffer.concat(kept);
  return { tail: all.subarray(Math.max(0, all.length - tailBytes)), sizeBytes };
}

/** From the start of a line, where there is one; never from the middle of a character. */
export function textOfTail(tail: Uint8Array, isTruncated: boolean): string {
  if (!isTruncated) return Buffer.from(tail).toString('utf8');
  const newline = tail.indexOf(0x0a);
  let start = newline === -1 || newline === tail.length - 1 ? 0 : newline + 1;
  while (start < tail.length && ((tail[start] ?? 0) & 0xc0) === 0x80) start += 1;
  return Buffer.from(tail.subarray(start)).toString('utf8');
}

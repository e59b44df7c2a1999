/**
 * Rough bytes of a JSON value in memory, counted no further than `limit`: the result is then above `limit`, which is all that a
 * bounded cache needs to know.
 */
export function approximateSize(value: unknown, limit: number): number {
  let size = 0;
  const todo: unknown[] = [value];
  while (todo.length > 0 && size <= limit) {
    const part = todo.pop();
    if (typeof part === 'string') {
      size += 16 + part.length * 2;
    } else if (typeof part === 'object' && part !== null) {
      size += 32;
      for (const [key, child] of Object.entries(part)) {
        size += 8 + (Array.isArray(part) ? 0 : key.length);
        todo.push(child);
      }
    } else {
      size += 8;
    }
  }
  return size;
}

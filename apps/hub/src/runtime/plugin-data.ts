// What a plugin hands over, taken apart without trusting its shape.

export type Shape = Record<string, unknown>;

export function functionOf(source: Shape, key: string, faults: string[], where = 'the connector'): unknown {
  const value = source[key];
  if (typeof value === 'function') return value.bind(source);
  faults.push(`${where}: ${key} is not a function`);
  return undefined;
}

/** A copy without getters, proxies or functions, so that what was checked is what is used. */
export function plainData(value: unknown, where: string, faults: string[]): unknown {
  try {
    return JSON.parse(JSON.stringify(value) ?? 'null');
  } catch (error) {
    faults.push(`${where} is not plain data (${reasonOf(error)})`);
    return undefined;
  }
}

export function asObject(value: unknown): Shape | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Shape) : undefined;
}

export function reasonOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).slice(0, 300);
}

import { type HubError, invalidField } from '@inthub/contracts';

const maxDepth = 64;

interface Place {
  readonly value: object;
  readonly depth: number;
  /** For the path, which is put together only when there is something to say about it. */
  readonly key: string;
  readonly above: Place | null;
}

/**
 * What PostgreSQL or a peer could not hold in JSON: NUL and lone surrogates in strings and keys, and nesting beyond 64. Walks without
 * recursion, so that depth itself cannot hurt.
 * @returns HubError `invalid_request` naming the place; undefined when there is nothing.
 */
export function findHostileText(body: unknown): HubError | undefined {
  if (typeof body === 'string') return faultOf(body, '');
  if (typeof body !== 'object' || body === null) return undefined;
  const todo: Place[] = [{ value: body, depth: 0, key: '', above: null }];
  for (let place = todo.pop(); place !== undefined; place = todo.pop()) {
    const { value, depth } = place;
    if (depth >= maxDepth) {
      return invalidField(pathOf(place).slice(0, 200), `is nested deeper than ${maxDepth} levels`, 'depth');
    }
    for (const key of Object.keys(value)) {
      const child = (value as Readonly<Record<string, unknown>>)[key];
      if (isHostile(key)) return faultOf(key, pathOf(place));
      if (typeof child === 'string') {
        if (isHostile(child)) return faultOf(child, `${pathOf(place)}/${escapeKey(key)}`);
      } else if (typeof child === 'object' && child !== null) {
        todo.push({ value: child, depth: depth + 1, key, above: place });
      }
    }
  }
  return undefined;
}

function isHostile(text: string): boolean {
  return text.includes('\u0000') || !text.isWellFormed();
}

function faultOf(text: string, path: string): HubError | undefined {
  if (text.includes('\u0000')) return invalidField(path || '/', 'contains a NUL character', 'text');
  if (text.isWellFormed()) return undefined;
  return invalidField(path || '/', 'contains a lone surrogate (invalid Unicode)', 'text');
}

/** JSON Pointer (RFC 6901) of a place. */
function pathOf(place: Place): string {
  let path = '';
  for (let at: Place = place; at.above !== null; at = at.above) path = `/${escapeKey(at.key)}${path}`;
  return path;
}

function escapeKey(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1');
}

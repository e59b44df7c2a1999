/**
 * The condition that a subscription puts on an event's data: a small closed language, compiled once. Libraries of this kind (sift, json-logic,
 * JSONata) bring regular expressions or computation, which a tenant could use to hold up everybody's dispatch; this one is linear in the
 * size of the filter.
 *
 *     { "and": [ { "at": "/action", "equals": "opened" }, { "not": { "at": "/pull_request/draft", "equals": true } } ] }
 */
import { type HubError, invalidField } from '@inthub/contracts';
import { readPointer, resolvePointer } from './json-pointer.ts';

export type PayloadFilter = (data: unknown) => boolean;

const limits = { depth: 6, nodes: 64, list: 100, text: 1_024 };
const operators = ['equals', 'in', 'exists', 'prefix', 'gt', 'gte', 'lt', 'lte'] as const;
type Operator = (typeof operators)[number];
const combinations = ['and', 'or', 'not'] as const;

/**
 * Reads a filter.
 * @param path JSON Pointer of the field in the caller's request, for messages.
 * @throws HubError `invalid_request` naming the place in the filter.
 */
export function compileFilter(filter: unknown, path = '/filter'): PayloadFilter {
  let nodes = 0;

  function compile(node: unknown, at: string, depth: number): PayloadFilter {
    nodes += 1;
    if (nodes > limits.nodes) throw refuse(path, `has more than ${limits.nodes} conditions`);
    if (depth > limits.depth) throw refuse(at, `is nested deeper than ${limits.depth} levels`);
    if (typeof node !== 'object' || node === null || Array.isArray(node)) throw refuse(at, 'must be an object');
    const fields = node as Readonly<Record<string, unknown>>;
    const names = Object.keys(fields);
    const combination = combinations.find((name) => names.includes(name));
    if (combination === undefined) return compileTest(fields, names, at);
    if (names.length !== 1) throw refuse(at, `holds ${combination} and something else; use one of them`);
    if (combination === 'not') {
      const inner = compile(fields['not'], `${at}/not`, depth + 1);
      return (data) => !inner(data);
    }
    const list = fields[combination];
    if (!Array.isArray(list) || list.length === 0) throw refuse(`${at}/${combination}`, 'must be a list of conditions');
    const parts = list.map((part, index) => compile(part, `${at}/${combination}/${index}`, depth + 1));
    return combination === 'and'
      ? (data) => parts.every((part) => part(data))
      : (data) => parts.some((part) => part(data));
  }
  return compile(filter, path, 1);
}

function compileTest(fields: Readonly<Record<string, unknown>>, names: readonly string[], at: string): PayloadFilter {
  const [name, ...more] = names.filter((given) => given !== 'at');
  const operator = operators.find((known) => known === name);
  if (operator === undefined || more.length > 0) {
    throw refuse(at, `needs "at" and one of ${operators.join(', ')}, or one of ${combinations.join(', ')}`);
  }
  const tokens = readPointer(fields['at']);
  if (tokens === undefined) throw refuse(`${at}/at`, 'must be a JSON Pointer into data, for example /action');
  const test = compileOperator(operator, fields[operator], `${at}/${operator}`);
  return (data) => test(resolvePointer(data, tokens));
}

function compileOperator(operator: Operator, wanted: unknown, at: string): (found: unknown) => boolean {
  switch (operator) {
    case 'exists':
      if (typeof wanted !== 'boolean') throw refuse(at, 'must be true or false');
      return (found) => (found !== undefined) === wanted;
    case 'equals':
      if (!isScalar(wanted)) throw refuse(at, `must be null, a boolean, a number or text of at most ${limits.text}`);
      return (found) => found === wanted;
    case 'in': {
      if (!Array.isArray(wanted) || wanted.length > limits.list || !wanted.every(isScalar)) {
        throw refuse(at, `must be a list of at most ${limits.list} values, each null, a boolean, a number or text`);
      }
      const values = new Set<unknown>(wanted);
      return (found) => values.has(found);
    }
    case 'prefix':
      if (typeof wanted !== 'string' || wanted.length > limits.text) throw refuse(at, 'must be text');
      return (found) => typeof found === 'string' && found.startsWith(wanted);
    default: {
      if (typeof wanted !== 'number') throw refuse(at, 'must be a number');
      const compare = comparisons[operator];
      return (found) => typeof found === 'number' && compare(found, wanted);
    }
  }
}

const comparisons = {
  gt: (found: number, wanted: number) => found > wanted,
  gte: (found: number, wanted: number) => found >= wanted,
  lt: (found: number, wanted: number) => found < wanted,
  lte: (found: number, wanted: number) => found <= wanted,
};

function isScalar(value: unknown): boolean {
  return (
    value === null ||
    typeof value === 'boolean' ||
    typeof value === 'number' ||
    (typeof value === 'string' && value.length <= limits.text)
  );
}

function refuse(path: string, why: string): HubError {
  return invalidField(path, why, 'filter');
}

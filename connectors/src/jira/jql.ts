/** JQL from values that others chose. Source: support.atlassian.com/jira-software-cloud/docs/jql (quotes, escapes, reserved characters). */
import { invalidField } from '@inthub/contracts';

/** A value in double quotes; within them only the quote and the backslash mean something. */
export function quote(value: string): string {
  return `"${value.replaceAll(/[\\"]/g, '\\$&').replaceAll(/[\r\n]+/g, ' ')}"`;
}

/** One project, by its id (a number, which stands without quotes) or key. */
export function inProject(project: string): string {
  return `project = ${/^\d+$/.test(project) ? project : quote(project)}`;
}

/**
 * Plain words as a text search; undefined when there are none. The text operator has a language of its own (Lucene's), in which signs
 * and upper-case AND, OR, NOT mean something: only letters, digits and the apostrophe go through, in lower case.
 */
export function textClause(words: string): string | undefined {
  const plain = words
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\p{M}']+/gu, ' ')
    .trim();
  return plain === '' ? undefined : `text ~ ${quote(plain)}`;
}

/**
 * A caller's own query narrowed to one project. Its quotes and parentheses must be whole, so that it cannot end the parentheses that
 * it is put into and reach other projects.
 * @throws HubError `invalid_request`
 */
export function within(project: string, query: string): string {
  const { condition, order } = split(query);
  return `${inProject(project)}${condition === '' ? '' : ` AND (${condition})`}${order === '' ? '' : ` ${order}`}`;
}

const orderBy = /^order\s+by\b/i;

/** The condition and the ORDER BY of a query. */
function split(query: string): { condition: string; order: string } {
  let depth = 0;
  let open: string | undefined;
  let orderAt = -1;
  for (let at = 0; at < query.length; at += 1) {
    const sign = query[at] as string;
    if (sign === '\\') at += 1;
    else if (open !== undefined) open = sign === open ? undefined : open;
    else if (sign === '"' || sign === "'") open = sign;
    else if (sign === '(') depth += 1;
    else if (sign === ')') depth -= 1;
    else if (depth === 0 && orderAt === -1 && startsWord(query, at) && orderBy.test(query.slice(at, at + 40)))
      orderAt = at;
    if (depth < 0) throw unbalanced();
  }
  const end = orderAt === -1 ? query.length : orderAt;
  const condition = query.slice(0, end).trim();
  // A backslash at its end would take away the meaning of the parenthesis that is put behind it.
  if (depth !== 0 || open !== undefined || condition.endsWith('\\') || query.endsWith('\\')) throw unbalanced();
  return { condition, order: query.slice(end).trim() };
}

function startsWord(query: string, at: number): boolean {
  return at === 0 || /[\s)"']/.test(query[at - 1] as string);
}

function unbalanced() {
  return invalidField(
    '/query',
    'has a quote or parenthesis without its counterpart; with projectId the query must be whole.',
  );
}

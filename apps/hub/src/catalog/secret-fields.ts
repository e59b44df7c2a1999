/**
 * Finds secrets where none belong. Config is shown to every reader of the catalog, exported and audited, so a secret in it is refused
 * before it is written anywhere. By name, not by guessing at values, but for a few values that cannot be anything else.
 */
import type { FieldError } from '@inthub/contracts';

const wayOut = 'send it as credentials, or keep it elsewhere and give an authRef';
const maxFound = 20;
const maxDepth = 16;

/** Last words of a name that stand for a secret, and pairs of last words that do only together. */
const secretWords = new Set([
  'password',
  'passwd',
  'pwd',
  'passphrase',
  'secret',
  'token',
  'credential',
  'credentials',
  'apikey',
]);
const secretPairs = new Set([
  'api',
  'access',
  'private',
  'secret',
  'account',
  'signing',
  'encryption',
  'subscription',
  'auth',
]);
const secretHeaders = new Set(['authorization', 'proxy-authorization', 'cookie', 'set-cookie']);
/** Set by the hub for each request; a fixed value would break the connection or smuggle a second request. */
const ownHeaders = new Set([
  'host',
  'connection',
  'content-length',
  'transfer-encoding',
  'te',
  'trailer',
  'upgrade',
  'keep-alive',
  'proxy-connection',
  'expect',
]);
const secretValues: readonly (readonly [RegExp, string])[] = [
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----/, 'a private key'],
  [/^[a-z][a-z0-9+.-]*:\/\/[^/?#\s]*@/i, 'a user name or password inside a URL'],
  [/^(?:gh[pousr]_|github_pat_|glpat-|xox[abeoprs]-|sk-ant-|AKIA[0-9A-Z]{16}$)/, 'an access token'],
];

/**
 * What looks like a secret in a config. `declared` are the fields of the type's own schema: their author has vouched for them.
 * Paths are JSON Pointers below `path`.
 */
export function findSecretFields(config: unknown, declared: ReadonlySet<string>, path = '/config'): FieldError[] {
  const found: FieldError[] = [];
  const add = (at: string, rule: string, message: string) => {
    if (found.length < maxFound) found.push({ path: at, rule, message });
  };
  const visit = (value: unknown, at: string, depth: number): void => {
    if (typeof value === 'string') {
      const what = secretValues.find(([pattern]) => pattern.test(value))?.[1];
      if (what !== undefined) add(at, 'no_secret', `holds ${what}; ${wayOut}`);
    }
    if (typeof value !== 'object' || value === null || depth > maxDepth) return;
    for (const [key, child] of Object.entries(value)) {
      const below = `${at}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`;
      const isHeader = at === `${path}/customHeaders`;
      const isDeclared = at === path && declared.has(key);
      if (isHeader && ownHeaders.has(key.toLowerCase()))
        add(below, 'header', 'the hub sets this header itself; remove it');
      else if (isHeader ? isSecretHeader(key) : !isDeclared && isSecretName(key)) {
        add(below, 'no_secret', `looks like a secret; ${wayOut}`);
      } else visit(child, below, depth + 1);
    }
  };
  visit(config, path, 0);
  return found;
}

/** By the last words of the name: `clientSecret` is one, `tokenUrl` and `secretName` are not. */
export function isSecretName(name: string): boolean {
  const words = name
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== '');
  const last = words.at(-1);
  if (last === undefined) return false;
  if (secretWords.has(last) || /(?:password|secret|apikey|accesskey|privatekey)$/.test(last)) return true;
  return last === 'key' && secretPairs.has(words.at(-2) ?? '');
}

function isSecretHeader(name: string): boolean {
  return secretHeaders.has(name.toLowerCase()) || isSecretName(name);
}

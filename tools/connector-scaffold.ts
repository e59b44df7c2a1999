/** Writes a new connector that already passes its checks, and its line in the registry. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { ConnectorCategory } from '@inthub/contracts';

const templates = resolve(import.meta.dirname, 'connector-template');
/** Files that a category adds to the template, or has instead: its first standard actions and its conformance suite. */
const categoryTemplates = resolve(import.meta.dirname, 'connector-template-categories');

/** Files of the template that a category has no use for: its skeleton stands on a family, whose products have no account to ask for. */
const leftOut: Partial<Record<ConnectorCategory, readonly string[]>> = {
  registry: ['account.ts.txt', 'schema.ts.txt'],
  model_provider: ['account.ts.txt', 'schema.ts.txt'],
};

/** First part of a type's id, by category: `registry.harbor`, `scm.github`. */
export const typePrefixes: Readonly<Record<ConnectorCategory, string>> = {
  source_control: 'scm',
  ci_cd: 'ci',
  registry: 'registry',
  vault: 'vault',
  router: 'router',
  project_management: 'pm',
  communication: 'chat',
  model_provider: 'model',
  cloud_provider: 'cloud',
  database: 'database',
  monitoring: 'monitoring',
  security: 'security',
  host: 'host',
  feed: 'feed',
  artifact: 'artifact',
  custom: 'custom',
};

export interface NewConnector {
  /** Repository's root, or another folder of the same layout. */
  readonly root: string;
  readonly id: string;
  readonly category: string;
}

/** Why the wish cannot be met; the message is for the person at the keyboard. */
export class ScaffoldError extends Error {
  override readonly name = 'ScaffoldError';
}

/** @returns the files written, relative to the root. Nothing is written when it throws. @throws ScaffoldError */
export function scaffoldConnector({ root, id, category }: NewConnector): string[] {
  if (!/^[a-z][a-z0-9_]{1,63}$/.test(id)) {
    throw new ScaffoldError(
      `"${id}" is no connector id: lower-case letters, digits and _, a letter first, 2 to 64 long.`,
    );
  }
  if (!isCategory(category)) {
    throw new ScaffoldError(`"${category}" is no category. Categories: ${Object.keys(typePrefixes).join(', ')}.`);
  }
  const folder = join('connectors/src', id);
  if (existsSync(join(root, folder)))
    throw new ScaffoldError(`${folder} exists already. Choose another id, or remove it.`);

  const registryPath = 'connectors/src/registry.ts';
  if (!existsSync(join(root, registryPath)))
    throw new ScaffoldError(`${registryPath} is missing; is ${root} the repository?`);
  const registry = registerConnector(readFileSync(join(root, registryPath), 'utf8'), id);

  const values: Readonly<Record<string, string>> = {
    id,
    ident: identifierOf(id),
    Name: nameOf(id),
    category,
    prefix: typePrefixes[category],
  };
  mkdirSync(join(root, folder), { recursive: true });
  const files = templatesOf(category).map(([template, source]) => {
    const text = readFileSync(source, 'utf8');
    const path = join(folder, template.replace(/[.]txt$/, ''));
    writeFileSync(
      join(root, path),
      text.replaceAll(/__(\w+?)__/g, (whole, key: string) => values[key] ?? whole),
    );
    return path;
  });
  writeFileSync(join(root, registryPath), registry);
  return [...files, registryPath];
}

/** Name and place of each template file, those of the category first in line. */
function templatesOf(category: ConnectorCategory): [string, string][] {
  const own = join(categoryTemplates, category);
  const files = new Map(readdirSync(templates).map((name) => [name, join(templates, name)]));
  for (const name of leftOut[category] ?? []) files.delete(name);
  if (existsSync(own)) for (const name of readdirSync(own)) files.set(name, join(own, name));
  return [...files].sort(([a], [b]) => a.localeCompare(b));
}

function isCategory(category: string): category is ConnectorCategory {
  return Object.hasOwn(typePrefixes, category);
}

const capital = (word: string) => word.charAt(0).toUpperCase() + word.slice(1);

/** azure_devops → azureDevops */
export function identifierOf(id: string): string {
  const [first = '', ...rest] = id.split('_').filter(Boolean);
  return first + rest.map(capital).join('');
}

/** azure_devops → Azure Devops; a start, to be corrected by hand. */
function nameOf(id: string): string {
  return id.split('_').filter(Boolean).map(capital).join(' ');
}

const importLine = /^import \{ \w+ \} from '[.]\/[\w/]+[.]ts';$/gm;
const list = /(export const \w+[^=\n]*= (?:Object[.]freeze\()?\[)([\s\w,]*)(\])/;

/** The registry's source with one more connector: its import and its place in the list, in alphabetical order. */
export function registerConnector(source: string, id: string): string {
  const identifier = identifierOf(id);
  const found = list.exec(source);
  if (!found) {
    throw new ScaffoldError(
      `connectors/src/registry.ts has no list that this tool understands. Add ${identifier} by hand.`,
    );
  }
  const [, before = '', members = '', after = ''] = found;
  const names = members
    .split(',')
    .map((name) => name.trim())
    .filter(Boolean);
  if (names.includes(identifier)) throw new ScaffoldError(`The registry lists ${identifier} already.`);
  const sorted = [...names, identifier].sort((a, b) => a.toLowerCase().localeCompare(b.toLowerCase()));
  const listed = source.replace(list, `${before}\n${sorted.map((name) => `  ${name},`).join('\n')}\n${after}`);

  const line = `import { ${identifier} } from './${id}/connector.ts';`;
  const imports = [...listed.matchAll(importLine)];
  const next = imports.find(([text]) => pathOf(text) > pathOf(line));
  if (next) return insertAt(listed, next.index, `${line}\n`);
  const last = imports.at(-1);
  if (last) return insertAt(listed, last.index + last[0].length, `\n${line}`);
  return insertAt(listed, afterImports(listed), `${line}\n`);
}

const pathOf = (line: string) => /'([^']+)'/.exec(line)?.[1] ?? '';

const insertAt = (text: string, index: number, more: string) => text.slice(0, index) + more + text.slice(index);

/** Where the first line after the package imports begins. */
function afterImports(source: string): number {
  const imports = [...source.matchAll(/^import .*;\n/gm)];
  const last = imports.at(-1);
  return last ? last.index + last[0].length : 0;
}

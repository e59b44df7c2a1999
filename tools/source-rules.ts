/** `npm run rules [path…]`: our own rules over every file that git knows or would add. */
import './require-node.mjs';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import { checkSource } from './source-rules/check-source.ts';

const root = resolve(import.meta.dirname, '..');
const readable = /[.](?:[cm]?[jt]sx?|json|md|ya?ml|sh|sql|toml)$|^[.]ci\//;
const notOurs = /^packages\/client\/src\/generated\/|(?:^|\/)openapi[.]json$|^package-lock[.]json$/;

function filesUnder(paths: readonly string[]): string[] {
  const inside = paths.map((path) => relative(root, resolve(path)) || '.');
  const listed = execFileSync('git', ['ls-files', '-z', '-c', '-o', '--exclude-standard', '--', ...inside], {
    cwd: root,
  });
  return [...new Set(listed.toString().split('\0'))]
    .filter((path) => readable.test(path) && !notOurs.test(path) && existsSync(resolve(root, path)))
    .sort();
}

const files = filesUnder(process.argv.length > 2 ? process.argv.slice(2) : ['.']);
const findings = files.flatMap((path) => checkSource(path, readFileSync(resolve(root, path), 'utf8')));

for (const { path, line, rule, message } of findings) console.log(`${path}:${line}  ${rule}  ${message}`);
if (findings.length > 0) {
  console.log(
    `\n${findings.length} findings in ${files.length} files. Where a rule is wrong: // rule-ok: <rule> <reason>`,
  );
  process.exitCode = 1;
} else {
  console.log(`source rules: ${files.length} files, nothing found`);
}

/** `npm run generate`: runs every generator. With --check, fails when that changed a file, and names it. */
import './require-node.mjs';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { generators } from './generators.ts';
import { repositoryRoot, runStep, tsx } from './run-step.ts';

/** Content hash of every file that generators write. */
function fingerprint(): Map<string, string> {
  const hashes = new Map<string, string>();
  const visit = (path: string) => {
    const absolute = resolve(repositoryRoot, path);
    if (!existsSync(absolute)) return;
    if (statSync(absolute).isDirectory()) {
      for (const name of readdirSync(absolute)) visit(join(path, name));
    } else {
      hashes.set(path, createHash('sha256').update(readFileSync(absolute)).digest('hex'));
    }
  };
  for (const { writes } of generators) writes.forEach(visit);
  return hashes;
}

async function generate(): Promise<boolean> {
  for (const { name, script } of generators) {
    const result = await runStep(tsx(script));
    if (result.ok) console.log(`${name}  ${result.seconds.toFixed(1)} s`);
    else console.error(`generator ${name} failed:\n${result.output}`);
    if (!result.ok) return false;
  }
  return true;
}

const before = fingerprint();
const ok = await generate();
const after = fingerprint();
const changed = [...new Set([...before.keys(), ...after.keys()])].filter(
  (path) => before.get(path) !== after.get(path),
);

if (!ok) {
  process.exitCode = 1;
} else if (process.argv.includes('--check') && changed.length > 0) {
  console.error(
    `Out of date until now; look at the new version and commit it:\n${changed.map((path) => `  ${path}`).join('\n')}`,
  );
  process.exitCode = 1;
} else {
  console.log(`${generators.length} generators, ${changed.length} files changed`);
}

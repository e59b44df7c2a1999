import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

// The generator needs TypeScript 5's API, so it lives in a folder with an installation of its own.
const home = 'tools/client-generator';
if (!existsSync(`${home}/node_modules`))
  run('npm', ['ci', '--prefix', home, '--ignore-scripts', '--no-audit', '--no-fund']);
run(process.execPath, [`${home}/node_modules/@hey-api/openapi-ts/bin/run.js`, '-f', `${home}/openapi-ts.config.mjs`]);

function run(command: string, args: string[]): void {
  const { status } = spawnSync(command, args, { stdio: ['ignore', 'inherit', 'inherit'] });
  if (status !== 0) process.exit(status ?? 1);
}

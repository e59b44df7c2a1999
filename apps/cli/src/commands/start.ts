import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { CliError, QuietExit } from '../cli-error.ts';
import type { Environment } from '../config.ts';
import type { CliContext } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import { wholeNumber } from '../paging.ts';
import type { Terminal } from '../terminal.ts';

interface StartFlags {
  readonly port?: number;
  readonly host?: string;
  readonly dataDir?: string;
}

/** The one command that does not go through the API: it makes the API. */
export function addStartCommand(program: Command, context: CliContext): void {
  program
    .command('start')
    .description('run a hub in the foreground; its other settings are environment variables')
    .option('--port <number>', 'port of the API (HUB_PORT, 8080)', wholeNumber(0, 65_535))
    .option('--host <address>', 'address to listen on (HUB_HOST, 127.0.0.1)')
    .option('--data-dir <path>', 'embedded database and key file (HUB_DATA_DIR, ./.inthub)')
    .action(async (flags: StartFlags) => {
      const entry = findHub(context.terminal);
      const code = await runHub(entry, hubEnvironment(context.terminal.environment, flags));
      // The hub has said what there is to say; its own exit code is passed on.
      if (code !== 0) throw new QuietExit(code);
    });
}

export function hubEnvironment(environment: Environment, { port, host, dataDir }: StartFlags): Environment {
  return {
    ...environment,
    ...(port === undefined ? {} : { HUB_PORT: String(port) }),
    ...(host === undefined ? {} : { HUB_HOST: host }),
    ...(dataDir === undefined ? {} : { HUB_DATA_DIR: dataDir }),
  };
}

function findHub(terminal: Terminal): string {
  let entry: string | undefined;
  try {
    entry = fileURLToPath(terminal.hubEntry());
  } catch {
    // Not installed beside the CLI; told below.
  }
  if (entry !== undefined && existsSync(entry)) return entry;
  throw new CliError(
    exitCodes.failure,
    entry === undefined ? 'The hub (@inthub/hub) is not installed here.' : 'The hub is not built yet.',
    'In a clone of Integration Hub: npm ci && npm run build',
  );
}

const forwarded = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;

/** Runs the hub until it ends. A signal's end becomes 128 + its number, as shells show it. */
async function runHub(entry: string, environment: Environment): Promise<number> {
  const child = spawn(process.execPath, ['--enable-source-maps', entry], { env: { ...environment }, stdio: 'inherit' });
  const forward = (signal: NodeJS.Signals) => {
    // A terminal sends Ctrl-C to the hub itself as well; a second one would end its draining.
    if (signal === 'SIGINT' && process.stdin.isTTY) return;
    child.kill(signal);
  };
  for (const signal of forwarded) process.on(signal, forward);
  try {
    return await new Promise<number>((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', (code, signal) => resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])));
    });
  } finally {
    for (const signal of forwarded) process.removeListener(signal, forward);
  }
}

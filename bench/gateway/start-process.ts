// Starts the processes of the bench and stops them again.
import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { pin } from './cores.ts';

export interface StartedProcess {
  readonly pid: number;
  /** What it said when it was ready. */
  readonly facts: Readonly<Record<string, unknown>>;
  stop(): Promise<void>;
}

export interface StartOptions {
  /** Default: wherever the system puts it. */
  readonly core?: number;
  readonly args?: readonly string[];
  /** Options of Node itself. */
  readonly nodeArgs?: readonly string[];
}

/** @param file One of processes/; says a line of JSON when it is ready, and ends when its standard input does. */
export async function startProcess(
  file: URL,
  { core, args = [], nodeArgs = [] }: StartOptions = {},
): Promise<StartedProcess> {
  const child = spawn(process.execPath, [...nodeArgs, fileURLToPath(file), ...args], {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const pid = child.pid;
  if (pid === undefined) throw new Error(`${file.pathname} could not be started.`);
  if (core !== undefined) pin(pid, core);
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors = (errors + text).slice(-4_000);
  });
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const facts = await firstLine(child, () => new Error(`${file.pathname} ended before it was ready:\n${errors}`));
  return {
    pid,
    facts,
    async stop() {
      child.stdin.end();
      const late = setTimeout(() => child.kill('SIGKILL'), 20_000);
      await gone;
      clearTimeout(late);
    },
  };
}

function firstLine(child: ChildProcess, failure: () => Error): Promise<Record<string, unknown>> {
  return new Promise((resolve, reject) => {
    let text = '';
    child.once('exit', () => reject(failure()));
    child.stdout?.setEncoding('utf8').on('data', (more: string) => {
      text += more;
      const end = text.indexOf('\n');
      if (end !== -1) resolve(JSON.parse(text.slice(0, end)) as Record<string, unknown>);
    });
  });
}

import { spawn } from 'node:child_process';
import { delimiter, resolve } from 'node:path';

export const repositoryRoot = resolve(import.meta.dirname, '..');

/** Lets a program that we start find the tools and the Node of this repository, whoever started us. */
const environment = {
  ...process.env,
  PATH: `${resolve(repositoryRoot, 'node_modules/.bin')}${delimiter}${process.env.PATH ?? ''}`,
};

export interface StepResult {
  readonly ok: boolean;
  readonly seconds: number;
  /** What it wrote on both streams, in order; empty when it wrote straight to the terminal. */
  readonly output: string;
}

/** Node arguments that run a TypeScript tool against the packages' sources, without a build. */
export const tsx = (script: string, ...rest: readonly string[]): readonly string[] => [
  'tsx',
  '--conditions=source',
  script,
  ...rest,
];

/** Runs one program in the repository's root. A program that cannot be started counts as failed. */
export function runStep(
  command: readonly string[],
  options: { show?: boolean; environment?: Record<string, string> } = {},
): Promise<StepResult> {
  const [program = '', ...rest] = command;
  const startedAt = performance.now();
  return new Promise((settle) => {
    const stdio = options.show ? 'inherit' : 'pipe';
    const child = spawn(program, rest, {
      cwd: repositoryRoot,
      env: { ...environment, ...options.environment },
      stdio: ['ignore', stdio, stdio],
    });
    const chunks: Buffer[] = [];
    const finish = (ok: boolean) =>
      settle({ ok, seconds: (performance.now() - startedAt) / 1000, output: Buffer.concat(chunks).toString() });
    child.stdout?.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.stderr?.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.on('error', (error) => {
      chunks.push(Buffer.from(`${program} could not be started: ${error.message}\n`));
      finish(false);
    });
    child.on('close', (code) => finish(code === 0));
  });
}

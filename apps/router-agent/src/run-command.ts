import { execFile } from 'node:child_process';

export interface CommandResult {
  readonly code: number;
  /** Both streams, at most 64 KiB. */
  readonly output: string;
}

/** Runs a program without a shell, for at most 30 s. Only the agent's own options name programs, never a request. */
export function runCommand(file: string, options: readonly string[]): Promise<CommandResult> {
  return new Promise((resolve, reject) => {
    execFile(file, options, { timeout: 30_000, maxBuffer: 65_536, killSignal: 'SIGKILL' }, (error, stdout, stderr) => {
      const code = error === null ? 0 : error.code;
      if (typeof code === 'number') resolve({ code, output: `${stdout}${stderr}` });
      else reject(error ?? new Error(`${file} did not end`));
    });
  });
}

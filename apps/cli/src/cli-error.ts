import { type ExitCode, exitCodes } from './exit-codes.ts';

/** A failure that the command line itself finds, with the way out. */
export class CliError extends Error {
  override readonly name = 'CliError';
  readonly exitCode: ExitCode;
  /** What to do next, one line. */
  readonly wayOut: string | undefined;

  constructor(exitCode: ExitCode, message: string, wayOut?: string) {
    super(message);
    this.exitCode = exitCode;
    this.wayOut = wayOut;
  }
}

/** Wrong usage: exit code 2. */
export function usageError(message: string, wayOut?: string): CliError {
  return new CliError(exitCodes.usage, message, wayOut);
}

/** Ends the program with a code when all that there is to say has been printed already, as after a failed connection test. */
export class QuietExit extends Error {
  override readonly name = 'QuietExit';
  /** One of `exitCodes`, or what a child process ended with. */
  readonly exitCode: number;

  constructor(exitCode: number) {
    super(`exit ${exitCode}`);
    this.exitCode = exitCode;
  }
}

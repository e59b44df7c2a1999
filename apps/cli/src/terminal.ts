import { type Clock, systemClock } from '@inthub/contracts';
import { readBounded } from './bounded-read.ts';
import { CliError } from './cli-error.ts';
import { type Environment, processEnvironment, readSettings } from './config.ts';
import { exitCodes } from './exit-codes.ts';
import { printable } from './printable.ts';

/** All that the CLI has of the world outside the hub, so that tests can stand in for it. */
export interface Terminal {
  readonly environment: Environment;
  readonly clock: Clock;
  /** Width of stdout when it is a terminal; undefined when it is a file or a pipe, where nothing is cut. */
  readonly columns: number | undefined;
  readonly color: boolean;
  /** Somebody can answer questions. */
  readonly interactive: boolean;
  /** To stdout: results only. */
  write(text: string): void;
  /** To stderr: errors, notes, progress. */
  writeError(text: string): void;
  /** All of stdin. @throws CliError beyond `maxBytes`. */
  readInput(maxBytes: number): Promise<Uint8Array>;
  /** Asks for a secret without showing it. @throws CliError when the question is dismissed. */
  askSecret(question: string): Promise<string>;
  /** @throws CliError when the question is dismissed. */
  askYesNo(question: string): Promise<boolean>;
  /** File URL of the hub's entry. @throws when it is not installed. */
  hubEntry(): string;
}

export function systemTerminal(): Terminal {
  const environment = processEnvironment();
  const { stdin, stdout, stderr } = process;
  return {
    environment,
    clock: systemClock,
    // A terminal that does not know its width says 0.
    columns: (stdout.isTTY && stdout.columns) || undefined,
    color: stdout.isTTY === true && readSettings(environment).colorAllowed,
    interactive: stdin.isTTY === true && stderr.isTTY === true,
    write: (text) => void stdout.write(text),
    writeError: (text) => void stderr.write(text),
    readInput: (maxBytes) => readBounded(stdin, 'Standard input', maxBytes),
    // Loaded when needed only: most commands ask nothing.
    async askSecret(question) {
      const { isCancel, password } = await import('@clack/prompts');
      const answer = await password({ message: printable(question), output: stderr });
      if (isCancel(answer)) throw dismissed();
      return answer ?? '';
    },
    async askYesNo(question) {
      const { confirm, isCancel } = await import('@clack/prompts');
      const answer = await confirm({ message: printable(question), initialValue: false, output: stderr });
      if (isCancel(answer)) throw dismissed();
      return answer;
    },
    hubEntry: () => import.meta.resolve('@inthub/hub/main'),
  };
}

function dismissed(): CliError {
  return new CliError(exitCodes.failure, 'Nothing was done.');
}

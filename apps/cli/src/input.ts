import { createReadStream } from 'node:fs';
import { type JsonObject, parseJsonText } from './assignments.ts';
import { readBounded } from './bounded-read.ts';
import { usageError } from './cli-error.ts';
import { isSchema } from './json-schema.ts';
import type { Terminal } from './terminal.ts';

/** More than the hub takes in one body. */
const maxInputBytes = 4 * 1024 * 1024;

/** Text of a file. A pipe will do as well: `<(command)`. @throws CliError naming the flag. */
export async function readTextFile(flag: string, path: string, maxBytes = maxInputBytes): Promise<string> {
  try {
    return decode(flag, await readBounded(createReadStream(path), path, maxBytes));
  } catch (error) {
    if (!(error instanceof Error) || !('code' in error)) throw error;
    throw usageError(`${flag}: ${path} cannot be read (${String(error.code)}).`);
  }
}

/** Text of the file that an argument names, or of stdin where it is `-`. @throws CliError naming the file. */
export async function readFileArgument(path: string, terminal: Terminal, maxBytes: number): Promise<string> {
  if (path !== '-') return readTextFile('<file>', path, maxBytes);
  return decode('Standard input', await terminal.readInput(maxBytes));
}

/** Text from `@file`, `-` (stdin) or the argument itself. @throws CliError naming the flag. */
export async function readText(flag: string, argument: string, terminal: Terminal): Promise<string> {
  return isOutside(argument) ? readOutside(flag, argument, terminal) : argument;
}

/** A JSON list from `@file`, `-` (stdin) or the argument itself. @throws CliError naming the flag. */
export async function readJsonList(flag: string, argument: string, terminal: Terminal): Promise<readonly unknown[]> {
  const value = parseJsonText(flag, await readText(flag, argument, terminal));
  if (!Array.isArray(value)) throw usageError(`${flag}: this must be a JSON list.`);
  return value;
}

/** A JSON object from `@file`, `-` (stdin) or the argument itself. @throws CliError naming the flag. */
export async function readJsonObject(flag: string, argument: string, terminal: Terminal): Promise<JsonObject> {
  return requireObject(flag, await readText(flag, argument, terminal));
}

/** As `readJsonObject`, but the argument itself is refused. @throws CliError that says why. */
export async function readSecretJsonObject(flag: string, argument: string, terminal: Terminal): Promise<JsonObject> {
  if (!isOutside(argument)) throw secretInArguments(flag, `${flag} @file or ${flag} -`);
  return requireObject(flag, await readOutside(flag, argument, terminal));
}

/** One secret from stdin, or asked for when somebody sits there. A line break at its end does not belong to it. */
export async function readSecret(flag: string, question: string, terminal: Terminal): Promise<string> {
  const text = terminal.interactive
    ? await terminal.askSecret(question)
    : decode(flag, await terminal.readInput(maxInputBytes));
  const secret = text.replace(/\r?\n$/, '');
  if (secret === '')
    throw usageError(`${flag}: nothing came on standard input.`, `Example: pass show it | inthub … ${flag}`);
  return secret;
}

export function secretInArguments(flag: string, instead: string): Error {
  return usageError(
    `${flag}: a secret on the command line can be read by every process of this machine and stays in the shell’s history.`,
    `Use ${instead}.`,
  );
}

const isOutside = (argument: string) => argument === '-' || argument.startsWith('@');

async function readOutside(flag: string, argument: string, terminal: Terminal): Promise<string> {
  if (argument === '-') return decode(flag, await terminal.readInput(maxInputBytes));
  return readTextFile(flag, argument.slice(1));
}

function requireObject(flag: string, text: string): JsonObject {
  const value = parseJsonText(flag, text);
  if (!isSchema(value)) throw usageError(`${flag}: this must be a JSON object.`);
  return value;
}

function decode(flag: string, bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw usageError(`${flag}: this is not UTF-8 text.`);
  }
}

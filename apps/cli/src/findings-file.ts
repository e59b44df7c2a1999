import { parseJsonText } from './assignments.ts';
import { usageError } from './cli-error.ts';
import { readFileArgument } from './input.ts';
import { isSchema } from './json-schema.ts';
import type { Terminal } from './terminal.ts';

/** What a findings file holds, as the hub takes it; the hub checks the rest. */
export type FindingsInput =
  | { readonly sarif: Readonly<Record<string, unknown>> }
  | { readonly findings: readonly unknown[] };

/** White space and what else falls away on the way counts too. */
const maxFileBytes = 64 * 1024 * 1024;
/** The hub's bound of a body, less what goes with the findings. */
const maxSentBytes = 10 * 1024 * 1024 - 10_000;

const forms =
  'Give a SARIF 2.1.0 log, or findings as JSON: a list of {"ruleId", "message", "severity", "path", "startLine"}.';

/**
 * Reads a SARIF log, or findings in the hub's own form: a list, or an object with the list under `findings`.
 * @param path Of the file; `-` is stdin. @throws CliError that says what the file is instead, and what to do.
 */
export async function readFindings(path: string, terminal: Terminal): Promise<FindingsInput> {
  const name = path === '-' ? 'Standard input' : path;
  const text = await readFileArgument(path, terminal, maxFileBytes);
  if (text.trim() === '') throw usageError(`${name} is empty.`, forms);
  if (/^\s*</.test(text)) {
    throw usageError(`${name} is XML, and the hub takes JSON.`, 'Have the scanner write SARIF 2.1.0; most can.');
  }
  const input = recognise(name, parseJsonText(name, text));
  if (Buffer.byteLength(JSON.stringify(input)) > maxSentBytes) {
    throw usageError(
      `${name} is larger than the hub takes: 10 MiB, white space aside.`,
      'Leave out what annotations do not show (codeFlows, snippets, artifacts), or publish run by run.',
    );
  }
  return input;
}

function recognise(name: string, value: unknown): FindingsInput {
  if (Array.isArray(value)) return { findings: value };
  if (!isSchema(value)) throw usageError(`${name} holds neither a SARIF log nor findings.`, forms);
  const { version, runs, findings } = value;
  if (Array.isArray(findings)) {
    const other = Object.keys(value).find((field) => field !== 'findings');
    if (other === undefined) return { findings };
    throw usageError(
      `${name}: "${other}" does not belong beside "findings".`,
      'What is not a finding is said by flags.',
    );
  }
  if (!Array.isArray(runs)) throw usageError(`${name} holds neither a SARIF log nor findings.`, forms);
  if (version === '2.1.0') return { sarif: value };
  const found = typeof version === 'string' ? `SARIF ${version}` : 'SARIF without a version';
  throw usageError(`${name} is ${found}; the hub takes SARIF 2.1.0.`, 'Have the scanner write that version.');
}

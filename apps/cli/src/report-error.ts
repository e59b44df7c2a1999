import { HubApiError } from '@inthub/client';
import { CommanderError } from 'commander';
import { CliError, QuietExit } from './cli-error.ts';
import { type ExitCode, exitCodes } from './exit-codes.ts';
import { printable, toJsonText } from './printable.ts';
import { createPaint } from './style.ts';
import type { Terminal } from './terminal.ts';

/** Tells a failure on stderr: what, the way out, the request id; or one problem document with --json. Answers the exit code. */
export function reportError(error: unknown, terminal: Terminal, json: boolean): number {
  if (error instanceof QuietExit) return error.exitCode;
  if (error instanceof CommanderError && error.exitCode === 0) return exitCodes.ok;
  const failure = describe(error);
  // People have been shown the help.
  if (error instanceof CommanderError && error.code === 'commander.help' && !json) return failure.exitCode;
  if (json) {
    terminal.writeError(`${toJsonText({ ...failure.problem, exitCode: failure.exitCode }, 2)}\n`);
    return failure.exitCode;
  }
  const paint = createPaint(terminal.color);
  const lines = [
    `${paint('red', 'error:')} ${printable(failure.message)}`,
    ...failure.faults.map((fault) => `  ${printable(fault)}`),
    ...(failure.wayOut === undefined ? [] : [`  ${paint('bold', '→')} ${printable(failure.wayOut)}`]),
    ...(failure.requestId === undefined ? [] : [paint('dim', `  request ${printable(failure.requestId)}`)]),
  ];
  terminal.writeError(`${lines.join('\n')}\n`);
  return failure.exitCode;
}

interface Failure {
  readonly exitCode: ExitCode;
  readonly message: string;
  readonly wayOut: string | undefined;
  readonly requestId: string | undefined;
  /** Faults of single fields, when there are several. */
  readonly faults: readonly string[];
  readonly problem: object;
}

function describe(error: unknown): Failure {
  if (error instanceof HubApiError) return fromHub(error);
  if (error instanceof CliError) return own(error.exitCode, error.message, error.wayOut);
  if (error instanceof CommanderError)
    return own(exitCodes.usage, usageText(error), 'inthub --help shows all commands.');
  const what = error instanceof Error ? error.message : String(error);
  return own(
    exitCodes.failure,
    `Unexpected: ${what}`,
    'This is a defect of inthub; please report it with the command.',
  );
}

function own(exitCode: ExitCode, message: string, wayOut: string | undefined): Failure {
  const name = Object.entries(exitCodes).find(([, known]) => known === exitCode)?.[0] ?? 'failure';
  const code = name.replace(/[A-Z]/, (letter) => `_${letter.toLowerCase()}`);
  const problem = { type: 'about:blank', title: 'inthub', detail: message, code, ...(wayOut ? { wayOut } : {}) };
  return { exitCode, message, wayOut, requestId: undefined, faults: [], problem };
}

function fromHub(error: HubApiError): Failure {
  const { problem } = error;
  const faults = (problem.errors ?? []).filter(
    // The message often holds the first one.
    ({ path, message }) => ![`${path} ${message}`, `${path}: ${message}`].some((text) => error.message.includes(text)),
  );
  const document = { type: 'about:blank', title: 'No answer of a hub', detail: error.message, code: error.code };
  return {
    exitCode: exitCodeOf(error),
    message: error.message,
    wayOut: wayOutOf(error),
    requestId: problem.requestId,
    faults: faults.map(({ path, message }) => `${path} ${message}`),
    problem: problem.code === undefined || error.status === 0 ? document : problem,
  };
}

/** Only the hub's own answers count as not found, denied or conflict; what a provider says is a failure of the operation. */
function exitCodeOf({ status, code }: Pick<HubApiError, 'status' | 'code'>): ExitCode {
  if (code.startsWith('provider_') || code === 'egress_denied' || code === 'cancelled') return exitCodes.failure;
  if (status === 0 || code === 'unavailable') return exitCodes.unreachable;
  if (code === 'unknown' && (status < 400 || status >= 500)) return exitCodes.unreachable;
  if ([400, 405, 413, 415].includes(status)) return exitCodes.usage;
  if (status === 401 || status === 403) return exitCodes.denied;
  if (status === 404) return exitCodes.notFound;
  if ([409, 412, 428].includes(status)) return exitCodes.conflict;
  return exitCodes.failure;
}

const wayOuts: Readonly<Record<string, string>> = {
  unauthenticated: 'Sign in with inthub login, or set INTHUB_TOKEN to a valid API key.',
  forbidden:
    'inthub whoami shows the scopes that you have; an admin can hand out a key with more (inthub keys create).',
  not_granted: 'inthub grants show <integration> lists what it may do; inthub grants set changes that.',
  grant_expired: 'inthub grants set <integration> --expires <when> renews it.',
  version_mismatch: 'Somebody changed it meanwhile: look with inthub integrations show, then run this again.',
  unknown_action: 'inthub actions list <integration> shows what there is.',
  integration_inactive: 'inthub integrations show <integration> says why; test, activate or resume it.',
  approval_required: 'Ask another admin to run inthub integrations activate <integration>.',
  credential_unavailable: 'inthub integrations update <integration> --credentials @file gives it a new one.',
  provider_unauthenticated: 'inthub integrations update <integration> --credentials @file gives it a new credential.',
  egress_denied: 'The operator opens addresses with HUB_EGRESS_ALLOW.',
  unreachable: 'Start a hub with inthub start, or name another one with --url or INTHUB_URL.',
};

function wayOutOf({ code, problem }: HubApiError): string | undefined {
  if (problem.retryAfterMs !== undefined) return `Try again in ${Math.ceil(problem.retryAfterMs / 1000)} s.`;
  return Object.hasOwn(wayOuts, code) ? wayOuts[code] : undefined;
}

/** Commander's text, without the words that it repeats: a secret may be among them. */
function usageText(error: CommanderError): string {
  if (error.code === 'commander.help') return 'A command is missing.';
  const text = error.message.replace(/^error: /, '').replace(/'(--?[\w-]+)=[^']*'/, "'$1'");
  return error.code === 'commander.excessArguments' ? text.replace(/: .*$/s, '.') : text;
}

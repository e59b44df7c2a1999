import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { addActionCommands } from './commands/actions.ts';
import { addAnnotationCommands } from './commands/annotations.ts';
import { addAuditCommands } from './commands/audit.ts';
import { addBudgetCommands } from './commands/budgets.ts';
import { addCompletionCommand } from './commands/completion.ts';
import { addConnectorCommands } from './commands/connectors.ts';
import { addDeadLetterCommands } from './commands/dead-letters.ts';
import { addEventCommands } from './commands/events.ts';
import { addGrantCommands } from './commands/grants.ts';
import { addIntegrationCommands } from './commands/integrations.ts';
import { addKeyCommands } from './commands/keys.ts';
import { addLoginCommands } from './commands/login.ts';
import { addModelCommands } from './commands/models.ts';
import { addRetentionCommands } from './commands/retention.ts';
import { addStartCommand } from './commands/start.ts';
import { addTenantCommands } from './commands/tenants.ts';
import { addTypeCommands } from './commands/types.ts';
import { addUserCommands } from './commands/users.ts';
import { addVaultCommands } from './commands/vault.ts';
import { addWebhookEndpointCommands } from './commands/webhook-endpoints.ts';
import { addWebhookCommands } from './commands/webhooks.ts';
import type { GlobalFlags } from './connection.ts';
import { createContext } from './context.ts';
import { reportError } from './report-error.ts';
import type { Terminal } from './terminal.ts';

/** Runs one command line (without node and script). Answers the exit code; never throws and never ends the process. */
export async function runProgram(args: readonly string[], terminal: Terminal): Promise<number> {
  // Known before parsing, because parsing may fail.
  const json = args.slice(0, args.includes('--') ? args.indexOf('--') : undefined).includes('--json');
  try {
    await createProgram(terminal, json).parseAsync([...args], { from: 'user' });
    return 0;
  } catch (error) {
    return reportError(error, terminal, json);
  }
}

function createProgram(terminal: Terminal, json: boolean): Command {
  const program = new Command('inthub')
    .description('Operate an Integration Hub: install connectors, prove connections, run actions, read the audit.')
    .version(version(), '-V, --version', 'print the version of inthub')
    .option('--json', 'print JSON on stdout, and nothing else there')
    .option('--url <url>', 'the hub (environment: INTHUB_URL)')
    .option('--profile <name>', 'stored URL and token to use (environment: INTHUB_PROFILE)')
    .exitOverride()
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: (text) => terminal.write(text),
      writeErr: (text) => {
        if (!json) terminal.writeError(text);
      },
      // Told by reportError.
      outputError: () => {},
      getOutHelpWidth: () => terminal.columns ?? 100,
      getErrHelpWidth: () => terminal.columns ?? 100,
      getOutHasColors: () => terminal.color,
      getErrHasColors: () => terminal.color,
    })
    .addHelpText('after', exitCodeHelp);
  const context = createContext(terminal, () => ({ ...program.opts<Omit<GlobalFlags, 'json'>>(), json }));
  for (const add of [
    addStartCommand,
    addLoginCommands,
    addTypeCommands,
    addConnectorCommands,
    addIntegrationCommands,
    addActionCommands,
    addAnnotationCommands,
    addGrantCommands,
    addModelCommands,
    addEventCommands,
    addDeadLetterCommands,
    addRetentionCommands,
    addKeyCommands,
    addUserCommands,
    addTenantCommands,
    addAuditCommands,
    addBudgetCommands,
    addVaultCommands,
    addWebhookCommands,
    addWebhookEndpointCommands,
    addCompletionCommand,
  ]) {
    add(program, context);
  }
  return program;
}

function version(): string {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  return version;
}

const exitCodeHelp = `
Exit codes: 0 done, 1 the operation failed, 2 wrong usage, 3 verification found a fault, 4 not signed in or not allowed,
5 not found, 6 conflict or changed meanwhile, 7 hub unreachable.`;

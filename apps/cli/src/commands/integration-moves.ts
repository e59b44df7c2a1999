import { api, type HubClient, type Integration } from '@inthub/client';
import type { Command } from 'commander';
import { QuietExit } from '../cli-error.ts';
import type { CliContext } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import { given } from '../given.ts';
import { valueText } from '../output.ts';
import { integrationLine } from '../present-integration.ts';
import { integrationArgument, resolveIntegration } from '../resolve-integration.ts';

type Move = (client: HubClient, id: string) => Promise<{ data: Integration }>;

const moves: readonly { readonly name: string; readonly description: string; readonly move: Move }[] = [
  {
    name: 'submit',
    description: 'submit a draft for verification; a passed test then activates it',
    move: (client, id) => api.submitIntegration({ client, throwOnError: true, path: { id } }),
  },
  {
    name: 'activate',
    description: 'approve and activate a verified integration',
    move: (client, id) => api.activateIntegration({ client, throwOnError: true, path: { id } }),
  },
  {
    name: 'resume',
    description: 'resume a paused integration and check it at once',
    move: (client, id) => api.resumeIntegration({ client, throwOnError: true, path: { id } }),
  },
];

export function addIntegrationMoveCommands(group: Command, context: CliContext): void {
  for (const { name, description, move } of moves) {
    group
      .command(name)
      .description(description)
      .argument(...integrationArgument)
      .action(async (reference: string) => run(reference, move));
  }

  group
    .command('pause')
    .description('pause an integration: no calls, no checks')
    .argument(...integrationArgument)
    .requiredOption('--reason <text>', 'why')
    .option('--ticket <reference>', 'ticket that says more')
    .action(async (reference: string, { reason, ticket }: { reason: string; ticket?: string }) =>
      run(reference, (client, id) =>
        api.pauseIntegration({ client, throwOnError: true, path: { id }, body: { reason, ...given({ ticket }) } }),
      ),
    );

  group
    .command('test')
    .description('test the connection now; exit code 1 when it fails')
    .argument(...integrationArgument)
    .action(async (reference: string) => {
      const client = await context.client();
      const { id, name } = await resolveIntegration(client, reference);
      const { data: result } = await api.testIntegration({ client, throwOnError: true, path: { id } });
      const output = context.output();
      output.result(result, () =>
        output.fields([
          [name, { text: result.success ? 'passed' : 'failed', style: result.success ? 'green' : 'red' }],
          ['found', result.message],
          ['took', `${Math.round(result.latencyMs)} ms${result.cached === true ? ' (cached)' : ''}`],
          ...Object.entries(result.details).map(([field, value]) => [field, valueText(value)] as const),
        ]),
      );
      if (!result.success) throw new QuietExit(exitCodes.failure);
    });

  async function run(reference: string, move: Move): Promise<void> {
    const client = await context.client();
    const { id } = await resolveIntegration(client, reference);
    const { data: integration } = await move(client, id);
    const output = context.output();
    output.result(integration, () => integrationLine(output, integration));
  }
}

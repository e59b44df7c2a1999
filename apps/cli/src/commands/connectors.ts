import { api, type GetConnectorResponse } from '@inthub/client';
import { type ConnectorCategory, connectorCategories } from '@inthub/contracts';
import { type Command, Option } from 'commander';
import type { CliContext } from '../context.ts';
import { given } from '../given.ts';
import type { Output } from '../output.ts';
import { yesNoCell } from '../style.ts';

export function addConnectorCommands(program: Command, context: CliContext): void {
  const group = program.command('connectors').description('connectors: the code for outside products');

  group
    .command('list')
    .description('list connectors, and plugins that could not be loaded')
    .addOption(new Option('--category <category>', 'what they are for').choices(connectorCategories))
    .action(async ({ category }: { category?: ConnectorCategory }) => {
      const client = await context.client();
      const { data } = await api.listConnectors({ client, throwOnError: true, query: given({ category }) });
      const output = context.output();
      output.result(data, () =>
        output.table(
          ['connector', 'name', 'version', 'vendor', 'category', 'types'],
          data.items.map((one) => [
            one.id,
            one.name,
            one.latestVersion,
            one.vendor,
            one.category,
            one.types.join(', '),
          ]),
        ),
      );
      for (const { path, reason } of data.broken) output.warning(`${path} could not be loaded: ${reason}`);
    });

  group
    .command('show')
    .description('show a connector with its actions and what it needs')
    .argument('<connector>', 'connector id')
    .action(async (connectorId: string) => {
      const { data } = await api.getConnector({
        client: await context.client(),
        throwOnError: true,
        path: { connectorId },
      });
      const output = context.output();
      output.result(data, () => connectorText(output, data));
    });
}

function connectorText(output: Output, connector: GetConnectorResponse): string {
  const general = output.fields([
    ['connector', `${connector.id} ${connector.latestVersion}`],
    ['name', connector.name],
    ['description', connector.description],
    ['vendor', `${connector.vendor}${connector.isFirstParty ? ' (first party)' : ''}`],
    ['types', connector.types.join(', ')],
    ['documentation', connector.documentationUrl],
    ['support', connector.supportUrl],
    ['privacy', connector.privacyPolicyUrl],
  ]);
  const actions = output.table(
    ['action', 'title', 'only reads', 'streams', 'capability'],
    connector.actions.map((action) => [
      action.id,
      action.title,
      yesNoCell(action.safe),
      yesNoCell(action.streams),
      action.capability,
    ]),
  );
  const permissions = output.table(
    ['scope at the provider', 'required', 'why'],
    connector.requiredPermissions.map((one) => [one.scope, yesNoCell(one.required), one.justification]),
  );
  return [
    general,
    `${output.heading('Actions')}${actions}`,
    ...(connector.requiredPermissions.length === 0 ? [] : [`${output.heading('Needs')}${permissions}`]),
  ].join('\n');
}

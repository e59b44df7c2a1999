import { api, type IntegrationType } from '@inthub/client';
import { type ConnectorCategory, connectorCategories } from '@inthub/contracts';
import { type Command, Option } from 'commander';
import type { CliContext } from '../context.ts';
import { given } from '../given.ts';
import { type Output, valueText } from '../output.ts';
import { schemaTable } from '../schema-table.ts';

export function addTypeCommands(program: Command, context: CliContext): void {
  const group = program.command('types').description('integration types: what can be installed');

  group
    .command('list')
    .description('list integration types')
    .addOption(new Option('--category <category>', 'what they are for').choices(connectorCategories))
    .option('--connector <id>', 'those of one connector')
    .action(async ({ category, connector }: { category?: ConnectorCategory; connector?: string }) => {
      const client = await context.client();
      const query = given({ category, connector });
      const { data } = await api.listIntegrationTypes({ client, throwOnError: true, query });
      const output = context.output();
      output.result(data, () =>
        output.table(
          ['type', 'name', 'category', 'connector', 'actions'],
          data.items.map((type) => [type.id, type.displayName, type.category, type.connectorId, type.actions.length]),
        ),
      );
    });

  group
    .command('show')
    .description('show a type: config fields, ways to sign in, templates')
    .argument('<type>', 'for example registry.oci')
    .action(async (type: string) => {
      const { data } = await api.getIntegrationType({
        client: await context.client(),
        throwOnError: true,
        path: { type },
      });
      const output = context.output();
      output.result(data, () => typeText(output, data));
    });
}

function typeText(output: Output, type: IntegrationType): string {
  const general = output.fields([
    ['type', type.id],
    ['name', type.displayName],
    ['description', type.description],
    ['category', type.category],
    ['connector', `${type.connectorId} ${type.connectorVersion}`],
    ['default endpoint', type.defaultEndpoint ?? undefined],
    ['actions', type.actions.join(', ')],
  ]);
  const auth = output.table(
    ['auth mode', 'credential', 'title', 'how'],
    type.auth.map(({ mode, kind, title, help }) => [mode, kind ?? 'none', title, help]),
  );
  const templates = output.table(
    ['template', 'description', 'config'],
    type.templates.map(({ name, description, config }) => [name, description, valueText(config)]),
  );
  return [
    general,
    `${output.heading('Config')}${schemaTable(output, type.configSchema)}`,
    `${output.heading('Signing in')}${auth}`,
    ...(type.templates.length === 0 ? [] : [`${output.heading('Templates')}${templates}`]),
  ].join('\n');
}

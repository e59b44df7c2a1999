import { api } from '@inthub/client';
import {
  type ConnectorCategory,
  connectorCategories,
  type HealthStatus,
  healthStatuses,
  type IntegrationStatus,
  integrationStatuses,
} from '@inthub/contracts';
import { type Command, Option } from 'commander';
import { CliError, usageError } from '../cli-error.ts';
import type { CliContext } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import { given } from '../given.ts';
import { addPagingOptions, noteMore, type PagingFlags, readPages } from '../paging.ts';
import { integrationTable, integrationText } from '../present-integration.ts';
import { oneLine } from '../printable.ts';
import { integrationArgument, resolveIntegration } from '../resolve-integration.ts';
import { addIntegrationDoctorCommand } from './integration-doctor.ts';
import { addIntegrationHealthCommands } from './integration-health.ts';
import { addIntegrationMoveCommands } from './integration-moves.ts';
import { addIntegrationSettingsCommands } from './integration-settings.ts';

interface ListFlags extends PagingFlags {
  readonly type?: string;
  readonly category?: ConnectorCategory;
  readonly connector?: string;
  readonly status?: IntegrationStatus;
  readonly health?: HealthStatus;
  readonly environment?: string;
  readonly tag?: string;
  readonly owner?: string;
  readonly search?: string;
}

interface DeleteFlags {
  readonly yes?: boolean;
  readonly keepData?: boolean;
  readonly keepTokens?: boolean;
}

export function addIntegrationCommands(program: Command, context: CliContext): void {
  const group = program.command('integrations').description('installed connectors: list, install, change, test, pause');

  addPagingOptions(group.command('list').description('list integrations by name'))
    .option('--type <type>', 'integration type, for example registry.oci')
    .addOption(new Option('--category <category>', 'what the connector is for').choices(connectorCategories))
    .option('--connector <id>', 'connector id')
    .addOption(new Option('--status <status>', 'state of the lifecycle').choices(integrationStatuses))
    .addOption(new Option('--health <health>', 'as last checked').choices(healthStatuses))
    .option('--environment <name>', 'exact environment')
    .option('--tag <tag>', 'one tag')
    .option('--owner <id>', 'owner id')
    .option('--search <text>', 'text in name or description')
    .action(async (flags: ListFlags) => {
      const client = await context.client();
      const output = context.output();
      const { type, category, connector, status, health, environment, tag, owner, search: q } = flags;
      const filter = given({ type, category, connector, status, health, environment, tag, owner, q });
      const page = await readPages(flags, async (query) => {
        const { data } = await api.listIntegrations({ client, throwOnError: true, query: { ...filter, ...query } });
        return data;
      });
      output.result(page, () => integrationTable(output, page.items));
      noteMore(output, page);
    });

  group
    .command('show')
    .description('show one integration')
    .argument(...integrationArgument)
    .action(async (reference: string) => {
      const integration = await resolveIntegration(await context.client(), reference);
      const output = context.output();
      output.result(integration, () => integrationText(output, integration));
    });

  addIntegrationSettingsCommands(group, context);

  group
    .command('delete')
    .description('uninstall an integration and destroy its credentials')
    .argument(...integrationArgument)
    .option('--yes', 'do not ask')
    .option('--keep-data', 'keep synced data')
    .option('--keep-tokens', 'do not revoke tokens at the provider')
    .action(async (reference: string, flags: DeleteFlags) => {
      const { terminal } = context;
      if (flags.yes !== true && !terminal.interactive) {
        throw usageError('Uninstalling cannot be undone.', 'Add --yes if that is what you want.');
      }
      const client = await context.client();
      const { id, name, version } = await resolveIntegration(client, reference);
      if (flags.yes !== true && !(await terminal.askYesNo(`Uninstall "${name}" and destroy its credentials?`))) {
        throw new CliError(exitCodes.failure, 'Nothing was done.');
      }
      await api.uninstallIntegration({
        client,
        throwOnError: true,
        path: { id },
        query: { deleteData: flags.keepData !== true, revokeTokens: flags.keepTokens !== true },
        headers: { 'if-match': `"${version}"` },
      });
      context.output().result({ id, name, status: 'uninstalled' }, () => `"${oneLine(name)}" is uninstalled.`);
    });

  addIntegrationMoveCommands(group, context);
  addIntegrationHealthCommands(group, context);
  addIntegrationDoctorCommand(group, context);
}

import { api, type GetConnectorResponse, type HubClient, type Integration } from '@inthub/client';
import type { Command } from 'commander';
import { CliError } from '../cli-error.ts';
import type { CliContext } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import type { Output } from '../output.ts';
import { integrationArgument, resolveIntegration } from '../resolve-integration.ts';
import { type RunFlags, runAction, streamActionEvents } from '../run-action.ts';
import { schemaTable } from '../schema-table.ts';
import { yesNoCell } from '../style.ts';
import { didYouMean } from '../suggestion.ts';

type Action = GetConnectorResponse['actions'][number];

const actionArgument = ['<action>', 'for example tag.list'] as const;

export function addActionCommands(program: Command, context: CliContext): void {
  const group = program.command('actions').description('actions of an integration: list, explain, run');

  group
    .command('list')
    .description('list the actions of an integration, and whether it may use them')
    .argument(...integrationArgument)
    .action(async (reference: string) => {
      const client = await context.client();
      const integration = await resolveIntegration(client, reference);
      const [actions, allowed] = await Promise.all([
        actionsOf(client, integration),
        allowedCapabilities(client, integration),
      ]);
      const items = actions.map((action) => ({ ...action, allowed: allowed.has(action.capability) }));
      const output = context.output();
      output.result({ items, nextCursor: null }, () =>
        output.table(
          ['action', 'title', 'only reads', 'streams', 'allowed'],
          items.map((action) => [
            action.id,
            action.title,
            yesNoCell(action.safe),
            yesNoCell(action.streams),
            yesNoCell(action.allowed),
          ]),
        ),
      );
    });

  group
    .command('show')
    .description('explain an action: its parameters and its result')
    .argument(...integrationArgument)
    .argument(...actionArgument)
    .action(async (reference: string, actionId: string) => {
      const client = await context.client();
      const integration = await resolveIntegration(client, reference);
      const action = requireAction(await actionsOf(client, integration), actionId, integration);
      const output = context.output();
      output.result(action, () => actionText(output, action));
    });

  group
    .command('run')
    .description('run an action; exit code 1 when it fails')
    .argument(...integrationArgument)
    .argument(...actionArgument)
    .option('--params <json|@file|->', 'parameters as a JSON object')
    .option('--param <name=value...>', 'one parameter, typed by the action’s schema; name:=json for anything else')
    .option('--timeout <duration>', 'give up after this long: 500ms, 30s, 5m')
    .option('--idempotency-key <key>', 'the same key and parameters give the first result again')
    .option('--stream', 'show events as they come; with --json one JSON document a line')
    .action(async (reference: string, actionId: string, flags: RunFlags) => {
      const client = await context.client();
      const integration = await resolveIntegration(client, reference);
      const schema = async () => requireAction(await actionsOf(client, integration), actionId, integration).input;
      const run = flags.stream === true ? streamActionEvents : runAction;
      await run(context, { client, instanceId: integration.id, action: actionId, flags, schema });
    });
}

async function actionsOf(client: HubClient, { connectorId, type }: Integration): Promise<Action[]> {
  const { data } = await api.getConnector({ client, throwOnError: true, path: { connectorId } });
  return data.actions.filter((action) => action.types.includes(type));
}

async function allowedCapabilities(client: HubClient, { id }: Integration): Promise<ReadonlySet<string>> {
  const { data } = await api.getPermissions({ client, throwOnError: true, path: { instanceId: id } });
  return new Set(data.effectiveCapabilities);
}

function requireAction(actions: readonly Action[], id: string, integration: Integration): Action {
  const found = actions.find((action) => action.id === id);
  if (found !== undefined) return found;
  const near = didYouMean(
    id,
    actions.map((action) => action.id),
  );
  throw new CliError(
    exitCodes.notFound,
    `${integration.name} (${integration.type}) has no action "${id}".${near}`,
    `inthub actions list ${integration.id} shows what there is.`,
  );
}

function actionText(output: Output, action: Action): string {
  const general = output.fields([
    ['action', action.id],
    ['title', action.title],
    ['description', action.description],
    ['only reads', yesNoCell(action.safe)],
    ['streams', yesNoCell(action.streams)],
    ['capability', action.capability],
  ]);
  const input = `${output.heading('Parameters')}${schemaTable(output, action.input)}`;
  const result = `${output.heading('Result')}${schemaTable(output, action.output)}`;
  return `${general}\n${input}\n${result}`;
}

import { api, followEvents, type IntegrationEvent } from '@inthub/client';
import type { Command } from 'commander';
import type { CliContext } from '../context.ts';
import { given } from '../given.ts';
import { timeText } from '../output.ts';
import { addPagingOptions, noteMore, type PagingFlags, readPages } from '../paging.ts';
import { resolveIntegration } from '../resolve-integration.ts';

interface FilterFlags {
  readonly type?: string;
  readonly integration?: string;
}

export function addEventCommands(program: Command, context: CliContext): void {
  const group = program.command('events').description('what has happened: read it and follow it');

  addFilters(addPagingOptions(group.command('list').description('list events, newest first'))).action(
    async (flags: FilterFlags & PagingFlags) => {
      const client = await context.client();
      const filter = await readFilter(flags);
      const page = await readPages(flags, async (query) => {
        const { data } = await api.listEvents({ client, throwOnError: true, query: { ...filter, ...query } });
        return data;
      });
      const output = context.output();
      output.result(page, () => output.table(['at', 'type', 'source', 'id'], page.items.map(row)));
      noteMore(output, page);
    },
  );

  group
    .command('show')
    .description('show one event')
    .argument('<id>', 'id of the event')
    .action(async (id: string) => {
      const { data } = await api.getEvent({ client: await context.client(), throwOnError: true, path: { id } });
      context.output().result(data, () => JSON.stringify(data, null, 2));
    });

  addFilters(group.command('tail').description('follow events as they happen; with --json one JSON document a line'))
    .option('--after <id>', 'go on behind this event')
    .option('--count <count>', 'end after so many', Number)
    .action(async (flags: FilterFlags & { after?: string; count?: number }) => {
      const client = await context.client();
      const query = { ...(await readFilter(flags)), ...given({ lastEventId: flags.after }) };
      const output = context.output();
      let left = flags.count ?? Number.POSITIVE_INFINITY;
      for await (const event of followEvents<IntegrationEvent>({ client, query })) {
        context.terminal.write(output.json ? `${JSON.stringify(event)}\n` : `${row(event).join('  ')}\n`);
        left -= 1;
        if (left <= 0) return;
      }
    });

  async function readFilter({ type, integration }: FilterFlags) {
    const source =
      integration === undefined || integration === 'hub'
        ? integration
        : (await resolveIntegration(await context.client(), integration)).id;
    return given({ type, source });
  }
}

function addFilters(command: Command): Command {
  return command
    .option('--type <pattern>', 'integration.created, github.* or *')
    .option('--integration <name>', 'only of this integration (name or id), or hub');
}

function row(event: IntegrationEvent): (string | null)[] {
  return [timeText(event.timestamp), event.type, event.source, event.id];
}

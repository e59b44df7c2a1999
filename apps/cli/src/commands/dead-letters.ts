import { api } from '@inthub/client';
import type { Command } from 'commander';
import type { CliContext } from '../context.ts';
import { given } from '../given.ts';
import { timeText } from '../output.ts';
import { addPagingOptions, noteMore, type PagingFlags, readPages } from '../paging.ts';
import { requireMoment } from '../times.ts';

interface FilterFlags {
  readonly consumer?: string;
  readonly type?: string;
  readonly source?: string;
  readonly since?: string;
  readonly until?: string;
}

interface ChangeFlags extends FilterFlags {
  readonly dryRun?: boolean;
  readonly limit?: number;
  readonly pace?: number;
}

export function addDeadLetterCommands(program: Command, context: CliContext): void {
  const group = program.command('dead-letters').description('events that a part of the hub gave up');

  function readFilter({ consumer, type, source, since, until }: FilterFlags) {
    const moment = (flag: string, when: string | undefined) =>
      when === undefined ? undefined : requireMoment(flag, when, context.terminal.clock, 'ago');
    return given({ consumer, type, source, since: moment('--since', since), until: moment('--until', until) });
  }

  addFilters(addPagingOptions(group.command('list').description('list dead letters, newest first'))).action(
    async (flags: FilterFlags & PagingFlags) => {
      const client = await context.client();
      const filter = readFilter(flags);
      const page = await readPages(flags, async (query) => {
        const { data } = await api.listDeadLetters({ client, throwOnError: true, query: { ...filter, ...query } });
        return data;
      });
      const output = context.output();
      output.result(page, () =>
        output.table(
          ['at', 'consumer', 'type', 'attempts', 'error', 'id'],
          page.items.map((letter) => [
            timeText(letter.deadAt),
            letter.consumer,
            letter.event.type,
            letter.attempts,
            letter.error,
            letter.id,
          ]),
        ),
      );
      noteMore(output, page);
    },
  );

  group
    .command('show')
    .description('show a dead letter with its event')
    .argument('<id>', 'id of the dead letter')
    .action(async (id: string) => {
      const { data } = await api.getDeadLetter({ client: await context.client(), throwOnError: true, path: { id } });
      context.output().result(data, () => JSON.stringify(data, null, 2));
    });

  addChangeOptions(group.command('redrive').description('send dead letters to their consumers again, oldest first'))
    .option('--pace <count>', 'how many a second (default 10)', Number)
    .action(async (ids: string[], flags: ChangeFlags) => {
      const { data } = await api.redriveDeadLetters({
        client: await context.client(),
        throwOnError: true,
        body: { ...readChange(ids, flags), ...given({ pacePerSecond: flags.pace }) },
      });
      context.output().result(data, () => told(data, 'sent again'));
    });

  addChangeOptions(group.command('drop').description('delete dead letters')).action(
    async (ids: string[], flags: ChangeFlags) => {
      const { data } = await api.dropDeadLetters({
        client: await context.client(),
        throwOnError: true,
        body: readChange(ids, flags),
      });
      context.output().result(data, () => told(data, 'deleted'));
    },
  );

  function readChange(ids: readonly string[], flags: ChangeFlags) {
    const filter = { ...readFilter(flags), ...(ids.length === 0 ? {} : { ids: [...ids] }) };
    return { filter, ...given({ dryRun: flags.dryRun, limit: flags.limit }) };
  }
}

function addFilters(command: Command): Command {
  return command
    .option('--consumer <name>', 'only of this part of the hub')
    .option('--type <pattern>', 'event type: integration.created, github.* or *')
    .option('--source <id>', 'integration id, or hub')
    .option('--since <when>', 'given up from this moment on, or this long ago: 2026-11-21, 24h')
    .option('--until <when>', 'given up before this moment, or this long ago');
}

function addChangeOptions(command: Command): Command {
  return addFilters(command.argument('[id...]', 'ids of dead letters; without them all that match the filters'))
    .option('--limit <count>', 'at most so many (default 10000)', Number)
    .option('--dry-run', 'count only');
}

function told({ count, more, dryRun }: { count: number; more: boolean; dryRun: boolean }, done: string): string {
  const rest = more ? ' More match: run it again.' : '';
  return dryRun ? `${count} would be ${done}.${rest}` : `${count} ${done}.${rest}`;
}

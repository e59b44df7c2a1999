import { api } from '@inthub/client';
import { type Command, Option } from 'commander';
import type { CliContext } from '../context.ts';
import { findSubscriptionId } from '../find-subscription.ts';
import { given } from '../given.ts';
import { timeText } from '../output.ts';
import { addPagingOptions, noteMore, type PagingFlags, readPages } from '../paging.ts';
import { requireMoment } from '../times.ts';

interface FilterFlags {
  readonly kind?: 'event' | 'delivery';
  readonly subscription?: string;
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
  const group = program
    .command('dead-letters')
    .description('what was given up: events of a part of the hub, and outgoing deliveries');

  async function readFilter({ kind, subscription, consumer, type, source, since, until }: FilterFlags) {
    const moment = (flag: string, when: string | undefined) =>
      when === undefined ? undefined : requireMoment(flag, when, context.terminal.clock, 'ago');
    return given({
      kind,
      consumer,
      type,
      source,
      since: moment('--since', since),
      until: moment('--until', until),
      subscriptionId:
        subscription === undefined ? undefined : await findSubscriptionId(await context.client(), subscription),
    });
  }

  addFilters(addPagingOptions(group.command('list').description('list dead letters, newest first'))).action(
    async (flags: FilterFlags & PagingFlags) => {
      const client = await context.client();
      const filter = await readFilter(flags);
      const page = await readPages(flags, async (query) => {
        const { data } = await api.listDeadLetters({ client, throwOnError: true, query: { ...filter, ...query } });
        return data;
      });
      const output = context.output();
      output.result(page, () =>
        output.table(
          ['at', 'kind', 'given up by', 'type', 'attempts', 'error', 'id'],
          page.items.map((letter) => [
            timeText(letter.deadAt),
            letter.kind,
            letter.consumer ?? letter.subscriptionId ?? '',
            letter.eventType,
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
    .description('show a dead letter with its event; of a delivery also what was tried')
    .argument('<id>', 'id of the dead letter')
    .action(async (id: string) => {
      const { data } = await api.getDeadLetter({ client: await context.client(), throwOnError: true, path: { id } });
      context.output().result(data, () => JSON.stringify(data, null, 2));
    });

  addChangeOptions(group.command('redrive').description('send dead letters again, oldest first'))
    .option('--pace <count>', 'how many a second (default 10)', Number)
    .action(async (ids: string[], flags: ChangeFlags) => {
      const { data } = await api.redriveDeadLetters({
        client: await context.client(),
        throwOnError: true,
        body: { ...(await readChange(ids, flags)), ...given({ pacePerSecond: flags.pace }) },
      });
      context.output().result(data, () => told(data, 'sent again'));
    });

  addChangeOptions(group.command('drop').description('give dead letters up for good')).action(
    async (ids: string[], flags: ChangeFlags) => {
      const { data } = await api.dropDeadLetters({
        client: await context.client(),
        throwOnError: true,
        body: await readChange(ids, flags),
      });
      context.output().result(data, () => told(data, 'given up'));
    },
  );

  async function readChange(ids: readonly string[], flags: ChangeFlags) {
    const filter = { ...(await readFilter(flags)), ...(ids.length === 0 ? {} : { ids: [...ids] }) };
    return { filter, ...given({ dryRun: flags.dryRun, limit: flags.limit }) };
  }
}

function addFilters(command: Command): Command {
  return command
    .addOption(new Option('--kind <kind>', 'only of this kind').choices(['event', 'delivery']))
    .option('--consumer <name>', 'only events of this part of the hub')
    .option('--subscription <subscription>', 'only deliveries to this one: id or name')
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

interface Told {
  readonly count: number;
  readonly events: number;
  readonly deliveries: number;
  readonly more: boolean;
  readonly dryRun: boolean;
}

function told({ count, events, deliveries, more, dryRun }: Told, done: string): string {
  const rest = more ? ' More match: run it again.' : '';
  const which = count === 0 ? '' : ` (${events} events, ${deliveries} deliveries)`;
  return dryRun ? `${count}${which} would be ${done}.${rest}` : `${count}${which} ${done}.${rest}`;
}

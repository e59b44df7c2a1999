import { api } from '@inthub/client';
import type { Command } from 'commander';
import { usageError } from '../cli-error.ts';
import type { CliContext } from '../context.ts';
import { given } from '../given.ts';
import { timeText } from '../output.ts';
import { addPagingOptions, noteMore, type PagingFlags, readPages } from '../paging.ts';
import { requireMoment } from '../times.ts';

/** How long things are kept, and what runs out. */
export function addRetentionCommands(program: Command, context: CliContext): void {
  const group = program.command('retention').description('how long things are kept (platform admins only)');
  const days = (value: number | null) => (value === null ? 'for ever' : `${value} days`);

  group
    .command('list')
    .description('list what is kept, and how long')
    .action(async () => {
      const { data } = await api.listRetention({ client: await context.client(), throwOnError: true });
      const output = context.output();
      output.result(data, () =>
        output.table(
          ['kind', 'kept', 'default', 'changed'],
          data.items.map(({ kind, keepDays, defaultDays, changedAt }) => [
            kind,
            days(keepDays),
            days(defaultDays),
            changedAt === null ? '' : timeText(changedAt),
          ]),
        ),
      );
    });

  group
    .command('set')
    .description('set how long something is kept')
    .argument('<kind>', 'as listed')
    .argument('<days>', 'number of days, or forever')
    .action(async (kind: string, text: string) => {
      const keepDays = text === 'forever' ? null : Number(text);
      if (keepDays !== null && !Number.isInteger(keepDays)) throw usageError('<days> is a whole number, or forever.');
      const client = await context.client();
      const { data } = await api.setRetention({ client, throwOnError: true, path: { kind }, body: { keepDays } });
      context.output().result(data, () => `${data.kind}: kept ${days(data.keepDays)}.`);
    });

  addPagingOptions(program.command('expiries').description('what runs out, soonest first'))
    .option('--before <when>', 'only what runs out before this moment, or within this time: 2026-12-31, 30d')
    .action(async (flags: PagingFlags & { before?: string }) => {
      const before =
        flags.before === undefined
          ? undefined
          : requireMoment('--before', flags.before, context.terminal.clock, 'ahead');
      const client = await context.client();
      const page = await readPages(flags, async (query) => {
        const { data } = await api.listExpiries({
          client,
          throwOnError: true,
          query: { ...given({ before }), ...query },
        });
        return data;
      });
      const output = context.output();
      output.result(page, () =>
        output.table(
          ['expires', 'days left', 'what', 'connector', 'integration'],
          page.items.map((item) => [
            timeText(item.expiresAt),
            item.daysLeft,
            item.kind,
            item.connectorId,
            item.integrationId,
          ]),
        ),
      );
      noteMore(output, page);
    });
}

import { api } from '@inthub/client';
import type { Command } from 'commander';
import { CliError, QuietExit } from '../cli-error.ts';
import type { CliContext } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import { given } from '../given.ts';
import { timeText } from '../output.ts';
import { addPagingOptions, noteMore, type PagingFlags, readPages } from '../paging.ts';
import { stateCell } from '../style.ts';
import { requireMoment } from '../times.ts';

interface ListFlags extends PagingFlags {
  readonly action?: string;
  readonly actor?: string;
  readonly target?: string;
  readonly since?: string;
  readonly until?: string;
}

export function addAuditCommands(program: Command, context: CliContext): void {
  const group = program.command('audit').description('who did what, in a chain that shows any later change');

  addPagingOptions(group.command('list').description('list audit entries, newest first'))
    .option('--action <action>', 'for example integration.pause')
    .option('--actor <id>', 'who: id of a user or API key')
    .option('--target <id>', 'to what: for example an integration’s id')
    .option('--since <when>', 'from this moment, or this long ago: 2026-11-21, 24h')
    .option('--until <when>', 'up to this moment, or this long ago')
    .action(async (flags: ListFlags) => {
      const moment = (flag: string, when: string | undefined) =>
        when === undefined ? undefined : requireMoment(flag, when, context.terminal.clock, 'ago');
      const filter = given({
        action: flags.action,
        actorId: flags.actor,
        targetId: flags.target,
        since: moment('--since', flags.since),
        until: moment('--until', flags.until),
      });
      const client = await context.client();
      const page = await readPages(flags, async (query) => {
        const { data } = await api.listAudit({ client, throwOnError: true, query: { ...filter, ...query } });
        return data;
      });
      const output = context.output();
      output.result(page, () =>
        output.table(
          ['no', 'at', 'who', 'action', 'target', 'outcome', 'reason'],
          page.items.map((entry) => [
            entry.seq,
            timeText(entry.at),
            entry.actor.name,
            entry.action,
            `${entry.target.type} ${entry.target.name ?? entry.target.id}`,
            stateCell(entry.outcome),
            [entry.reason, entry.ticket].filter(Boolean).join(' '),
          ]),
        ),
      );
      noteMore(output, page);
    });

  group
    .command('reseal')
    .description('seal a chain anew after its master key was lost for good (platform admins only)')
    .requiredOption('--reason <reason>', 'why the key is gone; goes into the audit')
    .option('--tenant <id>', 'tenant id, as listed; default your own')
    .action(async ({ reason, tenant }: { reason: string; tenant?: string }) => {
      const body = { reason, ...given({ tenantId: tenant }) };
      const { data } = await api.resealAudit({ client: await context.client(), throwOnError: true, body });
      const { entries, formerHead } = data;
      context
        .output()
        .result(
          data,
          () =>
            `The chain of ${entries} entries is whole and sealed anew. Compare its former end with what you wrote down: ${formerHead.seq} ${formerHead.hash}`,
        );
    });

  group
    .command('verify')
    .description('verify the hash chain; exit code 3 when it is broken')
    .action(async () => {
      const { data } = await api.verifyAudit({ client: await context.client(), throwOnError: true });
      const output = context.output();
      if (data.intact) {
        output.result(data, () => `The audit is intact: ${data.entries} entries.`);
        return;
      }
      if (output.json) {
        output.result(data, () => '');
        throw new QuietExit(exitCodes.verification);
      }
      const broken = data.firstBroken;
      throw new CliError(
        exitCodes.verification,
        broken === null ? 'The audit is broken.' : `The audit is broken from entry ${broken.seq}: ${broken.problem}`,
        'Keep the database as it is, and compare it with a backup or an export.',
      );
    });
}

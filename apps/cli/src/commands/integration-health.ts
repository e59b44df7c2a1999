import { api } from '@inthub/client';
import type { Command } from 'commander';
import type { CliContext } from '../context.ts';
import { given } from '../given.ts';
import { timeText, valueText } from '../output.ts';
import { addPagingOptions, noteMore, type PagingFlags, readPages } from '../paging.ts';
import { integrationArgument, resolveIntegration } from '../resolve-integration.ts';
import { stateCell, yesNoCell } from '../style.ts';

export function addIntegrationHealthCommands(group: Command, context: CliContext): void {
  group
    .command('health')
    .description('health as last checked')
    .argument(...integrationArgument)
    .action(async (reference: string) => {
      const client = await context.client();
      const { id, name } = await resolveIntegration(client, reference);
      const { data } = await api.getIntegrationHealth({ client, throwOnError: true, path: { id } });
      const output = context.output();
      const tristate = (value: boolean | null) => (value === null ? undefined : yesNoCell(value));
      output.result(data, () =>
        output.fields([
          [name, stateCell(data.status)],
          ['state', data.lifecycle],
          ['checked', timeText(data.checkedAt)],
          ['took', data.latencyMs === null ? undefined : `${Math.round(data.latencyMs)} ms`],
          ['reachable', tristate(data.details.serviceReachable)],
          ['credential accepted', tristate(data.details.authValid)],
          ['within rate limit', tristate(data.details.rateLimitOk)],
          ['last error', data.details.lastError ?? undefined],
          ['failures in a row', data.consecutiveFailures],
          ['next check', data.skippedOffline ? 'none: the hub is offline' : timeText(data.nextCheckAt)],
        ]),
      );
    });

  addPagingOptions(
    group
      .command('history')
      .description('past checks, newest first, with uptime and latency')
      .argument(...integrationArgument),
  ).action(async (reference: string, flags: PagingFlags) => {
    const client = await context.client();
    const { id } = await resolveIntegration(client, reference);
    const windows: HealthWindow[] = [];
    const page = await readPages(flags, async (query) => {
      const { data } = await api.getIntegrationHealthHistory({ client, throwOnError: true, path: { id }, query });
      windows.splice(0, windows.length, ...data.windows);
      return data;
    });
    const output = context.output();
    output.result({ ...page, windows }, () => {
      const summary = windows.map(({ window, samples, uptimePercent, latencyMs }) => [
        window,
        samples,
        uptimePercent === null ? null : `${uptimePercent.toFixed(2)} %`,
        ...(latencyMs === null ? [null, null, null] : [latencyMs.p50, latencyMs.p95, latencyMs.p99].map(milliseconds)),
      ]);
      const checks = page.items.map((check) => [
        timeText(check.checkedAt),
        stateCell(check.success ? 'success' : 'failure'),
        milliseconds(check.latencyMs),
        check.errorCode,
        check.message,
      ]);
      const uptime = output.table(['window', 'checks', 'uptime', 'p50', 'p95', 'p99'], summary);
      return `${uptime}\n\n${output.table(['checked', 'outcome', 'took', 'code', 'message'], checks)}`;
    });
    noteMore(output, page);
  });

  addPagingOptions(
    group
      .command('resources')
      .description('discover what the product holds')
      .argument(...integrationArgument)
      .requiredOption('--type <type>', 'repositories, tags, projects, …')
      .option('--parent <id>', 'resource whose children are asked for'),
  ).action(async (reference: string, flags: PagingFlags & { type: string; parent?: string }) => {
    const client = await context.client();
    const { id } = await resolveIntegration(client, reference);
    const filter = { type: flags.type, ...given({ parent: flags.parent }) };
    const page = await readPages(flags, async (query) => {
      const { data } = await api.discoverResources({
        client,
        throwOnError: true,
        path: { id },
        query: { ...filter, ...query },
      });
      return data;
    });
    const output = context.output();
    output.result(page, () =>
      output.table(
        ['name', 'id', 'parent', 'attributes'],
        page.items.map((one) => [one.name, one.id, one.parent, one.attributes && valueText(one.attributes)]),
      ),
    );
    noteMore(output, page);
  });
}

interface HealthWindow {
  readonly window: string;
  readonly samples: number;
  readonly uptimePercent: number | null;
  readonly latencyMs: { readonly p50: number; readonly p95: number; readonly p99: number } | null;
}

function milliseconds(value: number): string {
  return `${Math.round(value)} ms`;
}

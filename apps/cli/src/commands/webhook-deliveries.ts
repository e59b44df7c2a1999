import { api, type HubClient, type ListWebhookDeliveriesData } from '@inthub/client';
import { deliveryStatuses } from '@inthub/contracts';
import { type Command, Option } from 'commander';
import { QuietExit } from '../cli-error.ts';
import type { CliContext } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import { findSubscriptionId } from '../find-subscription.ts';
import { type Output, timeText } from '../output.ts';
import { addPagingOptions, noteMore, type PagingFlags, readPages, wholeNumber } from '../paging.ts';
import { requireMoment } from '../times.ts';

interface WindowFlags {
  readonly type?: string;
  readonly since?: string;
  readonly until?: string;
}
interface RedriveFlags {
  readonly dryRun?: true;
  readonly pace?: number;
  readonly limit?: number;
}

export function addWebhookDeliveryCommands(group: Command, context: CliContext): void {
  const windowOf = ({ type, since, until }: WindowFlags) => ({
    ...(type === undefined ? {} : { type }),
    ...(since === undefined ? {} : { since: requireMoment('--since', since, context.terminal.clock, 'ago') }),
    ...(until === undefined ? {} : { until: requireMoment('--until', until, context.terminal.clock, 'ago') }),
  });

  group
    .command('test')
    .description('send a webhook.test event now; ends with 1 when the endpoint does not accept it')
    .argument('<subscription>', 'id or name')
    .action(async (reference: string) => {
      const client = await context.client();
      const path = { id: await findSubscriptionId(client, reference) };
      const { data } = await api.testWebhookSubscription({ client, throwOnError: true, path });
      const [attempt] = data.attemptLog;
      const answer = attempt?.response === null ? (attempt.error ?? 'no answer') : `answered ${data.responseStatus}`;
      context.output().result(data, () => `The endpoint ${answer} after ${Math.round(attempt?.durationMs ?? 0)} ms.`);
      if (data.status !== 'delivered') throw new QuietExit(exitCodes.failure);
    });

  addWindow(
    addPagingOptions(group.command('deliveries').description('list deliveries of a subscription, newest first')),
  )
    .argument('<subscription>', 'id or name')
    .addOption(new Option('--status <status...>', 'only these').choices(deliveryStatuses))
    .action(async (reference: string, flags: PagingFlags & WindowFlags & { status?: readonly string[] }) => {
      const client = await context.client();
      const path = { id: await findSubscriptionId(client, reference) };
      const filter: ListWebhookDeliveriesData['query'] = windowOf(flags);
      if (flags.status !== undefined) filter.status = flags.status.join(',');
      const page = await readPages(flags, async (query) => {
        return (await api.listWebhookDeliveries({ client, throwOnError: true, path, query: { ...filter, ...query } }))
          .data;
      });
      const output = context.output();
      output.result(page, () => deliveryTable(output, page.items));
      noteMore(output, page);
    });

  group
    .command('delivery')
    .description('show one delivery with its attempts')
    .argument('<subscription>', 'id or name')
    .argument('<delivery>', 'id, the webhook-id')
    .action(async (reference: string, deliveryId: string) => {
      const client = await context.client();
      const path = { id: await findSubscriptionId(client, reference), deliveryId };
      const { data } = await api.getWebhookDelivery({ client, throwOnError: true, path });
      const output = context.output();
      output.result(data, () =>
        [
          deliveryTable(output, [data]),
          output.table(
            ['attempt', 'started', 'ms', 'status', 'error'],
            data.attemptLog.map((one) => [
              String(one.number),
              timeText(one.startedAt),
              String(Math.round(one.durationMs)),
              one.response === null ? '–' : String(one.response.status),
              one.error ?? '',
            ]),
          ),
        ].join('\n'),
      );
    });

  const moves = {
    resend: [api.resendWebhookDelivery, 'send a delivery again, under the same webhook-id'],
    park: [api.parkWebhookDelivery, 'set a waiting delivery aside'],
    skip: [api.skipWebhookDelivery, 'give a waiting delivery up'],
  } as const;
  for (const [name, [call, description]] of Object.entries(moves)) {
    group
      .command(name)
      .description(description)
      .argument('<subscription>', 'id or name')
      .argument('<delivery>', 'id, the webhook-id')
      .action(async (reference: string, deliveryId: string) => {
        const client = await context.client();
        const path = { id: await findSubscriptionId(client, reference), deliveryId };
        const { data } = await call({ client, throwOnError: true, path });
        context.output().result(data, () => `Delivery ${data.id} is ${data.status}.`);
      });
  }

  addRedrive(group.command('recover').description('send what a subscription did not get since a time'))
    .argument('<subscription>', 'id or name')
    .requiredOption('--since <when>', 'moment, or time ago: 2026-11-21T10:00:00Z, 24h')
    .option('--until <when>', 'events before then (default now)')
    .addOption(new Option('--which <which>', 'what').choices(['failed', 'missing', 'both']))
    .action(async (reference: string, flags: RedriveFlags & { since: string; until?: string; which?: 'failed' }) => {
      const client = await context.client();
      const path = { id: await findSubscriptionId(client, reference) };
      const { since = flags.since, until } = windowOf(flags);
      const body = {
        since,
        ...(until === undefined ? {} : { until }),
        ...(flags.which === undefined ? {} : { which: flags.which }),
        ...redriveOf(flags),
      };
      const { data } = await api.recoverWebhookDeliveries({ client, throwOnError: true, path, body });
      const verb = flags.dryRun === true ? 'would be sent' : 'will be sent';
      const more = data.more ? ' There is more: ask again.' : '';
      context.output().result(data, () => `${data.failed} failed and ${data.missing} missing ${verb}.${more}`);
    });

  addWindow(addPagingOptions(group.command('dead').description('list deliveries that were given up or parked'))).action(
    async (flags: PagingFlags & WindowFlags) => {
      const client = await context.client();
      const page = await readPages(flags, (query) => listDead(client, { ...windowOf(flags), ...query }));
      const output = context.output();
      output.result(page, () => deliveryTable(output, page.items));
      noteMore(output, page);
    },
  );

  addWindow(addRedrive(group.command('redrive').description('send dead deliveries again, by filter')))
    .option('--subscription <subscription>', 'only of this one: id or name')
    .action(async (flags: RedriveFlags & WindowFlags & { subscription?: string }) => {
      const client = await context.client();
      const id = flags.subscription === undefined ? undefined : await findSubscriptionId(client, flags.subscription);
      const body = { ...windowOf(flags), ...redriveOf(flags), ...(id === undefined ? {} : { subscriptionId: id }) };
      const { data } = await api.redriveDeadWebhookDeliveries({ client, throwOnError: true, body });
      const verb = flags.dryRun === true ? 'would be sent again' : 'will be sent again';
      context.output().result(data, () => `${data.count} ${verb}.${data.more ? ' There is more: ask again.' : ''}`);
    });
}

function addWindow(command: Command): Command {
  return command
    .option('--type <pattern>', 'type pattern of the event')
    .option('--since <when>', 'events from then on: a moment, or time ago')
    .option('--until <when>', 'events before then');
}

function addRedrive(command: Command): Command {
  return command
    .option('--dry-run', 'count and change nothing')
    .option('--pace <count>', 'how many a second (default 10)', wholeNumber(1, 1_000))
    .option('--limit <count>', 'at most so many (default 10000)', wholeNumber(1, 10_000));
}

const redriveOf = ({ dryRun, pace, limit }: RedriveFlags) => ({
  ...(dryRun === undefined ? {} : { dryRun }),
  ...(pace === undefined ? {} : { pacePerSecond: pace }),
  ...(limit === undefined ? {} : { limit }),
});

async function listDead(client: HubClient, query: { limit: number; cursor?: string }) {
  return (await api.listDeadWebhookDeliveries({ client, throwOnError: true, query })).data;
}
type Delivery = Awaited<ReturnType<typeof listDead>>['items'][number];

function deliveryTable(output: Output, items: readonly Delivery[]): string {
  return output.table(
    ['id', 'event', 'at', 'status', 'attempts', 'answer', 'next attempt', 'key'],
    items.map((one) => [
      one.id,
      one.eventType,
      timeText(one.eventAt),
      one.status,
      String(one.attempts),
      one.responseStatus === null ? (one.errorCode ?? '') : String(one.responseStatus),
      timeText(one.nextAttemptAt),
      one.orderKey ?? '',
    ]),
  );
}

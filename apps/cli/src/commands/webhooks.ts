import { api, type ChangeWebhookSubscriptionData, type CreateWebhookSubscriptionData } from '@inthub/client';
import { signingSchemes } from '@inthub/contracts';
import { type Command, Option } from 'commander';
import { usageError } from '../cli-error.ts';
import type { CliContext } from '../context.ts';
import { findSubscriptionId, listSubscriptions } from '../find-subscription.ts';
import { readJsonObject, readSecret, readSecretJsonObject } from '../input.ts';
import { type Output, timeText } from '../output.ts';
import { addPagingOptions, noteMore, type PagingFlags, readPages, wholeNumber } from '../paging.ts';
import { oneLine } from '../printable.ts';
import { addWebhookDeliveryCommands } from './webhook-deliveries.ts';

type NewBody = CreateWebhookSubscriptionData['body'];
type ChangeBody = ChangeWebhookSubscriptionData['body'];

interface SettingFlags {
  readonly name?: string;
  readonly endpoint?: string;
  readonly event?: readonly string[];
  readonly source?: readonly string[];
  readonly filter?: string;
  readonly headers?: string;
  readonly sign?: NonNullable<NewBody['signing']>;
  readonly retry?: 'short' | 'day';
  readonly concurrency?: number;
  readonly perSecond?: number;
  readonly orderedBy?: string;
  readonly onExhausted?: 'block' | 'park';
  readonly onChange?: 'keep' | 'use-latest' | 'drop';
}

export function addWebhookCommands(program: Command, context: CliContext): void {
  const group = program.command('webhooks').description('webhooks out: endpoints that subscribe to events');

  addPagingOptions(group.command('list').description('list subscriptions, newest first')).action(
    async (flags: PagingFlags) => {
      const client = await context.client();
      const page = await readPages(flags, (query) => listSubscriptions(client, query));
      const output = context.output();
      output.result(page, () => subscriptionTable(output, page.items));
      noteMore(output, page);
    },
  );

  addSettings(group.command('create').description('subscribe an endpoint; its signing secret is shown this once'))
    .option('--inactive', 'do not begin to deliver yet')
    .option('--secret-stdin', 'take the signing secret from standard input instead of a new one')
    .action(async (flags: SettingFlags & { inactive?: true; secretStdin?: true }) => {
      const { endpoint: url, event } = flags;
      if (url === undefined || event === undefined)
        throw usageError('create needs --endpoint and at least one --event.');
      const body: NewBody = { ...(await settingsOf(flags, context)), url, events: [...event] };
      if (flags.inactive === true) body.active = false;
      if (flags.secretStdin === true) {
        body.secret = await readSecret('--secret-stdin', 'Signing secret', context.terminal);
      }
      const { data } = await api.createWebhookSubscription({
        client: await context.client(),
        throwOnError: true,
        body,
      });
      showSecrets(context.output(), `Subscription "${oneLine(data.name)}" (${data.id})`, data);
    });

  addSettings(group.command('change').description('change a subscription; what is not named stays'))
    .argument('<subscription>', 'id or name')
    .action(async (reference: string, flags: SettingFlags) => {
      const client = await context.client();
      const id = await findSubscriptionId(client, reference);
      const body: ChangeBody = await settingsOf(flags, context);
      if (Object.keys(body).length === 0) throw usageError('Nothing to change was named.', 'Example: --retry day');
      const { data: before } = await api.getWebhookSubscription({ client, throwOnError: true, path: { id } });
      const { data } = await api.changeWebhookSubscription({
        client,
        throwOnError: true,
        path: { id },
        headers: { 'if-match': `"${before.version}"` },
        body,
      });
      context.output().result(data, () => `"${oneLine(data.name)}" is at revision ${data.revision}.`);
    });

  group
    .command('show')
    .description('show one subscription and how its endpoint is doing')
    .argument('<subscription>', 'id or name')
    .action(async (reference: string) => {
      const client = await context.client();
      const path = { id: await findSubscriptionId(client, reference) };
      const { data } = await api.getWebhookSubscription({ client, throwOnError: true, path });
      const output = context.output();
      output.result(data, () => output.table(['field', 'value'], details(data)));
    });

  group
    .command('rotate-secret')
    .description('replace the signing secret; the old one signs beside it for a while')
    .argument('<subscription>', 'id or name')
    .option('--overlap-hours <hours>', 'how long the old secret goes on signing (default 24)', wholeNumber(0, 168))
    .option('--secret-stdin', 'take the new secret from standard input')
    .action(async (reference: string, flags: { overlapHours?: number; secretStdin?: true }) => {
      const client = await context.client();
      const id = await findSubscriptionId(client, reference);
      const body: { overlapHours?: number; secret?: string } = {};
      if (flags.overlapHours !== undefined) body.overlapHours = flags.overlapHours;
      if (flags.secretStdin === true) {
        body.secret = await readSecret('--secret-stdin', 'Signing secret', context.terminal);
      }
      const { data } = await api.rotateWebhookSecret({ client, throwOnError: true, path: { id }, body });
      showSecrets(context.output(), `New secret of "${oneLine(data.name)}"`, data);
    });

  for (const move of ['enable', 'disable'] as const) {
    group
      .command(move)
      .description(move === 'enable' ? 'deliver again, with a clean slate' : 'deliver no more; what waits is kept')
      .argument('<subscription>', 'id or name')
      .action(async (reference: string) => {
        const client = await context.client();
        const path = { id: await findSubscriptionId(client, reference) };
        const call = move === 'enable' ? api.enableWebhookSubscription : api.disableWebhookSubscription;
        const { data } = await call({ client, throwOnError: true, path });
        context.output().result(data, () => `"${oneLine(data.name)}" is ${move}d.`);
      });
  }

  group
    .command('delete')
    .description('delete a subscription and what it still waits for')
    .argument('<subscription>', 'id or name')
    .action(async (reference: string) => {
      const client = await context.client();
      const id = await findSubscriptionId(client, reference);
      await api.deleteWebhookSubscription({ client, throwOnError: true, path: { id } });
      context.output().result({ id, deleted: true }, () => `Subscription ${id} is deleted.`);
    });

  addWebhookDeliveryCommands(group, context);
}

function addSettings(command: Command): Command {
  return command
    .option('--name <name>', 'what people call it (default: the host)')
    .option('--endpoint <url>', 'where to deliver')
    .option('--event <pattern...>', 'type patterns: github.pr.opened, github.*, *')
    .option('--source <id...>', 'only events of these integrations (or hub)')
    .option('--filter <json>', 'condition on the data, as JSON or @file: {"at":"/action","equals":"opened"}')
    .option('--headers <file>', 'JSON object of headers to send, from @file or - (values may be secrets)')
    .addOption(new Option('--sign <scheme...>', 'how to sign').choices(signingSchemes))
    .addOption(new Option('--retry <preset>', 'when to try again').choices(['short', 'day']))
    .option('--concurrency <count>', 'most deliveries at once', wholeNumber(1, 64))
    .option('--per-second <count>', 'most deliveries a second', wholeNumber(1, 10_000))
    .option('--ordered-by <key>', 'keep the order of this key: source, or a JSON Pointer into data')
    .addOption(new Option('--on-exhausted <what>', 'with --ordered-by').choices(['block', 'park']))
    .addOption(new Option('--on-change <policy>', 'for queued deliveries').choices(['keep', 'use-latest', 'drop']));
}

async function settingsOf(flags: SettingFlags, context: CliContext): Promise<ChangeBody> {
  const body: ChangeBody = {};
  if (flags.name !== undefined) body.name = flags.name;
  if (flags.endpoint !== undefined) body.url = flags.endpoint;
  if (flags.event !== undefined) body.events = [...new Set(flags.event)];
  if (flags.source !== undefined) body.sources = [...new Set(flags.source)];
  if (flags.filter !== undefined)
    body.filter = { ...(await readJsonObject('--filter', flags.filter, context.terminal)) };
  if (flags.headers !== undefined) {
    body.headers = (await readSecretJsonObject('--headers', flags.headers, context.terminal)) as Record<
      string,
      string | null
    >;
  }
  if (flags.sign !== undefined) body.signing = [...new Set(flags.sign)];
  if (flags.retry !== undefined) body.retryPolicy = { preset: flags.retry };
  if (flags.concurrency !== undefined || flags.perSecond !== undefined) {
    body.limits = {
      ...(flags.concurrency === undefined ? {} : { concurrency: flags.concurrency }),
      ...(flags.perSecond === undefined ? {} : { perSecond: flags.perSecond }),
    };
  }
  if (flags.orderedBy !== undefined)
    body.ordering = { key: flags.orderedBy, onExhausted: flags.onExhausted ?? 'block' };
  else if (flags.onExhausted !== undefined) throw usageError('--on-exhausted needs --ordered-by.');
  if (flags.onChange !== undefined) body.onChange = flags.onChange;
  return body;
}

type Subscription = Awaited<ReturnType<typeof listSubscriptions>>['items'][number];

function showSecrets(
  output: Output,
  what: string,
  data: Subscription & { secret: string | null; publicKey: string | null },
): void {
  // The secret alone on stdout, so that it can be piped into a vault.
  output.note(`${what}; keep the secret now, it is not shown again:`);
  if (data.publicKey !== null) output.note(`Public key (ed25519): ${data.publicKey}`);
  output.result(data, () => oneLine(data.secret ?? data.publicKey ?? ''));
}

const stateOf = ({ active, disabledReason, endpoint }: Subscription): string => {
  if (!active) return `disabled (${disabledReason ?? 'manual'})`;
  return endpoint.failing ? 'failing' : 'active';
};

function subscriptionTable(output: Output, items: readonly Subscription[]): string {
  return output.table(
    ['name', 'id', 'url', 'events', 'state', 'delivered', 'failures', 'last delivery'],
    items.map((one) => [
      one.name,
      one.id,
      one.url,
      one.events.join(', '),
      stateOf(one),
      String(one.totalDeliveries),
      String(one.totalFailures),
      timeText(one.lastDeliveryAt),
    ]),
  );
}

function details(one: Subscription): string[][] {
  const { ordering, endpoint } = one;
  return [
    ['id', one.id],
    ['name', one.name],
    ['url', one.url],
    ['events', one.events.join(', ')],
    ['sources', one.sources?.join(', ') ?? 'all'],
    ['filter', one.filter === null ? 'none' : JSON.stringify(one.filter)],
    ['headers', one.headerNames.join(', ') || 'none'],
    ['signing', one.signing.join(', ')],
    ['retries', JSON.stringify(one.retryPolicy)],
    ['limits', `${one.limits.concurrency} at once, ${one.limits.perSecond ?? 'any number'} a second`],
    ['order', ordering === null ? 'none' : `by ${ordering.key}, then ${ordering.onExhausted}`],
    ['on change', one.onChange],
    ['state', stateOf(one)],
    ['revision', String(one.revision)],
    ['delivered', String(one.totalDeliveries)],
    ['failed attempts', String(one.totalFailures)],
    ['last delivery', timeText(one.lastDeliveryAt) ?? 'never'],
    ['nothing is sent before', timeText(endpoint.blockedUntil) ?? '–'],
    ['last error', endpoint.lastError ?? 'none'],
  ];
}

import { api, type CreateWebhookEndpointData, type ListInboundDeliveriesData } from '@inthub/client';
import { type Command, Option } from 'commander';
import type { CliContext } from '../context.ts';
import { given } from '../given.ts';
import { readSecret } from '../input.ts';
import { timeText } from '../output.ts';
import { addPagingOptions, noteMore, type PagingFlags, readPages } from '../paging.ts';
import { oneLine } from '../printable.ts';
import { integrationArgument, resolveIntegration } from '../resolve-integration.ts';
import { stateCell } from '../style.ts';

interface CreateFlags {
  readonly kind?: string;
  readonly secretStdin?: true;
  readonly event?: readonly string[];
  readonly register?: string | true;
}

interface DeliveryFlags extends PagingFlags {
  readonly status?: NonNullable<ListInboundDeliveriesData['query']>['status'];
  readonly kind?: string;
}

type Shown = {
  readonly id: string;
  readonly url: string;
  readonly secret: string;
  readonly proof: string;
  readonly registration: object | null;
};

/** `inthub webhooks endpoints` and `inthub webhooks received`: what outside products send to the hub. */
export function addWebhookEndpointCommands(program: Command, context: CliContext): void {
  const webhooks =
    program.commands.find((command) => command.name() === 'webhooks') ??
    program.command('webhooks').description('webhooks in and out');
  addEndpointCommands(webhooks.command('endpoints').description('where outside products send to the hub'), context);
  addReceivedCommands(webhooks.command('received').description('what outside products have sent'), context);
}

/** On the command line it would stay in the shell's history. */
async function givenSecret(fromStdin: true | undefined, { terminal }: CliContext): Promise<string | undefined> {
  return fromStdin === true ? readSecret('--secret-stdin', "The product's secret", terminal) : undefined;
}

function addEndpointCommands(group: Command, context: CliContext): void {
  group
    .command('kinds')
    .description('what an integration can take in')
    .argument(...integrationArgument)
    .action(async (reference: string) => {
      const client = await context.client();
      const { id } = await resolveIntegration(client, reference);
      const { data } = await api.listWebhookKinds({ client, throwOnError: true, path: { id } });
      const output = context.output();
      const rows = data.items.map((kind) => [
        kind.id,
        kind.title,
        kind.proof,
        kind.secretFrom,
        kind.registration === null ? 'by hand' : (kind.registration.targetTitle ?? 'the whole account'),
        kind.events.length,
      ]);
      output.result(data, () =>
        output.table(['kind', 'title', 'proof', 'secret from', 'registered for', 'events'], rows),
      );
    });

  group
    .command('list')
    .description('endpoints of an integration, without their secrets')
    .argument(...integrationArgument)
    .action(async (reference: string) => {
      const client = await context.client();
      const { id } = await resolveIntegration(client, reference);
      const { data } = await api.listWebhookEndpoints({ client, throwOnError: true, path: { id } });
      const output = context.output();
      const rows = data.items.map((endpoint) => [
        endpoint.id,
        endpoint.webhookId,
        endpoint.url,
        endpoint.registration === null ? null : (endpoint.registration.target ?? 'registered'),
        timeText(endpoint.createdAt),
        timeText(endpoint.previousSecretUntil),
      ]);
      output.result(data, () =>
        output.table(['id', 'kind', 'url', 'registered for', 'created', 'old secret until'], rows),
      );
    });

  group
    .command('create')
    .description('create an endpoint; its secret is shown this once')
    .argument(...integrationArgument)
    .option('--kind <kind>', 'which of the kinds, where there are several')
    .option('--secret-stdin', 'take the secret that the product has made from standard input')
    .option('--event <type...>', 'only these events; default all')
    .option('--register [target]', 'also make the webhook at the product, for example for acme/app')
    .action(async (reference: string, { kind, secretStdin, event, register }: CreateFlags) => {
      const secret = await givenSecret(secretStdin, context);
      const client = await context.client();
      const { id } = await resolveIntegration(client, reference);
      const body: CreateWebhookEndpointData['body'] = {
        ...given({ webhookId: kind, secret }),
        ...(event === undefined ? {} : { events: [...event] }),
        ...(register === undefined ? {} : { register: register === true ? {} : { target: register } }),
      };
      const { data } = await api.createWebhookEndpoint({ client, throwOnError: true, path: { id }, body });
      show(context, data, 'Endpoint', data.registration === null ? give : has);
    });

  group
    .command('rotate')
    .description('a new secret; the one before is accepted for 24 hours more')
    .argument(...integrationArgument)
    .argument('<endpoint>', 'id, as listed')
    .option('--secret-stdin', 'take the secret that the product has made from standard input')
    .action(async (reference: string, endpointId: string, flags: { readonly secretStdin?: true }) => {
      const secret = await givenSecret(flags.secretStdin, context);
      const client = await context.client();
      const { id } = await resolveIntegration(client, reference);
      const path = { id, endpointId };
      const body = given({ secret });
      const { data } = await api.rotateWebhookEndpoint({ client, throwOnError: true, path, body });
      // Also where the hub has made the webhook: it does not change the secret there.
      show(context, data, 'Secret of endpoint', give);
    });

  group
    .command('remove')
    .description('remove an endpoint, and the webhook at the product where the hub has made it')
    .argument(...integrationArgument)
    .argument('<endpoint>', 'id, as listed')
    .option('--keep-registration', 'leave the webhook at the product')
    .action(async (reference: string, endpointId: string, flags: { readonly keepRegistration?: true }) => {
      const client = await context.client();
      const { id } = await resolveIntegration(client, reference);
      const query = { keepRegistration: flags.keepRegistration ?? false };
      await api.deleteWebhookEndpoint({ client, throwOnError: true, path: { id, endpointId }, query });
      context.output().result({ id: endpointId, removed: true }, () => `Endpoint ${endpointId} is removed.`);
    });
}

const give = 'Give the product this address:';
const has = 'The hub has made the webhook at the product, with this address:';

/** The secret alone on stdout, so that it can be piped; with `proof: url` the address, which holds it. */
function show(context: CliContext, endpoint: Shown, what: string, next: string): void {
  const output = context.output();
  const isInAddress = endpoint.proof === 'url';
  output.note(`${what} ${endpoint.id}. ${next}`);
  if (!isInAddress) {
    output.note(`  ${oneLine(endpoint.url)}`);
    output.note('and this secret; keep it now, it is not shown again:');
  }
  output.result(endpoint, () => oneLine(isInAddress ? endpoint.url : endpoint.secret));
}

function addReceivedCommands(group: Command, context: CliContext): void {
  addPagingOptions(
    group
      .command('list')
      .description('deliveries, newest first; kept for 30 days')
      .argument(...integrationArgument)
      .addOption(
        new Option('--status <status>', 'what became of them').choices([
          'pending',
          'translated',
          'untranslated',
          'dead',
        ]),
      )
      .option('--kind <kind>', 'the product’s name of what happened'),
  ).action(async (reference: string, flags: DeliveryFlags) => {
    const client = await context.client();
    const { id } = await resolveIntegration(client, reference);
    const page = await readPages(flags, async (paging) => {
      const query = { ...paging, ...given({ status: flags.status, kind: flags.kind }) };
      return (await api.listInboundDeliveries({ client, throwOnError: true, path: { id }, query })).data;
    });
    const output = context.output();
    const rows = page.items.map((delivery) => [
      timeText(delivery.receivedAt),
      delivery.id,
      delivery.kind,
      stateCell(delivery.status),
      delivery.eventTypes.join(', '),
      delivery.error,
    ]);
    output.result(page, () => output.table(['received', 'id', 'kind', 'status', 'events', 'error'], rows));
    noteMore(output, page);
  });

  group
    .command('show')
    .description('one delivery, with its headers and body')
    .argument(...integrationArgument)
    .argument('<delivery>', 'id, as listed')
    .action(async (reference: string, deliveryId: string) => {
      const client = await context.client();
      const { id } = await resolveIntegration(client, reference);
      const { data } = await api.getInboundDelivery({ client, throwOnError: true, path: { id, deliveryId } });
      const output = context.output();
      output.result(data, () =>
        [
          output.fields([
            ['received', timeText(data.receivedAt)],
            ['kind', data.kind ?? undefined],
            ['status', stateCell(data.status)],
            ['events', data.eventTypes.join(', ')],
            ['error', data.error ?? undefined],
            ['bytes', data.bytes],
          ]),
          output.table(
            ['header', 'value'],
            data.headers.map(({ name, value }) => [name, value]),
          ),
          oneLine(data.body.content),
        ].join('\n\n'),
      );
    });

  group
    .command('translate')
    .description('translate again what became no event or failed')
    .argument(...integrationArgument)
    .argument('[delivery]', 'id, as listed; default all of them')
    .action(async (reference: string, deliveryId: string | undefined) => {
      const client = await context.client();
      const { id } = await resolveIntegration(client, reference);
      const { data } =
        deliveryId === undefined
          ? await api.translateInboundDeliveries({ client, throwOnError: true, path: { id }, body: {} })
          : await api.translateInboundDelivery({ client, throwOnError: true, path: { id, deliveryId } });
      context.output().result(data, () => `${data.requeued} deliveries are being translated again.`);
    });
}

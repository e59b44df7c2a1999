import {
  api,
  type CreateModelRouteData,
  type ListModelPricesResponse,
  type ListModelRoutesResponse,
} from '@inthub/client';
import { type Command, Option } from 'commander';
import { CliError, usageError } from '../cli-error.ts';
import type { CliContext } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import { given } from '../given.ts';
import type { Output } from '../output.ts';
import { addPagingOptions, mostItems, noteMore, type PagingFlags, readPages } from '../paging.ts';
import { oneLine } from '../printable.ts';

type Price = ListModelPricesResponse['items'][number];
type Route = ListModelRoutesResponse['items'][number];
type Scope = 'tenant' | 'platform';

interface PriceFlags {
  readonly input: string;
  readonly output?: string;
  readonly cachedInput?: string;
  readonly cacheWrite?: string;
  readonly cacheWrite1h?: string;
  readonly currency: string;
  readonly upTo?: string;
  readonly source: string;
  readonly asOf?: string;
  readonly scope: Scope;
}

interface RouteFlags {
  readonly to: readonly string[];
  readonly failOverOn?: readonly string[];
  readonly noFailOver?: boolean;
  readonly description?: string;
}

const scopeOption = () =>
  new Option('--scope <scope>', 'the tenant’s own price, or the platform’s for every tenant')
    .choices(['tenant', 'platform'])
    .default('tenant');

export function addModelCommands(program: Command, context: CliContext): void {
  const group = program.command('models').description('names of models, and what models cost');
  addPriceCommands(group.command('prices').description('what models cost, in money for a million tokens'), context);
  addRouteCommands(
    group.command('routes').description('names for models of several integrations, tried in order'),
    context,
  );
}

function addPriceCommands(group: Command, context: CliContext): void {
  group
    .command('list')
    .description('list prices and where each comes from')
    .option('--connector <id>', 'of this connector alone')
    .action(async ({ connector }: { connector?: string }) => {
      const { data } = await api.listModelPrices({
        client: await context.client(),
        throwOnError: true,
        query: given({ connectorId: connector }),
      });
      const output = context.output();
      output.result(data, () => priceTable(output, data.items));
    });

  group
    .command('set')
    .description('set what a model costs')
    .argument('<connector>', 'connector id, for example openai')
    .argument('<model>', 'id as the provider names it')
    .requiredOption('--input <amount>', 'a million input tokens')
    .option('--output <amount>', 'a million output tokens; without, the model writes none')
    .option('--cached-input <amount>', 'a million input tokens read from the cache')
    .option('--cache-write <amount>', 'a million input tokens written to the cache')
    .option('--cache-write-1h <amount>', 'the same, kept for an hour')
    .option('--currency <code>', 'of all amounts', 'USD')
    .option('--up-to <tokens>', 'holds for calls with at most so many input tokens')
    .requiredOption('--source <text>', 'where the price stands, best a URL')
    .option('--as-of <day>', 'day on which the source said so; default today')
    .addOption(scopeOption())
    .action(async (connectorId: string, model: string, flags: PriceFlags) => {
      const { input, output: written, cachedInput, cacheWrite, cacheWrite1h, upTo, scope } = flags;
      if (upTo !== undefined && !/^[1-9]\d{0,9}$/.test(upTo)) throw usageError('--up-to takes a number of tokens.');
      const { data } = await api.setModelPrice({
        client: await context.client(),
        throwOnError: true,
        body: {
          connectorId,
          scope,
          model,
          currency: flags.currency,
          inputPerMillion: input,
          ...given({
            outputPerMillion: written,
            cachedInputPerMillion: cachedInput,
            cacheWritePerMillion: cacheWrite,
            cacheWrite1hPerMillion: cacheWrite1h,
            upToInputTokens: upTo === undefined ? undefined : Number(upTo),
          }),
          source: flags.source,
          asOf: flags.asOf ?? context.terminal.clock.now().toISOString().slice(0, 10),
        },
      });
      const output = context.output();
      output.result(data, () => priceTable(output, [data]));
    });

  group
    .command('remove')
    .description('remove a price of one’s own; the next wider one holds again')
    .argument('<connector>', 'connector id')
    .argument('<model>', 'id as the provider names it')
    .addOption(scopeOption())
    .action(async (connectorId: string, model: string, { scope }: { scope: Scope }) => {
      await api.removeModelPrice({
        client: await context.client(),
        throwOnError: true,
        query: { connectorId, model, scope },
      });
      context
        .output()
        .result({ connectorId, model, removed: true }, () => `The ${scope}’s price of ${oneLine(model)} is removed.`);
    });
}

function addRouteCommands(group: Command, context: CliContext): void {
  const listRoutes = async (flags: PagingFlags) => {
    const client = await context.client();
    return readPages(flags, async (query) => (await api.listModelRoutes({ client, throwOnError: true, query })).data);
  };
  const find = async (alias: string): Promise<Route> => {
    const { items } = await listRoutes({ limit: mostItems });
    const found = items.find((route) => route.alias === alias || route.id === alias);
    if (found !== undefined) return found;
    throw new CliError(
      exitCodes.notFound,
      `There is no route "${oneLine(alias)}".`,
      'inthub models routes list shows them.',
    );
  };

  addPagingOptions(group.command('list').description('list routes')).action(async (flags: PagingFlags) => {
    const page = await listRoutes(flags);
    const output = context.output();
    output.result(page, () => routeTable(output, page.items));
    noteMore(output, page);
  });

  group
    .command('set')
    .description('make a route, or give the one of that alias other targets')
    .argument('<alias>', 'what callers name as the model')
    .requiredOption('--to <integration/model...>', 'targets, in the order in which they are tried')
    .option('--fail-over-on <code...>', 'error codes after which the next target is tried')
    .option('--no-fail-over', 'only the first target, whatever happens')
    .option('--description <text>', 'what it is for')
    .action(async (alias: string, flags: RouteFlags & { failOver?: boolean }) => {
      const client = await context.client();
      const body: CreateModelRouteData['body'] = {
        alias,
        targets: flags.to.map(targetOf),
        ...given({ description: flags.description }),
      };
      if (flags.failOver === false) body.failOverOn = [];
      else if (flags.failOverOn !== undefined)
        body.failOverOn = flags.failOverOn as NonNullable<typeof body.failOverOn>;
      const known = (await listRoutes({ limit: mostItems })).items.find((route) => route.alias === alias);
      const { data } =
        known === undefined
          ? await api.createModelRoute({ client, throwOnError: true, body })
          : await api.replaceModelRoute({
              client,
              throwOnError: true,
              path: { id: known.id },
              headers: { 'if-match': `"${known.version}"` },
              body,
            });
      const output = context.output();
      output.result(data, () => routeTable(output, [data]));
    });

  group
    .command('remove')
    .description('remove a route')
    .argument('<alias>', 'alias or id, as listed')
    .action(async (alias: string) => {
      const { id } = await find(alias);
      await api.removeModelRoute({ client: await context.client(), throwOnError: true, path: { id } });
      context.output().result({ id, removed: true }, () => `Route ${oneLine(alias)} is removed.`);
    });
}

/** The last slash parts them: a model with slashes is written with two before it, integration//model. */
function targetOf(text: string): { integration: string; model: string } {
  const double = text.indexOf('//');
  const at = double === -1 ? text.lastIndexOf('/') : double;
  const model = text.slice(at + (double === -1 ? 1 : 2));
  if (at <= 0 || model === '')
    throw usageError(
      `"${oneLine(text)}" is no target.`,
      'Write <integration>/<model>, or <integration>//<model> for a model with slashes.',
    );
  return { integration: text.slice(0, at), model };
}

function priceTable(output: Output, prices: readonly Price[]): string {
  return output.table(
    ['connector', 'model', 'input', 'output', 'cached input', 'currency', 'from', 'as of'],
    prices.map((price) => [
      price.connectorId,
      price.model,
      price.inputPerMillion,
      price.outputPerMillion ?? null,
      price.cachedInputPerMillion ?? null,
      price.currency,
      price.origin,
      price.asOf,
    ]),
  );
}

function routeTable(output: Output, routes: readonly Route[]): string {
  return output.table(
    ['alias', 'targets', 'fails over on', 'id'],
    routes.map((route) => [
      route.alias,
      route.targets.map(({ integration, model }) => `${integration}/${model}`).join(' → '),
      route.failOverOn.join(', ') || 'nothing',
      route.id,
    ]),
  );
}

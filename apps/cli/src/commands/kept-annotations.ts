import { api, type HubClient, type Integration, type KeptAnnotation, type ScmOperationResult } from '@inthub/client';
import { type Command, Option } from 'commander';
import { CliError, usageError } from '../cli-error.ts';
import type { CliContext } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import { given } from '../given.ts';
import { type Output, timeText } from '../output.ts';
import { addPagingOptions, noteMore, type PagingFlags, readPages } from '../paging.ts';
import { annotationTable, concludeAnnotations } from '../present-annotation.ts';
import { toJsonText } from '../printable.ts';
import { integrationArgument, resolveIntegration } from '../resolve-integration.ts';

interface ManyFlags {
  readonly all?: true;
}

/** What the hub kept while it was offline: list, show, post, drop. */
export function addKeptAnnotationCommands(group: Command, context: CliContext): void {
  addPagingOptions(group.command('list').description('list what was kept while the hub was offline, newest first'))
    .argument(...integrationArgument)
    .addOption(new Option('--state <state>', 'only these').choices(['kept', 'posted']))
    .action(async (reference: string, flags: PagingFlags & { state?: KeptAnnotation['state'] }) => {
      const client = await context.client();
      const { id } = await resolveIntegration(client, reference);
      const page = await readPages(flags, (query) =>
        listKept(client, id, { ...query, ...given({ state: flags.state }) }),
      );
      const output = context.output();
      output.result(page, () => keptTable(output, page.items));
      noteMore(output, page);
    });

  group
    .command('show')
    .description('show a kept annotation with what would be posted')
    .argument(...integrationArgument)
    .argument('<id>', 'id of the kept annotation')
    .action(async (reference: string, keptId: string) => {
      const client = await context.client();
      const { id } = await resolveIntegration(client, reference);
      const { data } = await api.getKeptAnnotation({ client, throwOnError: true, path: { id, keptId } });
      const output = context.output();
      output.result(data, () => {
        const fields = output.fields([
          ['id', data.id],
          ['operation', data.operation.replace('_', ' ')],
          ['state', data.state],
          ['kept', `${timeText(data.createdAt)} by ${data.createdBy}`],
          ['posted', timeText(data.postedAt)],
          ['last error', data.lastError],
        ]);
        return `${fields}\n${output.heading('Payload')}${toJsonText(data.payload, 2)}`;
      });
    });

  group
    .command('post')
    .description('post kept annotations now; exit code 1 when one fails')
    .argument(...integrationArgument)
    .argument('[id...]', 'ids of kept annotations')
    .option('--all', 'all that are kept, oldest first')
    .action(async (reference: string, ids: readonly string[], flags: ManyFlags) => {
      const client = await context.client();
      const integration = await resolveIntegration(client, reference);
      const items: ({ id: string } & ScmOperationResult)[] = [];
      const failure = await each(await choose(client, integration, 'post', ids, flags), async (keptId) => {
        const path = { id: integration.id, keptId };
        const { data } = await api.postKeptAnnotation({ client, throwOnError: true, path });
        items.push({ id: keptId, ...data });
        if (!data.skippedOffline) return;
        throw new CliError(exitCodes.failure, 'The hub is still offline, so nothing was sent.', 'Post it later.');
      });
      const results = items.map(({ id, ...result }) => [id, result] as const);
      const output = context.output();
      if (failure === undefined || items.length > 0) {
        output.result({ items }, () => (items.length === 0 ? 'Nothing is kept.' : annotationTable(output, results)));
      }
      if (failure !== undefined) throw failure;
      concludeAnnotations(output, integration.name, results);
    });

  group
    .command('drop')
    .description('delete kept annotations, posted or not')
    .argument(...integrationArgument)
    .argument('[id...]', 'ids of kept annotations')
    .option('--all', 'all that are kept; those that were posted go by themselves')
    .action(async (reference: string, ids: readonly string[], flags: ManyFlags) => {
      const client = await context.client();
      const integration = await resolveIntegration(client, reference);
      const dropped: string[] = [];
      const failure = await each(await choose(client, integration, 'drop', ids, flags), async (keptId) => {
        await api.removeKeptAnnotation({ client, throwOnError: true, path: { id: integration.id, keptId } });
        dropped.push(keptId);
      });
      const output = context.output();
      if (failure === undefined || dropped.length > 0) output.result({ dropped }, () => `${dropped.length} deleted.`);
      if (failure !== undefined) throw failure;
    });
}

async function listKept(
  client: HubClient,
  id: string,
  query: { limit: number; cursor?: string; state?: KeptAnnotation['state'] },
) {
  return (await api.listKeptAnnotations({ client, throwOnError: true, path: { id }, query })).data;
}

/** Those that were named, or all that are kept, oldest first. @throws CliError when neither or both were asked for. */
async function choose(
  client: HubClient,
  { id, name }: Integration,
  verb: string,
  ids: readonly string[],
  { all }: ManyFlags,
): Promise<readonly string[]> {
  if ((all === true) === ids.length > 0) {
    throw usageError(`Name what to ${verb}, or give --all.`, `inthub annotations list ${name} shows what there is.`);
  }
  if (all !== true) return ids;
  const { items } = await readPages({ all }, (query) => listKept(client, id, { ...query, state: 'kept' }));
  return items.map((kept) => kept.id).reverse();
}

/** One after the other until one throws; what it threw, after which nothing more is tried. */
async function each(ids: readonly string[], work: (id: string) => Promise<void>): Promise<unknown> {
  try {
    for (const id of ids) await work(id);
    return undefined;
  } catch (error) {
    return error;
  }
}

function keptTable(output: Output, items: readonly KeptAnnotation[]): string {
  return output.table(
    ['kept', 'by', 'operation', 'for', 'state', 'error', 'id'],
    items.map((kept) => [
      timeText(kept.createdAt),
      kept.createdBy,
      kept.operation.replace('_', ' '),
      placeOf(kept.payload),
      kept.state,
      kept.lastError,
      kept.id,
    ]),
  );
}

/** "octo-org/hello-world 7", or the commit's first digits where no pull request is named. */
function placeOf({ owner, repository, pullRequestNumber, commitSha, headSha }: KeptAnnotation['payload']): string {
  const within = pullRequestNumber ?? String(commitSha ?? headSha ?? '').slice(0, 12);
  return `${String(owner)}/${String(repository)} ${String(within)}`;
}

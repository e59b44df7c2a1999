import { api, type CreateApiKeyData, type HubClient, type ListApiKeysResponse } from '@inthub/client';
import { isId, type Role, roles, type Scope, scopes } from '@inthub/contracts';
import { type Command, Option } from 'commander';
import { CliError, usageError } from '../cli-error.ts';
import type { CliContext } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import { type Output, timeText } from '../output.ts';
import { addPagingOptions, mostItems, noteMore, type PagingFlags, readPages } from '../paging.ts';
import { oneLine } from '../printable.ts';
import { requireMoment } from '../times.ts';

type ApiKey = ListApiKeysResponse['items'][number];

interface CreateFlags {
  readonly name: string;
  readonly scope?: readonly Scope[];
  readonly role?: readonly Role[];
  readonly expires?: string;
}

export function addKeyCommands(program: Command, context: CliContext): void {
  const group = program.command('keys').description('API keys of the tenant');

  addPagingOptions(group.command('list').description('list API keys, without their secrets')).action(
    async (flags: PagingFlags) => {
      const client = await context.client();
      const page = await readPages(flags, (query) => listKeys(client, query));
      const output = context.output();
      output.result(page, () => keyTable(output, page.items));
      noteMore(output, page);
    },
  );

  group
    .command('create')
    .description('create an API key; it is shown this once')
    .requiredOption('--name <name>', 'what it is for')
    .addOption(new Option('--scope <scope...>', 'what it may do').choices(scopes))
    .addOption(new Option('--role <role...>', 'bundle of scopes').choices(Object.keys(roles)))
    .option('--expires <when>', 'moment, or time from now: 2027-01-01, 90d')
    .action(async (flags: CreateFlags) => {
      const { name, scope, role, expires } = flags;
      if (scope === undefined && role === undefined) {
        throw usageError('A key without --scope or --role could do nothing.', 'Example: --role developer');
      }
      const body: CreateApiKeyData['body'] = { name };
      if (scope !== undefined) body.scopes = [...new Set(scope)];
      if (role !== undefined) body.roles = [...new Set(role)];
      if (expires !== undefined) body.expiresAt = requireMoment('--expires', expires, context.terminal.clock, 'ahead');
      const { data } = await api.createApiKey({ client: await context.client(), throwOnError: true, body });
      const output = context.output();
      // The key alone on stdout, so that it can be piped into a vault.
      output.note(`Key "${oneLine(data.apiKey.name)}" (${data.apiKey.id}); keep it now, it is not shown again:`);
      output.result(data, () => oneLine(data.key));
    });

  group
    .command('revoke')
    .description('revoke an API key at once')
    .argument('<key>', 'id or prefix, as listed')
    .action(async (reference: string) => {
      const client = await context.client();
      const id = isId(reference) ? reference : await findByPrefix(client, reference);
      await api.revokeApiKey({ client, throwOnError: true, path: { id } });
      context.output().result({ id, revoked: true }, () => `Key ${id} is revoked.`);
    });
}

async function listKeys(client: HubClient, query: { limit: number; cursor?: string }): Promise<ListApiKeysResponse> {
  return (await api.listApiKeys({ client, throwOnError: true, query })).data;
}

async function findByPrefix(client: HubClient, prefix: string): Promise<string> {
  const { items } = await readPages({ limit: mostItems }, (query) => listKeys(client, query));
  const found = items.filter((key) => key.prefix === prefix);
  if (found.length > 1) throw usageError(`Several keys have the prefix "${prefix}".`, 'Name the key by its id.');
  if (found[0] !== undefined) return found[0].id;
  throw new CliError(exitCodes.notFound, `There is no key "${prefix}".`, 'inthub keys list shows ids and prefixes.');
}

function keyTable(output: Output, keys: readonly ApiKey[]): string {
  return output.table(
    ['name', 'prefix', 'id', 'scopes', 'expires', 'last used', 'revoked'],
    keys.map((key) => [
      key.name,
      key.prefix,
      key.id,
      key.scopes.join(', '),
      timeText(key.expiresAt) ?? 'never',
      timeText(key.lastUsedAt),
      timeText(key.revokedAt),
    ]),
  );
}

import { api, type HubClient, type Integration } from '@inthub/client';
import { isId, pageLimits } from '@inthub/contracts';
import { CliError } from './cli-error.ts';
import { exitCodes } from './exit-codes.ts';

/** How every command says which integration is meant. */
export const integrationArgument = ['<integration>', 'name or id'] as const;

const longestName = 128;
/** Names that merely contain the wanted one; beyond this the wanted one is looked for no further. */
const mostPages = 20;
const mostSuggestions = 3;

/**
 * The integration that a person means: by id, or by its exact name, which is unique among those that are not uninstalled.
 * @throws CliError `not found` with the nearest names, HubApiError.
 */
export async function resolveIntegration(client: HubClient, reference: string): Promise<Integration> {
  if (isId(reference)) {
    const { data } = await api.getIntegration({ client, throwOnError: true, path: { id: reference } });
    return data;
  }
  const near: string[] = [];
  let cursor: string | null = null;
  for (let page = 0; page < mostPages && isSearchable(reference); page++) {
    const query: { q: string; limit: number; cursor?: string } = { q: reference, limit: pageLimits.max };
    if (cursor !== null) query.cursor = cursor;
    const { data } = await api.listIntegrations({ client, throwOnError: true, query });
    const found = data.items.find(({ name }) => name === reference);
    if (found !== undefined) return found;
    near.push(...data.items.slice(0, mostSuggestions).map(({ name }) => `"${name}"`));
    cursor = data.nextCursor;
    if (cursor === null) break;
  }
  const suggestion = near.length === 0 ? '' : ` Did you mean ${near.slice(0, mostSuggestions).join(', ')}?`;
  throw new CliError(
    exitCodes.notFound,
    `There is no integration "${reference}".${suggestion}`,
    'inthub integrations list shows all names.',
  );
}

function isSearchable(text: string): boolean {
  return text.length > 0 && text.length <= longestName && !/\p{Cc}/u.test(text);
}

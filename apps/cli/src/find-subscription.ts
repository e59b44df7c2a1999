import { api, type HubClient } from '@inthub/client';
import { isId } from '@inthub/contracts';
import { CliError, usageError } from './cli-error.ts';
import { exitCodes } from './exit-codes.ts';
import { readPages } from './paging.ts';

export async function listSubscriptions(client: HubClient, query: { limit: number; cursor?: string }) {
  return (await api.listWebhookSubscriptions({ client, throwOnError: true, query })).data;
}

/** @throws CliError for a name that is unknown or not unique. */
export async function findSubscriptionId(client: HubClient, reference: string): Promise<string> {
  if (isId(reference)) return reference;
  const { items } = await readPages({ all: true }, (query) => listSubscriptions(client, query));
  const [found, another] = items.filter(({ name }) => name === reference);
  if (another !== undefined) throw usageError(`Several subscriptions are called "${reference}".`, 'Name it by its id.');
  if (found !== undefined) return found.id;
  throw new CliError(
    exitCodes.notFound,
    `There is no subscription "${reference}".`,
    'inthub webhooks list shows them.',
  );
}

import { pageLimits } from '@inthub/contracts';
import { type Command, InvalidArgumentError } from 'commander';
import { CliError } from './cli-error.ts';
import { exitCodes } from './exit-codes.ts';
import type { Output } from './output.ts';

export interface PagingFlags {
  readonly limit?: number;
  readonly all?: boolean;
  readonly cursor?: string;
}

interface PageOf<Item> {
  readonly items: readonly Item[];
  readonly nextCursor: string | null;
}

/** What `--all` stops at; `nextCursor` of the answer then continues. */
export const mostItems = 100_000;

export function addPagingOptions(command: Command): Command {
  return command
    .option('--limit <count>', `how many to show (default ${pageLimits.default})`, wholeNumber(1, mostItems))
    .option('--all', `page through to the end, at most ${mostItems}`)
    .option('--cursor <cursor>', 'continue where an earlier answer ended (its nextCursor)');
}

/**
 * Reads as many pages as were asked for. The answer has the shape of one page of the hub.
 * @throws CliError when the hub hands out the same cursor twice.
 */
export async function readPages<Item>(
  flags: PagingFlags,
  fetchPage: (query: { limit: number; cursor?: string }) => Promise<PageOf<Item>>,
): Promise<{ items: Item[]; nextCursor: string | null }> {
  const wanted = flags.all === true ? mostItems : (flags.limit ?? pageLimits.default);
  const items: Item[] = [];
  const seen = new Set<string>();
  let cursor = flags.cursor ?? null;
  do {
    if (cursor !== null) seen.add(cursor);
    const limit = Math.min(pageLimits.max, wanted - items.length);
    const page = await fetchPage({ limit, ...(cursor === null ? {} : { cursor }) });
    items.push(...page.items);
    cursor = page.nextCursor;
    if (cursor !== null && seen.has(cursor)) {
      throw new CliError(exitCodes.failure, 'The hub hands out the same page again and again.', 'Please report this.');
    }
  } while (cursor !== null && items.length < wanted);
  return { items, nextCursor: cursor };
}

/** Tells people that there is more. */
export function noteMore(output: Output, page: { nextCursor: string | null }): void {
  if (page.nextCursor !== null) output.note(`There is more: --all, or --cursor ${page.nextCursor}`);
}

/** Parser of an option that takes a whole number. */
export function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d{1,15}$/.test(text) && value >= least && value <= most) return value;
    throw new InvalidArgumentError(`It must be a whole number from ${least} to ${most}.`);
  };
}

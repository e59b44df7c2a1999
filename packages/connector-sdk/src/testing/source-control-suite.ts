/** What the parts of the source-control suite share. */
import { HubError } from '@inthub/contracts';
import { expect } from 'vitest';
import type { SourceControlActionId } from '../index.ts';

/** What the product under test holds. The suite writes only pull requests, issues, statuses and webhooks of the one repository. */
export interface SourceControlFixtures {
  readonly owner: string;
  readonly repo: string;
  readonly defaultBranch: string;
  /** Full names that repo.list must show, among others. At least two, so that pages can be seen. */
  readonly repositories: readonly string[];
  /** All branches. */
  readonly branches: readonly string[];
  /** All tags. */
  readonly tags: readonly string[];
  /** A file of text on the default branch. */
  readonly file: { readonly path: string; readonly content: string };
  /** A file that is not UTF-8. */
  readonly binary?: { readonly path: string; readonly base64: string };
  /** Paths of all files on the default branch; the one with a slash in it is used to ask for a folder. */
  readonly files: readonly string[];
  /** A repository without a commit. */
  readonly empty?: { readonly owner: string; readonly repo: string };
  /** A name, number and path that do not exist. Default `no-such-repository`, 999 999, `no/such/file`. */
  readonly missing?: { readonly repo?: string; readonly number?: number; readonly path?: string };
  readonly search?: {
    readonly code?: { readonly query: string; readonly path: string };
    readonly issues?: { readonly query: string; readonly number: number };
  };
  /** Branches with a commit of their own and no pull request, one for each that the suite opens (merged, closed by conflict). */
  readonly unmerged?: readonly [string, string];
  /** Whether the credential may review its own pull requests; GitHub allows only to comment. Default false. */
  readonly canApproveOwn?: boolean;
  readonly labels?: readonly string[];
  readonly assignee?: string;
}

export type Run = <Output>(action: SourceControlActionId, input: unknown) => Promise<Output>;
export type Suite = (
  run: Run,
  of: () => SourceControlFixtures,
  has: (...ids: SourceControlActionId[]) => boolean,
) => void;
export interface Listed<Item> {
  readonly items: readonly Item[];
  readonly nextCursor: string | null;
}

/** Every item of a list, in pages of `limit`; fails when pages repeat or do not end. */
export async function allItems<Item>(
  run: Run,
  action: SourceControlActionId,
  input: object,
  limit: number,
): Promise<Item[]> {
  const items: Item[] = [];
  const seen = new Set<string>();
  let cursor: string | null = null;
  do {
    const page: Listed<Item> = await run(action, { ...input, limit, ...(cursor === null ? {} : { cursor }) });
    expect(page.items.length, `a page of ${action}`).toBeLessThanOrEqual(limit);
    items.push(...page.items);
    cursor = page.nextCursor;
    if (cursor !== null && seen.has(cursor)) throw new HubError('internal', `${action} gave the same cursor twice.`);
    if (cursor !== null) seen.add(cursor);
    if (seen.size > 1000) throw new HubError('internal', `${action} does not end.`);
  } while (cursor !== null);
  return items;
}

export async function rejects(work: Promise<unknown>, code: string | RegExp, what = ''): Promise<void> {
  const error: unknown = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error, what).toMatchObject({ code: expect.stringMatching(code) });
}

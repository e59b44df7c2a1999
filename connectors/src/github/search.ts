/** Search gives at most 1,000 hits for a query (docs.github.com/rest/search/search). */
import type { SourceControlHandlers } from '@inthub/connector-sdk';
import { listPage, pageOf } from './api.ts';
import { toIssue } from './issues.ts';
import { CodeSearch, IssueSearch } from './schema.ts';

/** Adds excerpts to the hits. */
const withFragments = 'application/vnd.github.text-match+json';

function within({ owner, repo }: { readonly owner?: string; readonly repo?: string }): string {
  if (owner === undefined) return '';
  return repo === undefined ? ` user:${owner}` : ` repo:${owner}/${repo}`;
}

export const searchHandlers: SourceControlHandlers = {
  'search.code': async ({ query, owner, repo, cursor, limit }, ctx) => {
    const told = { totalCount: 0, isIncomplete: false };
    const page = await listPage(
      'GET /search/code',
      { q: `${query}${within({ ...(owner && { owner }), ...(repo && { repo }) })}` },
      pageOf(cursor, limit),
      async (response) => {
        const found = await response.json(CodeSearch);
        told.totalCount = found.total_count;
        told.isIncomplete = found.incomplete_results;
        return found.items.map(({ path, name, sha, html_url, repository, text_matches = [] }) => ({
          path,
          name,
          repository: repository.full_name,
          sha,
          url: html_url ?? null,
          fragments: text_matches.flatMap(({ fragment }) => (fragment === undefined ? [] : [fragment])),
        }));
      },
      ctx,
      { accept: withFragments },
    );
    return { ...page, ...told };
  },
  'search.issues': async ({ query, owner, repo, state = 'all', cursor, limit }, ctx) => {
    const told = { totalCount: 0, isIncomplete: false };
    const ofState = state === 'all' ? '' : ` state:${state}`;
    const page = await listPage(
      'GET /search/issues',
      { q: `${query} is:issue${ofState}${within({ ...(owner && { owner }), ...(repo && { repo }) })}` },
      pageOf(cursor, limit),
      async (response) => {
        const found = await response.json(IssueSearch);
        told.totalCount = found.total_count;
        told.isIncomplete = found.incomplete_results;
        return found.items.map((issue) => ({ ...toIssue(issue), repository: repositoryOf(issue) }));
      },
      ctx,
    );
    return { ...page, ...told };
  },
};

/** Hits name their repository by its address in the API alone. */
function repositoryOf({
  repository_url,
  html_url,
}: {
  readonly repository_url?: string;
  readonly html_url: string;
}): string {
  const [, fromApi] = /\/repos\/([^/]+\/[^/]+)$/.exec(repository_url ?? '') ?? [];
  const [, fromPage] = /^https?:\/\/[^/]+\/([^/]+\/[^/]+)\//.exec(html_url) ?? [];
  return fromApi ?? fromPage ?? '';
}

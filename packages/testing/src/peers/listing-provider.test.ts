import { afterAll, beforeAll, expect, it } from 'vitest';
import { type ListingProvider, startListingProvider } from './listing-provider.ts';

let provider: ListingProvider;
beforeAll(async () => {
  provider = await startListingProvider({ items: 250 });
});
afterAll(() => provider.stop());

const ask = (path: string, init: RequestInit = {}) =>
  fetch(`${provider.url}${path}`, { ...init, headers: { authorization: 'Bearer x', ...init.headers } });

it('cuts pages as GitHub does, and links the next while there is one', async () => {
  const first = await ask('/user/repos?per_page=500&page=1');
  const last = await ask('/user/repos?per_page=100&page=3');

  expect(await first.json()).toHaveLength(100);
  expect(first.headers.get('link')).toContain('page=2>; rel="next"');
  expect(await last.json()).toHaveLength(50);
  expect(last.headers.get('link')).not.toContain('rel="next"');
  const headers = { 'if-none-match': first.headers.get('etag') ?? '' };
  expect((await ask('/user/repos?per_page=500&page=1', { headers })).status).toBe(304);
  expect(provider.pages.map(({ first: at, size, given }) => [at, size, given])).toEqual([
    [0, 100, 100],
    [200, 100, 50],
    [0, 100, 100],
  ]);
});

it('hands out a token for the next page as Jira does', async () => {
  const ids: string[] = [];
  let nextPageToken: string | undefined;
  do {
    const body = JSON.stringify({ jql: 'project = BULK', maxResults: 100, nextPageToken });
    const page = (await (await ask('/rest/api/3/search/jql', { method: 'POST', body })).json()) as {
      issues: { id: string }[];
      nextPageToken?: string;
    };
    ids.push(...page.issues.map(({ id }) => id));
    nextPageToken = page.nextPageToken;
  } while (nextPageToken !== undefined);

  expect(new Set(ids).size).toBe(250);
});

it('refuses a request without a credential, and what it does not know', async () => {
  expect((await fetch(`${provider.url}/user/repos`)).status).toBe(401);
  expect((await ask('/repos/octo/other/issues')).status).toBe(404);
});

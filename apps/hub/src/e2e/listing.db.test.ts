/** Ten thousand items through the whole hub: page by page from the provider, page by page to the caller, each item once. */
import { type ListingProvider, startListingProvider } from '@inthub/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestHub, type TestHub } from './testing.ts';

const items = 10_000;
const limit = 100;

let provider: ListingProvider;
let hub: TestHub;
let github: string;
let jira: string;

async function install(type: string, config: object, credentials: object): Promise<string> {
  const { status, body } = await hub.call('POST', '/api/v1/integrations', {
    type,
    name: type,
    config: { endpoint: provider.url, ...config },
    credentials,
    // What is asked here is how the list is read; at Jira's own pace it would take minutes.
    rateLimits: { requestsPerMinute: 1_000_000 },
    submit: true,
  });
  expect(status, JSON.stringify(body)).toBe(201);
  const tested = await hub.call('POST', `/api/v1/integrations/${body.id}/test`, {});
  expect(tested.body, JSON.stringify(tested.body)).toMatchObject({ success: true });
  return body.id as string;
}

beforeAll(async () => {
  provider = await startListingProvider({ items });
  hub = await startTestHub();
  github = await install('scm.github', { authMode: 'token' }, { kind: 'bearer_token', token: 'a-token-of-the-test' });
  const basic = { kind: 'basic_auth', username: 'ada@example.com', password: 'an-api-token-of-the-test' };
  jira = await install('pm.jira', { authMode: 'basic' }, basic);
}, 120_000);
afterAll(async () => {
  await hub?.stop();
  await provider?.stop();
});

interface Page {
  readonly items: readonly { readonly id: string }[];
  readonly nextCursor: string | null;
}

/** A page of an action's list, by the hub's own cursor. */
const byAction =
  (id: () => string, action: string, params: object) =>
  async (cursor: string | null, size = limit): Promise<Page> => {
    const { status, body } = await hub.call('POST', `/api/v1/connectors/instances/${id()}/execute`, {
      action,
      params: { ...params, limit: size, ...(cursor === null ? {} : { cursor }) },
    });
    expect(status, JSON.stringify(body).slice(0, 500)).toBe(200);
    return body.data as Page;
  };
const byDiscovery = async (cursor: string | null, size = limit): Promise<Page> => {
  const query = new URLSearchParams({
    type: 'repositories',
    limit: String(size),
    ...(cursor === null ? {} : { cursor }),
  });
  const { status, body } = await hub.call('GET', `/api/v1/integrations/${github}/resources?${query}`);
  expect(status, JSON.stringify(body).slice(0, 500)).toBe(200);
  return body as Page;
};

describe.each([
  ['repositories of GitHub', byAction(() => github, 'repo.list', {})],
  ['issues of GitHub', byAction(() => github, 'issue.list', { owner: 'octo', repo: 'bulk' })],
  ['issues of Jira', byAction(() => jira, 'task.list', { projectId: 'BULK' })],
  ['resources of GitHub', byDiscovery],
] as const)('%s', (_name, fetchPage) => {
  it('come once each, and the provider is asked for one page at a time', async () => {
    const before = provider.pages.length;
    const ids = new Set<string>();
    let cursor: string | null = null;
    let pages = 0;
    do {
      const page: Page = await fetchPage(cursor);
      pages += 1;
      expect(page.items.length).toBeLessThanOrEqual(limit);
      for (const { id } of page.items) ids.add(id);
      cursor = page.nextCursor;
      // Nothing is fetched ahead of the caller, and nothing twice.
      expect(provider.pages.length - before).toBe(pages);
      expect(ids.size).toBe(Math.min(items, pages * limit));
    } while (cursor !== null);

    expect(pages).toBe(items / limit);
    expect(ids.size).toBe(items);
    const asked = provider.pages.slice(before);
    expect(asked.every(({ size, given }) => size <= limit && given <= limit)).toBe(true);
    expect(asked.map(({ first }) => first)).toEqual(Array.from({ length: pages }, (_, at) => at * limit));
  }, 120_000);

  it('come in pages as small as the caller asks for, and the provider is asked for no more', async () => {
    const before = provider.pages.length;

    const first = await fetchPage(null, 7);
    const second = await fetchPage(first.nextCursor, 7);

    expect([first.items.length, second.items.length]).toEqual([7, 7]);
    expect(provider.pages.slice(before).map(({ size }) => size)).toEqual([7, 7]);
  });
});

/**
 * `npm run bench:listing`: reads long lists of a GitHub-shaped and a Jira-shaped provider to their ends through a whole hub, page after page
 * with the hub's own cursors. Question: does the hub's memory grow with the list?
 *
 * Hub, provider, PostgreSQL and this process are four processes; nothing is pinned. The hub's memory (resident set, Linux) is looked at after
 * each page. Options after `--`: `--items 10000`, `--limit 100` (of a page), `--rounds 3` (times that each list is read).
 */
import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { startEmbeddedServer } from '@inthub/testing';
import { residentMb } from '../gateway/memory.ts';
import { startProcess } from '../gateway/start-process.ts';
import { table } from '../gateway/statistics.ts';

const { values } = parseArgs({
  options: {
    items: { type: 'string', default: '10000' },
    limit: { type: 'string', default: '100' },
    rounds: { type: 'string', default: '3' },
  },
});
const [items, limit, rounds] = [values.items, values.limit, values.rounds].map(Number) as [number, number, number];

interface Page {
  readonly items: readonly { readonly id: string }[];
  readonly nextCursor: string | null;
}
type FetchPage = (cursor: string | null) => Promise<Page>;

const node = ['--import', 'tsx', '--conditions=source'];
const postgres = await startEmbeddedServer();
const provider = await startProcess(new URL('./processes/provider.ts', import.meta.url), {
  nodeArgs: node,
  args: [String(items)],
});
const hub = await startProcess(new URL('../dispatch/processes/hub.ts', import.meta.url), {
  nodeArgs: node,
  args: [postgres.adminUrl],
});
try {
  await run();
} finally {
  await hub.stop();
  await provider.stop();
  await postgres.stop();
}

async function run(): Promise<void> {
  const github = await install('scm.github', { authMode: 'token' }, { kind: 'bearer_token', token: 'a-token' });
  const basic = { kind: 'basic_auth', username: 'ada@example.com', password: 'an-api-token' };
  const jira = await install('pm.jira', { authMode: 'basic' }, basic);
  const lists: readonly (readonly [name: string, fetchPage: FetchPage])[] = [
    ['GitHub, repo.list', byAction(github, 'repo.list', {})],
    ['GitHub, issue.list', byAction(github, 'issue.list', { owner: 'octo', repo: 'bulk' })],
    ['GitHub, discovery of repositories', byDiscovery(github)],
    ['Jira, task.list', byAction(jira, 'task.list', { projectId: 'BULK' })],
  ];
  // The first pages load code and fill pools, which is no matter of the list's length; those of discovery would be kept.
  for (const [name, fetchPage] of lists)
    for (let page = 0; page < 20 && !name.includes('discovery'); page += 1) await fetchPage(null);

  const rows: string[][] = [];
  for (let round = 1; round <= rounds; round += 1)
    for (const [name, fetchPage] of lists) rows.push([name, String(round), ...(await readAll(fetchPage))]);
  const load = loadavg().map((one) => one.toFixed(1));
  console.log(`${items} items, pages of ${limit}; load average at the end: ${load.join(', ')}\n`);
  const memory = ['hub RSS before, MB', 'peak', 'after'];
  console.log(table(['list', 'round', 'items/s', ...memory, 'requests to the provider', 'pages to the caller'], rows));
}

/** @returns the cells of a row. @throws when an item is missing, comes twice, or a page is larger than asked for. */
async function readAll(fetchPage: FetchPage): Promise<string[]> {
  const asked = await pagesAsked();
  const ids = new Set<string>();
  const before = residentMb(hub);
  let peak = before;
  let seen = 0;
  let pages = 0;
  let cursor: string | null = null;
  const startedMs = performance.now();
  do {
    const page: Page = await fetchPage(cursor);
    if (page.items.length > limit) throw new Error(`A page held ${page.items.length} items.`);
    for (const { id } of page.items) ids.add(id);
    seen += page.items.length;
    pages += 1;
    cursor = page.nextCursor;
    peak = Math.max(peak, residentMb(hub));
  } while (cursor !== null);
  const seconds = (performance.now() - startedMs) / 1_000;
  if (seen !== items || ids.size !== items) throw new Error(`${seen} items came, ${ids.size} different ones.`);
  const sent = (await pagesAsked()) - asked;
  return [
    Math.round(items / seconds).toLocaleString('en'),
    ...[before, peak, residentMb(hub), sent, pages].map(String),
  ];
}

async function call(method: string, path: string, body?: unknown): Promise<unknown> {
  const answer = await fetch(`http://127.0.0.1:${hub.facts['port']}${path}`, {
    method,
    headers: { authorization: `Bearer ${hub.facts['key']}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text.slice(0, 500)}`);
  return JSON.parse(text);
}

async function install(type: string, config: object, credentials: object): Promise<string> {
  const made = (await call('POST', '/api/v1/integrations', {
    type,
    name: type,
    config: { endpoint: provider.facts['url'], ...config },
    credentials,
    // A connector's own pace would make these lists a matter of hours.
    rateLimits: { requestsPerMinute: 1_000_000, requestsPerHour: 10_000_000 },
    submit: true,
  })) as { id: string };
  await call('POST', `/api/v1/integrations/${made.id}/test`, {});
  return made.id;
}

function byAction(id: string, action: string, params: object): FetchPage {
  return async (cursor) => {
    const input = { ...params, limit, ...(cursor === null ? {} : { cursor }) };
    const path = `/api/v1/connectors/instances/${id}/execute`;
    return ((await call('POST', path, { action, params: input })) as { data: Page }).data;
  };
}

function byDiscovery(id: string): FetchPage {
  return async (cursor) => {
    const query = new URLSearchParams({
      type: 'repositories',
      limit: String(limit),
      ...(cursor === null ? {} : { cursor }),
    });
    return (await call('GET', `/api/v1/integrations/${id}/resources?${query}`)) as Page;
  };
}

/** Pages that the provider was asked for so far. */
async function pagesAsked(): Promise<number> {
  return ((await (await fetch(String(provider.facts['stats']))).json()) as { pages: number }).pages;
}

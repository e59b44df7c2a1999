/**
 * `npx tsx --conditions=source bench/catalog.ts`: pages through 100,000 integrations of one tenant over the HTTP API, a PostgreSQL and a
 * hub of its own in this run. Question: does any page cost more than the first?
 *
 * Positions are taken evenly over the listing and asked in turn, round after round, so that whatever else the machine does hits all
 * of them alike; a position's cost is the median of its rounds. `net` leaves out what the smallest request (/healthz) costs, so that
 * the constant part of HTTP does not flatter the ratio. `noise` is the same ratio between the first page and itself, asked twice.
 *
 * Free text has no index and reads on until its page is full: shown, not judged.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startHub } from '@inthub/hub';
import { createTestDatabase, startTestDatabase } from '@inthub/testing';
import pg from 'pg';

const total = 100_000;
const limit = 100;
const positions = 11;
const rounds = 101;
const allowedRatio = 1.5;
const key = 'bench-admin-key-0123456789abcdef0123456789';

/** Share of the rows that each filter keeps is in the name. */
const filters: readonly (readonly [name: string, query: Readonly<Record<string, string>>])[] = [
  ['none (100 %)', {}],
  ['type (14 %)', { type: 'type.3' }],
  ['connector (20 %)', { connector: 'c2' }],
  ['category (20 %)', { category: 'registry' }],
  ['status (20 %)', { status: 'failed' }],
  ['health (25 %)', { health: 'healthy' }],
  ['environment (33 %)', { environment: 'env1' }],
  ['owner (9 %)', { owner: 'owner5' }],
  ['tag (8 %)', { tag: 'tag7' }],
  ['tag and status (2 %)', { tag: 'tag7', status: 'failed' }],
];
const freeText: typeof filters = [
  ['free text, spread (8 %)', { q: 'team 4' }],
  ['free text, nearly all', { q: 'name 0' }],
];

const server = await startTestDatabase();
const database = await createTestDatabase();
const dataDir = mkdtempSync(join(tmpdir(), 'inthub-bench-'));
const hub = await startHub(
  {
    port: 0,
    host: '127.0.0.1',
    dataDir,
    databaseUrl: database.url,
    roles: new Set(['api']),
    bootstrapApiKey: key,
    masterKey: null,
    masterKeyFile: null,
    publicUrl: null,
    pluginsDir: null,
    offline: true,
    egressAllow: [],
    eventBus: 'postgres',
    natsUrl: null,
    counters: 'memory',
    valkeyUrl: null,
    oidc: null,
    otlpEndpoint: null,
    logLevel: 'error',
    secretEnvironment: new Map(),
  },
  {},
);
const agent = new Agent({ keepAlive: true, maxSockets: 1 });
try {
  await seed();
  const floorMs = await floor();
  console.log(
    `${total} integrations, pages of ${limit}, ${positions} positions × ${rounds} rounds; /healthz ${ms(floorMs)} ms\n`,
  );
  console.log(
    'filter                    rows    first slowest position         gross   net noise    p50    p99 (all pages)',
  );
  let worst = 0;
  for (const [name, query] of filters) worst = Math.max(worst, await measure(name, query, floorMs));
  for (const [name, query] of freeText) await measure(name, query, floorMs);
  console.log(`\nworst net ratio ${worst.toFixed(2)} (allowed ${allowedRatio})`);
  process.exitCode = worst <= allowedRatio ? 0 : 1;
} finally {
  agent.destroy();
  await hub.stop();
  await database.drop();
  await server.stop();
  rmSync(dataDir, { recursive: true, force: true });
}

/** Prints one row of the table; returns the net ratio of the slowest position to the first. */
async function measure(name: string, query: Readonly<Record<string, string>>, floorMs: number): Promise<number> {
  const walked = await walk(query);
  const asked = Array.from({ length: positions }, (_, index) => {
    const page = Math.round((index * (walked.cursors.length - 1)) / (positions - 1));
    return { page, cursor: walked.cursors[page] ?? null, times: [] as number[] };
  });
  const control = { page: 0, cursor: null, times: [] as number[] };
  // Far from its twin: what was just read is warm.
  const all = asked.toSpliced(positions >> 1, 0, control);
  for (let round = 0; round < rounds; round++) {
    // Begun elsewhere each time, so that no position always follows the same other one.
    for (const { cursor, times } of [...all.slice(round % all.length), ...all.slice(0, round % all.length)]) {
      times.push((await page(query, cursor)).ms);
    }
  }
  const [first, ...others] = asked.map(({ page: number, times }) => ({ number, cost: median(times) }));
  // The last page may be short; a short page cannot be the slow one.
  const slowest = others.toSorted((a, b) => b.cost - a.cost)[0];
  if (first === undefined || slowest === undefined) throw new Error('nothing was measured');
  const gross = slowest.cost / first.cost;
  const net = (slowest.cost - floorMs) / (first.cost - floorMs);
  const cells = [
    name.padEnd(24),
    String(walked.rows).padStart(6),
    ms(first.cost).padStart(8),
    `${ms(slowest.cost)} (page ${slowest.number} of ${walked.cursors.length - 1})`.padEnd(24),
    gross.toFixed(2).padStart(5),
    net.toFixed(2).padStart(5),
    ((median(control.times) - floorMs) / (first.cost - floorMs)).toFixed(2).padStart(5),
    ms(median(walked.times)).padStart(6),
    ms(quantile(walked.times, 0.99)).padStart(6),
  ];
  console.log(cells.join(' '));
  return net;
}

/** Every page once, in order. */
async function walk(query: Readonly<Record<string, string>>) {
  const cursors: (string | null)[] = [];
  const times: number[] = [];
  let rows = 0;
  let cursor: string | null = null;
  do {
    cursors.push(cursor);
    const answer = await page(query, cursor);
    times.push(answer.ms);
    rows += answer.rows;
    cursor = answer.nextCursor;
  } while (cursor !== null);
  return { cursors, times, rows };
}

async function page(query: Readonly<Record<string, string>>, cursor: string | null) {
  const search = new URLSearchParams({ ...query, limit: String(limit), ...(cursor === null ? {} : { cursor }) });
  const { text, ms: took } = await get(`/api/v1/integrations?${search}`);
  const body = JSON.parse(text) as { items: unknown[]; nextCursor: string | null };
  return { rows: body.items.length, nextCursor: body.nextCursor, ms: took };
}

async function get(path: string): Promise<{ text: string; ms: number }> {
  const started = performance.now();
  const { status, text } = await new Promise<{ status: number; text: string }>((resolve, reject) => {
    request(new URL(path, hub.url), { agent, headers: { authorization: `Bearer ${key}` } }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() }));
      response.on('error', reject);
    })
      .on('error', reject)
      .end();
  });
  if (status !== 200) throw new Error(`${path}: ${status} ${text}`);
  return { text, ms: performance.now() - started };
}

async function floor(): Promise<number> {
  const times: number[] = [];
  for (let count = 0; count < 500; count++) times.push((await get('/healthz')).ms);
  return median(times);
}

/** Straight into the table: what is measured is reading. */
async function seed(): Promise<void> {
  const client = new pg.Client(database.url);
  await client.connect();
  try {
    await client.query(
      `INSERT INTO inthub.integrations (tenant_id, id, type, category, connector_id, connector_version, name, description, config,
         environment, owner_id, tags, status, status_reason, health, features, rate_limits, created_at, created_by, modified_at, modified_by)
       SELECT tenant.id, gen_random_uuid(), 'type.' || n % 7,
         (ARRAY['registry', 'source_control', 'ci_cd', 'vault', 'custom'])[1 + n % 5], 'c' || n % 5, '1.0.0',
         'name ' || lpad(((n::bigint * 7919) % 100003)::text, 6, '0'), 'Registry of team ' || n % 97,
         jsonb_build_object('endpoint', 'https://r' || n || '.example.com', 'authMode', 'none', 'timeout', 30000),
         'env' || n % 3, 'owner' || n % 11, ARRAY['tag' || n % 13, 'common'],
         (ARRAY['draft', 'active', 'failed', 'paused', 'pending_verification'])[1 + (n / 7) % 5],
         CASE WHEN (n / 7) % 5 = 2 THEN 'check_failures' END, (ARRAY['unknown', 'healthy', 'unhealthy', 'degraded'])[1 + (n / 3) % 4],
         '{"syncEnabled": false, "webhooksEnabled": false, "streamingEnabled": true}', '{}', now(), 'bench', now(), 'bench'
       FROM generate_series(1, $1::int) AS n, inthub.tenants AS tenant`,
      [total],
    );
    await client.query(
      `INSERT INTO inthub.integration_usage SELECT tenant_id, id, 10, 1, 100, now() FROM inthub.integrations`,
    );
    // What autovacuum would have done by the time that somebody pages through so many.
    await client.query('VACUUM ANALYZE inthub.integrations, inthub.integration_tags, inthub.integration_usage');
  } finally {
    await client.end();
  }
}

function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}

function ms(value: number): string {
  return value.toFixed(2);
}

/** A delivery whose translation ends the process is set aside after a few deaths; all others become events. Real processes. */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createId, type TenantId } from '@inthub/contracts';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { createTestTenant, type OpenTestDatabase, openTestDatabase } from '../../database/testing.ts';
import { packBodies } from './body-packs.ts';
import type { NewInbound } from './inbound-delivery.ts';
import { storeDeliveries } from './ingest-repository.ts';

const count = 70;
const deadly = 30;
let test: OpenTestDatabase;
let admin: pg.Client;
let tenantId: TenantId;

beforeAll(async () => {
  test = await openTestDatabase();
  admin = new pg.Client({ connectionString: test.url });
  await admin.connect();
});
afterAll(async () => {
  await admin?.end();
  await test?.close();
});
beforeEach(async () => {
  tenantId = await createTestTenant(test.database);
});

const fileOf = (path: string) => JSON.stringify(new URL(path, import.meta.url).href);
/** A worker of webhooks in, at a given time; the deadly delivery kills it in the middle of the connector's code. */
const program = `
import { systemClock } from '@inthub/contracts';
import { createFakeClock } from '@inthub/testing';
import { Registry } from 'prom-client';
import { createDatabase, startListener } from ${fileOf('../../database/database.ts')};
import { createEventLog } from ${fileOf('../../events/events.ts')};
import { createIngestMetrics } from ${fileOf('./ingest-metrics.ts')};
import { createTranslator } from ${fileOf('./translator.ts')};
const [url, now] = process.argv.slice(1);
const log = { debug() {}, info() {}, warn() {}, error() {} };
const clock = createFakeClock(now);
const database = await createDatabase({ url, log });
const listener = await startListener({ url, name: 'deadly', channels: {}, onMissed() {}, clock: systemClock, log });
const translate = ({ body }) => {
  const n = Number(Buffer.from(body).toString());
  if (n === ${deadly}) process.kill(process.pid, 'SIGKILL');
  return [{ type: 'acme.thing.made', data: { n } }];
};
const definition = { id: 'acme.things', events: ['acme.thing.made'], translate };
const translator = createTranslator({
  database, clock, log,
  events: createEventLog({ database, clock }),
  registry: { find: () => ({ definition: { webhooks: [definition] } }) },
  findIntegration: (tenantId, id) => ({ id, tenantId, connectorId: 'acme', connectorVersion: '1.0.0' }),
  metrics: createIngestMetrics({ registry: new Registry() }, () => 0),
  isFlooded: () => false,
  presence: listener.presence,
});
await translator.runDue();
await listener.close();
await database.close();
`;

/** @returns whether it died */
async function translateAt(now: Date): Promise<boolean> {
  const child = spawn(
    process.execPath,
    ['--conditions=source', '--input-type=module', '--eval', program, test.url, now.toISOString()],
    { stdio: ['ignore', 'ignore', 'pipe'], cwd: import.meta.dirname },
  );
  let errors = '';
  child.stderr.on('data', (text) => {
    errors += String(text);
  });
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  if (code !== null && code !== 0) throw new Error(`The worker ended by itself with ${code}: ${errors.slice(-2_000)}`);
  return code === null;
}

async function store(): Promise<void> {
  const [integrationId, endpointId, receivedAt] = [createId<string>(), createId<string>(), new Date()];
  const deliveries = Array.from({ length: count }, (_, n): NewInbound => {
    const body = Buffer.from(String(n));
    const head = { tenantId, id: createId<string>(), integrationId, endpointId, webhookId: 'acme.things', receivedAt };
    const key = createHash('sha256').update(body).digest('hex');
    return { ...head, externalId: String(n), kind: 'made', headers: [], body, key };
  });
  const packed = await packBodies(deliveries);
  await test.database.system('inthub_ingest', (tx) => storeDeliveries(tx, packed, { lease: null }));
}

const rows = async () =>
  (
    await admin.query<{ n: number; status: string; error: string | null; attempts: number }>(
      'SELECT external_id::int AS n, status, error, attempts FROM inthub.inbound_deliveries WHERE tenant_id = $1 ORDER BY n',
      [tenantId],
    )
  ).rows;

it('is set aside with the reason, and the others are translated once', { timeout: 180_000 }, async () => {
  await store();
  let now = new Date();
  let deaths = 0;
  // Each looks when the lease of the one before has run out: they grow from 15 seconds to 4 minutes.
  while (deaths < 10 && (await translateAt(now))) {
    deaths += 1;
    now = new Date(now.getTime() + 241_000);
  }

  expect(deaths).toBe(5);
  const all = await rows();
  expect(all.filter(({ status }) => status !== 'translated')).toEqual([
    {
      n: deadly,
      status: 'dead',
      error: expect.stringMatching(/^The process ended while this delivery was translated, 5 times in a row/),
      attempts: 5,
    },
  ]);
  expect(all).toHaveLength(count);
  const made = await admin.query<{ n: number }>(
    "SELECT (data->>'n')::int AS n FROM inthub.events WHERE tenant_id = $1 ORDER BY n",
    [tenantId],
  );
  expect(made.rows.map(({ n }) => n)).toEqual(all.map(({ n }) => n).filter((n) => n !== deadly));
});

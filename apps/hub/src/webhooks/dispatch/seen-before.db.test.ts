import { createId } from '@inthub/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type MeasuredDatabase, openMeasuredDatabase } from '../../database/testing.ts';
import { findDirectStates, selectKnown } from './direct-repository.ts';
import { insertDeliveries } from './enqueue-repository.ts';
import { selectUnknown } from './redelivery-repository.ts';

let test: MeasuredDatabase;
const subscriptionId = createId<string>();
const now = new Date();

beforeAll(async () => {
  test = await openMeasuredDatabase();
});
afterAll(() => test?.close());

const inHistory = `INSERT INTO inthub.webhook_deliveries (tenant_id, subscription_id, id, event_id, event_at, event_type, revision, status, attempts,
    url, finished_at)
  SELECT $1, $2, id, gen_random_uuid(), $3, 'acme.thing.made', 1, 'delivered', 1, 'https://example.org/', $3 FROM unnest($4::uuid[]) AS id`;
const inQueue = `INSERT INTO inthub.webhook_queue (tenant_id, subscription_id, id, event_id, event_at, event_type, revision, state, due_at)
  SELECT $1, $2, id, gen_random_uuid(), $3, 'acme.thing.made', 1, 'due', $3 FROM unnest($4::uuid[]) AS id`;

async function put(statement: string, count: number): Promise<readonly string[]> {
  const ids = Array.from({ length: count }, () => createId<string>());
  await test.admin.query(statement, [test.tenantId, subscriptionId, now, ids]);
  return ids;
}

const delivery = (id: string) => ({
  tenantId: test.tenantId,
  subscriptionId,
  id,
  event: { id: createId<string>(), timestamp: now.toISOString(), type: 'acme.thing.made' },
  eventAt: now.toISOString(),
  revision: 1,
  dueAt: now,
  orderKey: null,
  orderText: null,
});

const looked = () => test.pagesRead(['webhook_deliveries', 'webhook_queue']);

/** What the looks say of these; on the way, that of a subscription at its queue. */
async function look(ids: readonly string[]) {
  const deliveries = ids.map(delivery);
  const ask = { now, workerId: createId<string>(), reservedUntil: now };
  await test.database.system('inthub_dispatcher', (tx) =>
    findDirectStates(tx, [{ tenantId: test.tenantId, subscriptionId }], ask),
  );
  const known = await test.database.system('inthub_dispatcher', (tx) => selectKnown(tx, deliveries as never));
  const unknown = await test.database.tenant(test.tenantId, (tx) => selectUnknown(tx, subscriptionId, deliveries));
  const inserted = await test.database.tenant(test.tenantId, (tx) => insertDeliveries(tx, deliveries as never));
  return { known, unknown, inserted };
}

describe('whether a delivery was made before', () => {
  it('is told for those in the history and those in the queue', async () => {
    const [finished = ''] = await put(inHistory, 1);
    const [queued = ''] = await put(inQueue, 1);
    const fresh = createId<string>();
    const { known, unknown, inserted } = await look([finished, queued, fresh]);
    expect(known).toEqual(new Set([finished, queued]));
    expect(unknown).toEqual(new Set([fresh]));
    expect(inserted).toEqual(new Set([fresh]));
  });

  it('costs one step in an index, however long the history and the queue, whatever its statements were planned for', async () => {
    for (let round = 0; round < 12; round += 1) await look([createId<string>()]);
    await put(inHistory, 20_000);
    await put(inQueue, 20_000);
    const before = await looked();
    for (let round = 0; round < 10; round += 1) await look([createId<string>()]);
    expect((await looked()) - before).toBeLessThan(10 * 200);
  });
});

import { createId } from '@inthub/contracts';
import { createFakeClock } from '@inthub/testing';
import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createTestTenant, type OpenTestDatabase, openTestDatabase } from '../../database/testing.ts';
import { quietLog } from '../testing.ts';
import { startStoreSweep } from './store-sweep.ts';

let opened: OpenTestDatabase;
let admin: pg.Client;

beforeAll(async () => {
  opened = await openTestDatabase();
  admin = new pg.Client({ connectionString: opened.url });
  await admin.connect();
});
afterAll(async () => {
  await admin?.end();
  await opened?.close();
});

const remaining = async () => {
  const { rows } = await admin.query<{ name: string }>(
    `SELECT key AS name FROM inthub.idempotency_keys UNION ALL SELECT forced_reason FROM inthub.circuit_states ORDER BY 1`,
  );
  return rows.map(({ name }) => name);
};

it('removes what has expired of every tenant, in batches, and nothing else', async () => {
  for (const tenant of [await createTestTenant(opened.database), await createTestTenant(opened.database)]) {
    await admin.query(
      `INSERT INTO inthub.idempotency_keys (tenant_id, key, fingerprint, owner, safe, state, lease_until, expires_at)
      SELECT $1::uuid, 'old ' || n, 'f', gen_random_uuid(), false, 'finished', now(), now() - interval '1 second' FROM generate_series(1, 1200) n
      UNION ALL SELECT $1::uuid, 'kept ' || $1::uuid, 'f', gen_random_uuid(), false, 'running', now() - interval '1 hour', now() + interval '1 minute'`,
      [tenant],
    );
    for (const [state, hours, reason] of [
      ['closed', 25, 'old'],
      ['closed', 23, `kept closed ${tenant}`],
      ['open', 25, `kept open ${tenant}`],
    ]) {
      await admin.query(
        `INSERT INTO inthub.circuit_states (tenant_id, integration_id, version, state, failure_count, success_count, generation,
          forced_reason, probes, changed_at) VALUES ($1, $2, 1, $3, 0, 0, 0, $4, '[]', now() - make_interval(hours => $5))`,
        [tenant, createId(), state, reason, hours],
      );
    }
  }
  const clock = createFakeClock();
  const sweep = startStoreSweep({ database: opened.database, clock, log: quietLog });
  expect(await remaining()).toHaveLength(2 * (1_201 + 3));

  await clock.advance(60_000);
  await expect.poll(remaining).toHaveLength(2 * 3);

  for (const name of await remaining()) expect(name).toMatch(/^kept /);
  await sweep.close();
  expect(clock.sleeping).toBe(0);
});

it('goes on after trouble', async () => {
  const clock = createFakeClock();
  const warned: string[] = [];
  let calls = 0;
  const database = {
    ...opened.database,
    async system(): Promise<never> {
      calls += 1;
      throw new Error('no database');
    },
  };
  const sweep = startStoreSweep({
    database,
    clock,
    log: { ...quietLog, warn: (_, message) => void warned.push(message) },
  });

  await clock.advance(60_000 + 600_000);

  expect(calls).toBe(2);
  expect(warned).toEqual(Array(2).fill('old gateway state could not be removed'));
  await sweep.close();
});

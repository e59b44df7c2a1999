import { createFakeClock } from '@inthub/testing';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createPartitionKeeper } from './partition-keeper.ts';
import { type OpenTestDatabase, openTestDatabase, silentLog } from './testing.ts';

describe('createPartitionKeeper', () => {
  let opened: OpenTestDatabase;
  let admin: Client;

  beforeAll(async () => {
    opened = await openTestDatabase();
    admin = new Client({ connectionString: opened.url });
    await admin.connect();
  });
  afterAll(async () => {
    await admin.end();
    await opened.close();
  });

  const partitionsOf = async (table: string) => {
    const { rows } = await admin.query<{ name: string }>(
      'SELECT c.relname AS name FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = $1::regclass ORDER BY 1',
      [`inthub.${table}`],
    );
    return rows.map((row) => row.name);
  };

  it('makes what is missing, drops what is too old, and leaves what is kept for ever', async () => {
    await admin.query(
      "CREATE TABLE inthub.health_samples_2020_01 PARTITION OF inthub.health_samples FOR VALUES FROM ('2020-01-01Z') TO ('2020-02-01Z')",
    );
    await admin.query(
      "CREATE TABLE inthub.audit_entries_2020_01 PARTITION OF inthub.audit_entries FOR VALUES FROM ('2020-01-01Z') TO ('2020-02-01Z')",
    );
    const complete = (await partitionsOf('events')).length;
    const [gone] = (await partitionsOf('events')).slice(-2);
    await admin.query(`DROP TABLE inthub.${gone}`);
    const failures: unknown[] = [];
    const keeper = createPartitionKeeper({
      database: opened.database,
      clock: createFakeClock(new Date()),
      log: { ...silentLog, error: (fields: object) => failures.push(fields) },
      tables: [
        { name: 'no_such_table', keepDays: null },
        { name: 'events', keepDays: null },
        { name: 'audit_entries', keepDays: null },
        { name: 'health_samples', keepDays: 90 },
      ],
    });

    await keeper.run();

    expect((await partitionsOf('events')).length).toBe(complete);
    expect(await partitionsOf('health_samples')).not.toContain('health_samples_2020_01');
    expect(await partitionsOf('audit_entries')).toContain('audit_entries_2020_01');
    expect(failures).toMatchObject([{ table: 'no_such_table' }]);
  });

  it('stops although it sleeps until tomorrow', async () => {
    const keeper = createPartitionKeeper({
      database: opened.database,
      clock: createFakeClock(new Date()),
      log: silentLog,
      tables: [],
    });

    keeper.start();

    await expect(keeper.stop()).resolves.toBeUndefined();
  });
});

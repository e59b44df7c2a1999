import pg from 'pg';
import { afterAll, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from './database.ts';

const made: TestDatabase[] = [];
afterAll(async () => {
  for (const database of made) await database.drop();
});

async function create(options?: Parameters<typeof createTestDatabase>[0]): Promise<TestDatabase> {
  const database = await createTestDatabase(options);
  made.push(database);
  return database;
}

async function query(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(sql)).rows as Record<string, unknown>[];
  } finally {
    await client.end();
  }
}

describe('createTestDatabase', () => {
  it('gives empty databases that do not see each other', async () => {
    const [one, two] = [await create(), await create()];

    await query(one.url, 'CREATE TABLE things (id int)');

    expect(await query(two.url, "SELECT to_regclass('things') AS found")).toEqual([{ found: null }]);
    expect(await query(two.url, "SELECT current_setting('server_version_num')::int >= 150000 AS modern")).toEqual([
      { modern: true },
    ]);
  });

  it('prepares a template once, however many ask at the same time, and clones are independent', async () => {
    let prepared = 0;
    const template = {
      key: 'once',
      async prepare(url: string) {
        prepared += 1;
        await query(url, 'CREATE TABLE things (id int); INSERT INTO things VALUES (1)');
      },
    };

    const databases = await Promise.all(Array.from({ length: 6 }, () => create({ template })));
    await query((databases[0] as TestDatabase).url, 'INSERT INTO things VALUES (2)');

    expect(prepared).toBe(1);
    expect(await query((databases[0] as TestDatabase).url, 'SELECT count(*)::int AS n FROM things')).toEqual([
      { n: 2 },
    ]);
    for (const { url } of databases.slice(1))
      expect(await query(url, 'SELECT count(*)::int AS n FROM things')).toEqual([{ n: 1 }]);
  });

  it('never clones a template whose preparation failed, and tries again for the next', async () => {
    let fail = true;
    const template = {
      key: 'fails-first',
      async prepare(url: string) {
        await query(url, 'CREATE TABLE half_done ()');
        if (fail) throw new Error('migration 3 is broken');
        await query(url, 'CREATE TABLE other_half ()');
      },
    };

    await expect(create({ template })).rejects.toThrow('migration 3 is broken');
    fail = false;
    const database = await create({ template });

    expect(await query(database.url, "SELECT to_regclass('other_half')::text AS found")).toEqual([
      { found: 'other_half' },
    ]);
  });

  it('says so when a preparation leaves a connection open', async () => {
    let left: pg.Client | undefined;
    const template = {
      key: 'leaks',
      async prepare(url: string) {
        left = new pg.Client({ connectionString: url });
        left.on('error', () => undefined); // the server ends it when its database goes
        await left.connect();
      },
    };
    try {
      await expect(create({ template })).rejects.toThrow(/left 1 connection\(s\) open/);
    } finally {
      await left?.end();
    }
  });

  it('drops a database under open connections', async () => {
    const database = await createTestDatabase();
    const client = new pg.Client({ connectionString: database.url });
    client.on('error', () => undefined);
    await client.connect();

    await database.drop();

    await expect(query(database.url, 'SELECT 1')).rejects.toThrow(/does not exist/);
  });
});

import { createHash, randomBytes } from 'node:crypto';
import { HubError } from '@inthub/contracts';
import { createTestDatabase, type TestDatabase } from '@inthub/testing';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type MigrationFile, readMigrationFiles } from './migration-files.ts';
import { migrate } from './migrator.ts';
import { silentLog } from './testing.ts';

const log = silentLog;
let target: TestDatabase;
let admin: pg.Client;
let cleanUp: (() => Promise<unknown>)[];

beforeEach(async () => {
  target = await createTestDatabase();
  admin = new pg.Client({ connectionString: target.url });
  await admin.connect();
  cleanUp = [];
});
afterEach(async () => {
  for (const step of cleanUp.reverse()) await step();
  await admin.end();
  await target.drop();
});

function file(number: number, sql: string): MigrationFile {
  const name = `${String(number).padStart(4, '0')}_test`;
  return { number, name, sql, checksum: createHash('sha256').update(sql).digest('hex') };
}

/** The foundation, and what a test adds to it. */
async function withFoundation(...more: MigrationFile[]): Promise<readonly MigrationFile[]> {
  const [foundation] = await readMigrationFiles();
  return [foundation as MigrationFile, ...more];
}

async function refusal(run: Promise<unknown>): Promise<HubError> {
  const error = await run.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof HubError) return error;
  throw new Error('a HubError was expected', { cause: error });
}

async function applied(): Promise<string[]> {
  const { rows } = await admin.query<{ name: string }>('SELECT name FROM inthub.schema_migrations ORDER BY number');
  return rows.map(({ name }) => name);
}

const one = file(2, 'CREATE TABLE one (id int)');
const two = file(3, 'CREATE TABLE two (id int)');

describe('migrate', () => {
  it('applies every migration of the release once, in order, and does nothing the next time', async () => {
    const names = (await readMigrationFiles()).map(({ name }) => name);

    expect(await migrate(target.url, { log })).toEqual(names);
    expect(await applied()).toEqual(names);
    expect(await migrate(target.url, { log })).toEqual([]);
  });

  it('lets any number of hubs start at the same time', async () => {
    const names = (await readMigrationFiles()).map(({ name }) => name);

    const results = await Promise.all(Array.from({ length: 5 }, () => migrate(target.url, { log })));

    expect(results.filter(({ length }) => length > 0)).toEqual([names]);
    expect(await applied()).toEqual(names);
  });

  it('refuses a database in which an applied file was changed, before it does anything', async () => {
    await migrate(target.url, { log, files: await withFoundation(one) });
    const changed = file(2, 'CREATE TABLE one (id bigint)');

    const error = await refusal(migrate(target.url, { log, files: await withFoundation(changed, two) }));

    expect(error.message).toMatch(/0002_test was changed after it was applied.*Put the file back/);
    expect(await applied()).toEqual(['0001_foundation', '0002_test']);
  });

  it('refuses a database that a newer release has migrated', async () => {
    await migrate(target.url, { log, files: await withFoundation(one, two) });

    const error = await refusal(migrate(target.url, { log, files: await withFoundation(one) }));

    expect(error.message).toMatch(
      /newer than this hub: it has the migration 0003_test, this release ends at 0002_test/,
    );
  });

  it('refuses a migration that comes before one that is applied', async () => {
    await migrate(target.url, { log, files: await withFoundation(two) });

    const error = await refusal(migrate(target.url, { log, files: await withFoundation(one, two) }));

    expect(error.message).toMatch(/0002_test comes before migrations that are applied already \(up to 0003\)/);
    expect(await applied()).toEqual(['0001_foundation', '0003_test']);
  });

  it('undoes a migration that fails, keeps those before it, says where it failed, and goes on once it is mended', async () => {
    const broken = file(3, 'CREATE TABLE two (id int);\n\nSELECT no_such_column FROM two;');

    const error = await refusal(migrate(target.url, { log, files: await withFoundation(one, broken) }));

    expect(error.message).toMatch(/0003_test failed in line 3: column "no_such_column" does not exist/);
    expect(await applied()).toEqual(['0001_foundation', '0002_test']);
    expect((await admin.query("SELECT to_regclass('inthub.two') AS two")).rows).toEqual([{ two: null }]);
    expect(await migrate(target.url, { log, files: await withFoundation(one, two) })).toEqual(['0003_test']);
  });

  it('refuses a migration that ends its transaction itself', async () => {
    const error = await refusal(
      migrate(target.url, { log, files: await withFoundation(file(2, 'CREATE TABLE one (id int); COMMIT')) }),
    );

    expect(error.message).toMatch(/0002_test must not contain BEGIN, COMMIT or ROLLBACK/);
    expect(await applied()).toEqual(['0001_foundation']);
  });

  it('goes on after the one that was migrating was killed, and never sees half a migration', async () => {
    const slow = file(2, 'CREATE TABLE one (id int); SELECT pg_sleep(60); CREATE TABLE two (id int)');
    const killed = refusal(migrate(target.url, { log, files: await withFoundation(slow) }));
    const sleeping = "FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'";
    await expect.poll(async () => (await admin.query(`SELECT ${sleeping}`)).rowCount, { timeout: 10_000 }).toBe(1);
    await admin.query(`SELECT pg_terminate_backend(pid) ${sleeping}`);

    expect(await killed).toMatchObject({ code: 'unavailable', retryable: true });
    expect(await migrate(target.url, { log, files: await withFoundation(one) })).toEqual(['0002_test']);
  });

  it('is unavailable when the server cannot be reached, and keeps the password to itself', async () => {
    const error = await refusal(migrate('postgres://hub:hunter2@127.0.0.1:1/hub', { log }));

    expect(error).toMatchObject({ code: 'unavailable', retryable: true });
    expect(`${error.message} ${String(error.cause)}`).not.toContain('hunter2');
  });
});

describe('migrate by a user who owns nothing', () => {
  /** A login of the cluster that exists for this test only. */
  async function createLogin(...grants: string[]): Promise<string> {
    const name = `inthub_test_${randomBytes(6).toString('hex')}`;
    const password = randomBytes(12).toString('hex');
    await admin.query(`CREATE ROLE ${name} LOGIN PASSWORD '${password}'`);
    cleanUp.push(() => admin.query(`DROP OWNED BY ${name}`).then(() => admin.query(`DROP ROLE ${name}`)));
    for (const grant of grants) await admin.query(`${grant} TO ${name}`);
    const url = new URL(target.url);
    url.username = name;
    url.password = password;
    return url.toString();
  }

  it('finds that all is in place', async () => {
    await migrate(target.url, { log });
    const url = await createLogin(
      'GRANT inthub_app',
      'GRANT USAGE ON SCHEMA inthub',
      'GRANT SELECT ON inthub.schema_migrations',
    );

    expect(await migrate(url, { log })).toEqual([]);
  });

  it('says what an administrator has to run when it may not take on the hub’s roles', async () => {
    await migrate(target.url, { log }); // makes the roles
    await admin.query('DROP SCHEMA inthub CASCADE');
    const url = await createLogin(`GRANT CREATE ON DATABASE ${target.name}`);

    const error = await refusal(migrate(url, { log }));

    expect(error.message).toMatch(
      /0001_foundation failed.*may not take on the role inthub_app\. Have an administrator run: GRANT inthub_app TO inthub_test_/,
    );
    expect((await admin.query("SELECT to_regnamespace('inthub') AS schema")).rows).toEqual([{ schema: null }]);
  });
});

describe('the migrations of this release', () => {
  it('have the numbers 1, 2, 3 … without gaps', async () => {
    const numbers = (await readMigrationFiles()).map(({ number }) => number);

    expect(numbers).toEqual(numbers.map((_, index) => index + 1));
  });
});

/** On a server of its own, because roles belong to the whole server and other tests use theirs. */
import { chmodSync } from 'node:fs';
import { createTemporaryDirectory, type TemporaryDirectory } from '@inthub/testing';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type EmbeddedServer, startEmbeddedServer } from './embedded-server.ts';
import { migrate } from './migrator.ts';
import { createDatabase } from './postgres-database.ts';
import { checkConnection } from './start-check.ts';
import { silentLog } from './testing.ts';

const log = silentLog;
let directory: TemporaryDirectory;
let server: EmbeddedServer;
let superuser: pg.Client;

beforeAll(async () => {
  directory = createTemporaryDirectory('start-check');
  chmodSync(directory.path, 0o755);
  server = await startEmbeddedServer({ dataDir: directory.path, log });
  superuser = new pg.Client({ connectionString: server.url.replace('inthub@', 'postgres@') });
  await superuser.connect();
});
afterAll(async () => {
  await superuser?.end();
  await server?.stop();
  directory?.remove();
});

async function refusal(): Promise<string> {
  return createDatabase({ url: server.url, log }).then(
    async (database) => {
      await database.close();
      return 'started';
    },
    (error: Error) => error.message,
  );
}

describe('the hub', () => {
  it('does not start on a database that was never migrated', async () => {
    expect(await refusal()).toMatch(/role "inthub_app" does not exist|Run the migrations first/);
  });

  it('migrates and starts as an owner who is no superuser', async () => {
    await migrate(server.url, { log });

    expect(await refusal()).toBe('started');
  });

  it.each([
    [
      'a role bypasses row-level security',
      'ALTER ROLE inthub_auth BYPASSRLS',
      'ALTER ROLE inthub_auth NOBYPASSRLS',
      /may bypass row-level security\. Run: ALTER ROLE/,
    ],
    ['a role is superuser', 'ALTER ROLE inthub_app SUPERUSER', 'ALTER ROLE inthub_app NOSUPERUSER', /is superuser/],
    [
      'a role owns a table',
      'ALTER TABLE inthub.users OWNER TO inthub_app',
      'ALTER TABLE inthub.users OWNER TO inthub',
      /inthub\.users belongs to a role of the hub/,
    ],
    [
      'a role has another’s rights',
      'GRANT pg_read_all_data TO inthub_platform',
      'REVOKE pg_read_all_data FROM inthub_platform',
      /member of pg_read_all_data/,
    ],
    [
      'the user may not take a role on',
      'REVOKE inthub_scheduler FROM inthub GRANTED BY inthub',
      'GRANT inthub_scheduler TO inthub WITH SET TRUE GRANTED BY inthub',
      /may not take on the role inthub_scheduler\. Run: GRANT/,
    ],
    [
      'a role is gone',
      'ALTER ROLE inthub_auth RENAME TO inthub_auth_gone',
      'ALTER ROLE inthub_auth_gone RENAME TO inthub_auth',
      /may not take on the role inthub_auth/,
    ],
  ])('does not start when %s, and says what to run', async (_what, spoil, mend, message) => {
    await superuser.query(spoil);
    const refused = await refusal();
    await superuser.query(mend);

    expect(refused).toMatch(message);
    expect(refused).toMatch(/does not start on this database/);
    expect(await refusal()).toBe('started');
  });

  it('does not start in sessions that do not run as the application', async () => {
    await expect(checkConnection(superuser)).rejects.toThrow(/sessions run as postgres instead of inthub_app/);
  });

  it('does not start on a server older than PostgreSQL 15, and names its version', async () => {
    // No such server is at hand; the answer of one is.
    const old = { query: async () => ({ rows: [{ version_number: 140_010, version: '14.10' }] }) };

    await expect(checkConnection(old as unknown as pg.ClientBase)).rejects.toThrow(
      /is PostgreSQL 14\.10; the hub needs 15 or later/,
    );
  });
});

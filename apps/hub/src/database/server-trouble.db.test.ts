import { HubError, type TenantId } from '@inthub/contracts';
import { sql } from 'kysely';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createDatabase } from './postgres-database.ts';
import { createNotes, noteTable, readNotes, readScope, writeNote } from './sample-notes.ts';
import type { Database, TenantTx } from './tenant-scope.ts';
import { createTestTenant, type OpenTestDatabase, openTestDatabase, silentLog } from './testing.ts';

let opened: OpenTestDatabase;
let database: Database;
/** The same database through a pool of one connection, so that every piece of work meets what the last one left. */
let single: Database;
let admin: pg.Client;
let a: TenantId;
let b: TenantId;

beforeAll(async () => {
  opened = await openTestDatabase();
  ({ database } = opened);
  admin = new pg.Client({ connectionString: opened.url });
  await admin.connect();
  await admin.query(createNotes);
  single = await createDatabase({ url: opened.url, log: silentLog, maxConnections: 1 });
  a = await createTestTenant(database, 'a');
  b = await createTestTenant(database, 'b');
});
afterEach(() => admin.query('TRUNCATE inthub.notes'));
afterAll(async () => {
  await Promise.all([single?.close(), admin?.end()]);
  await opened?.close();
});

async function failure(run: Promise<unknown>): Promise<unknown> {
  return run.then(
    () => expect.unreachable('it should have failed'),
    (reason: unknown) => reason,
  );
}

describe('prepared statements', () => {
  it('survive a change of the schema by a newer release', async () => {
    const readAll = (tx: TenantTx) => noteTable(tx).selectFrom('notes').selectAll().execute();
    for (let use = 1; use <= 6; use += 1) await single.tenant(a, readAll);
    await admin.query('ALTER TABLE inthub.notes ADD COLUMN colour text');

    const error = await failure(single.tenant(a, readAll));

    expect(error).toMatchObject({ code: 'unavailable', retryable: true });
    expect(await single.tenant(a, readAll)).toEqual([]);
    await admin.query('ALTER TABLE inthub.notes DROP COLUMN colour');
  });

  it('that are gone cost one failure, not the connection’s every use', async () => {
    for (let use = 1; use <= 3; use += 1) await single.tenant(a, readNotes);
    await single.tenant(a, ({ db }) => sql`DEALLOCATE ALL`.execute(db));

    expect(await failure(single.tenant(a, readNotes))).toMatchObject({ code: 'unavailable', retryable: true });
    expect(await single.tenant(a, readNotes)).toEqual([]);
  });

  it('show each tenant and role its own rows, although they share a connection and a text', async () => {
    for (let turn = 1; turn <= 4; turn += 1) {
      for (const tenant of [a, b]) {
        const rows = await single.tenant(tenant, async (tx) => {
          await writeNote(tx, `${turn}`);
          return noteTable(tx).selectFrom('notes').select('tenant_id').distinct().execute();
        });
        expect(rows).toEqual([{ tenant_id: tenant }]);
      }
      expect(await failure(single.system('inthub_auth', readNotes))).toMatchObject({ code: '42501' });
      expect(await single.tenant(a, readNotes)).toHaveLength(turn);
    }
  });
});

describe('trouble with the server', () => {
  const terminateOthers = () =>
    admin.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'inthub'`,
    );

  it('is unavailable while work is under way, and the next work gets a new connection', async () => {
    const error = await failure(
      single.tenant(a, async (tx) => {
        await writeNote(tx, 'lost');
        await terminateOthers();
        await readNotes(tx);
      }),
    );

    expect(error).toMatchObject({ code: 'unavailable', retryable: true });
    expect(await single.tenant(a, readNotes)).toEqual([]);
  });

  it('passes unnoticed on an idle connection', async () => {
    await single.ping();
    await terminateOthers();
    await expect
      .poll(() =>
        single.ping().then(
          () => 'up',
          () => 'down',
        ),
      )
      .toBe('up');

    expect(await single.tenant(a, readScope)).toEqual({ role: 'inthub_app', tenant: a });
  });

  it.each(['behind its query', 'after it'])(
    'leaves the outcome open when the connection is lost during commit, sent %s, and says so',
    async (sent) => {
      const told: string[] = [];

      const error = await failure(
        single.tenant(a, async (tx) => {
          tx.afterCommit(() => told.push('committed'));
          if (sent === 'behind its query') tx.commitBehindNext();
          await writeNote(tx, 'pull the plug');
        }),
      );

      expect(error).toMatchObject({
        code: 'unavailable',
        retryable: false,
        message: expect.stringContaining('may or may not'),
      });
      expect(told).toEqual([]);
      expect(await single.tenant(a, readScope)).toEqual({ role: 'inthub_app', tenant: a });
    },
  );

  it.each([
    [
      'a statement that takes too long',
      sql`SELECT set_config('statement_timeout', '20ms', true)`,
      sql`SELECT pg_sleep(10)`,
    ],
    [
      'work that idles in its transaction',
      sql`SELECT set_config('idle_in_transaction_session_timeout', '20ms', true)`,
      undefined,
    ],
  ])('ends %s', async (_what, limit, slow) => {
    const error = await failure(
      single.tenant(a, async (tx) => {
        await limit.execute(tx.db);
        if (slow !== undefined) await slow.execute(tx.db);
        // Until the server has ended the session.
        else
          for (;;)
            if (
              (
                await admin.query(
                  `SELECT FROM pg_stat_activity WHERE datname = current_database() AND state = 'idle in transaction'`,
                )
              ).rowCount === 0
            )
              break;
        await readNotes(tx);
      }),
    );

    expect(error).toMatchObject({ code: 'unavailable', retryable: true });
    expect(await single.tenant(a, readScope)).toEqual({ role: 'inthub_app', tenant: a });
  });

  it('breaks a deadlock, and one of the two may try again', async () => {
    const ids = await database.tenant(a, async (tx) => {
      await writeNote(tx, '1');
      await writeNote(tx, '2');
      return noteTable(tx).selectFrom('notes').select('id').orderBy('text').execute();
    });
    const touch = (tx: TenantTx, index: number) =>
      noteTable(tx)
        .updateTable('notes')
        .set({ text: `${index}!` })
        .where('id', '=', ids[index]!.id)
        .execute();
    let arrived = 0;
    let release: () => void = () => undefined;
    const both = new Promise<void>((resolve) => {
      release = resolve;
    });
    const cross = (first: number, second: number) =>
      database.tenant(a, async (tx) => {
        await touch(tx, first);
        arrived += 1;
        if (arrived === 2) release();
        await both;
        await touch(tx, second);
      });

    const outcomes = await Promise.allSettled([cross(0, 1), cross(1, 0)]);

    const failed = outcomes.filter((outcome) => outcome.status === 'rejected');
    expect(failed).toHaveLength(1);
    expect(failed[0]!.reason).toMatchObject({ code: 'unavailable', retryable: true });
  });

  it('is told apart from a wrong password or name, and no message shows the password', async () => {
    const url = new URL(opened.url);
    url.hostname = '127.0.0.1';
    url.port = '1';
    url.password = 'hunter2-secret';

    const error = (await failure(createDatabase({ url: url.toString(), log: silentLog }))) as HubError;

    expect(error).toMatchObject({ code: 'unavailable', retryable: true });
    expect(JSON.stringify([error.message, error.details, String(error.cause)])).not.toContain('hunter2');
  });

  it('shows in ping', async () => {
    const closed = await createDatabase({ url: opened.url, log: silentLog });
    await closed.ping();

    await closed.close();
    await closed.close();

    expect(await failure(closed.ping())).toBeInstanceOf(HubError);
    expect(await failure(closed.tenant(a, readNotes))).toMatchObject({ code: 'unavailable' });
  });
});

import type { TenantId } from '@inthub/contracts';
import fc from 'fast-check';
import { sql } from 'kysely';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { isUniqueViolation } from './error-mapping.ts';
import { createDatabase } from './postgres-database.ts';
import { createNotes, readNotes, readScope, writeNote } from './sample-notes.ts';
import type { Database, SystemRole, TenantTx } from './tenant-scope.ts';
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

describe('a tenant’s transaction', () => {
  it('runs as the application in the tenant’s scope and commits', async () => {
    const seen = await database.tenant(a, async (tx) => {
      expect(tx.tenantId).toBe(a);
      expect(await writeNote(tx, 'mine')).toMatchObject({ numInsertedOrUpdatedRows: 1n });
      return readScope(tx);
    });

    expect(seen).toEqual({ role: 'inthub_app', tenant: a });
    expect(await database.tenant(a, readNotes)).toEqual(['mine']);
    expect(await database.tenant(b, readNotes)).toEqual([]);
  });

  it('rolls back and throws what the work threw', async () => {
    const reason = new Error('changed my mind');

    const thrown = await failure(
      database.tenant(a, async (tx) => {
        await writeNote(tx, 'gone');
        throw reason;
      }),
    );

    expect(thrown).toBe(reason);
    expect(await database.tenant(a, readNotes)).toEqual([]);
  });

  it('sends queries that are started together together, in order', async () => {
    const results = await database.tenant(a, (tx) =>
      Promise.all([writeNote(tx, '1'), readNotes(tx), writeNote(tx, '2'), readNotes(tx)]),
    );

    expect([results[1], results[3]]).toEqual([['1'], ['1', '2']]);
  });

  it('gives a unique violation to the caller as it is', async () => {
    const error = await failure(
      database.tenant(a, async (tx) => {
        await writeNote(tx, 'twice');
        await writeNote(tx, 'twice');
      }),
    );

    expect(isUniqueViolation(error)).toBe(true);
    expect(isUniqueViolation(error, 'notes_text')).toBe(true);
    expect(isUniqueViolation(error, 'notes_pkey')).toBe(false);
  });

  it('gives a violation that shows only at commit to the caller as it is', async () => {
    const error = await failure(
      single.tenant(a, async (tx) => {
        await sql`SET CONSTRAINTS notes_text DEFERRED`.execute(tx.db);
        await writeNote(tx, 'twice');
        await writeNote(tx, 'twice');
      }),
    );

    expect(isUniqueViolation(error, 'notes_text')).toBe(true);
    expect(await single.tenant(a, readNotes)).toEqual([]);
  });

  it('does not pretend to have saved when a failed query was passed over', async () => {
    const told: string[] = [];

    const error = await failure(
      database.tenant(a, async (tx) => {
        tx.afterCommit(() => told.push('committed'));
        await writeNote(tx, 'lost');
        await sql`SELECT 1 / 0`.execute(tx.db).catch(() => undefined);
      }),
    );

    expect(error).toMatchObject({ code: 'internal', message: expect.stringContaining('nothing was saved') });
    expect(await database.tenant(a, readNotes)).toEqual([]);
    expect(told).toEqual([]);
  });

  it('refuses queries after its end, whoever has the connection then', async () => {
    let kept: TenantTx | undefined;
    await single.tenant(a, async (tx) => {
      kept = tx;
      await writeNote(tx, 'a’s secret');
    });

    const late = await single.tenant(b, async (tx) => {
      await readScope(tx);
      return failure(readNotes(kept!));
    });

    expect(late).toMatchObject({
      code: 'internal',
      message: expect.stringContaining('after the end of its transaction'),
    });
  });

  it('refuses what is no tenant id', async () => {
    for (const id of ['', 'a', `${a}'; SET app.current_tenant = '${b}`]) {
      expect(await failure(database.tenant(id as TenantId, readNotes))).toMatchObject({ code: 'internal' });
    }
  });
});

describe('effects after commit', () => {
  it('run in order once the change can be seen, and a failing one harms neither the others nor the caller', async () => {
    const errors: object[] = [];
    const listening = await createDatabase({
      url: opened.url,
      log: { ...silentLog, error: (fields) => void errors.push(fields) },
    });
    const order: string[] = [];
    let seen: Promise<string[]> | undefined;

    await listening.tenant(a, async (tx) => {
      tx.afterCommit(() => {
        order.push('first');
        seen = database.tenant(a, readNotes);
      });
      tx.afterCommit(() => {
        throw new Error('listener is broken');
      });
      tx.afterCommit(() => order.push('last'));
      await writeNote(tx, 'seen');
      expect(order).toEqual([]);
    });

    expect(order).toEqual(['first', 'last']);
    expect(await seen).toEqual(['seen']);
    expect(errors).toEqual([{ err: new Error('listener is broken') }]);
    await listening.close();
  });

  it('do not run after a rollback', async () => {
    const order: string[] = [];

    await failure(
      database.tenant(a, async (tx) => {
        tx.afterCommit(() => order.push('ran'));
        throw new Error('no');
      }),
    );

    expect(order).toEqual([]);
  });
});

describe('a transaction whose end travels with its last query', () => {
  it('commits, and refuses what comes later', async () => {
    let late: Promise<unknown> | undefined;
    await single.tenant(a, async (tx) => {
      await writeNote(tx, 'first');
      tx.commitBehindNext();
      const last = writeNote(tx, 'last');
      late = failure(last.then(() => writeNote(tx, 'too late')));
      await last;
    });

    expect(await late).toMatchObject({ code: 'internal' });
    expect(await single.tenant(a, readNotes)).toEqual(['first', 'last']);
  });

  it('saves nothing when that query fails, and says why', async () => {
    const error = await failure(
      single.tenant(a, async (tx) => {
        await writeNote(tx, 'gone');
        tx.commitBehindNext();
        await sql`SELECT 1 / 0`.execute(tx.db);
      }),
    );

    expect(error).toMatchObject({ code: '22012' });
    expect(await single.tenant(a, readNotes)).toEqual([]);
    const passedOver = await failure(
      single.tenant(a, async (tx) => {
        tx.commitBehindNext();
        await sql`SELECT 1 / 0`.execute(tx.db).catch(() => undefined);
      }),
    );
    expect(passedOver).toMatchObject({ code: 'internal' });
  });

  it('keeps what was written when the work throws afterwards', async () => {
    const error = await failure(
      single.tenant(a, async (tx) => {
        tx.commitBehindNext();
        await writeNote(tx, 'kept');
        throw new Error('afterwards');
      }),
    );

    expect(error).toEqual(new Error('afterwards'));
    expect(await single.tenant(a, readNotes)).toEqual(['kept']);
  });
});

describe('a narrow role', () => {
  it.each<SystemRole>(['inthub_auth', 'inthub_scheduler', 'inthub_platform'])(
    '%s has its own rights, no tenant, and ends with its transaction',
    async (role) => {
      await single.tenant(a, readScope);

      expect(await single.system(role, readScope)).toEqual({ role, tenant: null });
      expect(await failure(single.system(role, readNotes))).toMatchObject({ code: '42501' });

      expect(await single.tenant(b, readScope)).toEqual({ role: 'inthub_app', tenant: b });
    },
  );

  it('must be one of the known', async () => {
    expect(await failure(database.system('postgres' as SystemRole, readNotes))).toMatchObject({ code: 'internal' });
  });
});

describe('a pooled connection', () => {
  it('keeps no tenant and no role, whatever the work before it did', async () => {
    const mischief: ((tx: TenantTx) => Promise<unknown>)[] = [
      async (tx) => writeNote(tx, 'done'),
      async () => Promise.reject(new Error('thrown')),
      async (tx) => sql`SELECT 1 / 0`.execute(tx.db),
      async (tx) => sql`SELECT set_config('app.current_tenant', ${tx.tenantId}, false)`.execute(tx.db),
      async (tx) => sql`SELECT set_config('role', 'inthub_auth', false)`.execute(tx.db),
      async (tx) => sql`COMMIT`.execute(tx.db),
      async (tx) => sql`RESET ROLE`.execute(tx.db),
      async (tx) => {
        void writeNote(tx, 'not awaited').catch(() => undefined);
      },
    ];
    for (const work of mischief) {
      await single.tenant(a, work).catch(() => undefined);

      expect(await single.system('inthub_platform', readScope)).toEqual({ role: 'inthub_platform', tenant: null });
      expect(await single.tenant(b, readScope)).toEqual({ role: 'inthub_app', tenant: b });
      expect(await single.tenant(b, readNotes)).toEqual([]);
    }
  });

  it('never shows one tenant’s rows to another, however their work interleaves, fails or overlaps', async () => {
    const step = fc.record({
      tenant: fc.constantFrom(0, 1, 2),
      ending: fc.constantFrom('commit', 'throw', 'failed query', 'foreign row', 'system') as fc.Arbitrary<
        'commit' | 'throw' | 'failed query' | 'foreign row' | 'system'
      >,
      pause: fc.boolean(),
    });
    const tenants = [a, b, await createTestTenant(database)];
    const two = await createDatabase({ url: opened.url, log: silentLog, maxConnections: 2 });

    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), async (steps) => {
        await admin.query('TRUNCATE inthub.notes');
        const committed = new Map(tenants.map((tenant) => [tenant, new Set<string>()]));

        await Promise.all(
          steps.map(async ({ tenant: index, ending, pause }, number) => {
            const tenant = tenants[index] as TenantId;
            const text = `${index}-${number}`;
            if (ending === 'system') {
              expect(await two.system('inthub_platform', readScope)).toEqual({ role: 'inthub_platform', tenant: null });
              return;
            }
            const outcome = two.tenant(tenant, async (tx) => {
              await writeNote(tx, text);
              if (pause) await sql`SELECT pg_sleep(0.001)`.execute(tx.db);
              const seen = await readNotes(tx);
              expect(seen).toContain(text);
              expect(seen.filter((other) => !other.startsWith(`${index}-`))).toEqual([]);
              if (ending === 'throw') throw new Error('thrown');
              if (ending === 'failed query') await sql`SELECT 1 / 0`.execute(tx.db);
              if (ending === 'foreign row') await writeNote(tx, `${index}-foreign`, tenants[(index + 1) % 3]);
            });
            if (ending === 'commit') {
              await outcome;
              committed.get(tenant)?.add(text);
            } else {
              await expect(outcome).rejects.toThrow(/thrown|division by zero|row-level security/);
            }
          }),
        );

        for (const [tenant, texts] of committed) expect(await two.tenant(tenant, readNotes)).toEqual([...texts].sort());
      }),
      { numRuns: 60 },
    );
    await two.close();
  });

  it('ignores a role and a search path smuggled in by the URL, and keeps its own through RESET and DISCARD', async () => {
    const url = new URL(opened.url);
    url.searchParams.set('options', '-c role=none -c search_path=public -c work_mem=9MB');
    const smuggled = await createDatabase({ url: url.toString(), log: silentLog, maxConnections: 1 });

    const settings = await smuggled.tenant(a, async ({ db }) => {
      await sql`RESET ALL`.execute(db);
      await sql`RESET ROLE`.execute(db);
      const { rows } = await sql`SELECT current_user::text AS role, current_setting('search_path') AS path,
        current_setting('work_mem') AS work_mem`.execute(db);
      return rows[0];
    });

    expect(settings).toEqual({ role: 'inthub_app', path: 'inthub,pg_temp', work_mem: '9MB' });
    await smuggled.close();
  });
});

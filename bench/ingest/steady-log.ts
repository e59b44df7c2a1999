import pg from 'pg';

const segments = 60;

/**
 * Gives a new server what one that has run for a while has: files of the write-ahead log to write over, about 35 of 16 MB. A new one makes and syncs a file of 16 MB
 * for each 16 MB that it writes, and all commits wait for that: 30 to 60 ms, about once a second under this load.
 */
export async function recycleLog(adminUrl: string): Promise<void> {
  const client = new pg.Client({ connectionString: adminUrl });
  await client.connect();
  try {
    await client.query(`ALTER SYSTEM SET min_wal_size = '1GB'`);
    await client.query('SELECT pg_reload_conf()');
    for (let segment = 0; segment < segments; segment += 1) {
      // What nothing was written to is not left for the next.
      await client.query(`SELECT pg_logical_emit_message(false, 'bench', 'filling a segment')`);
      await client.query('SELECT pg_switch_wal()');
    }
    await client.query('CHECKPOINT');
  } finally {
    await client.end();
  }
}

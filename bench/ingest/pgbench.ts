// The limit that the database itself sets: the same bytes, one commit a row, without HTTP, signatures or Node.
import { execFile, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';

export interface CommitLimit {
  /** Rows a second. */
  measure(seconds: number): Promise<number>;
  stop(): Promise<void>;
}

/** Undefined where pgbench is not installed. */
export async function startPgbench(url: string, bytes: number, clients: number): Promise<CommitLimit | undefined> {
  if (spawnSync('pgbench', ['--version']).status !== 0) return undefined;
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(
    'CREATE TABLE pgbench_rows (id uuid PRIMARY KEY, received_at timestamptz NOT NULL DEFAULT now(), body bytea NOT NULL)',
  );
  await client.query('ALTER TABLE pgbench_rows ALTER COLUMN body SET STORAGE EXTERNAL');
  await client.end();
  const folder = mkdtempSync(join(tmpdir(), 'inthub-pgbench-'));
  const script = join(folder, 'insert.sql');
  writeFileSync(
    script,
    `INSERT INTO pgbench_rows (id, body) VALUES (gen_random_uuid(), decode(repeat('7b', ${bytes}), 'hex'));\n`,
  );
  return {
    async measure(seconds) {
      const args = ['-n', '-M', 'prepared', '-f', script, '-c', String(clients), '-j', '1', '-T', String(seconds), url];
      const { stdout } = await promisify(execFile)('pgbench', args);
      const rate = /tps = ([\d.]+)/.exec(stdout)?.[1];
      if (rate === undefined) throw new Error(`pgbench said nothing of its rate:\n${stdout}`);
      return Number(rate);
    },
    async stop() {
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

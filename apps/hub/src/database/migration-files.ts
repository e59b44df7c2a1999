import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { HubError } from '@inthub/contracts';

export interface MigrationFile {
  readonly number: number;
  /** File name without `.sql`, such as `0001_foundation`. */
  readonly name: string;
  readonly sql: string;
  /** SHA-256 of the file's bytes, in hex. */
  readonly checksum: string;
}

// The SQL is not copied to dist/: this path is the same from src/database/ and from dist/database/.
const folder = new URL('../../src/database/migrations/', import.meta.url);

/**
 * The migrations of this release, in order.
 * @throws HubError `internal` when a file has a wrong name or a number occurs twice.
 */
export async function readMigrationFiles(from: URL = folder): Promise<readonly MigrationFile[]> {
  const names = (await readdir(from)).filter((name) => name.endsWith('.sql')).sort();
  const files = await Promise.all(names.map((name) => readMigrationFile(from, name)));
  for (const [index, file] of files.entries()) {
    const before = files[index - 1];
    if (before?.number === file.number) {
      throw new HubError('internal', `Two migrations have the number ${file.number}: ${before.name} and ${file.name}.`);
    }
  }
  if (files.length === 0) throw new HubError('internal', `There are no migrations in ${from.pathname}.`);
  return files;
}

async function readMigrationFile(from: URL, name: string): Promise<MigrationFile> {
  const number = /^([0-9]{4})_[a-z0-9_]+\.sql$/.exec(name)?.[1];
  if (number === undefined || number === '0000') {
    throw new HubError('internal', `The migration ${name} is not named NNNN_name.sql.`);
  }
  const bytes = await readFile(new URL(name, from));
  return {
    number: Number(number),
    name: name.slice(0, -'.sql'.length),
    sql: bytes.toString('utf8'),
    checksum: createHash('sha256').update(bytes).digest('hex'),
  };
}

/**
 * Databases for tests, on a real PostgreSQL: one server for a whole Vitest run (see vitest-global-setup.ts), one database for each
 * test file, cloned from a template that is migrated once.
 */
import { createHash, randomBytes } from 'node:crypto';
import pg from 'pg';
import { type EmbeddedServer, startEmbeddedServer } from './embedded-server.ts';

export interface TestDatabaseServer {
  /** A superuser's URL. */
  adminUrl: string;
  /** Drops this run's databases and, when the server was started here, stops it. */
  stop(): Promise<void>;
}

export interface DatabaseTemplate {
  /** Names the content. Files that pass the same key share one preparation. */
  key: string;
  /** Fills the empty database behind `url` (migrations, seed) and must close its connections. Runs once for each key and run. */
  prepare(url: string): Promise<void>;
}

export interface TestDatabase {
  name: string;
  /** A superuser's URL of this database. Superusers pass row-level security: test that with roles of your own. */
  url: string;
  /** Ends all sessions there and deletes it. */
  drop(): Promise<void>;
}

/** Read by {@link startTestDatabase} and written by it for worker processes. */
export const databaseUrlVariable = 'INTHUB_TEST_DATABASE_URL';
const runVariable = 'INTHUB_TEST_RUN_ID';

let ownServer: Promise<EmbeddedServer> | undefined;

/**
 * The server for this run: the one that INTHUB_TEST_DATABASE_URL names (a superuser of PostgreSQL 15 or later), else an embedded
 * one, whose URL is put into that variable for child processes.
 */
export async function startTestDatabase(): Promise<TestDatabaseServer> {
  const givenUrl = process.env[databaseUrlVariable];
  const given = givenUrl !== undefined && givenUrl !== '';
  const ownsRun = process.env[runVariable] === undefined;
  process.env[runVariable] ??= randomBytes(4).toString('hex');
  if (!given) {
    ownServer ??= startEmbeddedServer();
    process.env[databaseUrlVariable] = (await ownServer).adminUrl;
  }
  const adminUrl = process.env[databaseUrlVariable] as string;

  return {
    adminUrl,
    async stop() {
      if (ownsRun) {
        if (given) await dropAll(adminUrl, runPrefix());
        delete process.env[runVariable];
      }
      if (given) return;
      delete process.env[databaseUrlVariable];
      const server = ownServer;
      ownServer = undefined;
      await (await server)?.stop();
    },
  };
}

/**
 * A fresh database, empty or cloned from a template. Outside Vitest, or where the run started none, a server is started for this
 * process and ends with it.
 */
export async function createTestDatabase(options: { template?: DatabaseTemplate } = {}): Promise<TestDatabase> {
  const { adminUrl } = await startTestDatabase();
  const source = options.template ? await ensureTemplate(adminUrl, options.template) : 'template0';
  const name = `${runPrefix()}d_${randomBytes(6).toString('hex')}`;
  await asAdmin(adminUrl, (client) => client.query(`CREATE DATABASE ${name} TEMPLATE ${source}`));
  return {
    name,
    url: urlOf(adminUrl, name),
    async drop() {
      await asAdmin(adminUrl, (client) => client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`));
    },
  };
}

async function ensureTemplate(adminUrl: string, { key, prepare }: DatabaseTemplate): Promise<string> {
  const digest = createHash('sha256').update(`${runPrefix()}${key}`).digest();
  const name = `${runPrefix()}t_${digest.toString('hex', 0, 8)}`;
  const isReady = async (client: pg.Client): Promise<boolean> =>
    (await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [name])).rowCount === 1;

  return asAdmin(adminUrl, async (client) => {
    if (await isReady(client)) return name;
    // Held by this session until it ends: the other workers wait for one preparation, also when it takes long or its process dies.
    await client.query('SELECT pg_advisory_lock($1)', [digest.readBigInt64BE(0).toString()]);
    if (await isReady(client)) return name;

    const unfinished = `${name}_u`;
    await client.query(`DROP DATABASE IF EXISTS ${unfinished} WITH (FORCE)`);
    await client.query(`CREATE DATABASE ${unfinished} TEMPLATE template0`);
    await prepare(urlOf(adminUrl, unfinished));
    await waitUntilUnused(client, unfinished, key);
    // The final name appears only now, so a half-prepared database is never cloned.
    await client.query(`ALTER DATABASE ${unfinished} RENAME TO ${name}`);
    return name;
  });
}

// A closed connection takes a moment to leave the server's list.
async function waitUntilUnused(client: pg.Client, database: string, key: string): Promise<void> {
  const deadline = performance.now() + 2000;
  for (;;) {
    const { rows } = await client.query<{ count: number }>(
      "SELECT count(*)::int AS count FROM pg_stat_activity WHERE datname = $1 AND backend_type = 'client backend'",
      [database],
    );
    const count = rows[0]?.count ?? 0;
    if (count === 0) return;
    if (performance.now() > deadline)
      throw new Error(
        `prepare() of the database template "${key}" left ${count} connection(s) open: end its pool before it returns`,
      );
    await client.query('SELECT pg_sleep(0.02)');
  }
}

async function dropAll(adminUrl: string, prefix: string): Promise<void> {
  await asAdmin(adminUrl, async (client) => {
    const { rows } = await client.query<{ datname: string }>(
      'SELECT datname FROM pg_database WHERE starts_with(datname, $1)',
      [prefix],
    );
    for (const { datname } of rows)
      await client.query(`DROP DATABASE IF EXISTS ${client.escapeIdentifier(datname)} WITH (FORCE)`);
  });
}

async function asAdmin<Result>(adminUrl: string, work: (client: pg.Client) => Promise<Result>): Promise<Result> {
  const client = new pg.Client({ connectionString: adminUrl, application_name: 'inthub-test-harness' });
  try {
    await client.connect();
  } catch (error) {
    const { host } = new URL(adminUrl);
    throw new Error(
      `The test database server at ${host} (from ${databaseUrlVariable}) cannot be used: ${(error as Error).message}`,
      { cause: error },
    );
  }
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

function runPrefix(): string {
  return `inthub_${process.env[runVariable]}_`;
}

function urlOf(adminUrl: string, database: string): string {
  const url = new URL(adminUrl);
  url.pathname = `/${database}`;
  return url.toString();
}

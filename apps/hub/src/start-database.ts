// The ground of the hub: the database, embedded or external, brought up to date, and what all rooms stand on.
import type { HubConfig } from './config.ts';
import { createDatabase, type Database, migrate, startEmbeddedServer } from './database/database.ts';
import type { StartedParts } from './started-parts.ts';
import type { Log } from './telemetry/telemetry.ts';

export interface StartDatabaseOptions {
  readonly config: Pick<HubConfig, 'databaseUrl' | 'dataDir'>;
  readonly log: Log;
  readonly started: StartedParts;
}

/** The URL is for connections that listen; everything else goes through the database. */
export async function startDatabase({
  config,
  log,
  started,
}: StartDatabaseOptions): Promise<{ readonly database: Database; readonly databaseUrl: string }> {
  let { databaseUrl } = config;
  if (databaseUrl === null) {
    const server = await startEmbeddedServer({ dataDir: config.dataDir, log });
    started.add({ name: 'embedded database', stop: server.stop });
    databaseUrl = server.url;
  }
  await migrate(databaseUrl, { log });
  const database = await createDatabase({ url: databaseUrl, log });
  started.add({ name: 'database', stop: database.close });
  return { database, databaseUrl };
}

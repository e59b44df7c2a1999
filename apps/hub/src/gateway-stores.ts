import { type Clock, HubError } from '@inthub/contracts';
import { ConfigError, type HubConfig } from './config.ts';
import type { Database } from './database/database.ts';
import { createPostgresStores, createValkeyStores, type OpenStores, openValkey } from './gateway/gateway.ts';
import type { Log } from './telemetry/telemetry.ts';

export interface GatewayStoresDeps {
  readonly config: Pick<HubConfig, 'counters' | 'valkeyUrl'>;
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * The gateway's stores as COUNTERS says.
 * @throws ConfigError for a VALKEY_URL that cannot be used: a hub that cannot count must not begin to serve.
 */
export async function createGatewayStores({ config, ...deps }: GatewayStoresDeps): Promise<OpenStores> {
  const { log } = deps;
  if (config.counters === 'memory' || config.valkeyUrl === null) return createPostgresStores(deps);
  const connection = await openValkey({ url: config.valkeyUrl, log }).catch((error: unknown) => {
    throw error instanceof HubError ? new ConfigError('VALKEY_URL', error.message) : error;
  });
  const { version, nodes, durable } = connection.facts;
  if (nodes > 1) {
    await connection.close();
    throw new ConfigError(
      'VALKEY_URL',
      `names one of the ${nodes} nodes of a cluster; the hub counts on a single server (a primary, with replicas if you like)`,
    );
  }
  log.info({ version, idempotencyKeys: durable ? 'valkey' : 'postgres' }, 'limits and breakers are counted in Valkey');
  return createValkeyStores({ ...deps, connection });
}

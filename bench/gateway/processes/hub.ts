// The hub as it is built, with its own embedded PostgreSQL on a data directory of its own. Start options add the bench's connector as if
// it shipped with the hub, and raise the limits of a tenant: at 1 000 calls a second they would refuse.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startHub } from '@inthub/hub';
import { connector } from '../connector.ts';
import { ready } from './serve.ts';

/** What this hub has otherwise than the others: JSON on the command line. */
const own = JSON.parse(process.argv[2] ?? '{}') as Partial<Parameters<typeof startHub>[0]>;
const key = 'bench-admin-key-0123456789abcdef0123456789';
const dataDir = mkdtempSync(join(tmpdir(), 'inthub-bench-'));

const hub = await startHub(
  {
    port: 0,
    host: '127.0.0.1',
    dataDir,
    databaseUrl: null,
    roles: new Set(['api', 'worker']),
    bootstrapApiKey: key,
    masterKey: null,
    masterKeyFile: null,
    publicUrl: null,
    pluginsDir: null,
    offline: false,
    egressAllow: ['127.0.0.1'],
    eventBus: 'postgres',
    natsUrl: null,
    counters: 'memory',
    valkeyUrl: null,
    oidc: null,
    otlpEndpoint: null,
    logLevel: 'info',
    secretEnvironment: new Map(),
    ...own,
  },
  {
    connectors: [connector],
    logDestination: { write: (line) => void process.stderr.write(line) },
    limits: { tenant: { requestsPerMinute: 1_000_000_000, concurrentRequests: 100_000 } },
  },
);
ready({ port: Number(new URL(hub.url).port), key }, async () => {
  await hub.stop();
  rmSync(dataDir, { recursive: true, force: true });
});

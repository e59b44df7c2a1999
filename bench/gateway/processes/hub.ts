// The hub as it is built, with its own embedded PostgreSQL and one plugin, on a data directory of its own. Only the limits of a tenant
// are raised, which nothing but a start option can: at 1 000 calls a second they would refuse.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startHub } from '@inthub/hub';
import { ready } from './serve.ts';

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
    pluginsDir: fileURLToPath(new URL('../plugins', import.meta.url)),
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
  },
  {
    logDestination: { write: (line) => void process.stderr.write(line) },
    limits: { tenant: { requestsPerMinute: 1_000_000_000, concurrentRequests: 100_000 } },
  },
);
ready({ port: Number(new URL(hub.url).port), key }, async () => {
  await hub.stop();
  rmSync(dataDir, { recursive: true, force: true });
});

// The hub as it is, on the database of the bench. Argument: the database's URL.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startHub } from '@inthub/hub';
import { ready } from '../../gateway/processes/serve.ts';

const [databaseUrl = ''] = process.argv.slice(2);
const key = 'bench-admin-key-0123456789abcdef0123456789';
const dataDir = mkdtempSync(join(tmpdir(), 'inthub-bench-'));
const hub = await startHub(
  {
    port: 0,
    host: '127.0.0.1',
    dataDir,
    databaseUrl,
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
    logLevel: 'warn',
    secretEnvironment: new Map(),
  },
  { logDestination: { write: (line) => void process.stderr.write(line) } },
);
ready({ port: Number(new URL(hub.url).port), key }, async () => {
  await hub.stop();
  rmSync(dataDir, { recursive: true, force: true });
});

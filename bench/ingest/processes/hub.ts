// The hub as it is built, on the database whose URL it gets, with an endpoint to send to. Second argument: its roles.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startHub } from '@inthub/hub';
import { ready } from '../../gateway/processes/serve.ts';
import { secret } from '../webhook.ts';

const [databaseUrl, roles = 'api,worker'] = process.argv.slice(2);
if (databaseUrl === undefined) throw new TypeError('The URL of the database is missing.');
const key = 'bench-admin-key-0123456789abcdef0123456789';
const dataDir = mkdtempSync(join(tmpdir(), 'inthub-bench-'));

const hub = await startHub(
  {
    port: 0,
    host: '127.0.0.1',
    dataDir,
    databaseUrl,
    roles: new Set(roles.split(',') as ('api' | 'worker')[]),
    bootstrapApiKey: key,
    masterKey: null,
    masterKeyFile: null,
    publicUrl: null,
    pluginsDir: fileURLToPath(new URL('../plugins', import.meta.url)),
    offline: false,
    egressAllow: [],
    eventBus: 'postgres',
    natsUrl: null,
    counters: 'memory',
    valkeyUrl: null,
    oidc: null,
    otlpEndpoint: null,
    logLevel: 'info',
    secretEnvironment: new Map(),
  },
  { logDestination: { write: (line) => void process.stderr.write(line) } },
);

async function call(path: string, body: unknown): Promise<Record<string, unknown>> {
  const answer = await fetch(`${hub.url}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`POST ${path}: ${answer.status} ${text}`);
  return JSON.parse(text) as Record<string, unknown>;
}

const config = { endpoint: 'http://benchhook.invalid', authMode: 'none' };
// What the hub can do is measured, not what it lets one integration do.
const rateLimits = { webhooksPerMinute: 1_000_000 };
const integration = await call('/api/v1/integrations', { type: 'custom.benchhook', name: 'bench', config, rateLimits });
const path = `/api/v1/integrations/${String(integration['id'])}`;
await call(`${path}/submit`, {});
await call(`${path}/test`, {});
const endpoint = await call(`${path}/webhooks`, { secret });
ready({ port: Number(new URL(hub.url).port), path: new URL(String(endpoint['url'])).pathname }, async () => {
  await hub.stop();
  rmSync(dataDir, { recursive: true, force: true });
});

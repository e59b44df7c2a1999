/** A provider with several windows (GitHub's core, search and graphql), through gateway and real egress, on both stores. */
import { type FaultServer, peersOrSkip, respond, startFaultServer } from '@inthub/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createTestEgress } from '../egress/testing.ts';
import { createSampleConnector, listTags, sampleManifest } from '../runtime/testing.ts';
import { createMemoryLimitStore } from './stores/memory-limit-store.ts';
import { createMemoryStores } from './stores/memory-stores.ts';
import { createValkeyLimitStore } from './stores/valkey-limit-store.ts';
import { createRig, quietLog, startTestValkey, type TestValkey } from './testing.ts';

const peers = await peersOrSkip(['redis-server']);
let valkey: TestValkey | undefined;
let server: FaultServer;
const opened: { close(): Promise<void> }[] = [];

beforeAll(async () => {
  if (!peers.skip) valkey = await startTestValkey();
});
beforeEach(async () => {
  server = await startFaultServer();
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map((one) => one.close()));
  await server.stop();
});
afterAll(() => valkey?.stop());

const { cacheTtlMs: _, ...uncached } = listTags;
const connector = createSampleConnector({
  manifest: { ...sampleManifest, limitBuckets: { header: 'X-RateLimit-Resource', default: 'core' } },
  actions: [
    { ...uncached, id: 'repo.get' },
    { ...uncached, id: 'search.code', limitBucket: 'search', weight: 5 },
    { ...uncached, id: 'rate.get', limitBucket: 'core' },
  ],
});

for (const name of ['memory', 'valkey'] as const) {
  describe.skipIf(name === 'valkey' && peers.skip)(`windows of a provider, counted in ${name}`, () => {
    async function setUp() {
      const test = createTestEgress();
      const { clock } = test;
      const limits =
        name === 'memory' || valkey === undefined
          ? createMemoryLimitStore({ clock })
          : createValkeyLimitStore({
              connection: await valkey.connect(),
              clock,
              log: quietLog,
              prefix: valkey.newPrefix(),
              nowMs: () => clock.now().getTime(),
            });
      if ('close' in limits) opened.push(limits as unknown as { close(): Promise<void> });
      opened.push(test.egress);
      const rig = createRig({
        clock,
        connector,
        integration: { config: { endpoint: server.url, authMode: 'none', retryPolicy: { maxRetries: 0 } } },
        deps: {
          egress: test.egress,
          stores: { ...createMemoryStores(clock), limits },
        },
      });
      const run = async (action: string, repository: string) => {
        const { result, error } = await rig.gateway.execute({ ...rig.call, action, params: { repository } });
        return error === undefined
          ? 'passed'
          : [result.error?.code, error.details['limitType']].filter(Boolean).join(' ');
      };
      const window = (resource: string, remaining: number) => ({
        'x-ratelimit-limit': '30',
        'x-ratelimit-remaining': String(remaining),
        'x-ratelimit-reset': String(clock.now().getTime() / 1_000 + 60),
        'x-ratelimit-resource': resource,
      });
      const circuit = async () => (await rig.gateway.circuit(rig.integration.tenantId, rig.integration.id)).state;
      return { clock, run, window, circuit };
    }

    it('close for themselves alone', async () => {
      const { clock, run, window } = await setUp();
      server.on('GET', /\/v2\/code/, respond.json(200, { tags: [] }, window('search', 0)));
      server.always('GET', /\/v2\/app/, respond.json(200, { tags: [] }, window('core', 20)));

      const first = [await run('search.code', 'code'), await run('search.code', 'code')];
      const others = [await run('repo.get', 'app'), await run('rate.get', 'app')];

      expect([...first, ...others]).toEqual(['passed', 'rate_limited external', 'passed', 'passed']);
      await clock.advance(60_000);
      server.on('GET', /\/v2\/code/, respond.json(200, { tags: [] }, window('search', 29)));
      expect(await run('search.code', 'code')).toBe('passed');
    });

    it('in a storm of 429 are asked once: the rest is refused here, and the breaker stays closed', async () => {
      const { clock, run, circuit } = await setUp();
      server.on('GET', /\/v2\/app/, respond.tooManyRequests(30));

      const first = await run('repo.get', 'app');
      const rest = await Promise.all(Array.from({ length: 60 }, () => run('repo.get', 'app')));

      expect(first).toBe('provider_rate_limited');
      expect(new Set(rest)).toEqual(new Set(['rate_limited external']));
      expect(server.requests.length).toBe(1);
      expect(await circuit()).toBe('closed');
      await clock.advance(30_000);
      server.on('GET', /\/v2\/app/, respond.json(200, { tags: [] }));
      expect(await run('repo.get', 'app')).toBe('passed');
    });

    it('that no action draws on close nothing, but a provider that has had enough does', async () => {
      const { run, window } = await setUp();
      server.on(
        'GET',
        /\/v2\/app/,
        respond.json(200, { tags: [] }, window('code_scanning_upload', 0)),
        respond.json(200, { tags: [] }),
      );
      server.on('GET', /\/v2\/code/, respond.tooManyRequests(60, window('search', 12)));

      expect([await run('repo.get', 'app'), await run('repo.get', 'app')]).toEqual(['passed', 'passed']);
      expect(await run('search.code', 'code')).toBe('provider_rate_limited');
      expect([await run('repo.get', 'app'), await run('search.code', 'code')]).toEqual([
        'rate_limited external',
        'rate_limited external',
      ]);
    });
  });
}

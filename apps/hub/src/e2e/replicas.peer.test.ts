import { randomBytes } from 'node:crypto';
import {
  type FaultServer,
  findFreePort,
  peersOrSkip,
  respond,
  startFaultServer,
  startValkey,
  type Valkey,
} from '@inthub/testing';
import { Redis } from 'iovalkey';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ConfigError } from '../config.ts';
import { writeProbePlugin } from './probe-plugin.ts';
import { type Answer, startTestHub, type TestHub } from './testing.ts';

const peers = await peersOrSkip(['redis-server']);
const plugins = writeProbePlugin();
const masterKey = randomBytes(32).toString('base64');
afterAll(() => plugins.remove());

// Two hubs on one database, as behind a load balancer: whatever one of them knows, the other knows soon.
for (const [counters, skip] of [
  ['memory', false],
  ['valkey', peers.skip],
] as const) {
  describe.skipIf(skip)(peers.label(`two replicas with COUNTERS=${counters}`), () => {
    let provider: FaultServer;
    let valkey: Valkey | undefined;
    let first: TestHub;
    let second: TestHub;
    let environment: Record<string, string>;
    let count = 0;

    beforeAll(async () => {
      provider = await startFaultServer();
      if (counters === 'valkey') valkey = await startValkey({ appendOnly: true });
      environment = {
        PLUGINS_DIR: plugins.path,
        HUB_MASTER_KEY: masterKey,
        COUNTERS: counters,
        ...(valkey === undefined ? {} : { VALKEY_URL: valkey.url }),
      };
      first = await startTestHub(environment);
      environment = { ...environment, DATABASE_URL: first.databaseUrl };
      second = await startTestHub(environment);
    });
    afterEach(() => provider.reset());
    afterAll(async () => {
      await second?.stop();
      await first?.stop();
      await provider?.stop();
      await valkey?.stop();
    });

    async function install(more: object = {}): Promise<string> {
      count += 1;
      provider.on('GET', '/ping', respond.json(200, {}));
      const { body, text } = await first.call('POST', '/api/v1/integrations', {
        type: 'custom.probe',
        name: `probe ${count}`,
        config: { endpoint: provider.url, authMode: 'none', retryPolicy: { maxRetries: 0 } },
        submit: true,
        ...more,
      });
      expect((await first.call('POST', `/api/v1/integrations/${body.id}/test`)).body.success, text).toBe(true);
      return body.id as string;
    }

    const execute = (hub: TestHub, id: string, action: string, key?: string): Promise<Answer> =>
      hub.call(
        'POST',
        `/api/v1/connectors/instances/${id}/execute`,
        { action, params: { path: '/thing' } },
        key === undefined ? {} : { 'idempotency-key': key },
      );
    const restart = async () => {
      await second.stop();
      second = await startTestHub(environment);
    };

    it('share a breaker, and keep it over a restart', async () => {
      const id = await install();
      provider.always('GET', '/thing', respond.json(500, {}));
      expect((await execute(second, id, 'probe.read')).body.code).toBe('provider_unavailable');
      await execute(first, id, 'probe.read');
      await execute(first, id, 'probe.read');
      expect((await execute(first, id, 'probe.read')).body.code).toBe('circuit_open');

      await expect
        .poll(async () => (await execute(second, id, 'probe.read')).body.code, { timeout: 10_000, interval: 100 })
        .toBe('circuit_open');
      await restart();

      expect((await execute(second, id, 'probe.read')).body.code).toBe('circuit_open');
    });

    it('run a call with an idempotency key once, whichever of them is asked, also after a restart', async () => {
      const id = await install();
      provider.on('POST', '/thing', respond.json(200, { made: 1 }));

      const answers = await Promise.all(
        [first, second, first, second].map((hub) => execute(hub, id, 'probe.write', 'k1')),
      );
      await restart();
      answers.push(await execute(second, id, 'probe.write', 'k1'));

      for (const { status, text, body } of answers)
        expect({ status, data: body.data }, text).toEqual({ status: 200, data: { made: 1 } });
      expect(answers.filter(({ body }) => !body.metadata.cached)).toHaveLength(1);
      expect(
        (
          await second.call(
            'POST',
            `/api/v1/connectors/instances/${id}/execute`,
            { action: 'probe.write', params: { path: '/other' } },
            { 'idempotency-key': 'k1' },
          )
        ).body.code,
      ).toBe('idempotency_key_reused');
    });

    it('see one another’s changes at once', async () => {
      const id = await install();
      provider.always('GET', '/thing', respond.json(200, {}));
      expect((await execute(second, id, 'probe.read')).status).toBe(200);

      await first.call('PUT', `/api/v1/connectors/instances/${id}/permissions`, {
        grantedCapabilities: [],
        deniedCapabilities: ['probe.read'],
      });
      const seen = (code: string) =>
        // Without word of it, the second would go on for five seconds.
        expect
          .poll(async () => (await execute(second, id, 'probe.read')).body.code, { timeout: 2_500, interval: 20 })
          .toBe(code);
      await seen('not_granted');
      await first.call('POST', `/api/v1/connectors/instances/${id}/pause`, { reason: 'maintenance' });
      await seen('integration_inactive');
    });

    if (counters === 'memory') return;

    it('count one limit together', async () => {
      const id = await install({ rateLimits: { requestsPerMinute: 10 } });
      provider.always('GET', '/thing', respond.json(200, {}));

      const answers: Answer[] = [];
      for (let i = 0; i < 14; i += 1) answers.push(await execute(i % 2 === 0 ? first : second, id, 'probe.read'));

      // The connection test took one.
      expect(answers.filter(({ status }) => status === 200).length).toBeLessThanOrEqual(10);
      expect(answers.filter(({ status }) => status === 200).length).toBeGreaterThanOrEqual(9);
      expect(answers.at(-1)).toMatchObject({ status: 429, body: { code: 'rate_limited' } });
    });
  });
}

describe('VALKEY_URL', () => {
  const failure = (url: string) =>
    startTestHub({ COUNTERS: 'valkey', VALKEY_URL: url }).then(
      async (hub) => {
        await hub.stop();
        return undefined;
      },
      (reason: unknown) => reason,
    );

  it('that leads nowhere ends the start with one clear line', async () => {
    const error = await failure(`redis://:hunter2@127.0.0.1:${await findFreePort()}`);

    expect(error).toBeInstanceOf(ConfigError);
    expect(String(error)).toMatch(/VALKEY_URL: Valkey cannot be used: .*ECONNREFUSED/);
    expect(String(error)).not.toContain('hunter2');
  });

  it.skipIf(peers.skip)('that names a node of a cluster is refused', async () => {
    const nodes = [await startValkey({ cluster: true }), await startValkey({ cluster: true })] as const;
    const client = new Redis(nodes[0].url);
    await client.cluster('MEET', '127.0.0.1', nodes[1].port, nodes[1].busPort);
    await expect.poll(() => client.cluster('INFO')).toMatch(/cluster_known_nodes:2/);
    await client.quit();

    const error = await failure(nodes[0].url);

    expect(error).toBeInstanceOf(ConfigError);
    expect(String(error)).toMatch(/VALKEY_URL: names one of the 2 nodes of a cluster/);
    for (const node of nodes) await node.stop();
  });
});

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
  // Hubs are started and stopped in these: on a busy machine that takes its time.
  describe.skipIf(skip)(peers.label(`two replicas with COUNTERS=${counters}`), { timeout: 120_000 }, () => {
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

    it('show the outcome of each other’s checks with the next question, however often health was asked for before', async () => {
      const id = await install();
      const health = async (hub: TestHub) => (await hub.call('GET', `/api/v1/integrations/${id}/health`)).body;
      for (let check = 1; check <= 5; check += 1) {
        const before = await health(second);
        expect(await health(second)).toEqual(before);
        provider.on('GET', '/ping', respond.json(500, {}));
        await first.call('POST', `/api/v1/integrations/${id}/test`);

        const after = await health(second);

        expect(after).toEqual(await health(first));
        expect(after).toMatchObject({ consecutiveFailures: check, details: { authValid: null } });
        expect(Date.parse(after.checkedAt)).toBeGreaterThan(Date.parse(before.checkedAt));
      }
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

    it('know at once what a platform admin sets for a tenant’s traffic', async () => {
      const id = await install();
      provider.always('GET', '/thing', respond.json(200, {}));
      const [{ id: tenant }] = (await first.call('GET', '/api/v1/tenants')).body.items;
      const codeAt = async (hub: TestHub) => (await execute(hub, id, 'probe.read')).body.code ?? 'passed';
      expect([await codeAt(first), await codeAt(second)]).toEqual(['passed', 'passed']);

      const set = async (hub: TestHub, offline: boolean) => {
        const { status, text } = await hub.call('PATCH', `/api/v1/tenants/${tenant}`, { offline });
        expect(status, text).toBe(200);
      };
      await set(second, true);
      await expect.poll(() => codeAt(first), { timeout: 30_000 }).toBe('offline');
      await set(first, false);
      await expect.poll(() => codeAt(second), { timeout: 30_000 }).toBe('passed');
    });

    it('pass one budget together, and tell that it is used up', async () => {
      const id = await install();
      provider.always('GET', '/thing', respond.json(200, {}));
      const codeAt = async (hub: TestHub) => (await execute(hub, id, 'probe.read')).body.code ?? 'passed';
      const setting = { integrationId: id, measure: 'requests', window: 'month', mode: 'hard' };
      expect([await codeAt(first), await codeAt(second)]).toEqual(['passed', 'passed']);
      const { body: budget } = await first.call('PUT', '/api/v1/budgets', { ...setting, limit: 5 });
      // Both know of it, and count from now on.
      await expect
        .poll(
          async () => {
            await Promise.all([codeAt(first), codeAt(second)]);
            return (await first.call('GET', `/api/v1/budgets/${budget.id}`)).body.usage.remaining;
          },
          { timeout: 30_000 },
        )
        .toBe(0);

      await expect
        .poll(async () => [await codeAt(first), await codeAt(second)], { timeout: 30_000 })
        .toEqual(['budget_exceeded', 'budget_exceeded']);
      const refused = await execute(second, id, 'probe.read');
      expect([refused.status, refused.body]).toMatchObject([
        429,
        { retryable: true, blame: 'caller', details: { budgetId: budget.id, scope: 'integration', limit: 5 } },
      ]);
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
      await expect
        .poll(async () => (await second.call('GET', `/api/v1/budgets/${budget.id}/usage`)).body.items, {
          timeout: 30_000,
        })
        .toMatchObject([{ used: 5, reserved: 0, remaining: 0 }]);
      const events = await first.call('GET', `/api/v1/audit?action=budget.reach&targetId=${id}`);
      expect(events.body.items.map(({ details }: { details: { percent: number } }) => details.percent).sort()).toEqual([
        100, 80,
      ]);

      await second.call('PUT', '/api/v1/budgets', { ...setting, limit: 100 });
      await expect.poll(() => codeAt(first), { timeout: 30_000 }).toBe('passed');
      expect((await first.call('DELETE', `/api/v1/budgets/${budget.id}`)).status).toBe(204);
      const denied = await first.call('GET', `/api/v1/audit?action=action.execute&targetId=${id}`);
      expect(denied.body.items).toContainEqual(
        expect.objectContaining({ outcome: 'denied', details: expect.objectContaining({ code: 'budget_exceeded' }) }),
      );
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

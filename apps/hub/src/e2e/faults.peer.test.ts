import { errorCodes } from '@inthub/contracts';
import {
  type CertificateAuthority,
  createAuthority,
  type FaultResponse,
  type FaultServer,
  respond,
  startFaultServer,
} from '@inthub/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeEachStore } from './each-store.ts';
import { type Fault, faults, passingFaults, thenClose } from './fault-matrix.ts';
import { probeFailureThreshold, writeProbePlugin } from './probe-plugin.ts';
import { type Answer, startTestHub, type TestHub } from './testing.ts';

// The whole hub over HTTP against a server that does everything wrong, one thing at a time.
const plugins = writeProbePlugin();
let hub: TestHub;
let plain: FaultServer;
let secure: FaultServer;
let authority: CertificateAuthority;
const hosts = ['127.0.0.1'];
let count = 0;

beforeAll(async () => {
  authority = await createAuthority();
  plain = await startFaultServer();
  secure = await startFaultServer({ tls: await authority.issue({ hosts }) });
});
afterAll(async () => {
  await plain.stop();
  await secure.stop();
  plugins.remove();
});

async function until(condition: () => Promise<boolean> | boolean): Promise<void> {
  for (let tries = 0; tries < 5_000; tries += 1) {
    if (await condition()) return;
    await new Promise((resolve) => setImmediate(resolve));
  }
  throw new Error(`Did not come about: ${condition.toString()}`);
}

interface Probe {
  readonly id: string;
  call(action: string, path?: string): Promise<Answer>;
  circuit(): Promise<string>;
  closeCircuit(): Promise<void>;
  /** Its calls in the audit, newest first; waits until there are so many. */
  audit(calls: number): Promise<{ outcome: string; details: Record<string, unknown> }[]>;
}

/** An active integration: its first connection test has passed. */
async function install(server: FaultServer, config: object = {}): Promise<Probe> {
  count += 1;
  const { body, text } = await hub.call('POST', '/api/v1/integrations', {
    type: 'custom.probe',
    name: `probe ${count}`,
    config: {
      endpoint: server.url,
      authMode: 'none',
      retryPolicy: { maxRetries: 1, backoffMs: [0] },
      network: { caCertificate: authority.caPem },
      ...config,
    },
    submit: true,
  });
  server.on('GET', '/ping', thenClose(respond.json(200, {})));
  expect((await hub.call('POST', `/api/v1/integrations/${body.id}/test`)).body.success, text).toBe(true);
  const instance = `/api/v1/connectors/instances/${body.id}`;
  return {
    id: body.id,
    call: (action, path = '/fault') => hub.call('POST', `${instance}/execute`, { action, params: { path } }),
    circuit: async () => (await hub.call('GET', `${instance}/circuit`)).body.state,
    async closeCircuit() {
      const { status, text } = await hub.call('POST', `${instance}/circuit/close`, { reason: 'test' });
      expect(status, text).toBe(200);
    },
    async audit(calls) {
      let items: Awaited<ReturnType<Probe['audit']>> = [];
      await until(async () => {
        items = (await hub.call('GET', `/api/v1/audit?targetId=${body.id}&action=action.execute`)).body.items;
        return items.length >= calls;
      });
      return items;
    },
  };
}

/** The provider has said how long: until then nothing is sent. */
const paces = ({ code, repeated }: Fault) => code === 'provider_rate_limited' && !repeated;
/** Only the integration's timeout ends it. */
const isEndless = ({ code, repeated }: Fault) => code === 'provider_timeout' && !repeated;

async function serverFor({ answer }: Fault): Promise<{ server: FaultServer; break: () => Promise<void> }> {
  if (answer === 'not_there') {
    const server = await startFaultServer();
    return { server, break: () => server.stop() };
  }
  if (typeof answer === 'function') {
    return {
      server: plain,
      async break() {
        plain.reset();
        plain.always('GET', '/fault', answer);
      },
    };
  }
  secure.reset();
  secure.always('GET', '/fault', thenClose(respond.json(200, {})));
  secure.present(await authority.issue({ hosts }));
  const certificates = {
    expired: () => authority.issue({ hosts, notAfter: new Date('2020-01-02'), notBefore: new Date('2020-01-01') }),
    wrong_name: () => authority.issue({ hosts: ['other.example'] }),
    unknown_authority: async () => (await createAuthority()).issue({ hosts }),
  };
  return { server: secure, break: async () => secure.present(await certificates[answer]()) };
}

await describeEachStore((environment) => {
  beforeAll(async () => {
    hub = await startTestHub({ PLUGINS_DIR: plugins.path, ...environment() });
  });
  afterAll(() => hub.stop());

  describe('a provider’s fault', () => {
    it.each(faults.map((fault) => [fault.name, fault] as const))('%s', async (_name, fault) => {
      const { server, break: breakIt } = await serverFor(fault);
      // Short where only the time limit ends it.
      const probe = await install(server, isEndless(fault) ? { timeout: 300 } : {});
      await breakIt();

      const calls: Answer[] = [];
      for (let call = 0; call < probeFailureThreshold; call += 1) calls.push(await probe.call('probe.read'));
      const circuit = await probe.circuit();
      const after = await probe.call('probe.read');
      const audit = await probe.audit(3);

      const paced = paces(fault);
      for (const { status, body } of paced ? calls.slice(0, 1) : calls) {
        expect(body, body.detail).toMatchObject({
          code: fault.code,
          blame: fault.blame,
          retryable: fault.retryable,
          success: false,
        });
        // Ended by the fault or the integration's timeout, not by the call's own deadline of 30 s: nothing hung.
        expect(body.metadata.durationMs).toBeLessThan(10_000);
        expect(status).toBe(errorCodes[fault.code].status);
        expect(body.detail).not.toContain('canary');
      }
      expect(circuit).toBe(fault.breaker === 'failure' ? 'open' : 'closed');
      expect(after.body.code).toBe(fault.breaker === 'failure' ? 'circuit_open' : paced ? 'rate_limited' : fault.code);
      if (paced) {
        expect(after.body.details.limitType).toBe('external');
        expect(Number(after.headers.get('retry-after'))).toBeGreaterThan(20);
      }

      const [first] = audit.slice(-1);
      expect(first).toMatchObject({ outcome: 'failure', details: { code: fault.code, blame: fault.blame } });
      const attempts = first?.details['attempts'] as { status: number | null; errorCode: string | null }[];
      expect(attempts.filter(({ status }) => status === null || status < 300 || status > 399)).toHaveLength(
        fault.name === 'endless redirect' || fault.code === 'egress_denied' ? 0 : fault.repeated ? 2 : 1,
      );
      expect(attempts).toHaveLength(Number(calls[0]?.body.metadata.apiCalls));
      for (const { status, errorCode } of attempts) expect(status !== null || errorCode === fault.code).toBe(true);

      // Nothing is left open, and the hub serves others.
      await until(() => server.openConnections === 0);
      plain.reset();
      const healthy = await install(plain);
      plain.on('GET', '/fine', thenClose(respond.json(200, { fine: true })));
      expect((await healthy.call('probe.read', '/fine')).body.data).toEqual({ fine: true });
    });
  });

  const harmless = faults.filter(
    (fault) => typeof fault.answer === 'function' && fault.breaker !== 'failure' && !paces(fault),
  );

  describe('between two real failures', () => {
    it.each(harmless.map((fault) => [fault.name, fault] as const))(
      '%s counts as the table says',
      async (_name, fault) => {
        const { break: breakIt } = await serverFor(fault);
        const probe = await install(plain, { retryPolicy: { maxRetries: 0 } });
        await breakIt();
        const down = thenClose(respond.json(503, {}));

        plain.on('GET', '/fault', down);
        await probe.call('probe.read');
        expect((await probe.call('probe.read')).body.code).toBe(fault.code);
        plain.on('GET', '/fault', down);
        await probe.call('probe.read');

        expect(probeFailureThreshold).toBe(2);
        expect(await probe.circuit()).toBe(fault.breaker === 'success' ? 'closed' : 'open');
      },
    );
  });

  describe('a storm of 429', () => {
    it('goes no further than the calls under way: everybody else is told when to come back', async () => {
      plain.reset();
      const probe = await install(plain);
      plain.always('GET', '/fault', thenClose(respond.tooManyRequests(30)));
      const storm = (calls: number) => Promise.all(Array.from({ length: calls }, () => probe.call('probe.read')));

      const first = await storm(10);
      const sent = plain.requests.length;
      const rest = await storm(60);

      for (const { status, body, headers } of [...first, ...rest]) {
        expect(status, body.detail).toBe(429);
        expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
      }
      expect(first.map(({ body }) => body.code)).toContain('provider_rate_limited');
      for (const { body } of rest)
        expect(body).toMatchObject({ code: 'rate_limited', details: { limitType: 'external' } });
      expect(plain.requests).toHaveLength(sent);
      expect(await probe.circuit()).toBe('closed');
      await until(() => plain.openConnections === 0);
    });
  });

  describe('however often it happens, nothing is left behind by', () => {
    const rounds = 8;
    /** Sockets, timers, look-ups and whatever else would keep this process alive: the hub's, the servers' and the test's own. */
    const handles = () => process.getActiveResourcesInfo().length;

    it.each(faults.filter((fault) => !paces(fault)).map((fault) => [fault.name, fault] as const))(
      '%s',
      async (_name, fault) => {
        const { server, break: breakIt } = await serverFor(fault);
        const probe = await install(server, {
          retryPolicy: { maxRetries: 0 },
          ...(isEndless(fault) && { timeout: 100 }),
        });
        await breakIt();
        const fail = async () => {
          expect((await probe.call('probe.read')).body.code).toBe(fault.code);
          await probe.closeCircuit();
        };
        await fail();
        const before = handles();

        for (let round = 0; round < rounds; round += 1) await fail();

        // Others come and go meanwhile (connections to the database, the hub's own timers); one for each call would be `rounds` of them.
        await until(() => server.openConnections === 0 && handles() < before + rounds / 2);
      },
    );
  });

  describe('a fault that comes and goes', () => {
    const fine = thenClose(respond.json(200, { n: 1 }));

    it.each(passingFaults.map((fault) => [fault.name, fault] as const))(
      '%s is hidden by the hub’s own repeat, every attempt audited, and the breaker stays closed',
      async (_name, fault) => {
        const { break: breakIt } = await serverFor(fault);
        const probe = await install(plain);
        await breakIt();
        plain.always('GET', '/fault', respond.flapping(fine, fault.answer as FaultResponse));

        const answers = [
          await probe.call('probe.read'),
          await probe.call('probe.read'),
          await probe.call('probe.read'),
        ];

        expect(answers.map(({ status, body }) => [status, body.metadata.apiCalls])).toEqual([
          [200, 2],
          [200, 2],
          [200, 2],
        ]);
        expect(await probe.circuit()).toBe('closed');
        const [entry] = await probe.audit(3);
        expect(entry).toMatchObject({
          outcome: 'success',
          details: { attempts: [{ attempt: 1 }, { status: 200, attempt: 2 }] },
        });
        await until(() => plain.openConnections === 0);
      },
    );

    it.each(passingFaults.map((fault) => [fault.name, fault] as const))(
      '%s without a repeat fails those calls alone, and each success starts the breaker’s count again',
      async (_name, fault) => {
        const { break: breakIt } = await serverFor(fault);
        const probe = await install(plain, { retryPolicy: { maxRetries: 0 } });
        await breakIt();
        plain.always('GET', '/fault', respond.flapping(fine, fault.answer as FaultResponse));

        for (let turn = 0; turn < 2 * probeFailureThreshold; turn += 1) {
          const { body } = await probe.call('probe.read');
          expect(body).toMatchObject({ code: fault.code, blame: fault.blame, retryable: fault.retryable });
          expect((await probe.call('probe.read')).body.data).toEqual({ n: 1 });
        }

        expect(await probe.circuit()).toBe('closed');
        await until(() => plain.openConnections === 0);
      },
    );

    it('is not asked twice where a repeat could do harm', async () => {
      plain.reset();
      const probe = await install(plain);
      plain.always('POST', '/fault', respond.flapping(respond.json(200, {})));

      const { body } = await probe.call('probe.write');

      expect(body).toMatchObject({ code: 'provider_unavailable', metadata: { apiCalls: 1 } });
      expect(plain.requests.filter(({ method }) => method === 'POST')).toHaveLength(1);
    });
  });
});

import { writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import type { HubError } from '@inthub/contracts';
import {
  createAuthority,
  createFakeClock,
  createTemporaryDirectory,
  findFreePort,
  peersOrSkip,
  startChild,
} from '@inthub/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { quietLog, startTestValkey, type TestValkey } from '../testing.ts';
import { createDurableIdempotencyStore } from './durable-idempotency-store.ts';
import type { LimitDecision, LimitStore } from './limit-store.ts';
import { createReplicatedCircuitStore } from './replicated-circuit-store.ts';
import { createValkeyCircuitBackend } from './valkey-circuit-backend.ts';
import { defineScript, openValkey, type ValkeyConnection } from './valkey-connection.ts';
import { createValkeyIdempotencyBackend } from './valkey-idempotency-backend.ts';
import { createValkeyLimitStore } from './valkey-limit-store.ts';

const peers = await peersOrSkip(['redis-server']);

const failure = (url: string) =>
  openValkey({ url, log: quietLog }).then(
    async (connection) => {
      await connection.close();
      throw new Error('it should not have connected');
    },
    (error: HubError) => error,
  );

describe('openValkey', () => {
  it('says why a server cannot be used', async () => {
    const refused = await failure(`redis://127.0.0.1:${await findFreePort()}`);
    expect(refused).toMatchObject({ code: 'unavailable', message: expect.stringContaining('ECONNREFUSED') });
    expect(await failure('redis://127.0.0.1:1/first')).toMatchObject({
      message: expect.stringContaining('database number'),
    });
  });

  it.each([
    ['never answers', ''],
    ['speaks another language', 'HTTP/1.1 400 Bad Request\r\n\r\n'],
  ])('gives up on a server that %s', async (_, answer) => {
    const server: Server = createServer((socket) => {
      socket.on('error', () => undefined).on('data', () => answer !== '' && socket.write(answer));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };

    expect(await failure(`redis://127.0.0.1:${port}`)).toMatchObject({ code: 'unavailable' });
    server.close();
  });
});

describe.skipIf(peers.skip)(peers.label('a connection to Valkey'), () => {
  let valkey: TestValkey;
  afterEach(() => valkey.stop());

  it('authenticates, and never shows the password where it is refused', async () => {
    valkey = await startTestValkey({ password: 'hunter2-correct' });
    const wrong = valkey.server.url.replace('hunter2-correct', 'hunter3-wrong');
    const without = valkey.server.url.replace(':hunter2-correct@', '');

    const errors = [await failure(wrong), await failure(without)];

    for (const error of errors) {
      expect(error).toMatchObject({ code: 'unavailable', message: expect.stringMatching(/WRONGPASS|NOAUTH/) });
      expect(JSON.stringify([error.message, error.stack, error])).not.toMatch(/hunter/);
    }
    expect((await valkey.connect()).ready).toBe(true);
  });

  it('needs no more rights than the documented ones', async () => {
    const rights = '~inthub:* +@read +@write +@scripting +info +time +select +client|setname +quit';
    valkey = await startTestValkey({ config: [`user hub on >secret ${rights}`] });
    const lines: string[] = [];
    const note = (_: object, message: string) => void lines.push(message);
    const log = { debug: note, info: note, warn: note, error: note };
    const connection = await openValkey({ url: `redis://hub:secret@127.0.0.1:${valkey.server.port}/2`, log });
    const clock = createFakeClock();
    const limits = createValkeyLimitStore({ connection, clock, log });
    const circuits = createReplicatedCircuitStore({ backend: createValkeyCircuitBackend({ connection }), clock, log });
    const keys = createDurableIdempotencyStore({ backend: createValkeyIdempotencyBackend({ connection }), clock, log });
    const limit = { requestsPerMinute: 5, concurrentRequests: 1 };

    const decision = await limits.take({
      tenantKey: 't',
      integrationKey: 't/i',
      weight: 1,
      tenant: limit,
      integration: limit,
    });
    await limits.report('t/i', { remaining: 1, resetAt: new Date(clock.now().getTime() + 1_000) });
    await circuits.forceOpen('t/i', 'why', 1_000);
    await keys.claim({ key: 't/i/a/k', fingerprint: 'f', safe: false, leaseMs: 1_000 });
    await keys.release('t/i/a/k');

    expect(decision.allowed).toBe(true);
    await Promise.all([limits.close(), circuits.close(), keys.close()]);
    await connection.close();
    expect(lines).toEqual([]);
  });

  it('speaks TLS, to a server whose authority it knows only', async () => {
    const authority = await createAuthority();
    const { certPem, keyPem } = await authority.issue({ hosts: ['127.0.0.1'] });
    const directory = createTemporaryDirectory('valkey-tls');
    const save = (name: string, text: string) => {
      const path = join(directory.path, name);
      writeFileSync(path, text, { mode: 0o600 });
      return path;
    };
    const tlsPort = await findFreePort();
    const files = [
      `tls-cert-file ${save('server.crt', certPem)}`,
      `tls-key-file ${save('server.key', keyPem)}`,
      `tls-ca-cert-file ${save('ca.crt', authority.caPem)}`,
    ];
    valkey = await startTestValkey({ config: [`tls-port ${tlsPort}`, 'tls-auth-clients no', ...files] });
    const url = `rediss://127.0.0.1:${tlsPort}`;
    expect(await failure(url)).toMatchObject({ message: expect.stringMatching(/certificate/) });

    const child = await startChild({
      command: process.execPath,
      args: ['--conditions=source', '--no-warnings', '--input-type=module', '-e', connectTo(url)],
      env: { ...process.env, NODE_EXTRA_CA_CERTS: join(directory.path, 'ca.crt') },
      cwd: import.meta.dirname,
    });

    expect([await child.ended, child.logs()]).toEqual([0, 'connected']);
    directory.remove();
  });

  it('tells whether what is written there lasts', async () => {
    for (const [appendOnly, config, durable] of [
      [true, [], true],
      [true, ['maxmemory 50mb', 'maxmemory-policy allkeys-lru'], false],
      [true, ['maxmemory 50mb', 'maxmemory-policy noeviction'], true],
      [false, [], false],
    ] as const) {
      valkey = await startTestValkey({ appendOnly, config });
      const { facts } = await valkey.connect();
      expect(facts).toMatchObject({ durable, nodes: 1, version: expect.stringMatching(/^\d+\.\d+/) });
      await valkey.stop();
    }
  });

  it('sends a script again when the server has forgotten it', async () => {
    valkey = await startTestValkey();
    const connection = await valkey.connect();
    const echo = defineScript('return ARGV[1]');
    expect(await connection.run(echo, [], ['a'])).toBe('a');

    await connection.run(defineScript("return redis.call('SCRIPT', 'FLUSH')"), [], []).catch(() => undefined);
    await valkey.server.kill();
    await valkey.server.restart();
    await expect.poll(() => connection.ready, { timeout: 10_000 }).toBe(true);

    expect(await connection.run(echo, [], ['b'])).toBe('b');
  });

  it('keeps what scripts were given out of its errors', async () => {
    valkey = await startTestValkey();
    const connection = await valkey.connect();

    const script = defineScript('return redis.nonsense()');
    const error = await connection.run(script, ['k'], ['secret-argument']).then(
      () => new Error('it should have failed'),
      (reason: Error) => reason,
    );

    expect(error).toMatchObject({ code: 'unavailable' });
    expect(JSON.stringify([error, error.cause, String(error.cause), error.stack])).not.toContain('secret-argument');
  });

  it.each(['killed', 'silent'] as const)(
    'comes back after the server was %s; meanwhile limits are shared out',
    async (how) => {
      valkey = await startTestValkey();
      const lines: string[] = [];
      const note = (_: object, message: string) => void lines.push(message);
      const connections = [await valkey.connect({ ...quietLog, warn: note, info: note }), await valkey.connect()];
      const clock = createFakeClock();
      const nowMs = () => clock.now().getTime();
      const replicas = connections.map((connection) =>
        createValkeyLimitStore({ connection, clock, log: quietLog, nowMs }),
      );
      const [first, second] = replicas;
      const take = async (store: LimitStore | undefined): Promise<LimitDecision | undefined> =>
        store?.take({
          tenantKey: 't',
          integrationKey: 't/i',
          weight: 1,
          tenant: {},
          integration: { requestsPerMinute: 10, concurrentRequests: 100 },
        });
      const passed = async (store: LimitStore | undefined | undefined) => {
        let count = 0;
        while ((await take(store))?.allowed) count += 1;
        return count;
      };
      for (let i = 0; i < 4; i += 1) expect(await take(first)).toMatchObject({ allowed: true });
      // Each hears of the other.
      for (let i = 0; i < 12; i += 1) {
        await clock.advance(500);
        await heard(connections);
      }

      if (how === 'killed') await valkey.server.kill();
      else valkey.server.pause();

      // A tenth of a minute has passed, so seven tokens are left; the second replica never heard of the first one's use.
      expect(await passed(first)).toBe(3);
      expect(await passed(second)).toBe(5);
      expect(connections.map(({ ready }) => ready)).toEqual([false, false]);
      expect(lines).toEqual(['connection to Valkey lost']);

      if (how === 'killed') await valkey.server.restart();
      else valkey.server.resume();
      await expect.poll(() => connections.every(({ ready }) => ready), { timeout: 15_000 }).toBe(true);
      expect(lines).toEqual(['connection to Valkey lost', 'connected to Valkey again']);
      await clock.advance(600_000);
      expect((await passed(first)) + (await passed(second))).toBe(10);
      await Promise.all(replicas.map((replica) => replica.close()));
    },
  );

  it('ends at once when it is closed, also while the server is away', async () => {
    valkey = await startTestValkey();
    const connection = await valkey.connect();
    await valkey.server.kill();

    await connection.close();
    await connection.close();

    await expect(connection.run(defineScript('return 1'), [], [])).rejects.toMatchObject({ code: 'unavailable' });
  });
});

/** The program of a process that connects and ends: authorities of one's own are read when a process starts. */
const connectTo = (url: string) => `
  const { openValkey } = await import(${JSON.stringify(join(import.meta.dirname, 'valkey-connection.ts'))});
  const connection = await openValkey({ url: ${JSON.stringify(url)}, log: console });
  process.stdout.write('connected');
  await connection.close();
`;

/** Every answer that was on its way has come. */
async function heard(connections: readonly ValkeyConnection[]): Promise<void> {
  await Promise.all(connections.map((connection) => connection.run(defineScript('return 1'), [], [])));
}

/** BEY-10 with real processes on a real Valkey, in real time. */
import { join } from 'node:path';
import { peersOrSkip, type StartedChild, startChild, waitUntilReady } from '@inthub/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startTestValkey, type TestValkey } from '../testing.ts';

const peers = await peersOrSkip(['redis-server']);

/** A replica: `body` runs with a limit store and prints what it found. */
function startReplica(url: string, prefix: string, body: string): Promise<StartedChild> {
  const module = (name: string) => JSON.stringify(join(import.meta.dirname, name));
  const script = `
    import { systemClock } from '@inthub/contracts';
    const { openValkey } = await import(${module('valkey-connection.ts')});
    const { createValkeyLimitStore } = await import(${module('valkey-limit-store.ts')});
    const log = { debug() {}, info() {}, warn() {}, error() {} };
    const connection = await openValkey({ url: ${JSON.stringify(url)}, log });
    const store = createValkeyLimitStore({ connection, clock: systemClock, log, prefix: ${JSON.stringify(prefix)}, slotTtlMs: 1_500 });
    const turn = () => new Promise((resolve) => setImmediate(resolve));
    const wait = (ms) => systemClock.sleep(ms);
    // One clock for all processes of a machine.
    const nowMs = () => Number(process.hrtime.bigint()) / 1e6;
    const request = (integration) => ({ tenantKey: 't', integrationKey: 't/i', weight: 1, tenant: {}, integration });
    ${body}
    await store.close();
    await connection.close();
  `;
  // Where packages resolve from; types are stripped by Node itself.
  return startChild({
    command: process.execPath,
    args: ['--conditions=source', '--no-warnings', '--input-type=module', '-e', script],
    cwd: import.meta.dirname,
  });
}

async function outputOf<Output>(child: StartedChild): Promise<Output> {
  const code = await child.ended;
  if (code !== 0) throw new Error(`a replica ended with ${code}:\n${child.logs()}`);
  return JSON.parse(child.logs()) as Output;
}

describe.skipIf(peers.skip)(peers.label('four processes'), { timeout: 180_000 }, () => {
  let valkey: TestValkey;
  const children: StartedChild[] = [];

  beforeAll(async () => {
    valkey = await startTestValkey();
  });
  afterEach(async () => {
    await Promise.all(children.splice(0).map((child) => child.stop()));
  });
  afterAll(() => valkey.stop());

  async function start(count: number, prefix: string, body: string): Promise<StartedChild[]> {
    const started = await Promise.all(
      Array.from({ length: count }, () => startReplica(valkey.server.url, prefix, body)),
    );
    children.push(...started);
    return started;
  }

  it.each([
    ['counted call by call', 600],
    ['drawn ahead', 6_000],
  ])('pass one limit together, %s: %i a minute', async (_, perMinute) => {
    const hammer = `
      const passed = [];
      const endMs = nowMs() + 2_500;
      while (nowMs() < endMs) {
        const decisions = await Promise.all(Array.from({ length: 20 }, () => store.take(request({ requestsPerMinute: ${perMinute} }))));
        for (const { allowed } of decisions) if (allowed) passed.push(nowMs());
        await turn();
      }
      console.log(JSON.stringify(passed));
    `;

    const replicas = await start(4, valkey.newPrefix(), hammer);
    const times = (await Promise.all(replicas.map((replica) => outputOf<number[]>(replica))))
      .flat()
      .sort((a, b) => a - b);

    const [first = 0, last = 0] = [times[0], times.at(-1)];
    // The stated bound: the tokens of one second beyond what a single process would let through in that time.
    expect(times.length).toBeLessThanOrEqual(perMinute * (1 + (last - first + 1_000) / 60_000));
    expect(times.length).toBeGreaterThanOrEqual(perMinute);
  });

  it('never have more calls under way than one limit allows', async () => {
    const busy = `
      const intervals = [];
      const endMs = nowMs() + 2_000;
      await Promise.all(Array.from({ length: 10 }, async (_, index) => {
        while (nowMs() < endMs) {
          const decision = await store.take(request({ concurrentRequests: 12 }));
          const from = nowMs();
          await wait(1 + index / 2);
          if (!decision.allowed) continue;
          intervals.push([from, nowMs()]);
          store.release(decision.permit, 1);
        }
      }));
      console.log(JSON.stringify(intervals));
    `;

    const replicas = await start(4, valkey.newPrefix(), busy);
    const intervals = (
      await Promise.all(replicas.map((replica) => outputOf<readonly [number, number][]>(replica)))
    ).flat();

    const steps = intervals
      .flatMap(([from, to]) => [
        { at: from, by: 1 },
        { at: to, by: -1 },
      ])
      .sort((a, b) => a.at - b.at);
    let underWay = 0;
    let most = 0;
    for (const { by } of steps) {
      underWay += by;
      most = Math.max(most, underWay);
    }
    expect(intervals.length).toBeGreaterThan(100);
    expect(most).toBeLessThanOrEqual(12);
    expect(most).toBeGreaterThanOrEqual(6);
  });

  it('get back what one of them held when it was killed', async () => {
    const prefix = valkey.newPrefix();
    const [greedy] = await start(
      1,
      prefix,
      `
      for (let i = 0; i < 3; i += 1) await store.take(request({ concurrentRequests: 3 }));
      console.log('holding');
      await wait(60_000);
    `,
    );
    if (greedy === undefined) throw new Error('not started');
    await waitUntilReady(greedy, { name: 'replica', probe: () => greedy.logs().includes('holding') });
    const [patient] = await start(
      1,
      prefix,
      `
      const first = await store.take(request({ concurrentRequests: 3 }));
      process.stdout.write(JSON.stringify([first.allowed]).slice(0, -1));
      const decisions = [];
      while (decisions.length < 3) {
        const decision = await store.take(request({ concurrentRequests: 3 }));
        if (decision.allowed) decisions.push(decision);
        else await wait(20);
      }
      process.stdout.write(', ' + decisions.length + ']');
    `,
    );
    if (patient === undefined) throw new Error('not started');
    await waitUntilReady(patient, { name: 'replica', probe: () => patient.logs().startsWith('[false') });

    process.kill(greedy.pid, 'SIGKILL');

    expect(await outputOf(patient)).toEqual([false, 3]);
  });
});

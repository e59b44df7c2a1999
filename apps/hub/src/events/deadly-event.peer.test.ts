/** An event that ends the process each time it is handled is set aside after a few deaths; all others arrive. Real processes, both buses. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { TenantId } from '@inthub/contracts';
import { type Nats, peersOrSkip, startNats } from '@inthub/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createTestTenant, type OpenTestDatabase, openTestDatabase } from '../database/testing.ts';
import { startTestBus, type TestBus } from './testing.ts';

const peers = await peersOrSkip(['nats-server']);
const count = 60;
const deadly = 30;
const maxRetries = 2;
const mostDeaths = 8;

const fileOf = (path: string) => JSON.stringify(new URL(path, import.meta.url).href);
/** Says what it has handled; the deadly event kills it as running out of memory would: with no word to anybody. */
const program = `
import { createDatabase } from ${fileOf('../database/database.ts')};
import { startTestBus } from ${fileOf('./testing.ts')};
const [url, natsUrl, way] = process.argv.slice(1);
const log = { debug() {}, info() {}, warn() {}, error() {} };
const database = await createDatabase({ url, log });
const bus = await startTestBus({ test: { database, url }, natsUrl: natsUrl || undefined, leaseMs: 60_000 });
const handle = async (event) => {
  await new Promise((resolve) => setTimeout(resolve, 2));
  if (event.data.n === ${deadly}) process.kill(process.pid, 'SIGKILL');
  process.stdout.write(event.data.n + '\\n');
};
const options = { consumer: 'deadly', from: 'beginning', maxRetries: ${maxRetries}, retryDelaysMs: [20], timeoutMs: 500 };
if (way === 'batch') {
  const handleAll = async (events) => { for (const event of events) await handle(event); };
  bus.subscribeBatch('deadly.*', handleAll, { ...options, maxBatch: 25 });
} else bus.subscribe('deadly.*', handle, { ...options, concurrency: 4, ordered: way === 'ordered' });
`;

describe.each([
  ['postgres', 'each'],
  ['postgres', 'ordered'],
  ['postgres', 'batch'],
  ['nats', 'ordered'],
  // Without order NATS gives a dead reader's messages to another only after half a minute.
  ['nats', 'batch'],
] as const)('on %s, %s', (kind, way) => {
  describe.skipIf(kind === 'nats' && peers.skip)(peers.reason, () => {
    let nats: Nats | undefined;
    let test: OpenTestDatabase;
    let bus: TestBus;
    let tenantId: TenantId;
    beforeAll(async () => {
      if (kind === 'nats') nats = await startNats();
    });
    afterAll(async () => {
      await nats?.stop();
    });
    beforeEach(async () => {
      test = await openTestDatabase({ maxConnections: 6 });
      tenantId = await createTestTenant(test.database);
      bus = await startTestBus({ test, natsUrl: nats?.url });
    });
    afterEach(async () => {
      await bus?.close();
      await test?.close();
    });

    const letters = async () => (await bus.deadLetters.list(tenantId, { limit: 100 })).items;

    /** One process, until it dies or has done all that there is to do. @returns whether it died by itself */
    async function run(onHandled: (n: number) => void, isDone: () => Promise<boolean>): Promise<boolean> {
      const child = spawn(
        process.execPath,
        ['--conditions=source', '--input-type=module', '--eval', program, test.url, nats?.url ?? '', way],
        { stdio: ['ignore', 'pipe', 'pipe'] },
      );
      const errors: string[] = [];
      child.stderr.on('data', (text) => errors.push(String(text)));
      createInterface(child.stdout).on('line', (line) => onHandled(Number(line)));
      const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
      let isKilled = false;
      await Promise.race([ended, expect.poll(isDone, { timeout: 90_000, interval: 50 }).toBe(true)]);
      if (child.exitCode === null && child.signalCode === null) {
        isKilled = true;
        child.kill('SIGKILL');
      }
      const code = await ended;
      if (code !== null) throw new Error(`The process ended by itself with ${code}: ${errors.join('').slice(-2_000)}`);
      return !isKilled;
    }

    it('sets the deadly event aside and delivers the others', { timeout: 300_000 }, async () => {
      await bus.publishAll(
        tenantId,
        Array.from({ length: count }, (_, n) => ({
          type: 'deadly.tested',
          source: `s${n % 7}`,
          data: { n },
          correlationId: 'c',
        })),
      );
      const order: number[] = [];
      const others = Array.from({ length: count }, (_, n) => n).filter((n) => n !== deadly);
      const isDone = async () => new Set(order).size === others.length && (await letters()).length > 0;
      let deaths = 0;
      while (deaths <= mostDeaths && (await run((n) => order.push(n), isDone))) deaths += 1;

      expect(await letters()).toEqual([
        expect.objectContaining({
          event: expect.objectContaining({ data: { n: deadly } }),
          attempts: maxRetries,
          error: expect.stringMatching(/^internal: The process ended while this event was handled, 2 times in a row/),
        }),
      ]);
      expect([...new Set(order)].sort((a, b) => a - b)).toEqual(others);
      // Two that looked like any kill, and one for each attempt.
      expect(deaths).toBeLessThanOrEqual(maxRetries + 2);
      if (way === 'ordered') {
        const ofItsSource = order.filter((n) => n % 7 === deadly % 7);
        const firstSeen = [...new Set(ofItsSource)];
        expect(firstSeen).toEqual([...firstSeen].sort((a, b) => a - b));
      }
      expect((await bus.consumers()).find(({ name }) => name === 'deadly')).toMatchObject({ retrying: 0, parked: 0 });
    });
  });
});

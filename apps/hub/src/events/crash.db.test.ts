/** A subscriber that is killed in the middle of its work loses nothing: what it had in hand comes to its successor. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { TenantId } from '@inthub/contracts';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createTestTenant, type OpenTestDatabase, openTestDatabase } from '../database/testing.ts';
import { startTestBus, type TestBus } from './testing.ts';

// For a longer run: INTHUB_CRASH_ROUNDS=50.
const rounds = Number(process.env['INTHUB_CRASH_ROUNDS'] ?? 3);
const events = rounds * 150;
let test: OpenTestDatabase;
let bus: TestBus;
let tenantId: TenantId;

beforeAll(async () => {
  test = await openTestDatabase({ maxConnections: 6 });
  tenantId = await createTestTenant(test.database);
  bus = await startTestBus({ test });
});
afterAll(async () => {
  await bus?.close();
  await test?.close();
});

const fileOf = (path: string) => JSON.stringify(new URL(path, import.meta.url).href);
/** A hub in little: one consumer, which says what it has handled and gets stuck after so many. Writing to a pipe is synchronous, so a line is out before the end. */
const program = `
import { createDatabase } from ${fileOf('../database/database.ts')};
import { startTestBus } from ${fileOf('./testing.ts')};
const url = process.argv[1];
let left = Number(process.argv[2]);
const log = { debug() {}, info() {}, warn() {}, error() {} };
const database = await createDatabase({ url, log });
const bus = await startTestBus({ test: { database, url }, leaseMs: 60_000 });
const handle = async ({ data }) => {
  if (left-- <= 0) await new Promise(() => {});
  await new Promise((resolve) => setTimeout(resolve, 1));
  process.stdout.write(data.n + '\\n');
};
bus.subscribe('*', handle, { consumer: 'crash', concurrency: 4, from: 'beginning' });
`;

/** Lets a process handle at most `most`, and kills it when `enough` says so. */
async function run(most: number, onHandled: (n: number) => void, enough: () => boolean): Promise<void> {
  const child: ChildProcess = spawn(
    process.execPath,
    ['--conditions=source', '--input-type=module', '--eval', program, test.url, String(most)],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  const errors: string[] = [];
  child.stderr?.on('data', (text) => errors.push(String(text)));
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  if (child.stdout === null) throw new Error('The subscriber has no output.');
  for await (const line of createInterface(child.stdout)) {
    onHandled(Number(line));
    if (enough() && child.signalCode === null) child.kill('SIGKILL');
  }
  const code = await ended;
  if (code !== null) throw new Error(`The subscriber ended by itself with ${code}: ${errors.join('').slice(-2_000)}`);
}

it('gives every event to some process, however often one is killed', {
  timeout: 60_000 + rounds * 20_000,
}, async () => {
  for (let n = 0; n < events; n += 50) {
    await bus.publishAll(
      tenantId,
      Array.from({ length: 50 }, (_, index) => ({
        type: 'crash.tested',
        source: `s${index % 7}`,
        data: { n: n + index },
        correlationId: 'c',
      })),
    );
  }
  const seen = new Map<number, number>();
  const note = (n: number) => void seen.set(n, (seen.get(n) ?? 0) + 1);
  for (let round = 0; round < rounds; round++) {
    const most = 40 + round * 13;
    let handled = 0;
    // A lease of a minute: the successor does not wait for it, because the killed process has lost its lock.
    await run(
      most,
      (n) => {
        handled += 1;
        note(n);
      },
      () => handled >= most,
    );
  }
  expect(seen.size).toBeLessThan(events);
  await run(events, note, () => seen.size === events);

  expect([...seen.keys()].sort((a, b) => a - b)).toEqual(Array.from({ length: events }, (_, n) => n));
});

/**
 * `npm run bench:replicas`: four replicas on one PostgreSQL and one Valkey; calls to one of them and to all four in turn, with the same
 * number of connections. Nothing is pinned: the replicas share the machine's cores with database, Valkey, upstream and load generator.
 * Options: `-- --rounds 5 --seconds 5`.
 */
import { randomBytes } from 'node:crypto';
import { availableParallelism, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { createTestDatabase, startTestDatabase, startValkey } from '@inthub/testing';
import { cpuMs } from './cores.ts';
import { closedLoop, type Shot } from './load.ts';
import { type StartedProcess, startProcess } from './start-process.ts';
import { quantile, show, spreadOf, table } from './statistics.ts';
import { hubShot, install, startUpstream } from './subjects.ts';

const replicas = 4;
const connections = 64;
const warmUpSeconds = 4;
const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '5' }, seconds: { type: 'string', default: '5' } },
});
const rounds = Number(values.rounds);
const seconds = Number(values.seconds);

const server = await startTestDatabase();
const database = await createTestDatabase();
const valkey = await startValkey({ appendOnly: true });
const upstream = await startUpstream(false);
const hubs: StartedProcess[] = [];
try {
  const config = {
    databaseUrl: database.url,
    masterKey: randomBytes(32).toString('base64'),
    counters: 'valkey',
    valkeyUrl: valkey.url,
  };
  for (let number = 0; number < replicas; number += 1) {
    hubs.push(await startProcess(new URL('./processes/hub.ts', import.meta.url), { args: [JSON.stringify(config)] }));
  }
  await run();
} finally {
  await Promise.all(hubs.map(({ stop }) => stop()));
  await upstream.stop();
  await valkey.stop();
  await database.drop();
  await server.stop();
}

async function run(): Promise<void> {
  const [first] = hubs;
  const key = first?.facts['key'] as string;
  const id = await install(`http://127.0.0.1:${first?.facts['port']}`, key, upstream);
  const shots = hubs.map(({ facts }) => hubShot(facts['port'] as number, key, id, upstream));
  for (const shot of shots) await load([shot], warmUpSeconds);

  const measured = { one: [] as Load[], all: [] as Load[] };
  for (let round = 0; round < rounds; round += 1) {
    // Another one each time, so that none is favoured.
    measured.one.push(await load(shots.slice(round % replicas).slice(0, 1), seconds));
    measured.all.push(await load(shots, seconds));
  }

  const line = (title: string, loads: readonly Load[]) => [
    title,
    show(spreadOf(loads.map(({ perSecond }) => perSecond))),
    show(spreadOf(loads.map(({ cpuUs }) => cpuUs))),
    show(spreadOf(loads.map(({ p50Ms }) => p50Ms)), 1),
    show(spreadOf(loads.map(({ p99Ms }) => p99Ms)), 1),
  ];
  console.log(`${connections} connections, ${availableParallelism()} cores, ${seconds} s, ${rounds} rounds:\n`);
  console.log(
    table(
      ['median (min–max)', 'calls/s', 'CPU of the hubs µs/call', 'p50 ms', 'p99 ms'],
      [line('1 replica', measured.one), line(`${replicas} replicas`, measured.all)],
    ),
  );
  const ratios = measured.all.map(({ perSecond }, round) => perSecond / (measured.one[round]?.perSecond ?? Number.NaN));
  console.log(`\n${replicas} replicas to 1: ${show(spreadOf(ratios), 2)} ×`);
  console.log(
    `Load average at the end: ${loadavg()
      .map((average) => average.toFixed(1))
      .join(', ')}`,
  );
}

interface Load {
  readonly perSecond: number;
  readonly cpuUs: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

async function load(shots: readonly Shot[], forSeconds: number): Promise<Load> {
  const pids = hubs.map(({ pid }) => pid);
  const cpuBefore = cpuMs(pids);
  const results = await Promise.all(shots.map((shot) => closedLoop(shot, connections / shots.length, forSeconds)));
  const cpu = cpuMs(pids) - cpuBefore;
  const wrong = results.find(({ errors }) => errors > 0);
  if (wrong !== undefined) throw new Error(`${wrong.errors} answers were wrong: ${wrong.firstError}`);
  const latencies = results.flatMap((result) => result.latencies);
  return {
    perSecond: results.reduce((sum, { answers, seconds: took }) => sum + answers / took, 0),
    cpuUs: (cpu * 1_000) / latencies.length,
    p50Ms: quantile(latencies, 0.5),
    p99Ms: quantile(latencies, 0.99),
  };
}

/**
 * `npm run bench:gateway`: what a call through the hub costs, beside other ways to put a proxy before the same upstream. Starts all of
 * them, measures them in turn, round after round, and compares within each round only.
 *
 * Options after `--`: `--rounds 5`, `--seconds 5`, `--only name,name` (parts of names; the hub and the floor always run),
 * `--against <folder of another checkout>` (its hub too, as "hub B"), `--profile <folder>` (CPU profile of the hub).
 */
import { loadavg } from 'node:os';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { canPin, otherCore, pin } from './cores.ts';
import { type Load, type Measurement, measure, warmUp } from './measure.ts';
import { show, spreadOf, table } from './statistics.ts';
import { type Subject, startSubjects, startUpstream } from './subjects.ts';

const floorName = 'node:http + undici stream';
const hubName = 'hub';
const connections = 64;
const openRate = 500;

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '5' },
    only: { type: 'string' },
    against: { type: 'string' },
    profile: { type: 'string' },
  },
});
const rounds = Number(values.rounds);
const seconds = Number(values.seconds);
const only = values.only?.split(',');

pin(process.pid, otherCore);
const upstream = await startUpstream();
const subjects: Subject[] = [];
try {
  subjects.push(
    ...(await startSubjects(upstream, {
      wanted: (name) => only === undefined || isCompared(name) || only.some((part) => name.includes(part)),
      note: (text) => console.log(text),
      hubs: [
        [hubName, new URL('./processes/hub.ts', import.meta.url)],
        ...(values.against === undefined
          ? []
          : [['hub B', pathToFileURL(resolve(values.against, 'bench/gateway/processes/hub.ts'))] as const]),
      ],
      hubNodeArgs: values.profile === undefined ? [] : ['--cpu-prof', '--cpu-prof-dir', resolve(values.profile)],
    })),
  );
  console.log(
    canPin
      ? 'Each subject alone on one core; upstream, load generator and the hub’s PostgreSQL on the other.'
      : 'Not pinned to cores: this needs Linux, two cores and taskset.',
  );
  for (const subject of subjects) await warmUp(subject, connections, 10);

  const full = await compare(`${connections} connections, closed loop`, {
    kind: 'closed',
    connections,
    seconds,
  });
  report(full, [
    ['req/s', ({ perSecond }) => perSecond, 0],
    ['CPU µs/req', ({ cpuUs }) => cpuUs, 0],
    ['database CPU µs/req', ({ databaseCpuUs }) => databaseCpuUs, 0],
    ['p50 ms', ({ p50Us }) => p50Us / 1_000, 1],
    ['p99 ms', ({ p99Us }) => p99Us / 1_000, 1],
    ['core taken by others %', ({ othersShare }) => othersShare * 100, 0],
  ]);
  reportRatios(full);

  const single = await compare('1 connection, closed loop', { kind: 'closed', connections: 1, seconds: seconds / 2 });
  reportLatency(single);

  const open = await compare(`${openRate} requests/s, open loop`, { kind: 'open', rate: openRate, seconds });
  reportLatency(open);
  console.log(
    `\nLoad average at the end: ${loadavg()
      .map((load) => load.toFixed(1))
      .join(', ')}`,
  );
} finally {
  await Promise.all(subjects.map(({ stop }) => stop()));
  await upstream.stop();
}

function isCompared(name: string): boolean {
  return name === floorName || name.startsWith(hubName);
}

type Results = ReadonlyMap<string, readonly Measurement[]>;

/** Everybody in turn, each round beginning with another one. */
async function compare(title: string, load: Load): Promise<Results> {
  console.log(`\n## ${title}, ${load.seconds} s, ${rounds} rounds\n`);
  const results = new Map<string, Measurement[]>(subjects.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round += 1) {
    for (const subject of [...subjects.slice(round % subjects.length), ...subjects.slice(0, round % subjects.length)]) {
      results.get(subject.name)?.push(await measure(subject, load));
    }
  }
  return results;
}

type Column = readonly [title: string, value: (measurement: Measurement) => number, digits: number];

function report(results: Results, columns: readonly Column[]): void {
  const rows = [...results].map(([name, measured]) => [
    name,
    ...columns.map(([, value, digits]) => show(spreadOf(measured.map(value)), digits)),
  ]);
  console.log(table(['median (min–max)', ...columns.map(([title]) => title)], rows));
}

/** The hub against each peer, round by round. */
function reportRatios(results: Results): void {
  const hubs = [...results.keys()].filter((name) => name.startsWith(hubName));
  const rows = [...results.keys()]
    .filter((name) => name !== hubName)
    .map((peer) => [
      `vs ${peer}`,
      ...hubs.map((hub) =>
        show(
          ratio(results, hub, peer, ({ perSecond }) => perSecond),
          2,
        ),
      ),
      ...hubs.map((hub) =>
        show(
          ratio(results, peer, hub, ({ cpuUs }) => cpuUs),
          2,
        ),
      ),
    ]);
  console.log(
    `\n${table(['', ...hubs.map((hub) => `${hub}: req/s, ×`), ...hubs.map((hub) => `${hub}: by CPU, ×`)], rows)}`,
  );
}

function ratio(results: Results, above: string, below: string, value: (measurement: Measurement) => number) {
  const [top, bottom] = [results.get(above) ?? [], results.get(below) ?? []];
  return spreadOf(top.map((measured, round) => value(measured) / value(bottom[round] ?? measured)));
}

/** Latencies, and what each adds to the floor's. */
function reportLatency(results: Results): void {
  const floor = results.get(floorName) ?? [];
  const added = (value: (measurement: Measurement) => number) => (measured: readonly Measurement[]) =>
    show(spreadOf(measured.map((one, round) => value(one) - value(floor[round] ?? one))));
  const p50 = ({ p50Us }: Measurement) => p50Us;
  const p99 = ({ p99Us }: Measurement) => p99Us;
  const rows = [...results].map(([name, measured]) => [
    name,
    show(spreadOf(measured.map(p50))),
    show(spreadOf(measured.map(p99))),
    added(p50)(measured),
    added(p99)(measured),
    show(spreadOf(measured.map(({ othersShare }) => othersShare * 100))),
  ]);
  const head = ['µs', 'p50', 'p99', 'p50 added to the floor', 'p99 added', 'core taken by others %'];
  console.log(table(head, rows));
}

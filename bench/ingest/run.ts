/**
 * `npm run bench:ingest`: durable signed 10 KB webhooks a second into the hub, beside servers that store nothing, one that stores with
 * one INSERT a request, and the rate at which the same PostgreSQL commits such rows by itself.
 *
 * Options after `--`: `--rounds 5`, `--seconds 5`, `--connections 128`, `--only name,name` (parts of names; the hub always runs),
 * `--profile <folder>` (CPU profiles of the hubs), `--against <other checkout, built>` (its hub too, to compare two states of the code).
 */
import { loadavg } from 'node:os';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { startEmbeddedServer } from '@inthub/testing';
import pg from 'pg';
import { canPin, familyOf, otherCore, pin, subjectCore } from '../gateway/cores.ts';
import { closedLoop, wait } from '../gateway/load.ts';
import { type Measurement, measure } from '../gateway/measure.ts';
import { startProcess } from '../gateway/start-process.ts';
import { show, spreadOf, table } from '../gateway/statistics.ts';
import type { Subject } from '../gateway/subjects.ts';
import { startPgbench } from './pgbench.ts';
import { recycleLog } from './steady-log.ts';
import { bodyBytes, requestTo } from './webhook.ts';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '5' },
    connections: { type: 'string', default: '128' },
    only: { type: 'string' },
    profile: { type: 'string' },
    against: { type: 'string' },
  },
});
const rounds = Number(values.rounds);
const seconds = Number(values.seconds);
const connections = Number(values.connections);
const only = values.only?.split(',');
const hubName = 'hub';
const names = {
  verify: 'fastify: verify + parse, nothing stored',
  octokit: '@octokit/webhooks, nothing stored',
  insert: 'fastify + one INSERT a request',
  hub: hubName,
  storing: 'hub, translated elsewhere',
} as const;

pin(process.pid, otherCore);
const postgres = await startEmbeddedServer({ durable: true });
pin(postgres.pid, otherCore);
const subjects: Subject[] = [];
try {
  await recycleLog(postgres.adminUrl);
  await addSubject(names.verify, 'plain.ts', []);
  await addSubject(names.octokit, 'octokit.ts', []);
  await addSubject(names.insert, 'plain.ts', [await createDatabase('plain')]);
  const hubDatabase = await createDatabase('hub');
  await addSubject(names.hub, 'hub.ts', [hubDatabase, 'api,worker']);
  await addSubject(names.storing, 'hub.ts', [await createDatabase('storing'), 'api']);
  if (values.against !== undefined) {
    const from = pathToFileURL(resolve(values.against, 'bench/ingest/run.ts')).href;
    await addSubject(`${names.storing}, before`, 'hub.ts', [await createDatabase('before'), 'api'], from);
  }
  const pgbench =
    only === undefined ? await startPgbench(await createDatabase('pgbench'), bodyBytes, connections) : undefined;
  if (pgbench === undefined) console.log('pgbench is left out: it is not installed, or not asked for.');
  console.log(
    canPin
      ? 'Each server alone on one core; load generator and PostgreSQL on the other.'
      : 'Not pinned to cores: this needs Linux, two cores and taskset.',
  );

  for (const subject of subjects) {
    await warmUpFully(subject);
    if (subject.name === hubName) await translatedAll(hubDatabase);
  }
  const lagsMs: number[] = [];
  const found = new Map<string, Measurement[]>(subjects.map(({ name }) => [name, []]));
  const commits: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    for (const subject of subjects) {
      const measured = await measure(subject, { kind: 'closed', connections, seconds });
      found.get(subject.name)?.push(measured);
      console.log(`round ${round + 1}: ${subject.name}: ${Math.round(measured.perSecond)}/s`);
      // What the hub still translates must not be the next one's burden.
      if (subject.name === hubName) lagsMs.push(await translatedAll(hubDatabase));
      await wait(1_000);
    }
    if (pgbench !== undefined) commits.push(await pgbench.measure(seconds));
  }
  report(found, commits);
  console.log(`\nThe hub had translated everything ${show(spreadOf(lagsMs))} ms after its load ended.`);
  await pgbench?.stop();
} finally {
  await Promise.all(subjects.map(({ stop }) => stop()));
  await postgres.stop();
}

/** Waits until the hub has made events of all that it has accepted. Returns the milliseconds that this took. */
async function translatedAll(url: string): Promise<number> {
  const startedMs = performance.now();
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    for (;;) {
      const { rows } = await client.query("SELECT 1 FROM inthub.inbound_deliveries WHERE status = 'pending' LIMIT 1");
      const tookMs = performance.now() - startedMs;
      if (rows.length === 0) return tookMs;
      if (tookMs > 120_000) throw new Error('The hub still had deliveries to translate after two minutes.');
      await wait(50);
    }
  } finally {
    await client.end();
  }
}

/** By requests and not by time: the engine optimises what has run often, and the slower subject would be measured colder. */
async function warmUpFully({ name, shot }: Subject): Promise<void> {
  const startedMs = performance.now();
  let answers = 0;
  while (answers < 15_000 && performance.now() - startedMs < 30_000) {
    const result = await closedLoop(shot, connections, 1);
    if (result.errors > 0) throw new Error(`${name}: an answer was wrong: ${result.firstError}`);
    answers += result.answers;
  }
}

async function addSubject(name: string, file: string, args: readonly string[], from = import.meta.url): Promise<void> {
  if (only !== undefined && !name.startsWith(hubName) && !only.some((part) => name.includes(part))) return;
  const nodeArgs =
    values.profile !== undefined && name.startsWith(hubName)
      ? ['--cpu-prof', '--cpu-prof-dir', resolve(values.profile)]
      : [];
  const url = new URL(`./processes/${file}`, from);
  const started = await startProcess(url, { core: subjectCore, args, nodeArgs });
  const { port, path } = started.facts as { port: number; path: string };
  subjects.push({
    name,
    shot: { port, request: requestTo(port, path), status: name === names.octokit ? 200 : 202, isRight: () => true },
    pids: familyOf(started.pid),
    databasePids: args.length > 0 ? [postgres.pid] : [],
    stop: started.stop,
  });
}

async function createDatabase(name: string): Promise<string> {
  const client = new pg.Client({ connectionString: postgres.adminUrl });
  await client.connect();
  await client.query(`CREATE DATABASE ${name}`);
  await client.end();
  const url = new URL(postgres.adminUrl);
  url.pathname = `/${name}`;
  return url.href;
}

function report(found: ReadonlyMap<string, readonly Measurement[]>, commits: readonly number[]): void {
  const columns: readonly (readonly [string, (measured: Measurement) => number, number])[] = [
    ['webhooks/s', ({ perSecond }) => perSecond, 0],
    ['CPU µs/req', ({ cpuUs }) => cpuUs, 0],
    ['database CPU µs/req', ({ databaseCpuUs }) => databaseCpuUs, 0],
    ['p50 ms', ({ p50Us }) => p50Us / 1_000, 1],
    ['p99 ms', ({ p99Us }) => p99Us / 1_000, 1],
    ['core taken by others %', ({ othersShare }) => othersShare * 100, 0],
  ];
  console.log(`\n${connections} connections, closed loop, ${bodyBytes} bytes, ${seconds} s, ${rounds} rounds:\n`);
  const rows = [...found].map(([name, measured]) => [
    name,
    ...columns.map(([, pick, digits]) => show(spreadOf(measured.map(pick)), digits)),
  ]);
  const dash = columns.slice(1).map(() => '–');
  const limit = commits.length === 0 ? [] : [['pgbench, same row, one commit each', show(spreadOf(commits)), ...dash]];
  console.log(table(['median (min–max)', ...columns.map(([title]) => title)], [...rows, ...limit]));

  const ratios = (own: readonly Measurement[], other: readonly number[], pick: (m: Measurement) => number) =>
    show(spreadOf(own.map((measured, round) => pick(measured) / (other[round] ?? Number.NaN))), 2);
  const hubs = [...found].filter(([name]) => name.startsWith(hubName));
  const others = [...found].filter(([name]) => !name.startsWith(hubName));
  console.log(
    `\n${table(
      ['×, by webhooks/s', ...hubs.map(([name]) => name)],
      [
        ...others.map(([name, measured]) => [
          `vs ${name}`,
          ...hubs.map(([, own]) =>
            ratios(
              own,
              measured.map(({ perSecond }) => perSecond),
              ({ perSecond }) => perSecond,
            ),
          ),
        ]),
        ...(commits.length === 0
          ? []
          : [['vs pgbench', ...hubs.map(([, own]) => ratios(own, commits, ({ perSecond }) => perSecond))]]),
      ],
    )}`,
  );
  console.log(
    `\nLoad average at the end: ${loadavg()
      .map((load) => load.toFixed(1))
      .join(', ')}`,
  );
}

/**
 * `npm run bench:dispatch`: webhooks out. Events of 1 KB are put into the log and have to arrive, signed and with their delivery log written, at
 * an endpoint that answers at once; in turn with a bare loop of undici that sends the same bodies, signed, and writes nothing. Then the same at
 * a fixed rate, for the time from publishing to arriving.
 *
 * The hub (or the loop) alone on one core; endpoint, PostgreSQL and this process on the other. Options after `--`: `--rounds 3`,
 * `--events 20000`, `--seconds 4` (of the bare loop), `--rate 300`, `--for 15` (seconds of the fixed rate), `--queued 1000000` (puts so many
 * deliveries of a dead endpoint into the queue first, and shows the hub's memory).
 */
import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { startEmbeddedServer } from '@inthub/testing';
import pg from 'pg';
import { cpuMs, familyOf, otherCore, pin, subjectCore } from '../gateway/cores.ts';
import { wait } from '../gateway/load.ts';
import { residentMb } from '../gateway/memory.ts';
import { startProcess } from '../gateway/start-process.ts';
import { quantile, show, spreadOf, table } from '../gateway/statistics.ts';
import { insertEvents, publishOne, queueDead, startAnnouncer } from './events.ts';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    events: { type: 'string', default: '20000' },
    seconds: { type: 'string', default: '4' },
    rate: { type: 'string', default: '300' },
    for: { type: 'string', default: '15' },
    queued: { type: 'string', default: '0' },
  },
});
const [rounds, events, rate, lasting, queued] = [
  values.rounds,
  values.events,
  values.rate,
  values.for,
  values.queued,
].map(Number) as [number, number, number, number, number];
const connections = 64;
const endpoints = 8;
/** Of the fixed rate: its way through the hub is another than that of the flood before. */
const warmUpSeconds = 5;

interface Stats {
  readonly count: number;
  readonly distinct: number;
  readonly firstMs: number;
  readonly lastMs: number;
  readonly latencies: readonly number[];
}

pin(process.pid, otherCore);
const postgres = await startEmbeddedServer({ durable: true });
pin(postgres.pid, otherCore);
const sink = await startProcess(new URL('./processes/sink.ts', import.meta.url), { core: otherCore });
const sinkUrl = `http://127.0.0.1:${sink.facts['port']}`;
const hub = await startProcess(new URL('./processes/hub.ts', import.meta.url), {
  core: subjectCore,
  args: [postgres.adminUrl],
});
const pool = new pg.Pool({ connectionString: postgres.adminUrl, max: 10 });
try {
  await run();
} finally {
  await pool.end();
  await hub.stop();
  await sink.stop();
  await postgres.stop();
}

async function run(): Promise<void> {
  const tenantId = (await pool.query('SELECT id FROM inthub.tenants LIMIT 1')).rows[0].id as string;
  for (let index = 0; index < endpoints; index += 1) await subscribe(`/e${index}`, `bench.e${index}`, 64);
  await subscribe('/timed', 'bench.timed', 16);
  const dead = queued > 0 ? await subscribe('/dead', 'bench.dead', 10) : undefined;
  if (dead !== undefined) {
    const before = residentMb(hub);
    await queueDead(pool, { tenantId, subscriptionId: dead, count: queued });
    await wait(10_000);
    console.log(
      `${queued} deliveries queued for an endpoint that gets none: hub ${before} MB before, ${residentMb(hub)} MB after\n`,
    );
  }
  await dispatch(tenantId, 2_000); // warm
  const measured = {
    bare: [] as number[],
    bareCpu: [] as number[],
    hub: [] as number[],
    ratio: [] as number[],
    hubCpu: [] as number[],
    databaseCpu: [] as number[],
  };
  for (let round = 0; round < rounds; round += 1) {
    const bare = await bareLoop();
    const mine = await dispatch(tenantId, events);
    measured.bare.push(bare.perSecond);
    measured.bareCpu.push(bare.cpu);
    measured.hub.push(mine.perSecond);
    measured.ratio.push(mine.perSecond / bare.perSecond);
    measured.hubCpu.push(mine.hubCpu);
    measured.databaseCpu.push(mine.databaseCpu);
  }
  console.log(
    `Load of the machine: ${loadavg()
      .map((one) => one.toFixed(1))
      .join(', ')}. ${rounds} rounds, ${events} events of 1 KB each:\n`,
  );
  console.log(
    table(
      ['median (min–max)', 'deliveries/s', 'CPU µs each', 'database CPU µs each'],
      [
        ['bare undici loop, signed', show(spreadOf(measured.bare)), show(spreadOf(measured.bareCpu)), '–'],
        [
          'hub, signed, delivery log written',
          show(spreadOf(measured.hub)),
          show(spreadOf(measured.hubCpu)),
          show(spreadOf(measured.databaseCpu)),
        ],
        ['hub / bare', show(spreadOf(measured.ratio), 2), '', ''],
      ],
    ),
  );
  // What the floods have left to the database must not be this one's burden.
  await pool.query('VACUUM (ANALYZE)');
  await pool.query('CHECKPOINT');
  await fixedRate(tenantId, warmUpSeconds);
  const latencies = await fixedRate(tenantId, lasting);
  const ms = (share: number) => quantile(latencies, share).toFixed(1);
  console.log(
    `\nPublished to arrived at ${rate} events/s for ${lasting} s: p50 ${ms(0.5)} ms, p99 ${ms(0.99)} ms, max ${ms(1)} ms (${latencies.length} events)`,
  );
}

async function subscribe(path: string, type: string, concurrency: number): Promise<string> {
  const answer = await fetch(`http://127.0.0.1:${hub.facts['port']}/api/v1/connectors/webhooks`, {
    method: 'POST',
    headers: { authorization: `Bearer ${hub.facts['key']}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      url: `${sinkUrl}${path}`,
      events: [type],
      limits: { concurrency },
      active: path !== '/dead',
    }),
  });
  if (answer.status !== 201) throw new Error(`${answer.status} ${await answer.text()}`);
  return ((await answer.json()) as { id: string }).id;
}

async function stats(path: '/stats' | '/reset'): Promise<Stats> {
  return (await fetch(`${sinkUrl}${path}`)).json() as Promise<Stats>;
}

async function dispatch(tenantId: string, count: number) {
  await stats('/reset');
  const database = familyOf(postgres.pid);
  const cpuBefore = [cpuMs([hub.pid]), cpuMs(database)] as const;
  await insertEvents(pool, { tenantId, count, endpoints });
  let seen: Stats;
  do {
    await wait(200);
    seen = await stats('/stats');
  } while (seen.distinct < count);
  if (seen.count !== count) console.log(`${seen.count - count} duplicates`);
  await wait(500);
  return {
    perSecond: (count - 1) / ((seen.lastMs - seen.firstMs) / 1_000),
    hubCpu: ((cpuMs([hub.pid]) - cpuBefore[0]) * 1_000) / count,
    databaseCpu: ((cpuMs(database) - cpuBefore[1]) * 1_000) / count,
  };
}

async function bareLoop(): Promise<{ perSecond: number; cpu: number }> {
  const body = JSON.stringify({ specversion: '1.0', type: 'bench.bare', data: { text: 'x'.repeat(700) } }).padEnd(
    1_024,
  );
  const bare = await startProcess(new URL('./processes/bare.ts', import.meta.url), {
    core: subjectCore,
    args: [String(sink.facts['port']), String(connections), values.seconds, body],
  });
  await bare.stop();
  return {
    perSecond: Number(bare.facts['perSecond']),
    cpu: (Number(bare.facts['cpuMs']) * 1_000) / Number(bare.facts['sent']),
  };
}

/** Open loop: each leaves at its time, whatever has arrived. */
async function fixedRate(tenantId: string, lasting: number): Promise<readonly number[]> {
  await stats('/reset');
  const cpuBefore = [cpuMs([hub.pid]), cpuMs(familyOf(postgres.pid))] as const;
  const total = rate * lasting;
  const announcer = await startAnnouncer(new pg.Client({ connectionString: postgres.adminUrl }));
  const startMs = performance.now();
  const publishing: Promise<void>[] = [];
  while (publishing.length < total) {
    const due = Math.min(total, Math.floor(((performance.now() - startMs) / 1_000) * rate) + 1);
    while (publishing.length < due) publishing.push(publishOne(pool, tenantId).then(announcer.tell));
    await wait(1);
  }
  await Promise.all(publishing);
  await announcer.close();
  let seen: Stats;
  do {
    await wait(200);
    seen = await stats('/stats');
  } while (seen.count < total);
  const each = (now: number, before: number) => Math.round(((now - before) * 1_000) / total);
  console.log(
    `\nAt ${rate} events/s: hub CPU ${each(cpuMs([hub.pid]), cpuBefore[0])} µs, database CPU ${each(cpuMs(familyOf(postgres.pid)), cpuBefore[1])} µs an event`,
  );
  return seen.latencies;
}

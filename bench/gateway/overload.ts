/**
 * `npm run bench:overload`: twice what the hub can serve, offered at a fixed rate for a minute. Shows whether memory stays flat, that
 * every answer is 200, or 429 or 503 with Retry-After, and what the callers who are admitted notice. `-- --seconds 10` for a short
 * look, `--factor 3` for more.
 */
import { readFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { canPin, otherCore, pin } from './cores.ts';
import { closedLoop, type LoadResult, openLoop, type Shot, wait } from './load.ts';
import { quantile, table } from './statistics.ts';
import { type Subject, startSubjects, startUpstream } from './subjects.ts';

const connections = 64;
const { values } = parseArgs({
  options: { seconds: { type: 'string', default: '60' }, factor: { type: 'string', default: '2' } },
});
const seconds = Number(values.seconds);
const factor = Number(values.factor);

pin(process.pid, otherCore);
const upstream = await startUpstream();
const subjects: Subject[] = [];
try {
  subjects.push(
    ...(await startSubjects(upstream, {
      wanted: (name) => name === 'hub',
      note: (text) => console.log(text),
      hubs: [['hub', new URL('./processes/hub.ts', import.meta.url)]],
      hubNodeArgs: [],
    })),
  );
  const [hub] = subjects;
  if (hub === undefined) throw new Error('the hub was not started');
  if (!canPin) console.log('Not pinned to cores: this needs Linux, two cores and taskset.');
  await run(hub);
} finally {
  await Promise.all(subjects.map(({ stop }) => stop()));
  await upstream.stop();
}

async function run({ shot, pids }: Subject): Promise<void> {
  const [pid = 0] = pids;
  await closedLoop(shot, connections, 10);
  const capacity = await capacityOf(shot);
  const calm = await openLoop(shot, capacity / 4, Math.min(10, seconds));
  const rest = rssMb(pid);
  console.log(
    `Capacity: ${capacity.toFixed(0)} calls/s (${connections} connections, closed loop). Offered: ${factor} times that.\n`,
  );

  const memory: number[] = [];
  const sampling = setInterval(() => memory.push(rssMb(pid)), 1_000);
  const flood = await openLoop({ ...shot, isRefusal }, capacity * factor, seconds);
  clearInterval(sampling);
  await wait(5_000);
  const after = rssMb(pid);
  const capacityAfter = await capacityOf(shot);

  const late = memory.slice(Math.floor(memory.length / 2));
  console.log(
    table(
      ['', `at ${(capacity / 4).toFixed(0)}/s`, `at ${(capacity * factor).toFixed(0)}/s, ${seconds} s`],
      [
        row('200, a second', [calm, flood], (load) => (load.answers / load.seconds).toFixed(0)),
        row('429 or 503 with Retry-After, a second', [calm, flood], (load) => (load.refused / load.seconds).toFixed(0)),
        row('not sent, no connection free', [calm, flood], ({ unsent }) => String(unsent)),
        row('any other answer', [calm, flood], ({ errors }) => String(errors)),
        row('p50 of 200, ms', [calm, flood], ({ latencies }) => quantile(latencies, 0.5).toFixed(1)),
        row('p99 of 200, ms', [calm, flood], ({ latencies }) => quantile(latencies, 0.99).toFixed(1)),
      ],
    ),
  );
  console.log(
    `\nMemory (RSS, MB): ${rest.toFixed(0)} before, ${Math.max(...memory).toFixed(0)} at most, ${after.toFixed(0)} 5 s after; ` +
      `${slopePerMinute(late).toFixed(1)} MB a minute over the second half.`,
  );
  console.log(`Capacity afterwards: ${capacityAfter.toFixed(0)} calls/s.`);
  console.log(
    `Load average at the end: ${loadavg()
      .map((load) => load.toFixed(1))
      .join(', ')}`,
  );
  if (flood.errors > 0) {
    console.log(`The first wrong answer: ${flood.firstError}`);
    process.exitCode = 1;
  }
}

/** Median of three. */
async function capacityOf(shot: Shot): Promise<number> {
  const rates: number[] = [];
  for (let turn = 0; turn < 3; turn += 1) {
    const { answers, errors, firstError, seconds: took } = await closedLoop(shot, connections, 3);
    if (errors > 0) throw new Error(`${errors} answers were wrong: ${firstError}`);
    rates.push(answers / took);
  }
  return quantile(rates, 0.5);
}

function isRefusal(status: number, head: string): boolean {
  return (status === 429 || status === 503) && /\r\nretry-after: *\d/i.test(head);
}

function row(title: string, loads: readonly LoadResult[], value: (load: LoadResult) => string): string[] {
  return [title, ...loads.map(value)];
}

function rssMb(pid: number): number {
  const kib = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kib) / 1_024;
}

/** Least squares over samples a second apart. */
function slopePerMinute(samples: readonly number[]): number {
  const middle = (samples.length - 1) / 2;
  const mean = samples.reduce((sum, sample) => sum + sample, 0) / samples.length;
  const above = samples.reduce((sum, sample, at) => sum + (at - middle) * (sample - mean), 0);
  const below = samples.reduce((sum, _, at) => sum + (at - middle) ** 2, 0);
  return (above / below) * 60;
}

/**
 * `npm run bench:models`: what the hub costs before a model, beside a bare proxy and Portkey's gateway: whole answers and 22 KB of events
 * at 32 connections, and the first byte of a paced stream. Measured in turn, round after round, compared within each round.
 *
 * Options after `--`: `--rounds 5`, `--seconds 3`, `--profile <folder>` (CPU profile of the hub).
 */
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync } from 'node:fs';
import { loadavg } from 'node:os';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { request as ask } from 'undici';
import { canPin, cpuMs, familyOf, otherCore, pin, subjectCore } from '../gateway/cores.ts';
import { type StartedProcess, startProcess } from '../gateway/start-process.ts';
import { show, spreadOf, table } from '../gateway/statistics.ts';
import { closedLoop, firstBytes, type ModelShot } from './load.ts';

const connections = 32;
const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '3' },
    profile: { type: 'string' },
  },
});
const rounds = Number(values.rounds);
const seconds = Number(values.seconds);

interface Subject {
  readonly name: string;
  readonly port: number;
  readonly model: string;
  readonly headers: string;
  readonly pids: readonly number[];
}
const kinds = ['whole', 'stream', 'paced'] as const;
type Kind = (typeof kinds)[number];

const here = (path: string) => new URL(path, import.meta.url);
const parts: StartedProcess[] = [];
pin(process.pid, otherCore);
try {
  const upstream = await started(here('./processes/upstream.ts'), otherCore);
  const upstreamPort = upstream.facts['port'] as number;
  const url = `http://127.0.0.1:${upstreamPort}`;
  const proxy = await started(here('./processes/proxy.ts'), subjectCore, [url]);
  const portkey = await started(here('./processes/portkey.ts'), subjectCore, [installPeers()]);
  const profile = values.profile === undefined ? [] : ['--cpu-prof', '--cpu-prof-dir', resolve(values.profile)];
  const hub = await started(here('../gateway/processes/hub.ts'), subjectCore, [], profile);
  for (const pid of familyOf(hub.pid).slice(1)) pin(pid, otherCore);
  const key = hub.facts['key'] as string;
  await install(`http://127.0.0.1:${hub.facts['port']}`, key, `${url}/v1`);
  const subjects: readonly Subject[] = [
    subject('bare undici proxy', proxy, 'bench-model', ''),
    subject(
      '@portkey-ai/gateway 1.15.2',
      portkey,
      'bench-model',
      `x-portkey-provider: openai\r\nx-portkey-custom-host: ${url}/v1\r\nAuthorization: Bearer sk-bench\r\n`,
    ),
    subject('hub', hub, 'bench/bench-model', `Authorization: Bearer ${key}\r\n`),
  ];
  console.log(
    `${connections} connections, ${rounds} rounds of ${seconds} s; subjects ${canPin ? 'alone on a core' : 'not pinned'}; load average ${loadavg()[0]?.toFixed(1)}; stream of ${upstream.facts['streamBytes']} bytes\n`,
  );
  await compareRates(subjects);
  await compareFirstBytes(subjects);
} finally {
  for (const part of parts.reverse()) await part.stop();
}

async function started(
  file: URL,
  core: number,
  args: readonly string[] = [],
  nodeArgs: readonly string[] = [],
): Promise<StartedProcess> {
  const part = await startProcess(file, { core, args, nodeArgs });
  parts.push(part);
  return part;
}

function subject(name: string, { facts, pid }: StartedProcess, model: string, headers: string): Subject {
  return { name, port: facts['port'] as number, model, headers, pids: [pid] };
}

function shotOf({ port, model, headers }: Subject, kind: Kind): ModelShot {
  const content = kind === 'paced' ? 'paced' : 'Say something.';
  const body = JSON.stringify({
    model,
    messages: [{ role: 'user', content }],
    ...(kind === 'whole' ? {} : { stream: true, stream_options: { include_usage: true } }),
  });
  const head = `POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n${headers}Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`;
  return {
    port,
    request: Buffer.from(head + body),
    marks:
      kind === 'whole'
        ? ['word word', '"total_tokens":120']
        : ['data: [DONE]', '"finish_reason":"stop"', '"total_tokens":120'],
  };
}

async function compareRates(subjects: readonly Subject[]): Promise<void> {
  for (const kind of ['whole', 'stream'] as const) {
    const rates = new Map<string, number[]>();
    const cpus = new Map<string, number[]>();
    for (const one of subjects) await closedLoop(shotOf(one, kind), connections, 10);
    for (let round = 0; round < rounds; round += 1) {
      for (const one of subjects) {
        const before = cpuMs(one.pids);
        const { perSecond, answers } = await closedLoop(shotOf(one, kind), connections, seconds);
        note(rates, one.name, perSecond);
        note(cpus, one.name, ((cpuMs(one.pids) - before) * 1_000) / answers);
      }
    }
    const hub = rates.get('hub') ?? [];
    const ratio = (name: string) =>
      show(spreadOf((rates.get(name) ?? []).map((rate, round) => (hub[round] ?? 0) / rate)), 2);
    console.log(kind === 'whole' ? 'Whole answers (1 KB):\n' : '\nStreams (22 KB at once):\n');
    console.log(
      table(
        ['median (min–max)', 'req/s', 'CPU µs/req', 'hub against it, ×'],
        subjects.map(({ name }) => [
          name,
          show(spreadOf(rates.get(name) ?? [])),
          show(spreadOf(cpus.get(name) ?? [])),
          ratio(name),
        ]),
      ),
    );
  }
}

/** Added to the bare proxy, not to the upstream: what a proxy costs at all is the floor. */
async function compareFirstBytes(subjects: readonly Subject[]): Promise<void> {
  const found = new Map<string, number[]>();
  for (const one of subjects) await firstBytes(shotOf(one, 'paced'), 20);
  for (let round = 0; round < rounds; round += 1) {
    for (const one of subjects) note(found, one.name, spreadOf(await firstBytes(shotOf(one, 'paced'), 50)).median);
  }
  const floor = found.get('bare undici proxy') ?? [];
  console.log('\nFirst byte of a paced stream, 1 connection:\n');
  console.log(
    table(
      ['ms', 'first byte', 'added to the proxy'],
      subjects.map(({ name }) => {
        const measured = found.get(name) ?? [];
        return [
          name,
          show(spreadOf(measured), 2),
          show(spreadOf(measured.map((ms, round) => ms - (floor[round] ?? 0))), 2),
        ];
      }),
    ),
  );
}

function note(map: Map<string, number[]>, name: string, value: number): void {
  map.set(name, [...(map.get(name) ?? []), value]);
}

/** Portkey with exact pins, outside the workspaces. */
function installPeers(): string {
  const folder = fileURLToPath(here('../../.cache/bench-models/'));
  mkdirSync(folder, { recursive: true });
  if (!existsSync(`${folder}node_modules/@portkey-ai/gateway`)) {
    for (const file of ['package.json', 'package-lock.json']) copyFileSync(here(`./peers/${file}`), `${folder}${file}`);
    execFileSync('npm', ['ci', '--no-audit', '--no-fund', '--ignore-scripts'], {
      cwd: folder,
      stdio: ['ignore', 'ignore', 'inherit'],
    });
  }
  return folder;
}

async function install(hub: string, key: string, endpoint: string): Promise<void> {
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
  const call = async (path: string, body: unknown): Promise<Record<string, unknown>> => {
    const answer = await ask(`${hub}${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
    const text = await answer.body.text();
    if (answer.statusCode > 299) throw new Error(`POST ${path}: ${answer.statusCode} ${text}`);
    return JSON.parse(text) as Record<string, unknown>;
  };
  const { id } = await call('/api/v1/integrations', {
    type: 'model.openai',
    name: 'bench',
    config: { endpoint, authMode: 'token' },
    credentials: { kind: 'bearer_token', token: 'sk-bench' },
    rateLimits: { requestsPerMinute: 1_000_000, requestsPerHour: 10_000_000, concurrentRequests: 10_000 },
    submit: true,
  });
  const tested = await call(`/api/v1/integrations/${id}/test`, {});
  if (tested['success'] !== true) throw new Error(`The connection test failed: ${JSON.stringify(tested)}`);
}

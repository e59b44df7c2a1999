// What is compared. Each subject is a process of its own; all get the same upstream.
import { request as ask } from 'undici';
import { familyOf, otherCore, pin, subjectCore } from './cores.ts';
import type { Shot } from './load.ts';
import { startNginx } from './nginx.ts';
import { startProcess } from './start-process.ts';

export interface Subject {
  readonly name: string;
  readonly shot: Shot;
  /** Processes whose CPU is the subject's. */
  readonly pids: readonly number[];
  /** The hub's database, counted apart. */
  readonly databasePids: readonly number[];
  stop(): Promise<void>;
}

export interface Upstream {
  readonly port: number;
  readonly payload: string;
  stop(): Promise<void>;
}

/** @param pinned On the core that the subject does not have; default true. */
export async function startUpstream(pinned = true): Promise<Upstream> {
  const { facts, stop } = await startProcess(
    new URL('./processes/upstream.ts', import.meta.url),
    pinned ? { core: otherCore } : {},
  );
  return { port: facts['port'] as number, payload: facts['payload'] as string, stop };
}

/** @param note Told of what is left out, and why. */
export async function startSubjects(upstream: Upstream, options: SubjectOptions): Promise<Subject[]> {
  const { wanted, note } = options;
  const url = `http://127.0.0.1:${upstream.port}`;
  const nodes: readonly (readonly [string, URL])[] = [
    ['node:http + undici stream', new URL('./processes/undici-stream.ts', import.meta.url)],
    ['fastify + undici', new URL('./processes/fastify-undici.ts', import.meta.url)],
    ['fastify + reply-from', new URL('./processes/fastify-reply-from.ts', import.meta.url)],
    ['http-proxy', new URL('./processes/http-proxy.ts', import.meta.url)],
  ];
  const subjects: Subject[] = [];
  if (wanted('direct')) subjects.push(direct(upstream));
  for (const [name, file] of nodes) {
    if (!wanted(name)) continue;
    const started = await startProcess(file, { core: subjectCore, args: [url] });
    subjects.push({
      name,
      shot: plainShot(started.facts['port'] as number, upstream),
      pids: [started.pid],
      databasePids: [],
      stop: started.stop,
    });
  }
  if (wanted('JSON in and out')) {
    const file = new URL('./processes/json-undici.ts', import.meta.url);
    const started = await startProcess(file, { core: subjectCore, args: [url] });
    subjects.push({
      name: 'node:http + undici, JSON in and out',
      // The hub's own question and answer; of the key and the id it takes no notice.
      shot: hubShot(started.facts['port'] as number, 'none', 'none', upstream),
      pids: [started.pid],
      databasePids: [],
      stop: started.stop,
    });
  }
  if (wanted('nginx')) {
    const nginx = await startNginx(upstream.port, subjectCore);
    if (nginx === undefined) note('nginx is left out: it is not installed (Debian: apt-get install nginx-light).');
    else {
      const { pid, port, stop } = nginx;
      subjects.push({
        name: 'nginx',
        shot: plainShot(port, upstream),
        pids: familyOf(pid),
        databasePids: [],
        stop,
      });
    }
  }
  for (const [name, file] of options.hubs) {
    if (wanted(name)) subjects.push(await hub(name, file, upstream, options.hubNodeArgs));
  }
  return subjects;
}

export interface SubjectOptions {
  wanted(name: string): boolean;
  note(text: string): void;
  /** Names and start files of the hubs to measure: one, or two builds against each other. */
  readonly hubs: readonly (readonly [name: string, file: URL])[];
  readonly hubNodeArgs: readonly string[];
}

function direct(upstream: Upstream): Subject {
  return {
    name: 'direct',
    shot: plainShot(upstream.port, upstream),
    pids: [],
    databasePids: [],
    stop: async () => undefined,
  };
}

function plainShot(port: number, { payload }: Upstream): Shot {
  const expected = Buffer.from(payload);
  return {
    port,
    request: Buffer.from(`GET /json HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nAccept: application/json\r\n\r\n`),
    isRight: (body) => body.equals(expected),
  };
}

/** A hub with one active integration of the bench's own connector, asked through the API as any caller would. */
async function hub(name: string, file: URL, upstream: Upstream, nodeArgs: readonly string[]): Promise<Subject> {
  const started = await startProcess(file, { core: subjectCore, nodeArgs });
  const database = familyOf(started.pid).slice(1);
  // Its server came up on the hub's core; the sessions that it starts later follow.
  for (const pid of database) pin(pid, otherCore);
  const port = started.facts['port'] as number;
  const key = started.facts['key'] as string;
  const id = await install(`http://127.0.0.1:${port}`, key, upstream);
  return {
    name,
    shot: hubShot(port, key, id, upstream),
    pids: [started.pid],
    databasePids: database,
    stop: started.stop,
  };
}

/** A call of the bench's one action. */
export function hubShot(port: number, key: string, id: string, upstream: Upstream): Shot {
  const body = JSON.stringify({ action: 'bench.get', params: {} });
  const expected = Buffer.from(`{"success":true,"data":${upstream.payload},"metadata":{`);
  return {
    port,
    request: Buffer.from(
      `POST /api/v1/connectors/instances/${id}/execute HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nAuthorization: Bearer ${key}\r\n` +
        `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    ),
    isRight: (answer) => answer.subarray(0, expected.length).equals(expected),
  };
}

/** Makes one active integration of the bench's connector. Returns its id. */
export async function install(url: string, key: string, upstream: Upstream): Promise<string> {
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
  const call = async (path: string, body: unknown, expected: number): Promise<Record<string, unknown>> => {
    const answer = await ask(`${url}${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
    const text = await answer.body.text();
    if (answer.statusCode !== expected) throw new Error(`POST ${path}: ${answer.statusCode} ${text}`);
    return JSON.parse(text) as Record<string, unknown>;
  };
  const integration = await call(
    '/api/v1/integrations',
    {
      type: 'custom.bench',
      name: 'bench',
      config: { endpoint: `http://127.0.0.1:${upstream.port}`, authMode: 'token', timeout: 30_000 },
      credentials: { kind: 'bearer_token', token: 'bench-token-0123456789' },
      rateLimits: { requestsPerMinute: 1_000_000, requestsPerHour: 10_000_000, concurrentRequests: 10_000 },
      submit: true,
    },
    201,
  );
  const id = integration['id'] as string;
  const tested = await call(`/api/v1/integrations/${id}/test`, {}, 200);
  if (tested['success'] !== true) throw new Error(`The connection test failed: ${JSON.stringify(tested)}`);
  return id;
}

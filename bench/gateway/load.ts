// The load generator: raw sockets and as little work per answer as can be, because it shares a core with the upstream. Every answer is
// checked to the last byte that matters; one that is wrong counts as an error, and a run with errors is no result.
import { connect, type Socket } from 'node:net';

export interface Shot {
  readonly port: number;
  /**
   * Whole request as it goes over the wire. A function makes each; it gets the last one of the same connection, which is answered and may be
   * written over, so that what is sent leaves no garbage.
   */
  readonly request: Buffer | ((last: Buffer | null) => Buffer);
  /** What is right; default 200. */
  readonly status?: number;
  /** Status is right already. */
  isRight(body: Buffer): boolean;
  /** Whether an answer that is not 200 is a refusal as it should be; without this, none is. */
  isRefusal?(status: number, head: string): boolean;
}

export interface LoadResult {
  /** Right answers. */
  readonly answers: number;
  /** Refusals as they should be. */
  readonly refused: number;
  /** Requests that were due when no connection was free; an error where refusals are none. */
  readonly unsent: number;
  readonly errors: number;
  readonly firstError: string | null;
  readonly seconds: number;
  /** Milliseconds of each right answer, unsorted. */
  readonly latencies: readonly number[];
}

interface Connection {
  send(): void;
  close(): void;
  readonly idle: boolean;
}

interface Tally {
  answers: number;
  refused: number;
  unsent: number;
  errors: number;
  firstError: string | null;
  readonly latencies: number[];
}

const headEnd = Buffer.from('\r\n\r\n');
const contentLength = /\r\ncontent-length: *(\d+)/i;

/** Closed loop: each connection sends its next request when its last answer is there. */
export async function closedLoop(shot: Shot, connections: number, seconds: number): Promise<LoadResult> {
  const tally = newTally();
  let ended = false;
  const all = await Promise.all(
    Array.from({ length: connections }, () => open(shot, tally, (connection) => ended || connection.send())),
  );
  const started = performance.now();
  for (const connection of all) connection.send();
  await wait(seconds * 1_000);
  ended = true;
  const counted = { ...tally, latencies: tally.latencies.slice(), seconds: (performance.now() - started) / 1_000 };
  await drain(all);
  for (const connection of all) connection.close();
  return { ...counted, errors: tally.errors, firstError: tally.firstError };
}

/**
 * Open loop: requests leave at a fixed rate whether or not answers came back, in bursts of what is due at each tick of about 1 ms;
 * a free connection takes each, or a new one is opened beforehand.
 */
export async function openLoop(shot: Shot, rate: number, seconds: number): Promise<LoadResult> {
  const tally = newTally();
  const free: Connection[] = [];
  const all = await Promise.all(
    Array.from({ length: Math.min(1_000, rate) }, () => open(shot, tally, (connection) => void free.push(connection))),
  );
  free.push(...all);
  const total = Math.floor(rate * seconds);
  let sent = 0;
  const started = performance.now();
  await new Promise<void>((resolve) => {
    const timer = setInterval(() => {
      const due = Math.min(total, Math.floor(((performance.now() - started) * rate) / 1_000));
      for (; sent < due; sent += 1) {
        const connection = free.pop();
        if (connection !== undefined) connection.send();
        else if (shot.isRefusal !== undefined) tally.unsent += 1;
        else fail(tally, 'no connection free: the subject is slower than the rate');
      }
      if (sent < total) return;
      clearInterval(timer);
      resolve();
    }, 1);
  });
  const took = (performance.now() - started) / 1_000;
  await drain(all);
  for (const connection of all) connection.close();
  return { ...tally, seconds: took };
}

function open(shot: Shot, tally: Tally, onAnswer: (connection: Connection) => unknown): Promise<Connection> {
  const status = String(shot.status ?? 200);
  return new Promise((resolve, reject) => {
    const socket: Socket = connect({ port: shot.port, host: '127.0.0.1', noDelay: true });
    let sentAt = 0;
    let pending: Buffer | null = null;
    let last: Buffer | null = null;
    let idle = true;
    let closing = false;
    const connection: Connection = {
      get idle() {
        return idle;
      },
      send() {
        idle = false;
        sentAt = performance.now();
        last = typeof shot.request === 'function' ? shot.request(last) : shot.request;
        socket.write(last);
      },
      close() {
        closing = true;
        socket.destroy();
      },
    };
    socket.once('connect', () => resolve(connection));
    socket.on('error', (error) => {
      idle = true;
      if (closing) return;
      fail(tally, error.message);
      reject(error);
    });
    socket.on('close', () => {
      if (!idle) fail(tally, 'the connection was closed before the answer was complete');
      idle = true;
    });
    socket.on('data', (chunk: Buffer) => {
      const bytes: Buffer = pending === null ? chunk : Buffer.concat([pending, chunk]);
      const body = wholeBody(bytes, shot, tally, status);
      if (body === undefined) {
        pending = bytes;
        return;
      }
      pending = null;
      idle = true;
      if (body !== null && shot.isRight(body)) {
        tally.answers += 1;
        tally.latencies.push(performance.now() - sentAt);
      } else if (body !== null) fail(tally, `wrong body: ${body.toString('utf8', 0, 300)}`);
      onAnswer(connection);
    });
  });
}

/** Undefined: not all there yet. Null: another status than the right one, counted. */
function wholeBody(bytes: Buffer, shot: Shot, tally: Tally, status: string): Buffer | null | undefined {
  const end = bytes.indexOf(headEnd);
  if (end === -1) return undefined;
  const head = bytes.toString('latin1', 0, end);
  const length = contentLength.exec(head)?.[1];
  if (length === undefined) {
    fail(tally, `an answer without Content-Length: ${head.slice(0, 300)}`);
    return null;
  }
  const bodyEnd = end + 4 + Number(length);
  if (bytes.length < bodyEnd) return undefined;
  if (head.startsWith(status, 9)) return bytes.subarray(end + 4, bodyEnd);
  if (shot.isRefusal?.(Number(head.slice(9, 12)), head) === true) tally.refused += 1;
  else fail(tally, `${head.slice(0, 40).split('\r')[0]} ${bytes.toString('utf8', end + 4, end + 304)}`);
  return null;
}

function newTally(): Tally {
  return { answers: 0, refused: 0, unsent: 0, errors: 0, firstError: null, latencies: [] };
}

function fail(tally: Tally, why: string): void {
  tally.errors += 1;
  tally.firstError ??= why;
}

/** Waits for what is under way, 5 s at most: what hangs longer is counted by its connection when it closes. */
async function drain(connections: readonly Connection[]): Promise<void> {
  for (let turn = 0; turn < 500 && connections.some(({ idle }) => !idle); turn += 1) await wait(10);
}

export function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

// Load with answers of either framing (RFC 9112 §6): raw sockets and as little work an answer as can be, each checked to its end.
import { connect, type Socket } from 'node:net';

export interface ModelShot {
  readonly port: number;
  /** Whole request as it goes over the wire. */
  readonly request: Buffer;
  /** Must stand in the body, or the answer is wrong. */
  readonly marks: readonly string[];
}

export interface ModelLoad {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly answers: number;
}

const headEnd = '\r\n\r\n';
const lastChunk = Buffer.from('0\r\n\r\n');

/** Closed loop. @throws Error at the first wrong answer: then there is no result. */
export async function closedLoop(shot: ModelShot, connections: number, seconds: number): Promise<ModelLoad> {
  const latencies: number[] = [];
  const started = performance.now();
  const until = started + seconds * 1_000;
  await Promise.all(
    Array.from({ length: connections }, async () => {
      const socket = await open(shot.port);
      try {
        while (performance.now() < until) latencies.push((await ask(socket, shot)).wholeMs);
      } finally {
        socket.destroy();
      }
    }),
  );
  const took = (performance.now() - started) / 1_000;
  return { perSecond: latencies.length / took, p50Ms: median(latencies), answers: latencies.length };
}

/** Milliseconds to the first byte of the body, one request after the other on one connection. */
export async function firstBytes(shot: ModelShot, count: number): Promise<number[]> {
  const socket = await open(shot.port);
  const found: number[] = [];
  try {
    for (let at = 0; at < count; at += 1) found.push((await ask(socket, shot)).firstMs);
  } finally {
    socket.destroy();
  }
  return found;
}

function open(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket: Socket = connect({ port, host: '127.0.0.1', noDelay: true }, () => resolve(socket));
    socket.once('error', reject);
  });
}

function ask(socket: Socket, { request, marks }: ModelShot): Promise<{ firstMs: number; wholeMs: number }> {
  return new Promise((resolve, reject) => {
    const pieces: Buffer[] = [];
    let length = 0;
    let bodyAt = -1;
    let wanted = -1;
    let firstMs = 0;
    const sentAt = performance.now();
    const end = (error?: Error) => {
      socket.off('data', onData);
      socket.off('close', onClose);
      if (error !== undefined) {
        reject(error);
        return;
      }
      const text = Buffer.concat(pieces).toString('latin1');
      const wrong = !text.startsWith('200', 9) || marks.some((mark) => !text.includes(mark));
      if (wrong) reject(new Error(`wrong answer: ${text.slice(0, 600)}`));
      else resolve({ firstMs, wholeMs: performance.now() - sentAt });
    };
    const onClose = () => end(new Error('the connection was closed before the answer was complete'));
    const onData = (piece: Buffer) => {
      pieces.push(piece);
      length += piece.length;
      if (bodyAt === -1) {
        const head = Buffer.concat(pieces).toString('latin1');
        const at = head.indexOf(headEnd);
        if (at === -1) return;
        bodyAt = at + headEnd.length;
        wanted = Number(/\r\ncontent-length: *(\d+)/i.exec(head.slice(0, at + 2))?.[1] ?? -1);
      }
      if (firstMs === 0 && length > bodyAt) firstMs = performance.now() - sentAt;
      if (wanted >= 0 ? length >= bodyAt + wanted : endsWith(pieces, lastChunk)) end();
    };
    socket.on('data', onData);
    socket.once('close', onClose);
    socket.write(request);
  });
}

/** Whether the last bytes of all pieces together are these; the end may itself be split. */
function endsWith(pieces: readonly Buffer[], wanted: Buffer): boolean {
  const [before, last] = [pieces.at(-2), pieces.at(-1)];
  const tail =
    last !== undefined && last.length >= wanted.length
      ? last
      : Buffer.concat([before ?? Buffer.alloc(0), last ?? Buffer.alloc(0)]);
  return tail.subarray(-wanted.length).equals(wanted);
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

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

const headEnd = Buffer.from('\r\n\r\n');
const lastChunk = Buffer.from('0\r\n\r\n');
const statusOk = Buffer.from('200');

/** Closed loop. @throws Error at the first wrong answer: then there is no result. */
export async function closedLoop(shot: ModelShot, connections: number, seconds: number): Promise<ModelLoad> {
  const latencies: number[] = [];
  const started = performance.now();
  const until = started + seconds * 1_000;
  await Promise.all(
    Array.from({ length: connections }, () =>
      converse(shot, (_, wholeMs) => {
        latencies.push(wholeMs);
        return performance.now() < until;
      }),
    ),
  );
  const took = (performance.now() - started) / 1_000;
  return { perSecond: latencies.length / took, p50Ms: median(latencies), answers: latencies.length };
}

/** Milliseconds to the first byte of the body, one request after the other on one connection. */
export async function firstBytes(shot: ModelShot, count: number): Promise<number[]> {
  const found: number[] = [];
  await converse(shot, (firstMs) => found.push(firstMs) < count);
  return found;
}

/** Asks over one connection, again and again, until `onAnswer` says that it is enough. */
async function converse(shot: ModelShot, onAnswer: (firstMs: number, wholeMs: number) => boolean): Promise<void> {
  const socket = await open(shot.port);
  try {
    await new Promise<void>((resolve, reject) => {
      new Conversation(socket, shot, { onAnswer, onEnd: resolve, onFailure: reject }).ask();
    });
  } finally {
    socket.destroy();
  }
}

function open(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket: Socket = connect({ port, host: '127.0.0.1', noDelay: true }, () => resolve(socket));
    socket.once('error', reject);
  });
}

interface Listener {
  /** Whether to go on. */
  onAnswer(firstMs: number, wholeMs: number): boolean;
  onEnd(): void;
  onFailure(error: Error): void;
}

class Conversation {
  readonly #socket: Socket;
  readonly #request: Buffer;
  readonly #marks: readonly Buffer[];
  readonly #listener: Listener;
  #bytes: Buffer | undefined;
  #pieces: Buffer[] = [];
  #length = 0;
  #bodyAt = -1;
  #wanted = -1;
  #sentAt = 0;
  #firstMs = 0;

  constructor(socket: Socket, { request, marks }: ModelShot, listener: Listener) {
    this.#socket = socket;
    this.#request = request;
    this.#marks = marks.map((mark) => Buffer.from(mark));
    this.#listener = listener;
    socket.on('data', (piece) => this.#take(piece));
    socket.on('close', () => listener.onFailure(new Error('the connection was closed before the answer was complete')));
    socket.on('error', listener.onFailure);
  }

  ask(): void {
    this.#pieces = [];
    this.#length = 0;
    this.#bodyAt = -1;
    this.#wanted = -1;
    this.#firstMs = 0;
    this.#sentAt = performance.now();
    this.#socket.write(this.#request);
  }

  #take(piece: Buffer): void {
    this.#pieces.push(piece);
    this.#length += piece.length;
    this.#bytes = undefined;
    if (this.#bodyAt === -1 && !this.#readHead()) return;
    if (this.#firstMs === 0 && this.#length > this.#bodyAt) this.#firstMs = performance.now() - this.#sentAt;
    const whole = this.#wanted >= 0 ? this.#length >= this.#bodyAt + this.#wanted : this.#endsWith(lastChunk);
    if (whole) this.#end();
  }

  #readHead(): boolean {
    const bytes = this.#all();
    const at = bytes.indexOf(headEnd);
    if (at === -1) return false;
    this.#bodyAt = at + headEnd.length;
    const length = /\r\ncontent-length: *(\d+)/i.exec(bytes.toString('latin1', 0, at + 2))?.[1];
    if (length !== undefined) this.#wanted = Number(length);
    return true;
  }

  #end(): void {
    const bytes = this.#all();
    const wrong =
      !bytes.subarray(9, 9 + statusOk.length).equals(statusOk) ||
      this.#marks.some((mark) => !bytes.includes(mark, this.#bodyAt));
    if (wrong) {
      this.#listener.onFailure(new Error(`wrong answer: ${bytes.toString('latin1', 0, 600)}`));
      return;
    }
    if (this.#listener.onAnswer(this.#firstMs, performance.now() - this.#sentAt)) this.ask();
    else this.#listener.onEnd();
  }

  #all(): Buffer {
    const [first] = this.#pieces;
    this.#bytes ??= this.#pieces.length === 1 && first !== undefined ? first : Buffer.concat(this.#pieces);
    return this.#bytes;
  }

  /** The end may itself be split over two pieces. */
  #endsWith(wanted: Buffer): boolean {
    const [before, last] = [this.#pieces.at(-2), this.#pieces.at(-1)];
    const tail =
      last !== undefined && last.length >= wanted.length
        ? last
        : Buffer.concat([before ?? Buffer.alloc(0), last ?? Buffer.alloc(0)]);
    return tail.subarray(-wanted.length).equals(wanted);
  }
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

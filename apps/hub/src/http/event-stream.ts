import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import type { ActionEvent } from '@inthub/contracts';
import type { FastifyReply } from 'fastify';
import { encodingOf, type FlatHeaders, setHeaders } from './raw-answer.ts';

export interface EventStreamOptions {
  /** Silence after which a comment is sent, so that nothing on the way takes the connection for dead. Default 15 s. */
  readonly commentEveryMs?: number;
  /** How often in a row that time may pass without the reader taking a single byte of what waits for it. Default 4: one minute. */
  readonly maxStalls?: number;
}

/**
 * Server-sent events (WHATWG HTML §9.2), one per action event, with back-pressure. The first event has been taken already; see
 * `sendFrames` for what happens when the client leaves.
 */
export function sendEventStream(
  reply: FastifyReply,
  first: IteratorResult<ActionEvent>,
  rest: AsyncIterator<ActionEvent>,
  options: EventStreamOptions = {},
): FastifyReply {
  const frameOf = (event: ActionEvent) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
  return sendFrames(reply, { first, rest, frameOf }, options);
}

export interface FrameSource {
  readonly first: IteratorResult<ActionEvent>;
  readonly rest: AsyncIterator<ActionEvent>;
  /** Whole frames of one event; empty text writes nothing. */
  frameOf(event: ActionEvent): string;
}

/**
 * Events in any framing: the next one is asked for only when the socket has taken the last. When the client leaves, the iterator's
 * `return` runs, which ends the call; a client that takes nothing for a minute although something waits for it counts as gone.
 */
export function sendFrames(
  reply: FastifyReply,
  { first, rest, frameOf }: FrameSource,
  options: EventStreamOptions = {},
): FastifyReply {
  async function* frames(): AsyncGenerator<string> {
    for (let step = first; step.done !== true; step = await rest.next()) {
      const frame = frameOf(step.value);
      if (frame !== '') yield frame;
    }
  }
  return sendText(reply, frames(), () => void rest.return?.(), options);
}

/** Finished frames as they come. `onGone` is called in the end, also where nobody has asked for a frame yet. */
export function sendText(
  reply: FastifyReply,
  frames: AsyncIterable<string>,
  onGone: () => void,
  options: EventStreamOptions = {},
): FastifyReply {
  const { raw } = reply;
  raw.once('close', onGone);
  keepAlive(raw, options);
  setHeaders(reply, streamHeaders);
  return reply.send(Readable.from(frames, { objectMode: false, highWaterMark: 16_384 }));
}

/** `sendFrames` without Fastify. Resolves when all was written, or the client is gone. */
export async function writeFrames(
  response: ServerResponse,
  headers: FlatHeaders,
  { first, rest, frameOf }: FrameSource,
  options: EventStreamOptions = {},
): Promise<void> {
  response.on('close', () => void rest.return?.());
  if (response.destroyed) {
    await rest.return?.();
    return;
  }
  keepAlive(response, options);
  response.writeHead(200, [...headers, ...streamHeaders]);
  for (let step = first; step.done !== true; step = await rest.next()) {
    const frame = frameOf(step.value);
    if (frame !== '' && !response.write(frame, encodingOf(frame))) await writable(response);
    if (response.destroyed) return;
  }
  response.end();
}

const streamHeaders: FlatHeaders = [
  'content-type',
  'text/event-stream; charset=utf-8',
  'cache-control',
  'no-store',
  'x-accel-buffering',
  'no',
];

/** Room for more, or the end of the connection. */
function writable(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      response.off('drain', done).off('close', done);
      resolve();
    };
    response.on('drain', done).on('close', done);
    if (response.destroyed) done();
  });
}

/** Comments while it is silent; the end of a client that takes nothing although something waits for it. */
function keepAlive(response: ServerResponse, { commentEveryMs = 15_000, maxStalls = 4 }: EventStreamOptions): void {
  const { socket } = response;
  if (socket === null) return;
  let stalls = 0;
  // Node's timeout of a connection does not fire while a waiting write makes progress.
  response.setTimeout(commentEveryMs, () => {
    stalls = socket.writableLength > 0 ? stalls + 1 : 0;
    if (stalls >= maxStalls) {
      socket.destroy();
      return;
    }
    if (stalls === 0 && response.headersSent && !response.writableEnded) response.write(': waiting\n\n');
    socket.setTimeout(commentEveryMs);
  });
}

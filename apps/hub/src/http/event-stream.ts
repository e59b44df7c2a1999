import { Readable } from 'node:stream';
import type { ActionEvent } from '@inthub/contracts';
import type { FastifyReply } from 'fastify';

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
  { commentEveryMs = 15_000, maxStalls = 4 }: EventStreamOptions = {},
): FastifyReply {
  const { raw } = reply;
  const { socket } = reply.request;
  raw.once('close', onGone);
  let stalls = 0;
  // Node's timeout of a connection does not fire while a waiting write makes progress.
  raw.setTimeout(commentEveryMs, () => {
    stalls = socket.writableLength > 0 ? stalls + 1 : 0;
    if (stalls >= maxStalls) {
      socket.destroy();
      return;
    }
    if (stalls === 0 && raw.headersSent && !raw.writableEnded) raw.write(': waiting\n\n');
    socket.setTimeout(commentEveryMs);
  });
  return reply
    .header('content-type', 'text/event-stream; charset=utf-8')
    .header('cache-control', 'no-store')
    .header('x-accel-buffering', 'no')
    .send(Readable.from(frames, { objectMode: false, highWaterMark: 16_384 }));
}

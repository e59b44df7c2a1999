import { type AddressInfo, connect } from 'node:net';
import type { ActionEvent } from '@inthub/contracts';
import Fastify, { type FastifyInstance } from 'fastify';
import { afterEach, describe, expect, it } from 'vitest';
import { type EventStreamOptions, sendEventStream } from './event-stream.ts';

let app: FastifyInstance;
afterEach(() => app.close());

/** A server whose only answer streams the events; `ended` tells that whoever makes them was told to stop. */
async function serve(make: () => AsyncGenerator<ActionEvent>, options: EventStreamOptions) {
  const ended = Promise.withResolvers<void>();
  async function* watched(): AsyncGenerator<ActionEvent> {
    try {
      yield* make();
    } finally {
      ended.resolve();
    }
  }
  app = Fastify();
  app.get('/', async (_request, reply) => {
    const events = watched();
    return sendEventStream(reply, await events.next(), events, options);
  });
  await app.listen({ port: 0, host: '127.0.0.1' });
  return { port: (app.server.address() as AddressInfo).port, ended: ended.promise };
}

const ask = 'GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n';

describe('sendEventStream', () => {
  it('sends comments while there is nothing to tell', async () => {
    const released = Promise.withResolvers<void>();
    const { port } = await serve(
      async function* () {
        yield { type: 'data', chunk: 1 };
        await released.promise;
        yield { type: 'complete', summary: null };
      },
      { commentEveryMs: 10 },
    );

    let text = '';
    const socket = connect(port, '127.0.0.1').setEncoding('utf8');
    socket.write(ask);
    for await (const piece of socket) {
      text += piece;
      if (text.split(': waiting\n\n').length > 3) released.resolve();
    }

    expect(text).toContain('event: data\ndata: {"type":"data","chunk":1}\n\n');
    expect(text).toContain('event: complete\ndata: {"type":"complete","summary":null}\n\n');
  });

  it('hangs up on a reader that takes nothing although something waits', async () => {
    const { port, ended } = await serve(
      async function* () {
        for (;;) yield { type: 'data', chunk: 'a'.repeat(100_000) };
      },
      { commentEveryMs: 10, maxStalls: 3 },
    );
    const socket = connect(port, '127.0.0.1').pause();
    socket.on('error', () => {});
    socket.write(ask);

    await ended;

    socket.destroy();
  });
});

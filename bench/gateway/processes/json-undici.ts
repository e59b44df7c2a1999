// The least of any gateway with an API of its own: read the caller's JSON, ask the upstream, read its JSON, answer with JSON around it. No
// caller is known, nothing is checked, limited, retried or recorded.
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Dispatcher, Pool } from 'undici';
import { ready, upstreamUrl } from './serve.ts';

const pool = new Pool(upstreamUrl(), { connections: 64, pipelining: 1 });
const headers = { accept: 'application/json', authorization: 'Bearer bench-token-0123456789' };

/** One question to the upstream, in the way that costs undici least. */
class Question implements Dispatcher.DispatchHandler {
  readonly #response: ServerResponse;
  readonly #chunks: Buffer[] = [];

  constructor(response: ServerResponse) {
    this.#response = response;
  }

  onRequestStart(): void {
    // undici wants it to be there
  }

  onResponseStart(): void {
    // the upstream always says 200
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#chunks.push(chunk);
  }

  onResponseEnd(): void {
    const data: unknown = JSON.parse(Buffer.concat(this.#chunks).toString());
    const body = JSON.stringify({ success: true, data, metadata: { apiCalls: 1, cached: false } });
    const length = Buffer.byteLength(body);
    this.#response.writeHead(200, [
      'content-type',
      'application/json; charset=utf-8',
      'content-length',
      String(length),
    ]);
    this.#response.end(body, length === body.length ? 'latin1' : 'utf8');
  }

  onResponseError(): void {
    this.#response.destroy();
  }
}

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const { action } = JSON.parse(Buffer.concat(chunks).toString()) as { action: string };
    if (action === 'bench.get') pool.dispatch({ method: 'GET', path: '/json', headers }, new Question(response));
    else response.writeHead(404).end();
  });
});
server.listen(0, '127.0.0.1', () => ready({ port: (server.address() as AddressInfo).port }));

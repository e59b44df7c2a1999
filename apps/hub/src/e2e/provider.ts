/** A provider for end-to-end tests: a fake of the test kit or a connector's counterpart, behind real HTTP. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Reply, Responder } from '@inthub/connector-sdk/testing';

export interface Provider {
  readonly url: string;
  /** Answers before the fake does; undefined leaves it to the fake. */
  intercept: Responder | undefined;
  readonly requests: string[];
  /** Connections of requests that the other side gave up. */
  aborted: number;
  stop(): Promise<void>;
}

export async function startProvider(fake: Responder): Promise<Provider> {
  const provider: Provider = { url: '', intercept: undefined, requests: [], aborted: 0, stop: async () => undefined };
  const server = createServer((request, response) => void answer(provider, fake, request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return Object.assign(provider, {
    url: `http://127.0.0.1:${port}`,
    stop: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  });
}

async function answer(provider: Provider, fake: Responder, request: IncomingMessage, response: ServerResponse) {
  response.on('close', () => {
    if (!response.writableFinished) provider.aborted += 1;
  });
  const body = Buffer.concat(await Array.fromAsync(request as AsyncIterable<Uint8Array>));
  provider.requests.push(`${request.method} ${request.url}`);
  const sent = {
    method: request.method as 'POST',
    url: new URL(request.url ?? '/', provider.url),
    headers: request.headers as Record<string, string>,
    body: body.length === 0 ? null : body,
    auth: 'bearer',
  } as const;
  const signal = new AbortController().signal;
  const reply: Reply | undefined = (await provider.intercept?.(sent, signal)) ?? (await fake(sent, signal));
  const { status = 200, headers = {}, json, text, bytes, chunks } = reply ?? { status: 404, json: {} };
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  for await (const chunk of chunks ?? []) {
    if (response.destroyed) return;
    response.write(chunk);
  }
  response.end(json === undefined ? (text ?? bytes) : JSON.stringify(json));
}

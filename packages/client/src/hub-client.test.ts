import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { api, createHubClient, HubApiError, streamAction } from './index.ts';

const close: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of close.splice(0)) await end();
});

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  close.push(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function failureOf(work: Promise<unknown>): Promise<HubApiError> {
  const error = await work.then(
    () => expect.unreachable('it should have failed'),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(HubApiError);
  return error as HubApiError;
}

async function collect<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const all: Item[] = [];
  for await (const item of items) all.push(item);
  return all;
}

const problem = {
  type: 'urn:x',
  title: 'T',
  status: 404,
  detail: 'No such type.',
  code: 'not_found',
  retryable: false,
};
const listTypes = (url: string, timeoutMs?: number) =>
  api.listIntegrationTypes({
    client: createHubClient({ url, token: 'k'.repeat(40), ...(timeoutMs === undefined ? {} : { timeoutMs }) }),
    throwOnError: true,
  });

describe('createHubClient', () => {
  it('sends the token as bearer, below the path of a reverse proxy', async () => {
    const seen: unknown[] = [];
    const url = await serve((request, response) => {
      seen.push(request.url, request.headers.authorization);
      response.setHeader('content-type', 'application/json').end('{"items":[],"nextCursor":null}');
    });

    const { data } = await listTypes(`${url}/hub//`);

    expect(data).toEqual({ items: [], nextCursor: null });
    expect(seen).toEqual(['/hub/api/v1/integration-types', `Bearer ${'k'.repeat(40)}`]);
  });

  it('throws the problem document with its status and code', async () => {
    const url = await serve((_request, response) => {
      response.writeHead(404, { 'content-type': 'application/problem+json' }).end(JSON.stringify(problem));
    });

    const error = await failureOf(listTypes(url));

    expect(error).toMatchObject({ status: 404, code: 'not_found', message: 'No such type.', problem });
  });

  it('says that what answers is no hub, for an error page and for a page with status 200', async () => {
    const page: RequestListener = (request, response) =>
      response.writeHead(request.url?.startsWith('/bad') ? 502 : 200, { 'content-type': 'text/html' }).end('<h1>Hi');
    const url = await serve(page);

    const bad = await failureOf(listTypes(`${url}/bad`));
    const good = await failureOf(listTypes(url));

    expect(bad).toMatchObject({ status: 502, code: 'unknown', problem: {} });
    expect(good).toMatchObject({ status: 200, code: 'unknown' });
    for (const { message } of [bad, good]) expect(message).toMatch(/Is that the address of the hub\?/);
  });

  it('does not take an error page of JSON for a problem document', async () => {
    const url = await serve((_request, response) => {
      response.writeHead(503, { 'content-type': 'application/json' }).end('{"code":503,"detail":{"x":1}}');
    });

    expect(await failureOf(listTypes(url))).toMatchObject({ status: 503, code: 'unknown', problem: {} });
  });

  it('follows no redirect, and names the other address without sending anything there', async () => {
    let asked = 0;
    const target = await serve((_request, response) => {
      asked += 1;
      response.end();
    });
    const url = await serve((_request, response) => response.writeHead(307, { location: `${target}/x` }).end());

    const error = await failureOf(listTypes(url));

    expect(error.message).toContain(`Is ${target} its address?`);
    expect(asked).toBe(0);
  });

  it('names the reason when nothing listens', async () => {
    const url = await serve(() => {});
    await close.pop()?.();

    const error = await failureOf(listTypes(url));

    expect(error).toMatchObject({ status: 0, code: 'unreachable' });
    expect(error.message).toContain(`${url} does not answer (ECONNREFUSED)`);
  });

  it('gives up after the timeout, also when the answer stops half-way', async () => {
    const url = await serve((request, response) => {
      if (request.url?.startsWith('/half')) {
        response.writeHead(200, { 'content-type': 'application/json' }).write('{"items":[');
      }
    });

    const silent = await failureOf(listTypes(url, 50));
    const half = await failureOf(listTypes(`${url}/half`, 50));

    expect(silent.message).toMatch(/does not answer within 50 ms/);
    expect(half.message).toMatch(/broke off within 50 ms/);
    for (const error of [silent, half]) expect(error).toMatchObject({ status: 0, code: 'unreachable' });
  });

  it('reports an answer that is cut or is no JSON as broken off', async () => {
    const url = await serve((request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      if (request.url?.startsWith('/cut')) {
        response.write('{"items":[', () => response.destroy());
        return;
      }
      response.end('{"items":[}');
    });

    for (const path of ['/cut', '/garbage']) {
      const error = await failureOf(listTypes(url + path));
      expect(error).toMatchObject({ status: 0, code: 'unreachable' });
      expect(error.message).toMatch(/broke off/);
    }
  });

  it('ends as cancelled when the caller aborts', async () => {
    const controller = new AbortController();
    const url = await serve(() => controller.abort());

    const call = api.whoAmI({ client: createHubClient({ url }), throwOnError: true, signal: controller.signal });

    expect(await failureOf(call)).toMatchObject({ status: 0, code: 'cancelled' });
  });

  it('refuses a token that no header can carry, without repeating it', () => {
    const token = 'secret-canary\n';

    expect(() => createHubClient({ url: 'http://127.0.0.1', token })).toThrow(
      expect.objectContaining({ code: 'unauthenticated', message: expect.not.stringContaining('canary') }),
    );
  });

  it('reports a URL that is none', async () => {
    expect(await failureOf(listTypes('nonsense'))).toMatchObject({ status: 0, code: 'unreachable' });
  });
});

describe('streamAction', () => {
  const run = (url: string) =>
    streamAction<{ type: string }>({
      client: createHubClient({ url, token: 'k'.repeat(40) }),
      instanceId: 'an-id',
      body: { action: 'tag.list', params: { repository: 'a/b' } },
      idempotencyKey: 'once',
    });
  const frame = (event: { type: string }) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;

  it('yields each event, however the bytes are cut', async () => {
    let asked: unknown;
    const url = await serve((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const { accept, authorization } = request.headers;
        const body: unknown = JSON.parse(Buffer.concat(chunks).toString());
        asked = { url: request.url, accept, authorization, key: request.headers['idempotency-key'], body };
        response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' });
        const text = frame({ type: 'progress' }) + frame({ type: 'dåta' }) + frame({ type: 'complete' });
        for (const byte of Buffer.from(text)) response.write(Buffer.of(byte));
        response.end();
      });
    });

    const events = await collect(run(url));

    expect(events.map(({ type }) => type)).toEqual(['progress', 'dåta', 'complete']);
    expect(asked).toEqual({
      url: '/api/v1/connectors/instances/an-id/execute',
      accept: 'text/event-stream',
      authorization: `Bearer ${'k'.repeat(40)}`,
      key: 'once',
      body: { action: 'tag.list', params: { repository: 'a/b' } },
    });
  });

  it('throws the problem when the call is refused, and asks once only', async () => {
    let asked = 0;
    const url = await serve((_request, response) => {
      asked += 1;
      response.writeHead(403, { 'content-type': 'application/problem+json' });
      response.end(JSON.stringify({ ...problem, status: 403, code: 'not_granted', detail: 'No grant.' }));
    });

    const error = await failureOf(collect(run(url)));

    expect(error).toMatchObject({ status: 403, code: 'not_granted', message: 'No grant.' });
    expect(asked).toBe(1);
  });

  it('says so when the stream breaks off', async () => {
    const url = await serve((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(frame({ type: 'progress' }), () => response.destroy());
    });

    expect(await failureOf(collect(run(url)))).toMatchObject({ status: 0, code: 'unreachable' });
  });

  it('closes the connection when the caller leaves the loop', async () => {
    let sawClose = () => {};
    const closed = new Promise<void>((resolve) => {
      sawClose = resolve;
    });
    const url = await serve((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).write(frame({ type: 'progress' }));
      response.on('close', sawClose);
    });

    for await (const event of run(url)) {
      expect(event.type).toBe('progress');
      break;
    }

    await closed;
  });
});

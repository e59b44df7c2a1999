// The floor of a proxy on Node: node:http in, undici's stream out, nothing between but the header fields that end at a proxy (RFC 9110 §7.6.1).
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Pool } from 'undici';
import { ready, upstreamUrl } from './serve.ts';

const pool = new Pool(upstreamUrl(), { connections: 64, pipelining: 1 });
const server = createServer((request, response) => {
  const { host: _host, connection: _connection, ...headers } = request.headers;
  pool
    .stream(
      { path: request.url ?? '/', method: 'GET', headers, opaque: response },
      ({ statusCode, headers, opaque }) => {
        (opaque as typeof response).writeHead(statusCode, headers);
        return opaque as typeof response;
      },
    )
    .catch(() => response.destroy());
});
server.listen(0, '127.0.0.1', () => ready({ port: (server.address() as AddressInfo).port }));

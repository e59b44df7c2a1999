// The floor of a proxy on Node for what is posted and streamed: node:http in, undici's stream out, nothing between.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Pool } from 'undici';
import { ready, upstreamUrl } from '../../gateway/processes/serve.ts';

const pool = new Pool(upstreamUrl(), { connections: 64, pipelining: 1 });
const server = createServer((request, response) => {
  const { host: _host, connection: _connection, ...headers } = request.headers;
  pool
    .stream(
      { path: request.url ?? '/', method: 'POST', headers, body: request, opaque: response },
      ({ statusCode, headers: answered, opaque }) => {
        const { connection: _own, 'transfer-encoding': _coding, ...end } = answered;
        (opaque as typeof response).writeHead(statusCode, end);
        return opaque as typeof response;
      },
    )
    .catch(() => response.destroy());
});
server.listen(0, '127.0.0.1', () => ready({ port: (server.address() as AddressInfo).port }));

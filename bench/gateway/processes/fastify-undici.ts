// What one would write first: a Fastify route that asks the upstream with undici.

import type { AddressInfo } from 'node:net';
import Fastify from 'fastify';
import { Pool } from 'undici';
import { ready, upstreamUrl } from './serve.ts';

const pool = new Pool(upstreamUrl(), { connections: 64, pipelining: 1 });
const app = Fastify();
app.get('/json', async (request, reply) => {
  const { host: _host, connection: _connection, ...headers } = request.headers;
  const answer = await pool.request({ path: '/json', method: 'GET', headers });
  return reply
    .code(answer.statusCode)
    .headers(answer.headers as Record<string, string>)
    .send(answer.body);
});
await app.listen({ port: 0, host: '127.0.0.1' });
ready({ port: (app.server.address() as AddressInfo).port });

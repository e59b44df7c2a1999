// The outside system: 1 KB of JSON at once.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ready } from './serve.ts';

const items = Array.from({ length: 12 }, (_, index) => ({
  id: 1_000 + index,
  name: `repository-${String(index).padStart(3, '0')}`,
  tags: index * 7,
  updatedAt: '2026-01-01T00:00:00Z',
}));
const payload = Buffer.from(JSON.stringify({ total: 12, items }));
const headers = { 'content-type': 'application/json', 'content-length': String(payload.length) };

const server = createServer((_request, response) => {
  response.writeHead(200, headers);
  response.end(payload);
});
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo;
  ready({ port, payload: payload.toString('utf8') });
});

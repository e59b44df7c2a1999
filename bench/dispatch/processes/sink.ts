// The endpoint: answers 204 and counts. `GET /stats` tells and begins anew; deliveries to /timed are timed by `data.sentAtMs`.
import { createServer } from 'node:http';
import { ready } from '../../gateway/processes/serve.ts';

const nowMs = (): number => performance.timeOrigin + performance.now();
let stats = { count: 0, firstMs: 0, lastMs: 0, ids: new Set<string>(), latencies: [] as number[] };

const server = createServer((request, response) => {
  if (request.method === 'GET') {
    const { ids, ...told } = stats;
    response.setHeader('content-type', 'application/json').end(JSON.stringify({ ...told, distinct: ids.size }));
    if (request.url === '/reset') stats = { count: 0, firstMs: 0, lastMs: 0, ids: new Set(), latencies: [] };
    return;
  }
  const timed = request.url === '/timed';
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => {
    if (timed) chunks.push(chunk);
  });
  request.on('end', () => {
    const now = nowMs();
    if (stats.count === 0) stats.firstMs = now;
    stats.count += 1;
    stats.lastMs = now;
    stats.ids.add(String(request.headers['webhook-id']));
    if (timed) stats.latencies.push(now - Number(JSON.parse(Buffer.concat(chunks).toString()).data.sentAtMs));
    response.writeHead(204).end();
  });
});
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  ready({ port: address.port }, async () => void server.closeAllConnections());
});

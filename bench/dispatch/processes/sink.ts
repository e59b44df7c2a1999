// The endpoint: answers 204 and counts. `GET /stats` tells, `GET /reset` tells and begins anew; deliveries to /timed are timed by `data.sentAtMs`. On
// bare sockets, with the fields that node:http would send: it shares its core with PostgreSQL, and what it took there the hub had to wait for.
import { createServer, type Socket } from 'node:net';
import { ready } from '../../gateway/processes/serve.ts';

const nowMs = (): number => performance.timeOrigin + performance.now();
let stats = { count: 0, firstMs: 0, lastMs: 0, ids: new Set<string>(), latencies: [] as number[] };

const fields = `Date: ${new Date().toUTCString()}\r\nConnection: keep-alive\r\nKeep-Alive: timeout=60\r\n`;
const noContent = Buffer.from(`HTTP/1.1 204 No Content\r\n${fields}\r\n`);
const sockets = new Set<Socket>();

const server = createServer({ noDelay: true }, (socket) => {
  let pending: Buffer | undefined;
  sockets.add(socket);
  socket.on('close', () => sockets.delete(socket));
  socket.on('error', () => socket.destroy());
  socket.on('data', (piece) => {
    const bytes: Buffer = pending === undefined ? piece : Buffer.concat([pending, piece]);
    pending = take(socket, bytes) ? undefined : bytes;
  });
});

/** One request at a time comes over a connection (RFC 9112 §6). @returns false while it is not whole */
function take(socket: Socket, bytes: Buffer): boolean {
  const end = bytes.indexOf('\r\n\r\n');
  if (end === -1) return false;
  const head = bytes.toString('latin1', 0, end + 2);
  const [method = '', path = ''] = head.slice(0, head.indexOf('\r\n')).split(' ');
  if (method === 'GET') {
    tell(socket, path);
    return true;
  }
  const length = Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1]);
  const id = /\r\nwebhook-id: *([^\r]+)/i.exec(head)?.[1];
  // Without them there is nothing to count: the sender hears of it.
  if (Number.isNaN(length) || id === undefined) {
    socket.end(`HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`);
    return true;
  }
  if (bytes.length < end + 4 + length) return false;
  const now = nowMs();
  if (stats.count === 0) stats.firstMs = now;
  stats.count += 1;
  stats.lastMs = now;
  stats.ids.add(id);
  if (path === '/timed') stats.latencies.push(now - Number(JSON.parse(bytes.toString('utf8', end + 4)).data.sentAtMs));
  socket.write(noContent);
  return true;
}

function tell(socket: Socket, path: string): void {
  const { ids, ...told } = stats;
  const text = JSON.stringify({ ...told, distinct: ids.size });
  socket.write(
    `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(text)}\r\n${fields}\r\n${text}`,
  );
  if (path === '/reset') stats = { count: 0, firstMs: 0, lastMs: 0, ids: new Set(), latencies: [] };
}

server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  ready({ port: address.port }, async () => {
    for (const socket of sockets) socket.destroy();
  });
});

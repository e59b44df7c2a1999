import type { Server, Socket } from 'node:net';

export interface LoopbackServer {
  port: number;
  /** Closes the listener and every open connection. May be called twice. */
  stop(): Promise<void>;
}

/** Listens on 127.0.0.1, a port of the system's choice, and keeps track of connections so that `stop()` never waits for a client. */
export async function listenOnLoopback(server: Server): Promise<LoopbackServer> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The system gave no TCP port on 127.0.0.1');
  return {
    port: address.port,
    async stop() {
      if (!server.listening) return;
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

import { Agent, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import httpProxy from 'http-proxy';
import { ready, upstreamUrl } from './serve.ts';

// Without an agent of its own it would open a connection for each request.
const proxy = httpProxy.createProxyServer({
  target: upstreamUrl(),
  agent: new Agent({ keepAlive: true, maxSockets: 64 }),
});
proxy.on('error', (_error, _request, response) => response.destroy());
const server = createServer((request, response) => proxy.web(request, response));
server.listen(0, '127.0.0.1', () => ready({ port: (server.address() as AddressInfo).port }));

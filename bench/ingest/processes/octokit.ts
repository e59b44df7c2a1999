// @octokit/webhooks as its README shows it: verifies, parses, calls a handler that does nothing, and stores nothing.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createNodeMiddleware, Webhooks } from '@octokit/webhooks';
import { ready } from '../../gateway/processes/serve.ts';
import { secret } from '../webhook.ts';

const webhooks = new Webhooks({ secret });
webhooks.on('push', () => undefined);
const server = createServer(
  createNodeMiddleware(webhooks, { path: '/hook', log: { debug() {}, info() {}, warn() {}, error() {} } }),
);
server.listen(0, '127.0.0.1', () => {
  ready({ port: (server.address() as AddressInfo).port, path: '/hook' });
});

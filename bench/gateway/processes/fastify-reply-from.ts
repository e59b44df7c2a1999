import type { AddressInfo } from 'node:net';
import replyFrom from '@fastify/reply-from';
import Fastify from 'fastify';
import { ready, upstreamUrl } from './serve.ts';

const app = Fastify();
await app.register(replyFrom, { base: upstreamUrl(), undici: { connections: 64, pipelining: 1 } });
app.get('/json', (_request, reply) => reply.from('/json'));
await app.listen({ port: 0, host: '127.0.0.1' });
ready({ port: (app.server.address() as AddressInfo).port });

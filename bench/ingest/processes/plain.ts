// What one would write first: check the signature over the raw body, parse it, and (where a database is given) store it with one INSERT.
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import Fastify from 'fastify';
import pg from 'pg';
import { ready } from '../../gateway/processes/serve.ts';
import { secret } from '../webhook.ts';

const [databaseUrl] = process.argv.slice(2);
const pool = databaseUrl === undefined ? undefined : new pg.Pool({ connectionString: databaseUrl, max: 10 });
await pool?.query(
  'CREATE TABLE deliveries (id text PRIMARY KEY, received_at timestamptz NOT NULL DEFAULT now(), body bytea NOT NULL)',
);
await pool?.query('ALTER TABLE deliveries ALTER COLUMN body SET STORAGE EXTERNAL');

const app = Fastify({ bodyLimit: 1 << 20 });
app.removeAllContentTypeParsers();
app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
app.post('/hook', async (request, reply) => {
  const body = request.body as Buffer;
  const right = Buffer.from(`sha256=${createHmac('sha256', secret).update(body).digest('hex')}`);
  const sent = Buffer.from(String(request.headers['x-hub-signature-256']));
  if (right.length !== sent.length || !timingSafeEqual(right, sent)) return reply.code(401).send();
  const { ref } = JSON.parse(body.toString('utf8')) as { ref?: string };
  if (ref === undefined) return reply.code(400).send();
  const id = request.headers['x-github-delivery'];
  await pool?.query({
    name: 'store',
    text: 'INSERT INTO deliveries (id, body) VALUES ($1, $2) ON CONFLICT DO NOTHING',
    values: [id, body],
  });
  return reply.code(202).send({ accepted: true });
});
await app.listen({ port: 0, host: '127.0.0.1' });
ready({ port: (app.server.address() as AddressInfo).port, path: '/hook' }, async () => {
  await app.close();
  await pool?.end();
});

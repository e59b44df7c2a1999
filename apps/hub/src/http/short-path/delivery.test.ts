import { request as nodeRequest } from 'node:http';
import { HubError } from '@inthub/contracts';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Services } from '../services.ts';
import { type BothWays, openBothWays, short, tenantId } from './testing.ts';

type DeliveryReceiver = Services['inboundWebhooks']['receiver'];
type IncomingRequest = Parameters<DeliveryReceiver['receive']>[0];

const accepted = { deliveryId: tenantId, kind: 'push', duplicate: false, receipt: undefined };
const requests: IncomingRequest[] = [];
let receive: DeliveryReceiver['receive'];
let ways: BothWays;

beforeAll(async () => {
  ways = await openBothWays({
    inboundWebhooks: {
      receiver: {
        receive(request: IncomingRequest) {
          requests.push(request);
          return receive(request);
        },
        bodyLimit: async () => 1 << 20,
        refused: () => undefined,
      },
    },
  });
});
afterAll(() => ways.close());
beforeEach(() => {
  requests.length = 0;
  ways.logged.length = 0;
  receive = async () => accepted;
});

const path = `/v1/webhooks/${tenantId}`;

/** What both ways answer, and what they hand to the receiver; a difference between them fails. */
async function sendBothWays(body: string | Buffer, headers: Record<string, string> = {}, at = path) {
  requests.length = 0;
  const [first, second] = await ways.sendBothWays(at, body, headers);
  expect(second).toEqual(first);
  const given = requests.map(({ headers: { 'content-type': _type, ...rest }, ...request }) => ({ ...request, rest }));
  const mine = given.slice(0, given.length / 2);
  expect(given.slice(mine.length)).toEqual(mine);
  return { ...first, given: mine };
}

describe('a delivery in the usual form', () => {
  it('is received byte for byte and answered as Fastify answers it', async () => {
    const bytes = Buffer.from([0x7b, 0x00, 0xff, 0x22, 0x0a]);
    const { status, headers, body, given } = await sendBothWays(bytes, { 'x-github-event': 'push' });
    expect([status, headers['content-type']]).toEqual([202, 'application/json; charset=utf-8']);
    expect(JSON.parse(body)).toEqual({
      accepted: true,
      eventId: tenantId,
      eventType: 'push',
      error: null,
      duplicate: false,
    });
    expect(given).toMatchObject([
      { integrationId: tenantId, pathSecret: undefined, query: '', sourceAddress: '127.0.0.1' },
    ]);
    expect(given[0]?.rest['x-github-event']).toBe('push');
    expect(requests.map((request) => Buffer.from(request.body))).toEqual([bytes, bytes]);
  });

  it('is received as a form, too', async () => {
    await ways.send(path, 'payload=%7B%7D', { 'content-type': 'application/x-www-form-urlencoded' });
    expect(requests.map(({ body }) => Buffer.from(body).toString())).toEqual(['payload=%7B%7D']);
  });

  it('is told that it was stored before', async () => {
    receive = async () => ({ ...accepted, kind: null, duplicate: true });
    const { status, body } = await sendBothWays('{}');
    expect([status, JSON.parse(body)]).toMatchObject([200, { eventType: null, duplicate: true }]);
  });

  it.each([
    ['text', { status: 200, contentType: 'text/plain; charset=utf-8', body: 'challenge – ü' }],
    ['text without a charset', { status: 200, contentType: 'text/plain', body: 'challenge' }],
    ['JSON without a charset', { status: 201, contentType: 'application/json', body: '{"type":"message"}' }],
    ['nothing', { status: 204, contentType: 'text/plain', body: '' }],
  ])('is answered in the words of its product: %s', async (_, answer) => {
    receive = async () => answer;
    const handshake = await sendBothWays('{}');
    expect([handshake.status, handshake.body]).toEqual([answer.status, answer.body]);
    receive = async () => ({ ...accepted, receipt: answer });
    expect((await sendBothWays('{}')).body).toBe(answer.body);
  });

  it.each([
    new HubError('unauthenticated', 'The delivery was not accepted.'),
    new HubError('integration_inactive', 'The integration is paused.'),
    new HubError('rate_limited', 'Too many.', { retryAfterMs: 1_200, details: { limitType: 'connector' } }),
    new HubError('unavailable', 'More are waiting than the hub keeps in memory.', { retryAfterMs: 1_000 }),
  ])('is refused as Fastify refuses it: $code', async (error) => {
    receive = () => Promise.reject(error);
    const { status, headers, body } = await sendBothWays('{}');
    expect([status, headers['content-type']]).toEqual([error.status, 'application/problem+json; charset=utf-8']);
    expect(JSON.parse(body)).toMatchObject({ code: error.code, instance: path });
  });

  it('never shows what broke, and tells the operator', async () => {
    receive = () => Promise.reject(new Error('password=hunter2 at /srv/secret.ts'));
    const { status, body } = await sendBothWays('{}');
    expect(status).toBe(500);
    expect(body).not.toContain('hunter2');
    const lines = ways.logged.map((line) => JSON.parse(line) as { msg: string; reqId: string });
    expect(lines.filter(({ msg }) => msg === 'request failed').map(({ reqId }) => reqId)).toEqual([
      'request-0001',
      'request-0001',
    ]);
  });

  it('leaves to Fastify addresses with a secret or a query, what is large, compressed or of another type', async () => {
    const secret = 'a-secret-of-an-address';
    const bySecret = await sendBothWays('{}', {}, `${path}/${secret}`);
    expect(bySecret.given).toMatchObject([{ pathSecret: secret }]);
    expect((await sendBothWays('{}', {}, `${path}?token=1`)).given).toMatchObject([{ query: 'token=1' }]);
    expect((await sendBothWays(Buffer.alloc(100_000, 'x'))).given[0]?.body).toHaveLength(100_000);
    expect((await sendBothWays(Buffer.alloc(2_000_000, 'x'))).status).toBe(413);
    expect((await sendBothWays('{}', { 'content-encoding': 'gzip' })).status).toBe(415);
    expect((await ways.send(path, 'x', { 'content-type': 'application/octet-stream' })).status).toBe(202);
  });

  it('is answered by its own answer, however many are ready at once', async () => {
    const all = Promise.withResolvers<void>();
    receive = async ({ body }) => {
      if (requests.length === 200) all.resolve();
      await all.promise;
      return { ...accepted, kind: Buffer.from(body).toString() };
    };
    const answers = await Promise.all(Array.from({ length: 200 }, (_, at) => ways.send(path, String(at))));
    expect(answers.map(({ body }) => Number(JSON.parse(body).eventType))).toEqual(
      Array.from({ length: 200 }, (_, at) => at),
    );
  });

  it('is put together from pieces', async () => {
    const body = Buffer.from('ü'.repeat(5_000));
    const client = nodeRequest(`${ways.url}${path}`, {
      method: 'POST',
      headers: { ...short, 'content-length': body.length },
    });
    const answered = new Promise<number | undefined>((resolve) =>
      client.on('response', (answer) => resolve(answer.resume().statusCode)),
    );
    for (let at = 0; at < body.length; at += 997)
      await new Promise((resolve) => client.write(body.subarray(at, at + 997), resolve));
    client.end();
    expect(await answered).toBe(202);
    expect(Buffer.from(requests[0]?.body ?? [])).toEqual(body);
  });
});

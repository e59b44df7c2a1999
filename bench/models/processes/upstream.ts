// A model provider that costs nothing: OpenAI's form, a 1 KB answer, 22 KB of events at once, or events at a pace.
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ready } from '../../gateway/processes/serve.ts';

const base = { id: 'chatcmpl-bench', created: 1_760_000_000, model: 'bench-model' };
const usage = { prompt_tokens: 20, completion_tokens: 100, total_tokens: 120 };
const whole = Buffer.from(
  JSON.stringify({
    ...base,
    object: 'chat.completion',
    choices: [
      {
        index: 0,
        message: { role: 'assistant', content: 'word '.repeat(150), refusal: null },
        logprobs: null,
        finish_reason: 'stop',
      },
    ],
    usage,
  }),
);
const event = (choices: unknown, more: object = {}) =>
  `data: ${JSON.stringify({ ...base, object: 'chat.completion.chunk', service_tier: 'default', system_fingerprint: 'fp_bench', choices, ...more })}\n\n`;
const delta = (value: object, finish_reason: string | null = null) =>
  event([{ index: 0, delta: value, logprobs: null, finish_reason }]);
const events = [
  delta({ role: 'assistant', content: '' }),
  ...Array.from({ length: 92 }, (_, at) => delta({ content: ` word-${String(at).padStart(4, '0')}` })),
  delta({}, 'stop'),
  event([], { usage }),
  'data: [DONE]\n\n',
];
const burst = Buffer.from(events.join(''));
const models = Buffer.from(
  JSON.stringify({ object: 'list', data: [{ id: 'bench-model', object: 'model', created: 1, owned_by: 'bench' }] }),
);
const json = { 'content-type': 'application/json' };
const stream = { 'content-type': 'text/event-stream' };
const paceMs = 5;

const server = createServer((request, response) => {
  if (request.method === 'GET') {
    response.writeHead(200, json).end(models);
    return;
  }
  const pieces: Buffer[] = [];
  request.on('data', (piece: Buffer) => pieces.push(piece));
  request.on('end', () => {
    const body = Buffer.concat(pieces);
    if (body.includes('paced')) pace(response);
    else if (body.includes('"stream":true')) response.writeHead(200, stream).end(burst);
    else response.writeHead(200, { ...json, 'content-length': String(whole.length) }).end(whole);
  });
});

/** Five events, 5 ms apart; the first at once. */
function pace(response: ServerResponse): void {
  response.writeHead(200, stream);
  let at = 0;
  const timer = setInterval(() => next(), paceMs);
  const next = () => {
    at += 1;
    if (at < 5) response.write(events[at]);
    else {
      clearInterval(timer);
      response.end(events.slice(-3).join(''));
    }
  };
  response.write(events[0]);
  response.on('close', () => clearInterval(timer));
}

server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => ready({ port: (server.address() as AddressInfo).port, streamBytes: burst.length }));

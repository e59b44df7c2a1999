// A model provider that costs nothing: OpenAI's form, a 1 KB answer, 22 KB of events at once, or events at a pace. On bare sockets, with the
// fields that node:http would send: it shares its core with the load and PostgreSQL, and what it took there the subjects had to wait for.
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { ready } from '../../gateway/processes/serve.ts';

const base = { id: 'chatcmpl-bench', created: 1_760_000_000, model: 'bench-model' };
const usage = { prompt_tokens: 20, completion_tokens: 100, total_tokens: 120 };
const whole = JSON.stringify({
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
});
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
const burst = events.join('');
const models = JSON.stringify({
  object: 'list',
  data: [{ id: 'bench-model', object: 'model', created: 1, owned_by: 'bench' }],
});
const paceMs = 5;

const fields = `Date: ${new Date().toUTCString()}\r\nConnection: keep-alive\r\nKeep-Alive: timeout=60\r\n`;
const json = (text: string) =>
  Buffer.from(
    `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(text)}\r\n${fields}\r\n${text}`,
  );
const chunk = (text: string) => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;
const streamHead = `HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n${fields}Transfer-Encoding: chunked\r\n\r\n`;
const lastChunk = '0\r\n\r\n';
const answers = { whole: json(whole), models: json(models), burst: Buffer.from(streamHead + chunk(burst) + lastChunk) };

const server = createServer({ noDelay: true }, (socket) => {
  let pending: Buffer | undefined;
  socket.on('error', () => socket.destroy());
  socket.on('data', (piece) => {
    const bytes: Buffer = pending === undefined ? piece : Buffer.concat([pending, piece]);
    pending = isWhole(bytes) ? undefined : bytes;
    if (pending === undefined) answer(socket, bytes);
  });
});

/** One request at a time comes over a connection. RFC 9112 §6. */
function isWhole(bytes: Buffer): boolean {
  const end = bytes.indexOf('\r\n\r\n');
  if (end === -1) return false;
  const head = bytes.toString('latin1', 0, end + 2);
  const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
  if (length !== undefined) return bytes.length >= end + 4 + Number(length);
  return !/\r\ntransfer-encoding: *chunked/i.test(head) || bytes.subarray(-lastChunk.length).equals(lastChunkBytes);
}

const lastChunkBytes = Buffer.from(lastChunk);

function answer(socket: Socket, request: Buffer): void {
  if (request.toString('latin1', 0, 4) === 'GET ') socket.write(answers.models);
  else if (request.includes('paced')) pace(socket);
  else socket.write(request.includes('"stream":true') ? answers.burst : answers.whole);
}

/** Five events, 5 ms apart; the first at once. */
function pace(socket: Socket): void {
  let at = 0;
  const timer = setInterval(() => {
    at += 1;
    if (at < 5) {
      socket.write(chunk(events[at] ?? ''));
      return;
    }
    clearInterval(timer);
    socket.write(chunk(events.slice(-3).join('')) + lastChunk);
  }, paceMs);
  socket.write(streamHead + chunk(events[0] ?? ''));
  socket.once('close', () => clearInterval(timer));
}

server.listen(0, '127.0.0.1', () =>
  ready({ port: (server.address() as AddressInfo).port, streamBytes: Buffer.byteLength(burst) }),
);

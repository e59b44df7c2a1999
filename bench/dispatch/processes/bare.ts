// What is possible at all: the same bodies, signed in the same way, in a closed loop of undici's own request, and nothing written anywhere.
// Arguments: port, connections, seconds, body.
import { createHmac, createSecretKey, randomBytes, randomUUID } from 'node:crypto';
import { Pool } from 'undici';

const [port = '', connections = '', seconds = '', text = ''] = process.argv.slice(2);
const body = Buffer.from(text);
const key = createSecretKey(randomBytes(32));
const pool = new Pool(`http://127.0.0.1:${port}`, { connections: Number(connections), pipelining: 1 });
const endMs = performance.now() + Number(seconds) * 1_000;
let sent = 0;

async function loop(): Promise<void> {
  while (performance.now() < endMs) {
    const id = randomUUID();
    const timestamp = String(Math.floor(Date.now() / 1_000));
    const signature = createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest('base64');
    const answer = await pool.request({
      method: 'POST',
      path: '/bare',
      headers: {
        'content-type': 'application/json',
        'webhook-id': id,
        'webhook-timestamp': timestamp,
        'webhook-signature': `v1,${signature}`,
      },
      body,
    });
    await answer.body.dump();
    sent += 1;
  }
}

const startedMs = performance.now();
await Promise.all(Array.from({ length: Number(connections) }, loop));
const elapsedS = (performance.now() - startedMs) / 1_000;
await pool.close();
process.stdout.write(
  `${JSON.stringify({ perSecond: sent / elapsedS, cpuMs: process.cpuUsage().user / 1_000 + process.cpuUsage().system / 1_000, sent })}\n`,
);

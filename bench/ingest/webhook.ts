// The delivery that all subjects get: GitHub's way of signing, about 10 KB, each with an id of its own.
import { createHmac, randomUUID } from 'node:crypto';

export const secret = 'bench-webhook-secret-0123456789abcdef';

const commit = {
  id: '6dcb09b5b57875f334f61aebed695e2e4193db5e',
  message: 'Fix all the bugs',
  timestamp: '2026-11-21T10:00:00Z',
  author: { name: 'Mona Lisa', email: 'mona@example.org' },
  added: ['docs/a.md', 'docs/b.md'],
  removed: [],
  modified: ['src/index.ts', 'src/server.ts', 'package.json'],
};

/** JSON of 10 240 bytes. */
export const body: Buffer = pad({
  ref: 'refs/heads/main',
  repository: { id: 1, full_name: 'acme/app', private: true },
  commits: Array.from({ length: 26 }, (_, index) => ({ ...commit, index })),
});

function pad(payload: object): Buffer {
  const missing = 10_240 - JSON.stringify({ ...payload, padding: '' }).length;
  return Buffer.from(JSON.stringify({ ...payload, padding: 'x'.repeat(missing) }));
}

const signature = `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;

/** The delivery as it goes over the wire to this path. */
export function requestTo(port: number, path: string): () => Buffer {
  const before = `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nUser-Agent: GitHub-Hookshot/bench\r\nContent-Type: application/json\r\nX-GitHub-Event: push\r\nX-Hub-Signature-256: ${signature}\r\nContent-Length: ${body.length}\r\nX-GitHub-Delivery: `;
  return () => Buffer.concat([Buffer.from(`${before}${randomUUID()}\r\n\r\n`, 'latin1'), body]);
}

import { request as httpRequest } from 'node:http';
import type { Reply, Responder } from './exchange.ts';

const maxBytes = 64 * 1024 * 1024;

/** Sends to a real server on this machine (plain http, loopback only): for tests against a product that can run here. */
export function createLoopbackTransport(): Responder {
  return ({ method, url, headers, body }, signal) =>
    new Promise<Reply>((resolve, reject) => {
      if (url.protocol !== 'http:' || !['127.0.0.1', '[::1]', 'localhost'].includes(url.hostname)) {
        reject(new Error(`The loopback transport does not send to ${url.origin}.`));
        return;
      }
      const length = body === null ? {} : { 'content-length': String(body.length) };
      const sent = httpRequest(
        url,
        { method, headers: { ...headers, ...length }, signal, agent: false },
        (response) => {
          const chunks: Buffer[] = [];
          let size = 0;
          response.on('data', (chunk: Buffer) => {
            size += chunk.length;
            if (size > maxBytes) sent.destroy(new Error(`${url.href} sent more than ${maxBytes} bytes.`));
            else chunks.push(chunk);
          });
          response.once('error', reject);
          response.once('end', () => {
            const received = Object.entries(response.headersDistinct).map(([name, values]) => [
              name,
              (values ?? []).join(', '),
            ]);
            resolve({
              status: response.statusCode ?? 0,
              headers: Object.fromEntries(received) as Record<string, string>,
              bytes: Buffer.concat(chunks),
            });
          });
        },
      );
      sent.once('error', reject);
      sent.end(body ?? undefined);
    });
}

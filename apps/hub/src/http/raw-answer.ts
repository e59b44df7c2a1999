import type { ServerResponse } from 'node:http';
import type { FastifyReply } from 'fastify';

/** Name, value, name, value, … */
export type FlatHeaders = readonly string[];

export const jsonHeaders: FlatHeaders = ['content-type', 'application/json; charset=utf-8'];

/** What every answer of the hub carries. */
export function commonHeaders(requestId: string): FlatHeaders {
  return ['x-request-id', requestId, 'x-content-type-options', 'nosniff'];
}

export interface WholeAnswer {
  readonly status: number;
  readonly headers: FlatHeaders;
  readonly body: string;
}

/** Unless the caller has gone. */
export function send(response: ServerResponse, requestId: string, { status, headers, body }: WholeAnswer): void {
  if (response.destroyed) return;
  const length = Buffer.byteLength(body);
  const size = status === 204 || status === 304 ? [] : ['content-length', String(length)];
  response.writeHead(status, [...commonHeaders(requestId), ...headers, ...size]);
  response.end(body, encodingOf(body, length));
}

/** Text of ASCII only needs no encoder. */
export function encodingOf(text: string, length = Buffer.byteLength(text)): 'latin1' | 'utf8' {
  return length === text.length ? 'latin1' : 'utf8';
}

/** The same for Fastify. */
export function setHeaders(reply: Pick<FastifyReply, 'raw'>, headers: FlatHeaders): void {
  for (let at = 0; at < headers.length; at += 2) (reply as FastifyReply).header(headers[at] ?? '', headers[at + 1]);
}

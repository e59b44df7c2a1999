import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

const form = /^[A-Za-z0-9._-]{8,64}$/;

/** A caller's own `X-Request-Id` is kept when it is harmless, so that its logs and ours can be joined; otherwise a new id. */
export function requestIdOf({ headers }: Pick<IncomingMessage, 'headers'>): string {
  const given = headers['x-request-id'];
  return typeof given === 'string' && form.test(given) ? given : randomUUID();
}

import type { IncomingMessage } from 'node:http';

/** The body of a request that says how long it is. One that goes away in the middle is never told; Node bounds how long a body may take. */
export function readBody(request: IncomingMessage, length: number, onBody: (body: Buffer) => void): void {
  let first: Buffer | undefined;
  let rest: Buffer[] | undefined;
  request.on('data', (chunk: Buffer) => {
    if (first === undefined) first = chunk;
    else if (rest === undefined) rest = [first, chunk];
    else rest.push(chunk);
  });
  request.on('end', () => onBody(rest === undefined ? (first ?? nothing) : Buffer.concat(rest, length)));
  // Node reports the connection's end to the response too, where it is dealt with.
  request.on('error', () => undefined);
}

const nothing = Buffer.alloc(0);

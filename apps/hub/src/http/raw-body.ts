import type { IncomingMessage } from 'node:http';
import { HubError } from '@inthub/contracts';

export interface RawBodyReader {
  /**
   * The body byte for byte. @param limit The most that is read, asked for when the body is larger than `small`.
   * @throws HubError `payload_too_large`, `unavailable` when too many bodies are being read, `malformed_body` when the sender went away
   */
  read(request: IncomingMessage, limit: () => number | Promise<number>): Promise<Buffer>;
  /** The body of this request is not held any more. */
  release(request: IncomingMessage): void;
}

export interface RawBodyReaderOptions {
  /** Bodies up to this are read without asking for their limit, bytes. */
  readonly small: number;
  /** Of all bodies that are held at one time, bytes. Default 256 MiB. */
  readonly maxHeld?: number;
}

/** Reads bodies as they are, whatever they call themselves, within a limit for each and one for all together. */
export function createRawBodyReader({ small, maxHeld = 256 << 20 }: RawBodyReaderOptions): RawBodyReader {
  // Every request that is read is released, so nothing stays in it; weak keys would cost each garbage collection.
  const holding = new Map<IncomingMessage, number>();
  let held = 0;

  function hold(request: IncomingMessage, bytes: number): void {
    if (held + bytes > maxHeld) {
      throw new HubError('unavailable', 'The hub is reading as much as it can hold. Come back later.', {
        retryAfterMs: 1_000,
      });
    }
    held += bytes;
    holding.set(request, (holding.get(request) ?? 0) + bytes);
  }

  function collect(request: IncomingMessage, limitOf: () => number | Promise<number>): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const chunks: Buffer[] = [];
      let length = 0;
      let limit = small;
      const settle = (error: unknown) => {
        request.off('data', onData).off('end', onEnd).off('error', onGone).off('close', onGone);
        if (error === undefined) resolve(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks, length));
        else reject(error);
      };
      const onData = (chunk: Buffer) => {
        chunks.push(chunk);
        length += chunk.length;
        try {
          hold(request, chunk.length);
        } catch (error) {
          settle(error);
          return;
        }
        if (length <= limit) return;
        if (limit > small) {
          settle(tooLarge(limit));
          return;
        }
        request.pause();
        Promise.resolve(limitOf()).then((found) => {
          limit = Math.max(found, small + 1);
          if (length > found) settle(tooLarge(found));
          else request.resume();
        }, settle);
      };
      const onEnd = () => settle(undefined);
      const onGone = () => settle(new HubError('malformed_body', 'The connection ended before the body did.'));
      request.on('data', onData).on('end', onEnd).on('error', onGone).on('close', onGone);
    });
  }

  return {
    async read(request, limit) {
      const declared = Number(request.headers['content-length'] ?? 0);
      if (declared > small) {
        const most = await limit();
        if (declared > most) throw tooLarge(most);
      }
      return collect(request, limit);
    },
    release(request) {
      held -= holding.get(request) ?? 0;
      holding.delete(request);
    },
  };
}

function tooLarge(limit: number): HubError {
  return new HubError('payload_too_large', `The body is larger than the ${limit} bytes that are taken here.`);
}

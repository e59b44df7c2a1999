import type { Transform } from 'node:stream';
import { constants, createBrotliDecompress, createGunzip, createInflate, createInflateRaw } from 'node:zlib';
import { HubError } from '@inthub/contracts';

/** Where decoded bytes go. `write` answers false when it wants a pause; `onReady` of the decoder's owner ends it. */
export interface ByteSink {
  write(chunk: Buffer): boolean;
  end(): void;
  fail(error: HubError): void;
}

/** Undoes `Content-Encoding` while the body arrives. */
export interface BodyDecoder {
  /** False: stop feeding until `onDrain`. */
  write(chunk: Buffer): boolean;
  /** The wire is done; the sink's `end` follows. */
  end(): void;
  /** The sink takes bytes again. */
  resume(): void;
  destroy(): void;
}

/** Beyond this many bytes, more than `maxRatio` times what came over the wire is a bomb, whatever `maxBytes` allows. */
const ratioFromBytes = 16 * 1024 * 1024;
const maxRatio = 200;
const maxLayers = 2;
const memory = { chunkSize: 64 * 1024 };

/**
 * Reads `Content-Encoding` (RFC 9110 §8.4), outermost last; empty for a plain body.
 * @throws HubError `provider_bad_response` for one that the hub did not offer.
 */
export function parseContentEncoding(header: string | undefined, host: string): readonly string[] {
  if (header === undefined) return [];
  const names = header
    .toLowerCase()
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '' && name !== 'identity');
  const bad = names.find((name) => !known.has(name));
  if (bad !== undefined || names.length > maxLayers) {
    throw new HubError(
      'provider_bad_response',
      `${host} sent a body encoded as "${names.join(', ').slice(0, 60)}", which the hub did not ask for.`,
    );
  }
  return names;
}

const known = new Set(['gzip', 'x-gzip', 'deflate', 'br']);

/** @param encodings As `parseContentEncoding` gives them, at least one. */
export function createBodyDecoder(
  encodings: readonly string[],
  sink: ByteSink,
  options: { host: string; onDrain(): void },
): BodyDecoder {
  let layers: readonly Transform[] | undefined;
  let wireBytes = 0;
  let decodedBytes = 0;
  let destroyed = false;

  const destroy = () => {
    destroyed = true;
    for (const layer of layers ?? []) layer.destroy();
  };
  const fail = (error: HubError) => {
    if (destroyed) return;
    destroy();
    sink.fail(error);
  };
  // Made with the first byte: an empty body has no header to read, and "deflate" means two things.
  function open(first: Buffer): readonly Transform[] {
    const made = [...encodings].reverse().map((name) => createLayer(name, first));
    made.forEach((layer, index) => {
      layer.on('error', (cause) =>
        fail(
          new HubError(
            'provider_bad_response',
            `${options.host} sent a body that is not valid ${encodings.join(', ')}.`,
            { cause },
          ),
        ),
      );
      const next = made[index + 1];
      if (next !== undefined) layer.pipe(next);
    });
    made[0]?.on('drain', options.onDrain);
    const last = made.at(-1);
    last?.on('data', (chunk: Buffer) => {
      if (destroyed) return;
      decodedBytes += chunk.length;
      if (decodedBytes > ratioFromBytes && decodedBytes > wireBytes * maxRatio) {
        fail(
          new HubError(
            'provider_response_too_large',
            `${options.host} sent a body that unpacks to more than ${maxRatio} times its size.`,
          ),
        );
      } else if (!sink.write(chunk)) last.pause();
    });
    last?.on('end', () => {
      if (!destroyed) sink.end();
    });
    return made;
  }

  return {
    write(chunk) {
      if (destroyed || chunk.length === 0) return true;
      wireBytes += chunk.length;
      layers ??= open(chunk);
      return layers[0]?.write(chunk) ?? true;
    },
    end() {
      if (destroyed) return;
      if (layers === undefined) sink.end();
      else layers[0]?.end();
    },
    resume: () => void layers?.at(-1)?.resume(),
    destroy,
  };
}

function createLayer(name: string, first: Buffer): Transform {
  if (name === 'br') return createBrotliDecompress({ ...memory, flush: constants.BROTLI_OPERATION_FLUSH });
  const options = { ...memory, flush: constants.Z_SYNC_FLUSH };
  if (name !== 'deflate') return createGunzip(options);
  // RFC 9110 §8.4.1.2: some send the bare stream without the zlib wrapper, whose first byte has 8 in its low half.
  return ((first[0] ?? 0) & 0x0f) === 8 ? createInflate(options) : createInflateRaw(options);
}

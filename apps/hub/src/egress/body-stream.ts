import type { HubError } from '@inthub/contracts';

/** Bytes that arrived and were not read yet; above this the provider is made to wait. */
const highWaterBytes = 64 * 1024;

export interface BodyStreamOptions {
  /** The reader has caught up. */
  onReady(): void;
  /** The reader went away before the end. */
  onStop(): void;
}

/** A body as it arrives: one reader, back-pressure by `write` answering false. */
export class BodyStream implements AsyncIterable<Uint8Array> {
  readonly #options: BodyStreamOptions;
  readonly #chunks: Uint8Array[] = [];
  #queuedBytes = 0;
  #full = false;
  #outcome: { readonly error?: HubError } | undefined;
  #wake: (() => void) | undefined;

  constructor(options: BodyStreamOptions) {
    this.#options = options;
  }

  write(chunk: Uint8Array): boolean {
    this.#chunks.push(chunk);
    this.#queuedBytes += chunk.length;
    this.#wake?.();
    this.#full = this.#queuedBytes >= highWaterBytes;
    return !this.#full;
  }

  end(): void {
    this.#outcome ??= {};
    this.#wake?.();
  }

  /** What has arrived before is still read, unless nobody is to wait any more; then the error is thrown. */
  fail(error: HubError): void {
    this.#outcome ??= { error };
    if (error.code === 'cancelled' || error.code === 'deadline_exceeded') this.#chunks.length = 0;
    this.#wake?.();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, undefined> {
    try {
      for (;;) {
        const chunk = this.#chunks.shift();
        if (chunk !== undefined) {
          this.#queuedBytes -= chunk.length;
          if (this.#full && this.#queuedBytes < highWaterBytes) {
            this.#full = false;
            this.#options.onReady();
          }
          yield chunk;
        } else if (this.#outcome === undefined) {
          await new Promise<void>((resolve) => {
            this.#wake = resolve;
          });
          this.#wake = undefined;
        } else if (this.#outcome.error !== undefined) {
          throw this.#outcome.error;
        } else {
          return;
        }
      }
    } finally {
      this.#chunks.length = 0;
      if (this.#outcome === undefined) this.#options.onStop();
    }
  }
}

import type { Clock } from '@inthub/contracts';

/** Work that comes round again and again. */
export interface Rounds {
  /** A round now, and another `everyMs` after each end. */
  start(): void;
  /** Resolves when the round under way has ended. */
  stop(): Promise<void>;
}

/** @param onError a round has failed; the next one comes all the same */
export function createRounds(options: {
  readonly clock: Clock;
  readonly everyMs: number;
  readonly run: () => Promise<void>;
  readonly onError: (error: unknown) => void;
}): Rounds {
  const { clock, everyMs, run, onError } = options;
  const stopping = new AbortController();
  let running: Promise<void> = Promise.resolve();

  async function loop(): Promise<void> {
    while (!stopping.signal.aborted) {
      await run().catch(onError);
      await clock.sleep(everyMs, stopping.signal).catch(() => undefined);
    }
  }

  return {
    start() {
      running = loop();
    },
    async stop() {
      stopping.abort();
      await running;
    },
  };
}

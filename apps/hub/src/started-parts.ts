import type { Log } from './telemetry/telemetry.ts';

/** A part of the running hub that has to be stopped. */
export interface StartedPart {
  readonly name: string;
  stop(): unknown;
}

/** What was started, in the order of starting. */
export interface StartedParts {
  add(part: StartedPart): void;
  /** Stops every part in reverse order; one that fails is logged and does not keep the others running. May be called twice. */
  stop(): Promise<void>;
}

export function createStartedParts(log: Log): StartedParts {
  const parts: StartedPart[] = [];
  let stopping: Promise<void> | undefined;

  async function stopAll(): Promise<void> {
    for (const part of parts.reverse()) {
      try {
        await part.stop();
      } catch (error) {
        log.error({ err: error, part: part.name }, 'could not stop cleanly');
      }
    }
  }
  return {
    add: (part) => void parts.push(part),
    stop() {
      stopping ??= stopAll();
      return stopping;
    },
  };
}

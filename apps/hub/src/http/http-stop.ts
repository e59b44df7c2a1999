import type { Clock } from '@inthub/contracts';
import type { App } from './fastify-types.ts';

const lookEveryMs = 100;

/** How the server stops: it takes no more, answers what is under way, and closes each connection when its last answer has gone out. */
export function httpStop(app: App, clock: Clock): { stop(): Promise<void>; cut(): void } {
  return {
    async stop() {
      const closed = new AbortController();
      // Node closes the idle connections of the first moment only; one that becomes idle later would keep the server for its keep-alive.
      const closeIdle = async () => {
        for (;;) {
          await clock.sleep(lookEveryMs, closed.signal);
          app.server.closeIdleConnections();
        }
      };
      closeIdle().catch(() => undefined); // ends by the signal only
      try {
        await app.close();
      } finally {
        closed.abort(null);
      }
    },
    cut: () => app.server.closeAllConnections(),
  };
}

import type { ServerResponse } from 'node:http';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { type Clock, HubError } from '@inthub/contracts';
import type { App } from './fastify-types.ts';

/** Tells how late the event loop runs: the one queue that every request stands in, whatever it waits for afterwards. */
export interface LagMeter {
  /** Mean lag since the last reading, ms; undefined while there is nothing new to tell. */
  read(): number | undefined;
  close(): void;
}

/** A mean lag above this is overload; at half of it and below there is room for more. */
const tooLateMs = 50;
const adjustEveryMs = 100;
const fewer = 0.85;
const more = 1.2;
/** With fewer than these under way nobody is refused, however late the loop: a machine that others keep busy is slow, not flooded. */
const leastUnderWay = 256;
/** So many get in whatever happens; few, so that a crowd that is already inside can go. */
const leastPerSecond = 20;
const burst = 64;
/** A limit this far above what comes limits nothing. */
const unlimitedFrom = 8;
const resolutionMs = 10;

/**
 * Refuses what the hub cannot serve in time: 503 `unavailable` with `Retry-After`, before anything else is done for the request. The
 * number of requests admitted a second falls while the event loop runs late and rises while it does not, so a provider that takes
 * long lowers nothing, and a flood costs callers who are admitted little. Routes that are `untraced` (probes, metrics) always pass.
 */
export function registerLoadShedding(app: App, gate: Gate | null): void {
  app.decorateRequest('shed', false);
  if (gate === null) return;
  app.addHook('onRequest', (request, reply, done) => {
    if (request.routeOptions.config.untraced === true || gate.enter(reply.raw)) return done();
    request.shed = true;
    done(
      new HubError('unavailable', 'The hub has more to do than it can; try again shortly.', { retryAfterMs: 1_000 }),
    );
  });
  app.addHook('onClose', async () => gate.close());
}

/** Who may come in now. */
export interface Gate {
  /** Requests that were let in and are not answered yet. */
  readonly underWay: number;
  /** False: not now. Whoever is let in is counted until its answer has gone out. */
  enter(response: ServerResponse): boolean;
  close(): void;
}

export function createGate(clock: Clock, lag: LagMeter): Gate {
  const admission = createAdmission(clock, lag);
  let underWay = 0;
  const onClose = () => {
    underWay -= 1;
  };
  return {
    get underWay() {
      return underWay;
    },
    enter(response) {
      if (!admission.take() && underWay >= leastUnderWay) return false;
      underWay += 1;
      response.on('close', onClose);
      return true;
    },
    close: () => lag.close(),
  };
}

/** A token bucket whose rate follows the lag. */
export function createAdmission(clock: Clock, lag: LagMeter): { take(): boolean } {
  let perSecond = Number.POSITIVE_INFINITY;
  let tokens = burst;
  let filledAtMs = clock.monotonicMs();
  let adjustedAtMs = filledAtMs;
  let admitted = 0;

  function adjust(nowMs: number): void {
    const lagMs = lag.read();
    if (lagMs === undefined) return;
    const admittedPerSecond = (admitted * 1_000) / (nowMs - adjustedAtMs);
    adjustedAtMs = nowMs;
    admitted = 0;
    if (lagMs > tooLateMs) {
      perSecond = Math.max(leastPerSecond, Math.min(perSecond, admittedPerSecond) * fewer);
    } else if (lagMs <= tooLateMs / 2) {
      perSecond *= more;
      if (perSecond > unlimitedFrom * Math.max(admittedPerSecond, leastPerSecond)) perSecond = Number.POSITIVE_INFINITY;
    }
  }

  return {
    take() {
      const nowMs = clock.monotonicMs();
      if (nowMs - adjustedAtMs >= adjustEveryMs) adjust(nowMs);
      if (perSecond !== Number.POSITIVE_INFINITY) {
        tokens = Math.min(burst, tokens + ((nowMs - filledAtMs) * perSecond) / 1_000);
        filledAtMs = nowMs;
        if (tokens < 1) return false;
        tokens -= 1;
      }
      admitted += 1;
      return true;
    },
  };
}

/** The lag of this process's event loop, as libuv's timers see it. */
export function createLagMeter(): LagMeter {
  const histogram = monitorEventLoopDelay({ resolution: resolutionMs });
  histogram.enable();
  return {
    read() {
      if (histogram.count === 0) return undefined;
      const lagMs = Math.max(0, histogram.mean / 1e6 - resolutionMs);
      histogram.reset();
      return lagMs;
    },
    close: () => void histogram.disable(),
  };
}

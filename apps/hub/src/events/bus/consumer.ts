import { createId } from '@inthub/contracts';
import type { TypePattern } from '../type-pattern.ts';
import { claimLease, releaseLease, upsertConsumer } from './consumer-repository.ts';
import type { ConsumerSettings, ServeDeps } from './consumer-settings.ts';
import { type LogPosition, selectEnd } from './log-repository.ts';
import { createNudge } from './nudge.ts';
import { serve } from './serve.ts';
import type { Transport } from './transport.ts';

export interface ConsumerOptions {
  readonly settings: ConsumerSettings;
  readonly patternText: string;
  readonly pattern: TypePattern;
  readonly tenantId?: string;
  readonly from: 'now' | 'beginning';
}

export interface ConsumerDeps extends ServeDeps {
  readonly transport: Transport;
}

export interface Consumer {
  readonly ready: Promise<void>;
  /** A retry may have come due before its time: dead letters were sent round again. */
  nudge(): void;
  stop(): Promise<void>;
}

const errorPauseMs = 500;
/** A process that is killed once is nobody's fault; from the second time on what it had in hand is looked at one by one. */
const carefulAfter = 2;

/** Registers a durable consumer and serves it whenever this process holds its lease, until stopped. */
export function startConsumer(deps: ConsumerDeps, options: ConsumerOptions): Consumer {
  const { database, clock, log, transport, timing, presence } = deps;
  const { settings, pattern, tenantId } = options;
  const { consumer: name, ordered } = settings;
  const stop = new AbortController();
  const due = createNudge(clock);
  const everyoneReads = transport.sharesReading && !ordered;
  const unfinished = new Set<Promise<void>>();

  function afterwards(work: Promise<void>): void {
    const tracked = work.finally(() => unfinished.delete(tracked));
    unfinished.add(tracked);
  }

  const registered = register();

  async function register(): Promise<LogPosition> {
    for (;;) {
      try {
        return await database.system('inthub_relay', (tx) =>
          upsertConsumer(tx, { name, pattern: options.patternText, ordered, from: options.from }),
        );
      } catch (error) {
        if (stop.signal.aborted) throw error;
        log.warn({ err: error, consumer: name }, 'the consumer cannot be registered for the moment');
        await clock.sleep(errorPauseMs, stop.signal);
      }
    }
  }

  async function withSource(after: LogPosition, run: (stream: Parameters<typeof serve>[1]['stream']) => Promise<void>) {
    const source = await transport.open({
      consumer: name,
      pattern,
      ordered,
      after,
      patienceMs: settings.timeoutMs,
      ...(tenantId === undefined ? {} : { tenantId }),
    });
    try {
      await run({ source, after });
    } finally {
      await source.close();
    }
  }

  /** While the lease is held. @returns whether it was */
  async function serveUnderLease(): Promise<boolean> {
    const lease = { id: createId(), ms: timing.leaseMs };
    const claimed = await database.system('inthub_relay', async (tx) => {
      const found = await claimLease(tx, { name, leaseId: lease.id, leaseMs: lease.ms, presence });
      const isCareful = found !== null && settings.countStarts && found.uncleanStops >= carefulAfter;
      return found === null ? null : { ...found, carefulUntil: isCareful ? await selectEnd(tx) : null };
    });
    if (claimed === null) return false;
    const { position, uncleanStops, carefulUntil } = claimed;
    log.debug({ consumer: name, uncleanStops }, 'serving the consumer');
    const common = { settings, lease, retries: true, carefulUntil, due, stopping: stop.signal, afterwards };
    try {
      if (everyoneReads) await serve(deps, { ...common, stream: null });
      else await withSource(position, (stream) => serve(deps, { ...common, stream }));
    } finally {
      await database.system('inthub_relay', (tx) => releaseLease(tx, { name, leaseId: lease.id }));
    }
    return true;
  }

  async function keepServing(): Promise<void> {
    while (!stop.signal.aborted) {
      if (!(await serveUnderLease())) await clock.sleep(timing.leaseMs / 3, stop.signal).catch(() => undefined);
    }
  }

  async function keepReading(): Promise<void> {
    const after = await registered;
    await withSource(after, (stream) =>
      serve(deps, {
        settings,
        lease: null,
        retries: false,
        carefulUntil: null,
        stream,
        due,
        stopping: stop.signal,
        afterwards,
      }),
    );
  }

  async function keep(part: () => Promise<void>): Promise<void> {
    while (!stop.signal.aborted) {
      try {
        await part();
      } catch (error) {
        if (stop.signal.aborted) return;
        log.warn({ err: error, consumer: name }, 'the consumer cannot be served for the moment');
        await clock.sleep(errorPauseMs, stop.signal).catch(() => undefined);
      }
    }
  }

  const running = registered.then(
    () => Promise.all([keep(keepServing), everyoneReads ? keep(keepReading) : undefined]),
    () => undefined,
  );
  const ready = registered.then(() => undefined);
  // Whoever does not wait for it needs no unhandled rejection: it is logged.
  ready.catch(() => undefined);
  return {
    ready,
    nudge: () => due.nudge(),
    async stop() {
      stop.abort(null);
      await running;
      await Promise.all(unfinished);
    },
  };
}

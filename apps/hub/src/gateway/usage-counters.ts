import type { Clock, TenantId } from '@inthub/contracts';
import type { Log } from '../telemetry/telemetry.ts';
import { type CallState, hasSucceeded } from './call-state.ts';
import type { GatewayDeps, UsageDelta } from './gateway-deps.ts';
import { keyOf } from './integration-view.ts';

/** Counters may lag this long behind the calls. */
const flushEveryMs = 5_000;
const maxBatch = 1_000;
/** While the database is away, counters of this many integrations are kept; further ones are lost, and the log says so. */
const maxKept = 100_000;

export interface UsageCounters {
  add(state: CallState): void;
  /** Flushes what is there. */
  close(): Promise<void>;
}

/** A sum under way. */
interface Sum
  extends Record<'requests' | 'errors' | 'totalLatencyMs' | 'apiCalls' | 'tokensUsed' | 'lastActivityMs', number> {
  readonly tenantId: TenantId;
  readonly integrationId: string;
}

export interface UsageCountersDeps {
  readonly onUsage: GatewayDeps['onUsage'];
  readonly clock: Clock;
  readonly log: Log;
}

/** Adds calls up by integration and hands the sums on every 5 s. Connection tests and checks are not use. */
export function createUsageCounters({ onUsage, clock, log }: UsageCountersDeps): UsageCounters {
  let pending = new Map<string, Sum>();
  const stop = new AbortController();
  let scheduled = false;
  let flushing: Promise<void> = Promise.resolve();
  let lost = 0;

  function schedule(): void {
    if (scheduled || stop.signal.aborted) return;
    scheduled = true;
    clock.sleep(flushEveryMs, stop.signal).then(
      () => {
        scheduled = false;
        void flush();
      },
      () => undefined,
    );
  }

  function flush(): Promise<void> {
    flushing = flushing.then(write);
    return flushing;
  }

  async function write(): Promise<void> {
    const sums = [...pending.values()];
    pending = new Map();
    for (const ofTenant of Map.groupBy(sums, ({ tenantId }) => tenantId).values()) {
      for (let at = 0; at < ofTenant.length; at += maxBatch) await writePart(ofTenant.slice(at, at + maxBatch));
    }
    if (lost > 0) {
      log.error({ calls: lost }, 'usage of calls lost: too many integrations wait to be written');
      lost = 0;
    }
  }

  async function writePart(part: readonly Sum[]): Promise<void> {
    try {
      await onUsage(part.map(deltaOf));
    } catch (error) {
      log.warn({ err: error, integrations: part.length }, 'usage counters not written; kept for the next try');
      for (const sum of part) merge(sum);
      schedule();
    }
  }

  function merge(sum: Sum): void {
    const key = keyOf(sum.tenantId, sum.integrationId);
    const known = pending.get(key);
    if (known === undefined) {
      if (pending.size >= maxKept) lost += sum.requests;
      else pending.set(key, sum);
      return;
    }
    known.requests += sum.requests;
    known.errors += sum.errors;
    known.totalLatencyMs += sum.totalLatencyMs;
    known.apiCalls += sum.apiCalls;
    known.tokensUsed += sum.tokensUsed;
    known.lastActivityMs = Math.max(known.lastActivityMs, sum.lastActivityMs);
  }

  return {
    add(state) {
      const { integration, target } = state;
      if (integration === null || !state.admitted || target.kind === 'connection_test' || target.kind === 'check')
        return;
      merge({
        tenantId: integration.tenantId,
        integrationId: integration.id,
        requests: 1,
        errors: hasSucceeded(state) ? 0 : 1,
        totalLatencyMs: state.durationMs,
        apiCalls: state.apiCalls,
        tokensUsed: state.tokensUsed ?? 0,
        lastActivityMs: clock.now().getTime(),
      });
      schedule();
    },
    async close() {
      stop.abort();
      await flush();
      await flush();
    },
  };
}

function deltaOf({ lastActivityMs, ...sum }: Sum): UsageDelta {
  return { ...sum, lastActivityAt: new Date(lastActivityMs).toISOString() };
}

// What was refused leaves one audit line a minute for each integration and reason, however often it happened: a sender who knows an address
// cannot fill the disk. What is for nobody has no tenant, and so no audit: the log and the metrics count it.
import { type Clock, createId, type TenantId } from '@inthub/contracts';
import type { AuditRecord } from '../../audit/audit.ts';
import type { Log } from '../../telemetry/telemetry.ts';
import type { Refusal } from './prove-delivery.ts';
import { receiver } from './receiver-principal.ts';

export interface RefusedDelivery {
  readonly reason: Refusal | 'too_large' | 'unsupported_encoding' | 'inactive' | 'webhooks_disabled' | 'rate_limited';
  /** Undefined when nobody has such an endpoint. */
  readonly addressee?: {
    readonly tenantId: TenantId;
    readonly integrationId: string;
    readonly integrationName: string;
  };
  readonly sourceAddress: string;
}

export interface RefusalLog {
  note(refused: RefusedDelivery): void;
  /** Writes out what has been counted. */
  close(): Promise<void>;
}

export interface RefusalLogDeps {
  writeAudit(tenantId: TenantId, records: readonly AuditRecord[]): Promise<void>;
  readonly clock: Clock;
  readonly log: Log;
}

interface Tally {
  readonly reason: RefusedDelivery['reason'];
  readonly addressee: RefusedDelivery['addressee'];
  readonly firstAt: string;
  lastAt: string;
  count: number;
  readonly sources: Set<string>;
}

const firstFlushMs = 1_000;
const flushEveryMs = 60_000;
/** Integrations and reasons between two flushes; beyond it the metrics alone count. */
const maxTallies = 1_000;
const maxSources = 5;

export function createRefusalLog({ writeAudit, clock, log }: RefusalLogDeps): RefusalLog {
  let tallies = new Map<string, Tally>();
  let lastFlushMs = Number.NEGATIVE_INFINITY;
  let isTicking = false;
  let flushing: Promise<void> = Promise.resolve();
  const stop = new AbortController();

  async function flush(): Promise<void> {
    const counted = tallies;
    tallies = new Map();
    lastFlushMs = clock.monotonicMs();
    const byTenant = Map.groupBy(counted.values(), ({ addressee }) => addressee?.tenantId);
    for (const [tenantId, refused] of byTenant) {
      if (tenantId === undefined) {
        for (const { count, sources, firstAt, reason } of refused)
          log.info({ count, sources: [...sources], since: firstAt, reason }, 'deliveries for nobody were refused');
        continue;
      }
      try {
        await writeAudit(tenantId, refused.map(toRecord));
      } catch (error) {
        log.error({ err: error, tenantId, refused: refused.length }, 'refused deliveries could not be audited');
      }
    }
  }

  function tick(): void {
    if (isTicking || stop.signal.aborted) return;
    isTicking = true;
    const pauseMs = Math.max(firstFlushMs, lastFlushMs + flushEveryMs - clock.monotonicMs());
    clock.sleep(pauseMs, stop.signal).then(
      () => {
        isTicking = false;
        flushing = flushing.then(flush);
      },
      () => undefined,
    );
  }

  return {
    note({ reason, addressee, sourceAddress }) {
      const key = `${addressee?.integrationId ?? ''} ${reason}`;
      const at = clock.now().toISOString();
      let tally = tallies.get(key);
      if (tally === undefined) {
        if (tallies.size >= maxTallies) return;
        tally = { reason, addressee, firstAt: at, lastAt: at, count: 0, sources: new Set() };
        tallies.set(key, tally);
      }
      tally.count += 1;
      tally.lastAt = at;
      if (tally.sources.size < maxSources) tally.sources.add(sourceAddress);
      tick();
    },
    async close() {
      stop.abort(null);
      await flushing;
      await flush();
    },
  };
}

function toRecord({ reason, addressee, firstAt, lastAt, count, sources }: Tally): AuditRecord {
  const { kind, id, name } = receiver(addressee?.tenantId as TenantId);
  return {
    actor: { kind, id, name },
    action: 'webhook.refuse',
    target: { type: 'integration', id: addressee?.integrationId ?? '', name: addressee?.integrationName ?? '' },
    outcome: 'denied',
    requestId: createId<string>(),
    reason,
    details: { count, firstAt, lastAt, sources: [...sources] },
  };
}

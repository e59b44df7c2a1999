import { type Clock, createId, HubError, type Integration, isId, type Page, type TenantId } from '@inthub/contracts';
import type { CheckOutcomeRecord, CheckSchedule } from '../catalog/catalog.ts';
import { cursorKind, type Database, pageByTime } from '../database/database.ts';
import type { Log } from '../telemetry/telemetry.ts';
import { createCheckLoop } from './check-loop.ts';
import { type CheckTiming, defaultTiming } from './check-timing.ts';
import { createHealthCache, type LastCheck } from './health-cache.ts';
import type { HealthSample, HealthSummary, HealthWindow } from './health-types.ts';
import { type RunCheckOptions, runCheck, storeSample } from './run-check.ts';
import { type StoredSample, selectSamples, selectWindows } from './sample-repository.ts';
import { claimDue, deleteScheduled, findScheduled, scheduleNow, spreadOverdue } from './schedule-repository.ts';
import { summarise } from './summarise.ts';

export type { HealthSample, HealthSummary, HealthWindow } from './health-types.ts';

/** Polling schedule and history. */
export interface Health {
  /**
   * Health as last checked. Give the integration itself where it has just been read; else it is read.
   * @throws HubError `not_found`
   */
  summary(tenantId: TenantId, integration: string | Integration): Promise<HealthSummary>;
  /** Checks, newest first, and what they say about each window up to now. @throws HubError `not_found`, `invalid_cursor` */
  history(
    tenantId: TenantId,
    integrationId: string,
    page: { cursor?: string; limit: number },
  ): Promise<Page<HealthSample> & { windows: readonly HealthWindow[] }>;
  /**
   * Keeps the outcome of a connection test that a person ran; polls keep theirs themselves.
   * @param checkedAt When the catalog recorded it (`lastTestedAt`); default now.
   */
  note(
    tenantId: TenantId,
    integrationId: string,
    outcome: CheckOutcomeRecord,
    checkedAt?: string | null,
  ): Promise<void>;
  /** Something about the integration has changed, here or on another replica. */
  forget(tenantId: string, integrationId: string): void;
  /** After a change that concerns all integrations of a tenant. */
  forgetTenant(tenantId: string): void;
  /** When changes may have gone unheard. */
  forgetAll(): void;
  /** Claims and runs what is due, until nothing is; returns how many. */
  runDue(signal: AbortSignal): Promise<number>;
  /** Starts the worker's loop. */
  start(): void;
  /** Stops claiming, cuts running checks short, and gives them back to be taken up by another worker. */
  stop(): Promise<void>;
}

export interface HealthOptions {
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Log;
  /** Tests one connection. May throw; is cut short by the signal. */
  readonly check: RunCheckOptions['check'];
  /** Tells the catalog, which answers with the integration as it is then. */
  readonly record: RunCheckOptions['record'];
  /** The catalog's `get`. */
  readonly find: (tenantId: TenantId, integrationId: string) => Promise<Integration>;
  /** Nothing may be sent for this tenant: its checks are left out, and the schedule says so. */
  readonly offline: (tenantId: TenantId) => boolean | Promise<boolean>;
  /** 0 ≤ value < 1. */
  readonly random: () => number;
  /** Checks at the same time. Default 8. */
  readonly concurrency?: number;
  readonly timing?: CheckTiming;
  /** Default 60 s. */
  readonly checkTimeoutMs?: number;
  /** Between looks at the schedule. Default 1 s. */
  readonly tickMs?: number;
}

/** How much longer than a check may take its lease lasts: time to record the outcome. */
const leaseMarginMs = 60_000;

/** The part of the schedule that the catalog writes, in the transactions of its changes. */
export function createCheckSchedule({ clock }: { clock: Clock }): CheckSchedule {
  return {
    checkNow: (tx, integrationIds) => scheduleNow(tx, integrationIds, clock.now()),
    stop: deleteScheduled,
  };
}

export function createHealth(options: HealthOptions): Health {
  const { database, clock, log, find, concurrency = 8, timing = defaultTiming } = options;
  const { checkTimeoutMs = 60_000, tickMs = 1_000 } = options;
  const checkOptions: RunCheckOptions = { ...options, timing, checkTimeoutMs };
  const soon = (ms: number) => new Date(clock.now().getTime() + ms);
  const cache = createHealthCache(clock);
  let lastLook: number | undefined;
  let stopping: AbortController | undefined;
  let running: Promise<void> = Promise.resolve();

  async function claim(limit: number) {
    const now = clock.now();
    // Nobody looked for a while (first look, or the machine slept): what piled up is spread out, not run at once.
    const wasAway = lastLook === undefined || now.getTime() - lastLook > timing.intervalMs;
    lastLook = now.getTime();
    return database.system('inthub_scheduler', async (tx) => {
      if (wasAway) {
        const spread = await spreadOverdue(tx, {
          now,
          dueBefore: soon(-timing.intervalMs),
          spreadMs: timing.intervalMs,
        });
        if (spread > 0) log.info({ spread }, 'overdue health checks spread out');
      }
      return claimDue(tx, { now, leaseUntil: soon(checkTimeoutMs + leaseMarginMs), leaseId: createId(), limit });
    });
  }

  async function readLastCheck(tenantId: TenantId, integrationId: string): Promise<LastCheck> {
    return database.tenant(tenantId, async (tx) => {
      const [scheduled, [last]] = await Promise.all([
        findScheduled(tx, integrationId),
        selectSamples(tx, integrationId, { limit: 1 }),
      ]);
      return { last, nextCheckAt: scheduled?.dueAt ?? null, skippedOffline: scheduled?.skippedOffline ?? false };
    });
  }

  const loop = createCheckLoop({
    claim,
    async run(job, signal) {
      await runCheck(checkOptions, job, signal);
      cache.forget(job.tenantId, job.integrationId);
    },
    concurrency,
    tickMs,
    clock,
    log,
  });

  return {
    async summary(tenantId, of) {
      const { epoch } = cache;
      const integration = typeof of === 'string' ? await find(tenantId, of) : of;
      const known = cache.get(integration);
      if (known !== undefined) return summarise({ integration, ...known, cached: true });
      const found = await readLastCheck(tenantId, integration.id);
      cache.keep(integration, found, epoch);
      return summarise({ integration, ...found, cached: false });
    },
    async history(tenantId, integrationId, { cursor, limit }) {
      await find(tenantId, integrationId);
      const kind = cursorKind('health', { integrationId });
      const [{ items, nextCursor }, windows] = await database.tenant(tenantId, (tx) =>
        Promise.all([
          pageByTime(kind, { cursor, limit, timeOf: ({ checkedAt }: StoredSample) => checkedAt }, ({ after, take }) =>
            selectSamples(tx, integrationId, {
              limit: take,
              ...(after === undefined ? {} : { after: { checkedAt: after.at, id: after.id } }),
            }),
          ),
          selectWindows(tx, integrationId, clock.now()),
        ]),
      );
      return { items: items.map(({ id: _, ...sample }) => sample), nextCursor, windows };
    },
    async note(tenantId, integrationId, outcome, checkedAt) {
      if (!isId(integrationId)) throw new HubError('not_found', 'There is no such integration.');
      const at = checkedAt ?? clock.now().toISOString();
      await database.tenant(tenantId, (tx) => storeSample(tx, integrationId, outcome, at));
      cache.forget(tenantId, integrationId);
    },
    forget: cache.forget,
    forgetTenant: cache.forgetTenant,
    forgetAll: cache.forgetAll,
    runDue: (signal) => loop.untilIdle(signal),
    start() {
      if (stopping !== undefined) return;
      stopping = new AbortController();
      running = loop.untilAborted(stopping.signal);
    },
    async stop() {
      stopping?.abort();
      await running;
      stopping = undefined;
    },
  };
}

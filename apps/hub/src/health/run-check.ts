import {
  type Clock,
  createId,
  errorCodes,
  HubError,
  type Integration,
  storableText,
  type TenantId,
} from '@inthub/contracts';
import { type CheckOutcomeRecord, isAboutIntegration } from '../catalog/catalog.ts';
import type { Database, TenantTx } from '../database/database.ts';
import type { Log } from '../telemetry/telemetry.ts';
import { type CheckTiming, nextCheckIn } from './check-timing.ts';
import { insertSample } from './sample-repository.ts';
import { type Claim, release, retire } from './schedule-repository.ts';

export interface RunCheckOptions {
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Log;
  readonly random: () => number;
  readonly offline: (tenantId: TenantId) => boolean | Promise<boolean>;
  readonly timing: CheckTiming;
  readonly checkTimeoutMs: number;
  readonly check: (tenantId: TenantId, integrationId: string, signal: AbortSignal) => Promise<CheckOutcomeRecord>;
  readonly record: (tenantId: TenantId, integrationId: string, outcome: CheckOutcomeRecord) => Promise<Integration>;
}

/** One claimed check, from the question to the next due time. Never rejects: what goes wrong is logged, and the lease runs out. */
export async function runCheck(options: RunCheckOptions, claim: Claim, signal: AbortSignal): Promise<void> {
  const { database, clock, log, timing, random } = options;
  const tenantId = claim.tenantId as TenantId;
  const { integrationId } = claim;
  const giveBack = (waitMs: number, skippedOffline: boolean) =>
    database.tenant(tenantId, (tx) =>
      release(tx, claim, { dueAt: new Date(clock.now().getTime() + waitMs), skippedOffline }),
    );
  const usualWaitMs = () => nextCheckIn('active', timing, random()) ?? timing.intervalMs;

  try {
    if (await options.offline(tenantId)) return await giveBack(usualWaitMs(), true);
    const outcome = await checkInTime(options, claim, signal);
    // Stopping: another worker takes it up at once.
    if (signal.aborted) return await giveBack(0, false);

    const integration = await recordOutcome(options, claim, outcome);
    const waitMs = integration === null ? null : nextCheckIn(integration.status, timing, random());
    await database.tenant(tenantId, async (tx) => {
      if (integration !== null) {
        const checkedAt = integration.lastTestedAt ?? clock.now().toISOString();
        await storeSample(tx, integrationId, outcome, checkedAt);
      }
      if (waitMs === null) return retire(tx, claim);
      const dueAt = new Date(clock.now().getTime() + waitMs);
      return release(tx, claim, { dueAt, skippedOffline: outcome.skipped === true });
    });
  } catch (error) {
    log.error({ err: error, tenantId, integrationId }, 'health check could not be recorded');
  }
}

/**
 * Keeps an outcome in the history, if it says anything about the integration.
 * @param checkedAt When the catalog recorded it: by that the sample is known to be the row's.
 */
export async function storeSample(
  tx: TenantTx,
  integrationId: string,
  outcome: CheckOutcomeRecord,
  checkedAt: string,
): Promise<void> {
  if (!isAboutIntegration(outcome)) return;
  await insertSample(tx, integrationId, {
    id: createId(),
    checkedAt,
    success: outcome.success,
    latencyMs: Math.max(0, outcome.latencyMs),
    errorCode: outcome.errorCode,
    message: storableText(outcome.message, 1_000),
  });
}

/** Null when the integration is gone, which ends its checks. */
async function recordOutcome(
  { record }: RunCheckOptions,
  { tenantId, integrationId }: Claim,
  outcome: CheckOutcomeRecord,
): Promise<Integration | null> {
  try {
    return await record(tenantId as TenantId, integrationId, outcome);
  } catch (error) {
    if (error instanceof HubError && error.code === 'not_found') return null;
    throw error;
  }
}

/** The check's outcome; a check that throws has failed with that error, one that does not end has failed with `provider_timeout`. */
async function checkInTime(
  { check, clock, checkTimeoutMs }: RunCheckOptions,
  { tenantId, integrationId }: Claim,
  signal: AbortSignal,
): Promise<CheckOutcomeRecord> {
  const started = clock.monotonicMs();
  const over = new AbortController();
  const either = AbortSignal.any([signal, over.signal]);
  const outOfTime = clock.sleep(checkTimeoutMs, either).then(
    () => failure(new HubError('provider_timeout', `No answer within ${checkTimeoutMs} ms.`), checkTimeoutMs),
    () => failure(new HubError('cancelled'), 0),
  );
  const checking = check(tenantId as TenantId, integrationId, either).catch((error: unknown) =>
    failure(HubError.from(error), clock.monotonicMs() - started),
  );
  try {
    return await Promise.race([checking, outOfTime]);
  } finally {
    over.abort(null);
  }
}

function failure(error: HubError, latencyMs: number): CheckOutcomeRecord {
  const message = error.code !== 'internal' ? error.message : errorCodes.internal.title;
  return { success: false, message, latencyMs, errorCode: error.code };
}

import {
  type Clock,
  type DoctorCheckResult,
  type ErrorCode,
  HubError,
  storableJson,
  storableText,
} from '@inthub/contracts';
import type { Log } from '../telemetry/telemetry.ts';
import type { Evidence } from './evidence.ts';
import type { DoctorCheck, Finding, SkipReason } from './finding.ts';
import { detailsOf, nextSteps } from './next-steps.ts';

export interface RunChecksOptions {
  readonly checks: readonly DoctorCheck[];
  readonly evidence: Evidence;
  readonly clock: Clock;
  readonly log: Log;
  /** Takes secrets out of what products and connectors say. */
  readonly redact: (value: unknown) => unknown;
  /** Of the caller: ends the run. */
  readonly caller: AbortSignal;
  /** Of the run's own time limit, seconds in all. */
  readonly timeUp: AbortSignal;
  readonly timeLimitMs: number;
}

/** A check's result, and why it was not made. */
export interface CheckRun extends DoctorCheckResult {
  readonly skipped: SkipReason | 'needs' | undefined;
}

/** The hub's own refusals, which say nothing about the product. */
const refusals: readonly ErrorCode[] = ['rate_limited', 'circuit_open', 'unavailable', 'integration_inactive'];
const maxText = 1_000;
const maxSuggestions = 10;
const maxDetailsBytes = 8_192;

/**
 * One check after the other. A check that needs one which failed or was not made is skipped and names the first cause, so that one
 * fault does not look like seven.
 * @throws HubError `cancelled` when the caller went away.
 */
export async function runChecks(options: RunChecksOptions): Promise<CheckRun[]> {
  const { checks, clock, caller } = options;
  /** By check: the first cause why nothing that needs it can be checked. */
  const causes = new Map<string, string>();
  const runs: CheckRun[] = [];
  for (const check of checks) {
    if (caller.aborted) throw new HubError('cancelled');
    const runAt = clock.now().toISOString();
    const startedMs = clock.monotonicMs();
    const cause = check.needs.map((need) => causes.get(need)).find((found) => found !== undefined);
    const finding = cause === undefined ? await findingOf(check, options) : undefined;
    const blocks =
      cause ??
      (finding?.status === 'fail'
        ? `${check.type} failed`
        : finding?.skipped !== undefined && finding.skipped !== 'not_applicable'
          ? because(check, finding.skipped)
          : undefined);
    if (blocks !== undefined) causes.set(check.type, blocks);
    const envelope = { checkType: check.type, runAt, durationMs: roundMs(clock.monotonicMs() - startedMs) };
    runs.push({
      ...envelope,
      ...(finding === undefined ? skippedBecause(cause ?? '') : present(finding, options)),
      skipped: finding === undefined ? 'needs' : finding.skipped,
    });
  }
  return runs;
}

async function findingOf(check: DoctorCheck, options: RunChecksOptions): Promise<Finding> {
  const { evidence, caller, timeUp, log } = options;
  if (timeUp.aborted) return outOfTime(options);
  try {
    return await check.run(evidence);
  } catch (error) {
    if (caller.aborted) throw new HubError('cancelled');
    if (timeUp.aborted) return outOfTime(options);
    const known = HubError.from(error);
    if (known.code === 'offline') {
      return {
        status: 'warn',
        message: `Skipped: ${known.message}`,
        suggestions: nextSteps('offline'),
        skipped: 'offline',
      };
    }
    if (refusals.includes(known.code)) {
      const { code, message } = known;
      return {
        status: 'warn',
        message: `Skipped: the hub itself refused to ask. ${message}`,
        details: detailsOf(known),
        suggestions: nextSteps(code),
        skipped: 'refused',
      };
    }
    if (known.code === 'internal') {
      log.error({ err: error, check: check.type, integrationId: evidence.integration.id }, 'doctor check broke');
      const message = 'Skipped: the check itself broke. The log of the hub has the reason.';
      return { status: 'warn', message, skipped: 'hub_failed' };
    }
    const { code, message } = known;
    return { status: 'fail', message, details: detailsOf(known), suggestions: nextSteps(code) };
  }
}

function outOfTime({ timeLimitMs }: RunChecksOptions): Finding {
  const message = `Skipped: the ${Math.round(timeLimitMs / 1_000)} s of the doctor were over.`;
  return { status: 'warn', message, skipped: 'time' };
}

function because({ type }: DoctorCheck, skipped: SkipReason): string {
  const reasons: Record<SkipReason, string> = {
    not_applicable: '',
    offline: 'the hub is offline',
    refused: `${type} could not be tried`,
    time: 'the time of the doctor was over',
    hub_failed: `${type} could not be tried`,
  };
  return reasons[skipped];
}

function skippedBecause(cause: string): Pick<DoctorCheckResult, 'status' | 'message' | 'details' | 'suggestions'> {
  return {
    status: 'warn',
    message: `Skipped because ${cause}.`,
    details: { skipped: true, because: cause },
    suggestions: [],
  };
}

/** Without secrets, fit for the database, and bounded: some of it comes from products. */
function present(
  finding: Finding,
  { redact }: RunChecksOptions,
): Pick<DoctorCheckResult, 'status' | 'message' | 'details' | 'suggestions'> {
  const { status, skipped, message, details, suggestions = [] } = finding;
  const marked = skipped === undefined ? { ...details } : { ...details, skipped: true, because: skipped };
  const clean = redact({ message, details: marked, suggestions: suggestions.slice(0, maxSuggestions) });
  const safe = storableJson(clean) as {
    message: string;
    details: Record<string, unknown>;
    suggestions: string[];
  };
  const bytes = Buffer.byteLength(JSON.stringify(safe.details));
  return {
    status,
    message: storableText(safe.message, maxText),
    details:
      bytes <= maxDetailsBytes ? safe.details : { leftOut: `${bytes} bytes; at most ${maxDetailsBytes} are kept` },
    suggestions: safe.suggestions.map((text) => storableText(text, maxText)),
  };
}

function roundMs(ms: number): number {
  return Math.max(0, Math.round(ms * 10) / 10);
}

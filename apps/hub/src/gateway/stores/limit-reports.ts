// What a provider says of its own limits, told to the replicas: known here at once, to the others through Valkey.
import type { Clock } from '@inthub/contracts';
import type { Account } from './limit-account.ts';
import { leaseMs } from './limit-lease.ts';
import { limitReport } from './limit-script.ts';
import { bucketKeyOf, concernsBucketOnly, type ExternalLimit, longestBlockMs, sameWindowMs } from './limit-store.ts';
import type { ValkeyConnection } from './valkey-connection.ts';

export interface LimitReportsDeps {
  readonly connection: ValkeyConnection;
  readonly clock: Clock;
  readonly nowMs: (() => number) | undefined;
  /** The account of an integration, or of one of its provider's windows. */
  accountOf(key: string): Account;
}

export function createLimitReports({ connection, clock, nowMs, accountOf }: LimitReportsDeps) {
  async function report(integrationKey: string, external: ExternalLimit): Promise<void> {
    const { bucket, retryAfterMs, ...window } = external;
    if (bucket === undefined) return reportTo(integrationKey, external);
    const block = retryAfterMs === undefined ? {} : { retryAfterMs };
    const ofBucket = concernsBucketOnly(external);
    const works = [reportTo(bucketKeyOf(integrationKey, bucket), ofBucket ? { ...window, ...block } : window)];
    if (!ofBucket && retryAfterMs !== undefined) works.push(reportTo(integrationKey, block));
    await Promise.all(works);
  }

  /** What was said of the window that is kept under a key. */
  async function reportTo(key: string, external: Omit<ExternalLimit, 'bucket'>): Promise<void> {
    const account = accountOf(key);
    const now = clock.monotonicMs();
    const { remaining, resetAt, retryAfterMs = 0 } = external;
    const blockMs = retryAfterMs > 0 ? Math.min(retryAfterMs, longestBlockMs) : 0;
    const resetInMs = Math.min((resetAt?.getTime() ?? Number.NaN) - clock.now().getTime(), longestBlockMs);
    const endsMs = now + resetInMs;
    const sameWindow = account.windowEndsMs > now && Math.abs(endsMs - account.windowEndsMs) <= sameWindowMs;
    const news = remaining !== undefined && resetInMs > 0 && !(sameWindow && remaining >= account.externalLeft);
    if (blockMs === 0 && !news) return;
    // Known here at once, whatever becomes of the others.
    account.blockedUntilMs = Math.max(account.blockedUntilMs, now + blockMs);
    if (news) {
      account.externalLeft = remaining;
      account.externalHeld = sameWindow ? Math.min(account.externalHeld, remaining) : 0;
      if (!sameWindow) account.windowEndsMs = endsMs;
      // An empty window is believed at once; of another one the others' shares have to be asked for.
      account.heardUntilMs = remaining === 0 ? now + leaseMs : Number.NEGATIVE_INFINITY;
    }
    if (!connection.ready) return;
    const args = [nowMs?.() ?? '', blockMs, news ? remaining : -1, news ? resetInMs : 0];
    const reply = (await connection.run(limitReport, [account.name], args)) as string[];
    account.windowEndsMs = now + Number(reply[1]);
    account.window = reply[2] ?? '';
    account.externalLeft = Number(reply[3]);
  }

  return report;
}

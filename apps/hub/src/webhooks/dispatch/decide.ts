import type { Kept } from './outcome-repository.ts';
import type { Job } from './queue-row.ts';
import { nextDelay, retrySteps } from './schedule.ts';
import type { Sent } from './send-delivery.ts';
import type { SubscriptionSettings } from './subscription-record.ts';

/** What becomes of a delivery after a try. */
export type Decision =
  | { readonly end: 'delivered' | 'exhausted' }
  | { readonly keep: Pick<Kept, 'state' | 'attempts'>; readonly delayMs: number };

/** Offline, stopping, no room: try again, without counting what was no try. */
const deferMs = 10_000;

/** Pure. @param random 0 ≤ value < 1 */
export function decide(job: Job, settings: SubscriptionSettings, sent: Sent, random: number): Decision {
  if (sent.success) return { end: 'delivered' };
  if (sent.deferred) return { keep: { state: 'due', attempts: job.attempts }, delayMs: deferMs };
  const attempts = job.attempts + 1;
  if (sent.gone) return { end: 'exhausted' };
  const holdsPlace = job.orderKey !== null && settings.ordering !== null;
  const delayMs = nextDelay(retrySteps(settings.retryPolicy), {
    attempts: attempts - job.attemptsBefore,
    random,
    endless: holdsPlace && settings.ordering?.onExhausted === 'block',
    ...(sent.retryAfterMs === undefined ? {} : { retryAfterMs: sent.retryAfterMs }),
  });
  if (delayMs !== undefined) return { keep: { state: 'due', attempts }, delayMs };
  return holdsPlace ? { keep: { state: 'parked', attempts }, delayMs: 0 } : { end: 'exhausted' };
}

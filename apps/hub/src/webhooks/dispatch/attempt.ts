import { type Clock, HubError } from '@inthub/contracts';
import type { Log } from '../../telemetry/telemetry.ts';
import { decide } from './decide.ts';
import type { EndpointOutcome } from './endpoint-health.ts';
import type { Finished } from './outcome-repository.ts';
import type { Outcome } from './outcomes.ts';
import type { Job } from './queue-row.ts';
import { nextDelay, retrySteps } from './schedule.ts';
import { type SendDeps, type Sent, sendDelivery } from './send-delivery.ts';
import type { FoundTarget, Target, Targets } from './targets.ts';

export interface AttemptDeps extends SendDeps {
  readonly targets: Targets;
  readonly log: Log;
  /** 0 ≤ value < 1 */
  readonly random: () => number;
}

/** When something of the hub's own is missing (the database, a sealing key): no try is counted. */
const pauseMs = 5_000;

/** Brings one delivery on its way and says what has to be written about it. Never rejects. */
export function createAttempt(deps: AttemptDeps): (job: Job) => Promise<Outcome> {
  const { targets, clock, log, random } = deps;

  return async function attempt(job) {
    let target: FoundTarget;
    try {
      target = await targets.find(job);
    } catch (thrown) {
      const error = HubError.from(thrown);
      log.warn(
        { err: error, subscriptionId: job.subscriptionId, deliveryId: job.id },
        'a webhook delivery waits: its subscription cannot be read',
      );
      return later(job, new Date(clock.now().getTime() + pauseMs));
    }
    if (target === 'gone') return dropped(job, 'subscription_deleted', undefined, clock);
    if (target === 'dropped') return dropped(job, 'subscription_changed', undefined, clock);
    if (job.event === undefined) return dropped(job, 'event_expired', target, clock);
    try {
      const sent = await sendDelivery(deps, { ...job, event: job.event }, target);
      return outcomeOf(job, target, sent, { now: clock.now(), random: random() });
    } catch (error) {
      // Nothing in there is to throw; should it all the same, the delivery must neither be lost nor end the process.
      log.error({ err: error, deliveryId: job.id }, 'a webhook delivery failed unexpectedly');
      return later(job, new Date(clock.now().getTime() + pauseMs));
    }
  };
}

function outcomeOf(
  job: Job,
  { settings }: Target,
  sent: Sent,
  { now, random }: { now: Date; random: number },
): Outcome {
  const decision = decide(job, settings, sent, random);
  const common = {
    job,
    settings,
    // What was no try leaves no trace, else an offline night would fill the history.
    attempt: sent.deferred ? undefined : sent.attempt,
    endpoint: endpointOf(job, settings, sent),
  };
  if ('end' in decision) {
    return {
      ...common,
      result: {
        finished: {
          job,
          status: decision.end,
          attempts: job.attempts + 1,
          url: settings.url,
          responseStatus: sent.attempt.responseStatus,
          errorCode: sent.attempt.errorCode,
          at: now,
        },
      },
    };
  }
  const dueAt = new Date(now.getTime() + decision.delayMs);
  return { ...common, result: { kept: { job, ...decision.keep, dueAt } } };
}

/** BEY-6: only the endpoint's own faults count. A wish to slow down is no fault, but it is followed for all of its deliveries. */
function endpointOf(job: Job, settings: Target['settings'], sent: Sent): EndpointOutcome {
  if (sent.success) return { kind: 'success' };
  if (sent.attempt.responseStatus === 429) {
    const steps = retrySteps(settings.retryPolicy);
    const pause = nextDelay(steps, {
      attempts: Math.min(steps.backoffMs.length, job.attempts - job.attemptsBefore + 1),
      random: 0.5,
      retryAfterMs: sent.retryAfterMs ?? 0,
    });
    return pause === undefined ? { kind: 'other' } : { kind: 'other', pauseMs: pause };
  }
  if (sent.blame !== 'provider') return { kind: 'other' };
  return sent.gone ? { kind: 'fault', gone: true } : { kind: 'fault' };
}

function later(job: Job, dueAt: Date): Outcome {
  return {
    job,
    settings: undefined,
    attempt: undefined,
    endpoint: { kind: 'other' },
    result: { kept: { job, state: 'due', attempts: job.attempts, dueAt } },
  };
}

function dropped(job: Job, errorCode: string, target: Target | undefined, clock: Clock): Outcome {
  const finished: Finished = {
    job,
    status: 'dropped',
    attempts: job.attempts,
    url: target?.settings.url ?? '',
    responseStatus: null,
    errorCode,
    at: clock.now(),
  };
  return { job, settings: target?.settings, attempt: undefined, endpoint: { kind: 'other' }, result: { finished } };
}

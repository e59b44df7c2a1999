// Beside stage 1: a call that carries an idempotency key runs once; its twins get the first result (GW-5).
import { hash } from 'node:crypto';
import { type Clock, HubError } from '@inthub/contracts';
import type { DeadlineWatch } from '../../egress/egress.ts';
import { untilAborted } from '../../runtime/runtime.ts';
import { armSignal, type CallState, known } from '../call-state.ts';
import { canonicalText } from '../canonical-text.ts';
import { isPromise } from '../maybe-promise.ts';
import { replay } from '../stored-outcome.ts';
import type { IdempotencyStore } from '../stores/idempotency-store.ts';
import type { Stage } from './stage.ts';

/** For what comes after a call's deadline: writing down how it ended. */
const graceMs = 15_000;
const keyForm = /^[\x21-\x7e]{1,255}$/;

export interface IdempotencyDeps {
  readonly idempotency: IdempotencyStore;
  readonly clock: Clock;
  readonly deadlines: DeadlineWatch;
}

export function createIdempotency({ idempotency, clock, deadlines }: IdempotencyDeps): Stage {
  return {
    name: 'idempotency',
    run(state) {
      const { target } = state;
      return target.kind === 'action' && target.idempotencyKey !== undefined
        ? claim(state, target.idempotencyKey, target.params)
        : undefined;
    },
  };

  async function claim(state: CallState, given: string, params: unknown): Promise<void> {
    if (!keyForm.test(given)) {
      const message = 'must be 1 to 255 visible ASCII characters.';
      throw new HubError('invalid_request', `Idempotency-Key ${message}`, {
        errors: [{ path: '/headers/idempotency-key', rule: 'pattern', message }],
      });
    }
    const { view, plan } = known(state);
    if (plan.sensitive) {
      const message = `is not accepted for ${plan.name}: a key keeps the result, and this one holds secrets.`;
      throw new HubError('invalid_request', `Idempotency-Key ${message}`, {
        errors: [{ path: '/headers/idempotency-key', rule: 'sensitive', message }],
      });
    }
    const key = `${view.key}/${plan.name}/${given}`;
    const fingerprint = fingerprintOf(params);
    for (;;) {
      const leaseMs = state.deadlineMs - clock.monotonicMs() + graceMs;
      const answer = idempotency.claim({ key, fingerprint, safe: plan.safe, leaseMs });
      const claimed = isPromise(answer) ? await answer : answer;
      switch (claimed.state) {
        case 'claimed':
          state.idempotency = { key };
          return;
        case 'finished':
          state.cached = true;
          state.outcome = replay(claimed.outcome);
          return;
        case 'finished-unkept':
          throw new HubError(
            'conflict',
            'The first call with this idempotency key has succeeded; its result was too large to keep for a repeat.',
          );
        case 'mismatch':
          throw new HubError(
            'idempotency_key_reused',
            'This idempotency key was used with other parameters; use a new key for a new request.',
          );
        case 'unknown':
          throw new HubError(
            'conflict',
            'The first call with this idempotency key was cut off, and it is not known whether the provider acted. Look first, then use a new key.',
            { details: { firstCall: 'unknown' } },
          );
        case 'running': {
          const signal = armSignal(state, deadlines);
          await untilAborted(claimed.settled(signal), signal);
        }
      }
    }
  }
}

/** Says whether two calls ask for the same. */
function fingerprintOf(params: unknown): string {
  return hash('sha256', canonicalText(params), 'base64url');
}

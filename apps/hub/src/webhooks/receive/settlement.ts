// What is written of a delivery once it was tried. Pure.
import type { Settlement } from './delivery-repository.ts';
import type { LeasedInbound, PendingInbound } from './inbound-delivery.ts';
import type { Translation } from './translate-delivery.ts';

/** After a failure that may pass. */
const retryMs: readonly number[] = [1_000, 10_000, 60_000, 600_000];

export function settlementOf(delivery: PendingInbound, translation: Translation, now: Date): Settlement {
  const { id, receivedAt } = delivery;
  const attempts = delivery.attempts + 1;
  const base = { id, receivedAt, attempts, eventTypes: [], error: null, dueAt: now };
  if (translation.ok) {
    const eventTypes = translation.events.map(({ type }) => type);
    return { ...base, status: eventTypes.length > 0 ? 'translated' : 'untranslated', eventTypes };
  }
  const pauseMs = translation.final ? undefined : retryMs[attempts - 1];
  if (pauseMs === undefined) return { ...base, status: 'dead', error: translation.error };
  return { ...base, status: 'pending', error: translation.error, dueAt: new Date(now.getTime() + pauseMs) };
}

/** Of one that is not tried any more, because as many processes have ended with it. */
export function setAsideSettlement(one: LeasedInbound, deaths: number, now: Date): Settlement {
  const { id, receivedAt } = one;
  return {
    id,
    receivedAt,
    status: 'dead',
    attempts: one.attempts + deaths,
    eventTypes: [],
    error: `The process ended while this delivery was translated, ${deaths} times in a row: it ran out of memory, crashed or was killed. It is set aside so that the others go on.`,
    dueAt: now,
  };
}

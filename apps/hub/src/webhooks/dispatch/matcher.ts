import { createHash } from 'node:crypto';
import { type IntegrationEvent, storableText } from '@inthub/contracts';
import { matchesType, parseTypePattern } from '../../events/events.ts';
import type { ActiveSubscription } from './enqueue-repository.ts';
import { readPointer, resolvePointer } from './json-pointer.ts';
import { compileFilter } from './payload-filter.ts';

/** A subscription ready for matching. */
export interface Matcher {
  readonly id: string;
  readonly revision: number;
  matches(event: IntegrationEvent): boolean;
  /** The key whose order counts; null where none does, and for an event that lacks it. */
  orderKeyOf(event: IntegrationEvent): OrderKey | null;
}

export interface OrderKey {
  readonly digest: string;
  readonly text: string;
}

/** The dispatcher's own news about subscriptions and deliveries. */
const operational = /^(?:subscription|delivery)\./;

export const isOperational = (type: string): boolean => operational.test(type);

export function createMatcher({ id, revision, settings }: Omit<ActiveSubscription, 'createdAt'>): Matcher {
  const patterns = settings.events.map((pattern) => parseTypePattern(pattern));
  const sources = settings.sources === null ? null : new Set(settings.sources);
  const filter = settings.filter === null ? null : compileFilter(settings.filter);
  const { ordering } = settings;
  const pointer = ordering === null || ordering.key === 'source' ? undefined : readPointer(ordering.key);

  function orderTextOf(event: IntegrationEvent): string | undefined {
    if (ordering === null) return undefined;
    if (pointer === undefined) return event.source;
    const value = resolvePointer(event.data, pointer);
    return value === undefined ? undefined : typeof value === 'string' ? value : JSON.stringify(value);
  }

  return {
    id,
    revision,
    matches(event) {
      if (!patterns.some((pattern) => matchesType(pattern, event.type))) return false;
      if (sources !== null && !sources.has(event.source)) return false;
      // An endpoint that fails would otherwise get ever more news of its own failing.
      if (isOperational(event.type) && event.data['subscriptionId'] === id) return false;
      return filter === null || filter(event.data);
    },
    orderKeyOf(event) {
      const text = orderTextOf(event);
      if (text === undefined) return null;
      const digest = createHash('sha256').update(text).digest('hex').slice(0, 32);
      return { digest, text: storableText(text, 200) };
    },
  };
}

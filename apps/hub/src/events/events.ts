/** The room's one way in; what each part does is said where it is made. */

export { createNatsTransport } from './bus/nats-transport.ts';
export { createEventNews, newsChannel } from './bus/news.ts';
export type {
  BatchHandler,
  ConsumerStatus,
  DeadLetter,
  DeadLetterFilter,
  DeadLetters,
  EventBus,
  EventHandler,
  RedriveOptions,
  Unsubscribe,
} from './bus.ts';
export { createEventBus, type RunningEventBus } from './event-bus.ts';
export { createEventLog, type EventReader, type EventWriter } from './event-log.ts';
export { createEventStreams, type EventStreams, type StreamItem } from './event-streams.ts';
export { createExpiryCalendar, type Expiry, type ExpiryCalendar } from './expiries.ts';
export { noteReferencedEnd } from './expiry-repository.ts';
export type { NewEvent } from './new-event.ts';
export { matchesType, parseTypePattern } from './type-pattern.ts';

import { hash } from 'node:crypto';

/**
 * The id of the delivery of an event to a subscription, always the same for the two: a UUIDv7 (RFC 9562 §5.7) with the event's time, so that
 * deliveries sort as their events do, and bits of a SHA-256 where others have random ones. It is the `webhook-id` that receivers see.
 */
export function deliveryIdOf(eventId: string, subscriptionId: string): string {
  const time = eventId.replaceAll('-', '').slice(0, 12);
  const hex = hash('sha256', `${eventId}/${subscriptionId}`);
  const variant = (8 + (Number.parseInt(hex[3] ?? '0', 16) % 4)).toString(16);
  return `${time.slice(0, 8)}-${time.slice(8)}-7${hex.slice(0, 3)}-${variant}${hex.slice(4, 7)}-${hex.slice(7, 19)}`;
}

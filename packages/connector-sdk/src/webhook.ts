import type { HttpHeaders } from './http.ts';

/** A webhook delivery as it arrived. Signatures cover bytes, so the body is never parsed before `verify`. */
export interface InboundDelivery {
  readonly headers: HttpHeaders;
  readonly body: Uint8Array;
  readonly receivedAt: Date;
}

/** What a delivery says, in the hub's words. */
export interface TranslatedEvent {
  /** `<connector>.<thing>.<past tense>`, one of the webhook's `events`. */
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** One kind of delivery that a product sends. */
export interface WebhookDefinition {
  /** `<connector>.<what>`, for example `harbor.artifact`. */
  readonly id: string;
  readonly title: string;
  /** Event types that `translate` may give. */
  readonly events: readonly string[];
  /** Does the delivery carry a valid proof for one of the secrets (several while one is rotated)? Compares in constant time. */
  verify(delivery: InboundDelivery, secrets: readonly string[]): boolean | Promise<boolean>;
  /** The product's own delivery id, for deduplication. */
  deliveryId?(delivery: InboundDelivery): string | undefined;
  /** Called only after `verify`. An unknown event gives an empty list. */
  translate(delivery: InboundDelivery): readonly TranslatedEvent[] | Promise<readonly TranslatedEvent[]>;
}

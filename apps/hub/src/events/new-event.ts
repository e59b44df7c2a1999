import type { IntegrationEvent } from '@inthub/contracts';

/** A fact to record. Id, tenant and timestamp are the writer's. */
export interface NewEvent {
  readonly type: IntegrationEvent['type'];
  /** Integration id, or `hub`. */
  readonly source: string;
  /** At most 256 KiB as JSON. No secrets: whoever may read events sees it. */
  readonly data: Readonly<Record<string, unknown>>;
  /** Request id or trace id that led to this. */
  readonly correlationId: string;
  readonly connectorId?: string;
  readonly connectorVersion?: string;
  /** The provider's own id of the webhook that became this event; at most 200 characters are kept. */
  readonly originalWebhookId?: string;
}

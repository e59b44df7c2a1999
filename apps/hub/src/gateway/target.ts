// What a call asks for.
import type { WebhookChange } from '../runtime/runtime.ts';

export interface ActionTarget {
  readonly kind: 'action';
  readonly action: string;
  readonly params: unknown;
  readonly idempotencyKey: string | undefined;
  readonly streaming: boolean;
}

export interface TestTarget {
  readonly kind: 'connection_test';
  readonly fresh: boolean;
}

export interface CheckTarget {
  readonly kind: 'check';
  readonly checkId: string;
}

export interface DiscoveryTarget {
  readonly kind: 'discovery';
  readonly resourceType: string;
  readonly parent: string | undefined;
  readonly cursor: string | undefined;
  readonly limit: number;
}

/** Making or removing a webhook at the product. */
export interface WebhookTarget {
  readonly kind: 'webhook';
  /** Id of the connector's webhook definition. */
  readonly webhookId: string;
  readonly change: WebhookChange;
}

export type Target = ActionTarget | TestTarget | CheckTarget | DiscoveryTarget | WebhookTarget;

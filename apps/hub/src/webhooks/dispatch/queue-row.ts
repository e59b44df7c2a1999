import type { IntegrationEvent } from '@inthub/contracts';

/** A delivery to be put into the queue. */
export interface NewDelivery {
  readonly tenantId: string;
  readonly subscriptionId: string;
  readonly id: string;
  readonly event: IntegrationEvent;
  readonly revision: number;
  /** Digest of the key of an ordered subscription, and the beginning of the key for people; null where order does not matter. */
  readonly orderKey: string | null;
  readonly orderText: string | null;
  readonly dueAt: Date;
}

/** A delivery in a worker's hands, until its lease ends. */
export interface Job {
  readonly tenantId: string;
  readonly subscriptionId: string;
  readonly id: string;
  readonly eventId: string;
  readonly eventAt: Date;
  readonly eventType: string;
  readonly revision: number;
  readonly attempts: number;
  readonly attemptsBefore: number;
  readonly orderKey: string | null;
  readonly orderText: string | null;
  readonly leaseId: string;
  /** Of the subscription, when it was handed out. */
  readonly subscriptionVersion: number;
  /** How many of its subscription may be sent at once. */
  readonly concurrency: number;
  /** Undefined when the log does not hold it any more. */
  readonly event: IntegrationEvent | undefined;
}

/** Names a subscription across tenants. */
export interface SubscriptionRef {
  readonly tenantId: string;
  readonly subscriptionId: string;
}

export const keyOf = ({ tenantId, subscriptionId }: SubscriptionRef): string => `${tenantId}/${subscriptionId}`;

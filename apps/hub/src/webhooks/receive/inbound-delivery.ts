import type { TenantId } from '@inthub/contracts';

/** What became of a delivery. `pending`: still to be translated, or to be tried again. */
export type InboundStatus = 'pending' | 'translated' | 'untranslated' | 'dead';
export const inboundStatuses: readonly InboundStatus[] = ['pending', 'translated', 'untranslated', 'dead'];

/** What is known of a delivery before its body is looked into. */
export interface InboundHead {
  readonly tenantId: TenantId;
  readonly id: string;
  readonly integrationId: string;
  readonly endpointId: string;
  /** Id of the connector's webhook definition. */
  readonly webhookId: string;
  /** The product's own id of the delivery. */
  readonly externalId: string | null;
  /** The product's name of what happened. */
  readonly kind: string | null;
  readonly receivedAt: Date;
  /** Without those that could hold a secret. */
  readonly headers: readonly (readonly [string, string])[];
}

/** A delivery that is proved and not stored yet. */
export interface NewInbound extends InboundHead {
  readonly body: Uint8Array;
  /** SHA-256 of what tells it from others of the integration, hexadecimal. */
  readonly key: string;
}

/** A delivery that is stored and to be translated. */
export interface PendingInbound extends InboundHead {
  readonly body: Uint8Array;
  /** Tries before this one. */
  readonly attempts: number;
}

/** One that a worker holds under a lease. */
export interface LeasedInbound extends PendingInbound {
  /** How many leases of it ran out since it was last translated or tried: a process has ended, or somebody was slow. */
  readonly lostLeases: number;
  /** The processes (see `Listener.presence`) whose leases these were, each once, without those that have said since that they live. */
  readonly lostBy: readonly number[];
}

/** A delivery as it is shown. */
export interface InboundSummary {
  readonly id: string;
  readonly integrationId: string;
  readonly endpointId: string;
  readonly webhookId: string;
  readonly externalId: string | null;
  readonly kind: string | null;
  readonly receivedAt: string;
  readonly bytes: number;
  readonly status: InboundStatus;
  readonly attempts: number;
  /** Types of the events that it became. */
  readonly eventTypes: readonly string[];
  /** Why it could not be translated. */
  readonly error: string | null;
  readonly settledAt: string | null;
}

/** One delivery with all that arrived. */
export interface InboundDetail extends InboundSummary {
  readonly headers: readonly { readonly name: string; readonly value: string }[];
  /** As text where it is UTF-8, else base64; `truncated` beyond 256 KiB. */
  readonly body: {
    readonly encoding: 'utf8' | 'base64';
    readonly content: string;
    readonly truncated: boolean;
  };
}

import type { Clock, IntegrationConfig, ModelPrice, Money } from '@inthub/contracts';
import type { HttpClient } from './http.ts';

/** What an action gets beside its input. It knows its integration, never the tenant and never the secret. */
export interface ActionContext {
  readonly integration: {
    readonly id: string;
    readonly name: string;
    readonly type: string;
    readonly config: IntegrationConfig;
  };
  readonly http: HttpClient;
  readonly clock: Clock;
  readonly log: ConnectorLog;
  /** Aborted at the deadline and when the caller goes away. */
  readonly signal: AbortSignal;
  /** The caller's idempotency key, to pass on where the product knows such a header. */
  readonly idempotencyKey?: string;
  readonly cache: TagCache;
  /** What models cost, by the tenant's, the platform's or the connector's own table; absent where none has a price. */
  readonly modelPrices?: readonly ModelPrice[];
  /** Reports what the action used, for usage and budgets; several reports of one call add up. @throws HubError `connector_failed` for a cost that is none */
  reportUsage(usage: ReportedUsage): void;
}

/** What a call used of the provider. */
export interface ReportedUsage {
  /** Model tokens, in and out together. */
  readonly tokensUsed?: number;
  /** Money, in whole micro-units. One call reports one currency. */
  readonly cost?: Money;
}

/** Static message and fields; fields are redacted before they are written. */
export interface ConnectorLog {
  debug(message: string, fields?: Readonly<Record<string, unknown>>): void;
  info(message: string, fields?: Readonly<Record<string, unknown>>): void;
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void;
}

/**
 * The tag → digest cache of GW-6 (1 h absolute), already scoped to the tenant and integration. A value is short text of the
 * connector's own form: the digest, or the whole resolution as JSON.
 */
export interface TagCache {
  get(key: string): string | undefined;
  set(key: string, resolution: string): void;
}

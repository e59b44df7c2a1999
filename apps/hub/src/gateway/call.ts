import type { ActionResult, HubError, Principal } from '@inthub/contracts';
import type { EgressAttempt } from '../egress/egress.ts';
import type { WebhookChange } from '../runtime/runtime.ts';

/** A call as every thin caller (REST, SSE, CLI, scheduler, …) makes it. */
export interface GatewayCall {
  readonly principal: Principal;
  readonly integrationId: string;
  readonly requestId: string;
  /** Milliseconds that the caller is willing to wait; default the action's or the integration's timeout. At most 300 000 count. */
  readonly timeoutMs?: number;
  /** Aborts when the caller goes away. */
  readonly signal?: AbortSignal;
  /** Instead of `signal`, for this call alone: the caller aborts it when it goes away, the gateway when the time is up. */
  readonly abort?: AbortController;
  readonly traceparent?: string;
  /** W3C trace state, sent on with the trace context. */
  readonly tracestate?: string;
  /** Told about every request that the call sends, as the audit is. */
  onAttempt?(attempt: EgressAttempt): void;
}

export interface ActionCall extends GatewayCall {
  readonly action: string;
  readonly params: unknown;
  /** 1 to 255 visible ASCII characters. */
  readonly idempotencyKey?: string;
}

export interface TestCall extends GatewayCall {
  /** Asks the provider even when a result of the last two minutes is at hand. */
  readonly fresh?: boolean;
}

export interface CheckCall extends GatewayCall {
  /** One of the connector's own doctor checks. */
  readonly checkId: string;
}

export interface WebhookCall extends GatewayCall {
  /** Id of the connector's webhook definition. */
  readonly webhookId: string;
  readonly change: WebhookChange;
}

export interface DiscoveryCall extends GatewayCall {
  readonly resourceType: string;
  readonly parent?: string;
  readonly cursor?: string;
  readonly limit: number;
}

/** What the hub answers to an action call: the result, and the error behind it when it failed, for the HTTP mapper. */
export interface ActionOutcome {
  readonly result: ActionResult;
  readonly error?: HubError;
}

import type {
  AnyAction,
  CheckOutcome,
  ConnectionReport,
  HttpClient,
  RegisteredWebhook,
  ReportedUsage,
  TagCache,
  WebhookRegistration,
  WebhookRegistrationRequest,
} from '@inthub/connector-sdk';
import type { ActionEvent, Page, Resource } from '@inthub/contracts';
import type { ConnectorRegistry, LoadedConnector } from './connector-registry.ts';
import type { InstalledIntegration } from './installed-integration.ts';

/** One run of a connector's code. `http` is already bound to the integration by egress. */
export interface Invocation {
  readonly integration: InstalledIntegration;
  readonly connector: LoadedConnector;
  readonly http: HttpClient;
  /** Aborts with a HubError as reason; the host answers with that error even when the connector's code ignores the signal. */
  readonly signal: AbortSignal;
  readonly idempotencyKey?: string;
  readonly requestId: string;
  /** For the log. */
  readonly traceId?: string;
  /** Tag → digest cache, scoped to the integration. */
  readonly tags: TagCache;
  reportUsage(usage: ReportedUsage): void;
}

/** What discovery asks for; `limit` items at most are expected back. */
export interface DiscoveryQuery {
  readonly parent?: string;
  readonly cursor?: string;
  readonly limit: number;
}

/** A webhook to make at the product, to keep alive there, or to remove from it. */
export type WebhookChange =
  | { readonly kind: 'register'; readonly request: WebhookRegistrationRequest }
  | { readonly kind: 'renew'; readonly webhook: RegisteredWebhook & { readonly target?: string } }
  | { readonly kind: 'deregister'; readonly webhook: RegisteredWebhook & { readonly target?: string } };

/** Runs connector code in the host that fits its origin. Input is already validated; output is validated here. */
export interface Runtime {
  readonly registry: ConnectorRegistry;
  /** @throws HubError `connector_failed` when the code breaks or its output does not fit the action's schema; the connector's own HubErrors pass. */
  run(action: AnyAction, input: unknown, invocation: Invocation): Promise<unknown>;
  /** Ends after a `complete` or `error` event. @throws HubError as `run` does. */
  stream(action: AnyAction, input: unknown, invocation: Invocation): AsyncIterable<ActionEvent>;
  testConnection(invocation: Invocation): Promise<ConnectionReport>;
  /** One doctor check of the connector's own. @throws HubError `not_found` when it has no such check. */
  check(checkId: string, invocation: Invocation): Promise<CheckOutcome>;
  /** Null when it was renewed or removed. @throws HubError as `run` does. */
  changeWebhook(
    registration: WebhookRegistration,
    change: WebhookChange,
    invocation: Invocation,
  ): Promise<RegisteredWebhook | null>;
  /** @throws HubError `invalid_request` naming the types that exist, when the connector cannot discover this one. */
  discover(resourceType: string, query: DiscoveryQuery, invocation: Invocation): Promise<Page<Resource>>;
}

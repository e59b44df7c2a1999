import type { Page, Resource } from '@inthub/contracts';
import type { AnyAction } from './action.ts';
import type { ActionContext } from './context.ts';
import type { ConnectorManifest } from './manifest.ts';
import type { WebhookDefinition } from './webhook.ts';

/** What a connection test found. Throwing a HubError means failure too; its public message is shown. */
export interface ConnectionReport {
  readonly success: boolean;
  readonly message: string;
  /**
   * What was learnt; never a secret. The doctor reads `version` (the product's), `apiVersion` (in the form of the manifest's
   * `targetApiVersion`), and `scopes` (granted to the credential, an array of texts as in `requiredPermissions`). All optional.
   */
  readonly details: Readonly<Record<string, unknown>>;
}

export interface DiscoverQuery {
  /** Id of the resource whose children are asked for (the repository of a tag, the project of a repository). */
  readonly parent?: string;
  /** `nextCursor` of the page before; the connector's own format. */
  readonly cursor?: string;
  readonly limit: number;
}

export type Discover = (query: DiscoverQuery, ctx: ActionContext) => Promise<Page<Resource>>;

/** One doctor check of the connector's own, beside the hub's standard ones. */
export interface ConnectorCheck {
  /** `<connector>.<what>`. */
  readonly id: string;
  readonly title: string;
  run(ctx: ActionContext): Promise<CheckOutcome>;
}

export interface CheckOutcome {
  readonly status: 'pass' | 'warn' | 'fail';
  readonly message: string;
  readonly details?: Readonly<Record<string, unknown>>;
  readonly suggestions?: readonly string[];
}

/** A connector: the one contract for in-process, sandboxed and remote hosts. */
export interface ConnectorDefinition {
  readonly manifest: ConnectorManifest;
  readonly actions: ReadonlyMap<string, AnyAction>;
  testConnection(ctx: ActionContext): Promise<ConnectionReport>;
  /** By resource type: `repositories`, `tags`, `projects`, … */
  readonly discover: Readonly<Record<string, Discover>>;
  readonly checks: readonly ConnectorCheck[];
  /** Deliveries that the product sends to the hub; absent where it sends none. */
  readonly webhooks?: readonly WebhookDefinition[];
}

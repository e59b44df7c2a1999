import type { AnyAction } from './action.ts';
import type { ConnectionReport, ConnectorCheck, ConnectorDefinition, Discover } from './connector.ts';
import type { ActionContext } from './context.ts';
import type { ConnectorManifest } from './manifest.ts';
import { validateManifest } from './validate-manifest.ts';
import type { WebhookDefinition } from './webhook.ts';

export interface ConnectorOptions {
  manifest: ConnectorManifest;
  actions: readonly AnyAction[];
  testConnection(ctx: ActionContext): Promise<ConnectionReport>;
  discover?: Readonly<Record<string, Discover>>;
  checks?: readonly ConnectorCheck[];
  webhooks?: readonly WebhookDefinition[];
}

/**
 * A connector from its parts: the table of contents in `connector.ts`.
 * @throws ManifestError listing every fault (bad id, duplicate action, action of a type that does not exist, …).
 */
export function defineConnector(options: ConnectorOptions): ConnectorDefinition {
  validateManifest(options.manifest, options.actions, options.webhooks);
  return Object.freeze({
    manifest: options.manifest,
    actions: new Map(options.actions.map((action) => [action.id, action])),
    testConnection: options.testConnection,
    discover: options.discover ?? {},
    checks: options.checks ?? [],
    webhooks: options.webhooks ?? [],
  });
}

/** The actions that an integration of one type offers. */
export function actionsOfType(connector: ConnectorDefinition, typeId: string): readonly AnyAction[] {
  const type = connector.manifest.types.find((candidate) => candidate.id === typeId);
  const all = [...connector.actions.values()];
  const only = type?.actions;
  return only === undefined ? all : all.filter((action) => only.includes(action.id));
}

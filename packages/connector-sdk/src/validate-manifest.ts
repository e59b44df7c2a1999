import type { AnyAction } from './action.ts';
import { authMethodsOf } from './auth-method.ts';
import type { ConnectorManifest } from './manifest.ts';
import type { WebhookDefinition } from './webhook.ts';

/** Every fault of a manifest at once, so that an author mends them in one go. */
export class ManifestError extends Error {
  override readonly name = 'ManifestError';
  readonly faults: readonly string[];

  constructor(connectorId: string, faults: readonly string[]) {
    super(`Connector ${connectorId}: ${faults.join('; ')}`);
    this.faults = faults;
  }
}

const connectorId = /^[a-z][a-z0-9_]{1,63}$/;
const typeId = /^[a-z]+\.[a-z][a-z0-9_]{0,63}$/;
/** `rollback` is the one standard action without a noun. */
const actionId = /^(?:rollback|[a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)+)$/;
const eventType = /^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*){2,}$/;
const semver = /^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$/;
const host = /^(\*\.)?[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:\d{1,5})?$/;

/** @throws ManifestError */
export function validateManifest(
  manifest: ConnectorManifest,
  actions: readonly AnyAction[],
  webhooks: readonly WebhookDefinition[] = [],
): void {
  const faults: string[] = [];
  const demand = (ok: boolean, fault: string) => {
    if (!ok) faults.push(fault);
  };
  demand(connectorId.test(manifest.id), `id "${manifest.id}" must match ${connectorId}`);
  demand(semver.test(manifest.version), `version "${manifest.version}" is not a semantic version`);
  demand(manifest.types.length > 0, 'types is empty');
  demand(manifest.auth.length > 0, 'auth is empty; declare {mode: "none"} if the product needs none');
  demand(manifest.metadata.icon.startsWith('data:image/'), 'metadata.icon must be a data:image URI');
  for (const name of manifest.egress.hosts)
    demand(host.test(name), `egress host "${name}" is not a lower-case host name`);

  const ids = new Set<string>();
  for (const action of actions) {
    demand(actionId.test(action.id), `action id "${action.id}" must be noun.verb in lower case`);
    demand(!ids.has(action.id), `action ${action.id} is defined twice`);
    demand(
      action.limitBucket === undefined || manifest.limitBuckets !== undefined,
      `action ${action.id} names a limitBucket, but the manifest has no limitBuckets`,
    );
    demand(action.safe || action.cacheTtlMs === undefined, `action ${action.id} is not safe, so it cannot be cached`);
    ids.add(action.id);
  }
  const types = new Set<string>();
  for (const type of manifest.types) {
    demand(typeId.test(type.id), `type id "${type.id}" must be <category>.<product>`);
    demand(!types.has(type.id), `type ${type.id} is declared twice`);
    types.add(type.id);
    for (const id of type.actions ?? []) demand(ids.has(id), `type ${type.id} names unknown action ${id}`);
  }
  for (const { title, types: only } of manifest.auth)
    for (const type of only ?? []) demand(types.has(type), `authentication "${title}" names unknown type ${type}`);
  for (const type of types)
    demand(authMethodsOf(manifest, type).length > 0, `type ${type} has no authentication; declare {mode: "none"}`);
  const webhookIds = new Set<string>();
  for (const webhook of webhooks) {
    demand(webhook.id.startsWith(`${manifest.id}.`), `webhook id "${webhook.id}" must start with ${manifest.id}.`);
    demand(!webhookIds.has(webhook.id), `webhook ${webhook.id} is defined twice`);
    webhookIds.add(webhook.id);
    for (const type of webhook.types ?? []) demand(types.has(type), `webhook ${webhook.id} names unknown type ${type}`);
    for (const type of webhook.events) {
      const named = eventType.test(type) && type.startsWith(`${manifest.id}.`);
      demand(named, `webhook ${webhook.id}: event "${type}" must be ${manifest.id}.<thing>.<past tense>`);
    }
  }
  if (faults.length > 0) throw new ManifestError(manifest.id, faults);
}

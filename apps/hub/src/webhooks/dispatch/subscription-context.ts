import { type Clock, HubError, isId, type Principal, type WebhookSecrets } from '@inthub/contracts';
import type { AuditWriter } from '../../audit/audit.ts';
import type { Database, TenantTx } from '../../database/database.ts';
import type { Poster } from '../../egress/egress.ts';
import type { EventWriter } from '../../events/events.ts';
import type { SealedBoxes } from '../../vault/vault.ts';
import type { SubscriptionRecord } from './subscription-record.ts';
import { bumpGeneration, findSubscription } from './subscription-repository.ts';
import { readContent, type SealedContent } from './targets.ts';

/** Who acts, as in the catalog. */
export interface Acting {
  readonly principal: Principal;
  readonly requestId: string;
}

export interface SubscriptionsDeps {
  readonly database: Database;
  readonly events: EventWriter;
  readonly audit: AuditWriter;
  readonly boxes: SealedBoxes;
  readonly clock: Clock;
  readonly checkUrl: Poster['checkUrl'];
  readonly learnSecret: (secret: string, tenantId: string) => void;
}

export interface SubscriptionChangeRecord {
  readonly acting: { readonly principal: Pick<Principal, 'kind' | 'id' | 'name'>; readonly requestId: string };
  /** `create`, `update`, `rotate_secret`, `enable`, `disable`, `delete`, … */
  readonly what: string;
  /** Past tense, for the event; undefined where no event is due. */
  readonly happened?: string;
  readonly before?: SubscriptionRecord;
  readonly after?: SubscriptionRecord;
  readonly details?: Readonly<Record<string, unknown>>;
}

/** The end of every change, in its transaction: the workers' mark, event, then audit. */
export async function recordChange(
  deps: Pick<SubscriptionsDeps, 'events' | 'audit'>,
  tx: TenantTx,
  { acting, what, happened, before, after, details }: SubscriptionChangeRecord,
): Promise<void> {
  const record = after ?? before;
  if (record === undefined) throw new HubError('internal');
  const { kind, id, name } = acting.principal;
  await bumpGeneration(tx);
  if (happened !== undefined) {
    await deps.events.append(tx, {
      type: `subscription.${happened}`,
      source: 'hub',
      data: { subscriptionId: record.id, name: record.name, ...details },
      correlationId: acting.requestId,
    });
  }
  await deps.audit.append(tx, {
    actor: { kind, id, name },
    action: `subscription.${what}`,
    target: { type: 'webhook_subscription', id: record.id, name: record.name },
    outcome: 'success',
    requestId: acting.requestId,
    ...(before === undefined ? {} : { before: auditView(before) }),
    ...(after === undefined ? {} : { after: auditView(after) }),
    ...(details === undefined ? {} : { details }),
  });
}

function auditView({ name, settings, revision, active, disabledReason, keys }: SubscriptionRecord) {
  return { name, ...settings, revision, active, disabledReason, keys };
}

/** @throws HubError `not_found`, also for another tenant's: the two cannot be told apart. */
export async function requireSubscription(
  tx: TenantTx,
  id: string,
  options: { forUpdate?: boolean } = {},
): Promise<SubscriptionRecord> {
  const found = isId(id) ? await findSubscription(tx, id, options) : undefined;
  if (found === undefined) throw new HubError('not_found', 'There is no such webhook subscription.');
  return found;
}

export function requireVersion(record: SubscriptionRecord, version: number | undefined): void {
  if (version === undefined || version === record.version) return;
  throw new HubError(
    'version_mismatch',
    `The subscription has changed since it was read: it is at version ${record.version} now. Read it again.`,
    { details: { currentVersion: record.version } },
  );
}

/** @throws HubError `credential_unavailable` */
export async function openContent(
  deps: Pick<SubscriptionsDeps, 'boxes'>,
  tx: TenantTx,
  id: string,
): Promise<SealedContent> {
  const text = await deps.boxes.open(tx, id);
  if (text === undefined) {
    throw new HubError(
      'credential_unavailable',
      'The signing keys of the subscription are missing; rotate its secret.',
    );
  }
  return readContent(text);
}

/** What its creator or rotator is shown, this once. */
export function shownSecrets(content: SealedContent): WebhookSecrets {
  const newest = (scheme: 'hmac' | 'ed25519') => content.keys.find((key) => key.scheme === scheme);
  return { secret: newest('hmac')?.secret ?? null, publicKey: newest('ed25519')?.publicKey ?? null };
}

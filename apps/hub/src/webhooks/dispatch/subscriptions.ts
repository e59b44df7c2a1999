import {
  createId,
  HubError,
  type NewWebhookSubscription,
  type Page,
  type TenantId,
  type WebhookSecrets,
  type WebhookSubscription,
  type WebhookSubscriptionChange,
} from '@inthub/contracts';
import { cursorKind, pageById, type TenantTx } from '../../database/database.ts';
import { mergeHeaders } from './custom-headers.ts';
import { forgetExpired, keyViews, newKeys, rotateKeys } from './signing-keys.ts';
import {
  type Acting,
  openContent,
  recordChange,
  requireSubscription,
  requireVersion,
  type SubscriptionsDeps,
  shownSecrets,
} from './subscription-context.ts';
import { type DisabledReason, presentSubscription, type SubscriptionRecord } from './subscription-record.ts';
import {
  countSubscriptions,
  deleteSubscription,
  findEndpoints,
  insertRevision,
  insertSubscription,
  pruneRevisions,
  resetEndpoint,
  selectSubscriptions,
  updateSubscription,
} from './subscription-repository.ts';
import { applySettings, inUrl, sameSettings } from './subscription-rules.ts';
import { readContent, type SealedContent } from './targets.ts';

export interface Subscriptions {
  list(
    tenantId: TenantId,
    query: { cursor?: string; limit: number; active?: boolean },
  ): Promise<Page<WebhookSubscription>>;
  /** @throws HubError `not_found` */
  get(tenantId: TenantId, id: string): Promise<WebhookSubscription>;
  /** The secrets are shown this once. @throws HubError `invalid_request` naming the field, `conflict` at 1,000 subscriptions */
  create(acting: Acting, input: NewWebhookSubscription): Promise<WebhookSubscription & WebhookSecrets>;
  /** @throws HubError `not_found`, `version_mismatch`, `invalid_request` */
  change(acting: Acting, id: string, version: number, change: WebhookSubscriptionChange): Promise<WebhookSubscription>;
  /** New keys; the old ones go on signing beside them. @param overlapHours Default 24; 0 ends them at once. */
  rotate(acting: Acting, id: string, options?: RotateOptions): Promise<WebhookSubscription & WebhookSecrets>;
  enable(acting: Acting, id: string): Promise<WebhookSubscription>;
  disable(acting: Acting, id: string, reason?: DisabledReason): Promise<WebhookSubscription>;
  /** With all that waits. The history stays until its months are dropped. */
  remove(acting: Acting, id: string, version?: number): Promise<void>;
}

export interface RotateOptions {
  readonly overlapHours?: number;
  /** Own secret instead of a new one, for HMAC. */
  readonly secret?: string;
}

const mostSubscriptions = 1_000;

export function createSubscriptions(deps: SubscriptionsDeps): Subscriptions {
  const { database, boxes, clock, checkUrl, learnSecret } = deps;

  async function seal(tx: TenantTx, id: string, content: SealedContent): Promise<void> {
    for (const { secret } of content.keys) learnSecret(secret, tx.tenantId);
    for (const headers of Object.values(content.headers)) {
      for (const value of Object.values(headers)) learnSecret(value, tx.tenantId);
    }
    await boxes.put(tx, id, JSON.stringify(content));
  }

  async function present(tx: TenantTx, record: SubscriptionRecord): Promise<WebhookSubscription> {
    const endpoint = (await findEndpoints(tx, [record.id])).get(record.id);
    if (endpoint === undefined) throw new HubError('not_found', 'There is no such webhook subscription.');
    return presentSubscription(record, endpoint);
  }

  /** A step of the version by `acting`. */
  const stepOf = (record: SubscriptionRecord, acting: Acting) => ({
    ...record,
    version: record.version + 1,
    modifiedAt: clock.now(),
    modifiedBy: acting.principal.id,
  });

  async function setActive(acting: Acting, id: string, reason: DisabledReason | null): Promise<WebhookSubscription> {
    return database.tenant(acting.principal.tenantId, async (tx) => {
      const before = await requireSubscription(tx, id, { forUpdate: true });
      const active = reason === null;
      if (before.active === active) return present(tx, before);
      const after = {
        ...stepOf(before, acting),
        active,
        disabledReason: reason,
        disabledAt: active ? null : clock.now(),
      };
      await updateSubscription(tx, after);
      if (active) await resetEndpoint(tx, id);
      const [what, happened] = active ? ['enable', 'enabled'] : ['disable', 'disabled'];
      await recordChange(deps, tx, {
        acting,
        what,
        happened,
        before,
        after,
        details: active ? { disabledAt: before.disabledAt?.toISOString() ?? null } : { reason },
      });
      return present(tx, after);
    });
  }

  return {
    async list(tenantId, { cursor, limit, active }) {
      const filter = active === undefined ? {} : { active };
      const kind = cursorKind('webhook_subscriptions', filter);
      return database.tenant(tenantId, async (tx) => {
        const { items, nextCursor } = await pageById(kind, { cursor, limit }, ({ afterId, take }) =>
          selectSubscriptions(tx, { ...filter, limit: take, ...(afterId === null ? {} : { afterId }) }),
        );
        const endpoints = await findEndpoints(
          tx,
          items.map(({ id }) => id),
        );
        return {
          items: items.flatMap((record) => {
            const endpoint = endpoints.get(record.id);
            return endpoint === undefined ? [] : [presentSubscription(record, endpoint)];
          }),
          nextCursor,
        };
      });
    },
    get: (tenantId, id) => database.tenant(tenantId, async (tx) => present(tx, await requireSubscription(tx, id))),

    async create(acting, { headers: givenHeaders = {}, active = true, secret, name, ...input }) {
      const { tenantId, id: createdBy } = acting.principal;
      const headers = mergeHeaders({}, givenHeaders);
      const settings = applySettings(undefined, input, Object.keys(headers));
      await checkUrl(tenantId, settings.url).catch((error: unknown) => {
        throw inUrl(error);
      });
      const now = clock.now();
      const keys = newKeys(settings.signing, now, secret);
      const record: SubscriptionRecord = {
        tenantId,
        id: createId(),
        name: name ?? new URL(settings.url).host.slice(0, 128),
        settings,
        revision: 1,
        version: 1,
        active,
        disabledReason: active ? null : 'manual',
        disabledAt: active ? null : now,
        keys: keyViews(keys),
        createdAt: now,
        createdBy,
        modifiedAt: now,
        modifiedBy: createdBy,
      };
      const content: SealedContent = { keys, headers: { 1: headers } };
      const created = await database.tenant(tenantId, async (tx) => {
        if ((await countSubscriptions(tx)) >= mostSubscriptions) {
          throw new HubError('conflict', `The tenant has ${mostSubscriptions} subscriptions, the most there may be.`);
        }
        await insertSubscription(tx, record);
        await seal(tx, record.id, content);
        await recordChange(deps, tx, { acting, what: 'create', happened: 'created', after: record });
        return present(tx, record);
      });
      return { ...created, ...shownSecrets(content) };
    },

    async change(acting, id, version, { headers: changedHeaders, name, ...change }) {
      const { tenantId } = acting.principal;
      if (change.url !== undefined) {
        await checkUrl(tenantId, change.url).catch((error: unknown) => {
          throw inUrl(error);
        });
      }
      return database.tenant(tenantId, async (tx) => {
        const before = await requireSubscription(tx, id, { forUpdate: true });
        requireVersion(before, version);
        const content = await openContent(deps, tx, id);
        const oldHeaders = content.headers[before.revision] ?? {};
        const headers = changedHeaders === undefined ? oldHeaders : mergeHeaders(oldHeaders, changedHeaders);
        const settings = applySettings(before.settings, change, Object.keys(headers));
        const isNew = !sameSettings(before.settings, settings) || changedHeaders !== undefined;
        const now = clock.now();
        const keys = newKeys(settings.signing, now, undefined, forgetExpired(content.keys, now));
        const after = {
          ...stepOf(before, acting),
          name: name ?? before.name,
          settings,
          revision: before.revision + (isNew ? 1 : 0),
          keys: keyViews(keys),
        };
        await updateSubscription(tx, after);
        if (isNew) {
          await insertRevision(tx, after);
          const kept = await pruneRevisions(tx, id);
          const all: SealedContent['headers'] = { ...content.headers, [after.revision]: headers };
          const needed = Object.entries(all).filter(([revision]) => kept.includes(Number(revision)));
          await seal(tx, id, { keys, headers: Object.fromEntries(needed) });
        }
        await recordChange(deps, tx, { acting, what: 'update', happened: 'updated', before, after });
        return present(tx, after);
      });
    },

    async rotate(acting, id, { overlapHours = 24, secret } = {}) {
      return database.tenant(acting.principal.tenantId, async (tx) => {
        const before = await requireSubscription(tx, id, { forUpdate: true });
        // Lost keys are what rotating mends.
        const text = await boxes.open(tx, id);
        const content = text === undefined ? { keys: [], headers: {} } : readContent(text);
        const now = clock.now();
        const keys = rotateKeys(content.keys, before.settings.signing, { now, overlapHours, secret });
        const after = { ...stepOf(before, acting), keys: keyViews(keys) };
        await updateSubscription(tx, after);
        await seal(tx, id, { ...content, keys });
        const details = { overlapHours };
        await recordChange(deps, tx, {
          acting,
          what: 'rotate_secret',
          happened: 'secret_rotated',
          before,
          after,
          details,
        });
        return { ...(await present(tx, after)), ...shownSecrets({ ...content, keys }) };
      });
    },

    enable: (acting, id) => setActive(acting, id, null),
    disable: (acting, id, reason = 'manual') => setActive(acting, id, reason),

    async remove(acting, id, version) {
      await database.tenant(acting.principal.tenantId, async (tx) => {
        const before = await requireSubscription(tx, id, { forUpdate: true });
        requireVersion(before, version);
        const undelivered = await deleteSubscription(tx, id);
        await boxes.remove(tx, id);
        await recordChange(deps, tx, { acting, what: 'delete', happened: 'deleted', before, details: { undelivered } });
      });
    },
  };
}

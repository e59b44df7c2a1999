// What was not sent because the hub was offline: kept, listed, and sent later when somebody says so.
import {
  type Clock,
  createId,
  HubError,
  isId,
  type KeptAnnotation,
  type Page,
  type ScmOperation,
  type ScmOperationResult,
  storableJson,
  storableText,
  type TenantId,
} from '@inthub/contracts';
import type { AuditRecord, AuditWriter } from '../audit/audit.ts';
import { cursorKind, type Database, pageByTime } from '../database/database.ts';
import type { AnnotationCall } from './annotation-call.ts';
import type { Claims } from './claims.ts';
import {
  countKept,
  deleteKept,
  deletePosted,
  findKept,
  insertKept,
  selectKept,
  updateKept,
} from './kept-repository.ts';

export interface KeptAnnotationsDeps {
  readonly database: Database;
  readonly audit: AuditWriter;
  readonly clock: Clock;
  /** Takes the tenant's secrets out of what is stored. */
  readonly redact: (value: unknown, tenantId: string) => unknown;
}

export interface KeptAnnotations {
  /** @returns its id. @throws HubError `conflict` when too many wait */
  keep(call: AnnotationCall, integrationId: string, operation: ScmOperation, request: object): Promise<string>;
  list(
    tenantId: TenantId,
    integrationId: string,
    query: { readonly state?: KeptAnnotation['state']; readonly cursor?: string; readonly limit: number },
  ): Promise<Page<KeptAnnotation>>;
  /** @throws HubError `not_found` */
  get(tenantId: TenantId, integrationId: string, keptId: string): Promise<KeptAnnotation>;
  post(
    call: AnnotationCall,
    integrationId: string,
    keptId: string,
    send: (operation: ScmOperation, request: Readonly<Record<string, unknown>>) => Promise<ScmOperationResult>,
  ): Promise<ScmOperationResult>;
  remove(call: AnnotationCall, integrationId: string, keptId: string): Promise<void>;
}

/** Of one integration: weeks of a busy repository. */
const maxWaiting = 5_000;
const recordDays = 30;
const dayMs = 86_400_000;

export function createKeptAnnotations(
  { database, audit, clock, redact }: KeptAnnotationsDeps,
  claims: Claims,
): KeptAnnotations {
  const entry = (
    { principal, requestId }: AnnotationCall,
    integrationId: string,
    action: string,
    details: object,
    outcome: AuditRecord['outcome'] = 'success',
  ): AuditRecord => ({
    actor: { kind: principal.kind, id: principal.id, name: principal.name },
    action,
    target: { type: 'integration', id: integrationId },
    outcome,
    requestId,
    details: { ...details },
  });
  const absent = () => new HubError('not_found', 'There is no such kept annotation.');

  async function find(tenantId: TenantId, integrationId: string, keptId: string): Promise<KeptAnnotation> {
    if (!isId(integrationId) || !isId(keptId)) throw absent();
    const found = await database.tenant(tenantId, (tx) => findKept(tx, integrationId, keptId));
    if (found === undefined) throw absent();
    return found;
  }

  return {
    async keep(call, integrationId, operation, request) {
      const id = createId<string>();
      const { tenantId, name } = call.principal;
      const payload = storableJson(redact(request, tenantId));
      await database.tenant(tenantId, async (tx) => {
        if ((await countKept(tx, integrationId, maxWaiting)) >= maxWaiting) {
          throw new HubError(
            'conflict',
            `${maxWaiting} annotations of this integration wait to be posted; post or remove some. This one was not kept.`,
          );
        }
        const createdAt = clock.now();
        await insertKept(tx, { id, integrationId, operation, payload, createdAt, createdBy: storableText(name, 256) });
        await deletePosted(tx, integrationId, new Date(createdAt.getTime() - recordDays * dayMs));
        await audit.append(tx, entry(call, integrationId, 'annotation.keep', { keptId: id, operation }));
      });
      return id;
    },

    async list(tenantId, integrationId, { state, cursor, limit }) {
      const kind = cursorKind('kept-annotations', { integrationId, state });
      return pageByTime(kind, { cursor, limit, timeOf: ({ createdAt }) => createdAt }, ({ after, take }) =>
        database.tenant(tenantId, (tx) =>
          selectKept(tx, integrationId, {
            limit: take,
            ...(state === undefined ? {} : { state }),
            ...(after === undefined ? {} : { after: { createdAt: after.at, id: after.id } }),
          }),
        ),
      );
    },

    get: find,

    async post(call, integrationId, keptId, send) {
      if (!isId(integrationId) || !isId(keptId)) throw absent();
      const { tenantId } = call.principal;
      // Of two who post it at once, the second is told that it is done; a process that dies in between leaves it kept.
      return claims.alone(call, integrationId, ['kept', keptId], async () => {
        const kept = await find(tenantId, integrationId, keptId);
        if (kept.state === 'posted') throw new HubError('conflict', `It was posted at ${kept.postedAt}.`);
        const details = { keptId, operation: kept.operation };
        const settle = (change: Parameters<typeof updateKept>[2], record: AuditRecord) =>
          database.tenant(tenantId, async (tx) => {
            await updateKept(tx, keptId, change);
            await audit.append(tx, record);
          });
        const fail = (lastError: string) =>
          settle(
            { state: 'kept', postedAt: null, lastError: storableText(lastError, 2000) },
            entry(call, integrationId, 'annotation.post', { ...details, error: lastError }, 'failure'),
          );
        let result: ScmOperationResult;
        try {
          result = await send(kept.operation, kept.payload);
        } catch (error) {
          await fail(HubError.from(error, 'internal').message);
          throw error;
        }
        if (result.success) {
          const change = { state: 'posted' as const, postedAt: clock.now(), lastError: null };
          await settle(change, entry(call, integrationId, 'annotation.post', details));
        } else await fail(result.errorMessage ?? 'unknown');
        return result;
      });
    },

    async remove(call, integrationId, keptId) {
      if (!isId(integrationId) || !isId(keptId)) throw absent();
      await database.tenant(call.principal.tenantId, async (tx) => {
        const found = await deleteKept(tx, integrationId, keptId);
        if (found === undefined) throw absent();
        const details = { keptId, operation: found.operation, state: found.state };
        await audit.append(tx, entry(call, integrationId, 'annotation.remove', details));
      });
    },
  };
}

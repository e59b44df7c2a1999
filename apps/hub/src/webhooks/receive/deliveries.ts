import { type Clock, HubError, invalidField, isId, type Page, type TenantId } from '@inthub/contracts';
import type { AuditWriter } from '../../audit/audit.ts';
import type { Acting } from '../../catalog/catalog.ts';
import { cursorKind, type Database, pageByTime } from '../../database/database.ts';
import { type DeliveryFilter, findDelivery, listDeliveries, requeueDeliveries } from './delivery-repository.ts';
import type { InboundDetail, InboundStatus, InboundSummary } from './inbound-delivery.ts';

export interface DeliveryQuery {
  readonly status?: InboundStatus;
  readonly endpointId?: string;
  readonly kind?: string;
  /** ISO 8601. */
  readonly since?: string;
  readonly until?: string;
}

/** What arrived for an integration, newest first; kept for 30 days. */
export interface InboundDeliveries {
  list(
    tenantId: TenantId,
    integrationId: string,
    query: DeliveryQuery & { readonly cursor?: string; readonly limit: number },
  ): Promise<Page<InboundSummary>>;
  /** @throws HubError `not_found` */
  get(tenantId: TenantId, integrationId: string, id: string): Promise<InboundDetail>;
  /**
   * Translates again what became nothing (`untranslated`) or could not be translated (`dead`), 10 000 at most at a time; gives how
   * many. With `ids`, these only.
   * @throws HubError `not_found` for a single delivery that there is not, `conflict` for one that became events or is waiting.
   */
  translateAgain(
    acting: Acting,
    integrationId: string,
    choice: DeliveryQuery & { readonly ids?: readonly string[] },
  ): Promise<{ readonly requeued: number }>;
}

export interface InboundDeliveriesDeps {
  readonly database: Database;
  readonly audit: AuditWriter;
  readonly clock: Clock;
  /** @throws HubError `not_found` */
  findIntegration(tenantId: TenantId, id: string): { readonly name: string } | Promise<{ readonly name: string }>;
  /** Wakes the workers. */
  wake(): void;
}

const maxBodyShown = 262_144;
const maxRequeued = 10_000;

export function createInboundDeliveries(deps: InboundDeliveriesDeps): InboundDeliveries {
  const { database, audit, clock } = deps;

  async function requireIntegration(tenantId: TenantId, id: string): Promise<{ readonly name: string }> {
    if (!isId(id)) throw new HubError('not_found', 'There is no such integration.');
    return deps.findIntegration(tenantId, id);
  }

  return {
    async list(tenantId, integrationId, { cursor, limit, ...query }) {
      await requireIntegration(tenantId, integrationId);
      const kind = cursorKind('inbound', { integrationId, ...query });
      return pageByTime(kind, { cursor, limit, timeOf: ({ receivedAt }) => receivedAt }, ({ after, take }) =>
        database.tenant(tenantId, (tx) =>
          listDeliveries(tx, filterOf(integrationId, query), {
            limit: take,
            ...(after === undefined ? {} : { after: { receivedAt: after.at, id: after.id } }),
          }),
        ),
      );
    },

    async get(tenantId, integrationId, id) {
      await requireIntegration(tenantId, integrationId);
      const found = isId(id)
        ? await database.tenant(tenantId, (tx) => findDelivery(tx, integrationId, id, maxBodyShown))
        : undefined;
      if (found === undefined) throw noSuchDelivery();
      const { summary, headers, body } = found;
      return {
        ...summary,
        headers: headers.map(([name, value]) => ({ name, value })),
        body: { ...bodyView(body, summary.bytes > body.length), truncated: summary.bytes > body.length },
      };
    },

    async translateAgain(acting, integrationId, { ids, ...query }) {
      const { principal, requestId } = acting;
      const { name } = await requireIntegration(principal.tenantId, integrationId);
      const now = clock.now();
      const requeued = await database.tenant(principal.tenantId, async (tx) => {
        const filter = { ...filterOf(integrationId, query), ...(ids === undefined ? {} : { ids }) };
        const count = await requeueDeliveries(tx, filter, now, maxRequeued);
        const [only] = ids ?? [];
        if (count === 0 && only !== undefined && ids?.length === 1) {
          if ((await findDelivery(tx, integrationId, only, 1)) === undefined) throw noSuchDelivery();
          throw new HubError(
            'conflict',
            'The delivery has become its events, or is waiting to: there is nothing to translate again.',
          );
        }
        if (count > 0) {
          await audit.append(tx, {
            actor: { kind: principal.kind, id: principal.id, name: principal.name },
            action: 'webhook.delivery.translate',
            target: { type: 'integration', id: integrationId, name },
            outcome: 'success',
            requestId,
            details: { ...query, requeued: count, ids: ids?.slice(0, 20) ?? null },
          });
        }
        return count;
      });
      if (requeued > 0) deps.wake();
      return { requeued };
    },
  };
}

function noSuchDelivery(): HubError {
  return new HubError('not_found', 'The integration has no such delivery; they are kept for 30 days.');
}

function filterOf(integrationId: string, { since, until, ...exact }: DeliveryQuery): DeliveryFilter {
  return {
    integrationId,
    ...exact,
    ...(since === undefined ? {} : { since: timeOf('/since', since) }),
    ...(until === undefined ? {} : { until: timeOf('/until', until) }),
  };
}

function timeOf(path: string, text: string): Date {
  const time = new Date(text);
  if (Number.isNaN(time.getTime()))
    throw invalidField(path, 'is not a time; write ISO 8601, 2026-11-21T10:15:30.000Z', 'date-time');
  return time;
}

/** A cut may have gone through a character, which is left off. */
function bodyView(body: Buffer, isCut: boolean): Pick<InboundDetail['body'], 'encoding' | 'content'> {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  try {
    return { encoding: 'utf8', content: decoder.decode(body, { stream: isCut }) };
  } catch {
    return { encoding: 'base64', content: body.toString('base64') };
  }
}

// The way of a delivery: whose is it, does it prove itself, does the product wait for a handshake, is it stored. Only then is it answered.
import type { InboundDelivery, WebhookAnswer } from '@inthub/connector-sdk';
import { type Clock, createId, HubError, storableText } from '@inthub/contracts';
import type { Log } from '../../telemetry/telemetry.ts';
import type { ArrivalLimit } from './arrival-limit.ts';
import { deliveryKey } from './delivery-key.ts';
import type { Addressee, EndpointDirectory } from './endpoint-directory.ts';
import type { GroupCommit } from './group-commit.ts';
import type { IngestMetrics } from './ingest-metrics.ts';
import { type Proof, proveDelivery } from './prove-delivery.ts';
import { readQuery } from './read-query.ts';
import type { RefusalBudget } from './refusal-budget.ts';
import type { RefusalLog, RefusedDelivery } from './refusal-log.ts';
import { requestHeaders, storedHeaders } from './stored-headers.ts';

/** A request to `/v1/webhooks/…` as it came over the wire. */
export interface IncomingRequest {
  readonly integrationId: string;
  /** The secret part of the address, where there is one. */
  readonly pathSecret: string | undefined;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** What stands behind the `?` of the address, as it came; may hold secrets. */
  readonly query: string;
  readonly body: Uint8Array;
  readonly sourceAddress: string;
}

export interface AcceptedDelivery {
  /** Of the hub's: deliveries are found under it, and their events carry it as their correlation id. */
  readonly deliveryId: string;
  /** The product's name of what happened. */
  readonly kind: string | null;
  readonly duplicate: boolean;
  /** What the product wants to hear instead of the hub's receipt. */
  readonly receipt: WebhookAnswer | undefined;
}

export interface DeliveryReceiver {
  /** Largest body that is read for this integration, bytes; asked for what is larger than `defaultBodyLimit`. */
  bodyLimit(request: Pick<IncomingRequest, 'integrationId' | 'sourceAddress'>): Promise<number>;
  /**
   * Resolves once the delivery is durable, or answers a handshake.
   * @throws HubError `unauthenticated` for all that does not prove itself, whatever the reason; `integration_inactive`, `rate_limited`,
   * `unavailable`.
   */
  receive(request: IncomingRequest): Promise<AcceptedDelivery | WebhookAnswer>;
  /** Counts what was refused before it was a delivery: too large, or in an encoding that is not taken. */
  refused(reason: 'too_large' | 'unsupported_encoding', integrationId: string, sourceAddress: string): void;
}

export interface DeliveryReceiverDeps {
  readonly directory: EndpointDirectory;
  readonly commit: GroupCommit;
  readonly refusals: RefusalLog;
  readonly budget: RefusalBudget;
  readonly limit: ArrivalLimit;
  readonly metrics: IngestMetrics;
  readonly clock: Clock;
  readonly log: Log;
}

export const defaultBodyLimit = 1 << 20;
const largestBodyLimit = 25 << 20;
/** A failed health check says that we do not reach the product, not that it does not reach us. */
const receiving = new Set(['active', 'degraded', 'failed']);

export function createDeliveryReceiver(deps: DeliveryReceiverDeps): DeliveryReceiver {
  const { directory, commit, refusals, budget, limit, metrics, clock, log } = deps;

  function note(reason: RefusedDelivery['reason'], addressee: Addressee | undefined, sourceAddress: string): void {
    metrics.deliveries.inc({ connector: addressee?.integration.connectorId ?? 'unknown', status: reason });
    const of = addressee && {
      tenantId: addressee.tenantId,
      integrationId: addressee.integration.id,
      integrationName: addressee.integration.name,
    };
    refusals.note({ reason, sourceAddress, ...(of === undefined ? {} : { addressee: of }) });
  }

  /** One answer for every reason: a sender who cannot prove himself learns nothing, not even that the integration exists. */
  function refusal(
    reason: RefusedDelivery['reason'],
    addressee: Addressee | undefined,
    sourceAddress: string,
  ): HubError {
    note(reason, addressee, sourceAddress);
    if (budget.isSpent(sourceAddress)) return slowDown();
    budget.spend(sourceAddress);
    return new HubError(
      'unauthenticated',
      'The delivery was not accepted: there is no such endpoint, or its signature or secret is missing, wrong or too old.',
    );
  }

  async function findAddressee({
    integrationId,
    sourceAddress,
  }: Pick<IncomingRequest, 'integrationId' | 'sourceAddress'>) {
    // Who has failed often does not make the hub ask the database for more.
    if (directory.isUnknown(integrationId) && budget.isSpent(sourceAddress)) throw slowDown();
    try {
      return await directory.find(integrationId);
    } catch (error) {
      if (error instanceof HubError && error.code === 'not_found') return undefined;
      throw error;
    }
  }

  async function prove(request: IncomingRequest, delivery: InboundDelivery) {
    const addressee = await findAddressee(request);
    if (addressee === undefined) throw refusal('unknown_endpoint', undefined, request.sourceAddress);
    const proof: Proof = await proveDelivery({ addressee, delivery, pathSecret: request.pathSecret });
    if (proof.ok) return { definition: proof.definition, endpoint: proof.endpoint, addressee };
    if (proof.cause !== undefined) {
      const { connectorId } = addressee.integration;
      log.error(
        { err: proof.cause, connectorId, integrationId: request.integrationId },
        'connector failed to verify a delivery',
      );
    }
    throw refusal(proof.refusal, addressee, request.sourceAddress);
  }

  return {
    async bodyLimit(request) {
      const addressee = await findAddressee(request);
      const limits = addressee?.definitions.map(({ maxBodyBytes }) => maxBodyBytes ?? defaultBodyLimit) ?? [];
      return Math.min(largestBodyLimit, Math.max(defaultBodyLimit, ...limits));
    },

    async receive(request) {
      const startedMs = clock.monotonicMs();
      const headers = requestHeaders(request.headers);
      const query = readQuery(request.query);
      const delivery: InboundDelivery = { headers, query, body: request.body, receivedAt: clock.now() };
      const { addressee, definition, endpoint } = await prove(request, delivery);
      const { integration, tenantId } = addressee;
      const connector = integration.connectorId;
      // Also handshakes: they ask whether deliveries may be sent here.
      if (!integration.features.webhooksEnabled) {
        note('webhooks_disabled', addressee, request.sourceAddress);
        throw new HubError(
          'integration_inactive',
          'Webhooks are switched off for this integration; features.webhooksEnabled switches them on again.',
        );
      }

      const answer = definition.handshake?.(delivery);
      if (answer !== undefined) {
        metrics.deliveries.inc({ connector, status: 'handshake' });
        return answer;
      }
      if (!receiving.has(integration.status)) {
        note('inactive', addressee, request.sourceAddress);
        throw new HubError('integration_inactive', `The integration is ${integration.status} and takes no deliveries.`);
      }
      // After the proof: who cannot prove himself takes no place from those who can.
      const waitMs = limit.take(integration.id, addressee.perMinute);
      if (waitMs > 0) {
        note('rate_limited', addressee, request.sourceAddress);
        throw tooFast(addressee.perMinute, waitMs);
      }

      const externalId = ask(() => definition.deliveryId?.(delivery));
      const kind = ask(() => definition.kind?.(delivery));
      const storedKind = kind === undefined ? null : storableText(kind, 128);
      const deliveryId = createId<string>();
      const stored = await commit.store({
        tenantId,
        id: deliveryId,
        integrationId: integration.id,
        endpointId: endpoint.id,
        webhookId: definition.id,
        externalId: externalId === undefined ? null : storableText(externalId, 256),
        kind: storedKind,
        receivedAt: delivery.receivedAt,
        headers: storedHeaders(
          headers,
          endpoint.secrets.map(({ text }) => text),
        ),
        body: request.body,
        key: deliveryKey({ webhookId: definition.id, externalId, kind, body: request.body }),
      });
      metrics.deliveries.inc({ connector, status: stored.duplicate ? 'duplicate' : 'accepted' });
      metrics.storeMs.observe({ connector }, clock.monotonicMs() - startedMs);
      return {
        deliveryId: stored.id,
        kind: storedKind,
        duplicate: stored.duplicate,
        receipt: definition.receipt,
      };
    },

    refused(reason, integrationId, sourceAddress) {
      const addressee = directory.isUnknown(integrationId) ? undefined : directory.find(integrationId);
      note(reason, addressee instanceof Promise ? undefined : addressee, sourceAddress);
    },
  };
}

/** A delivery that is proved is kept, even if its connector breaks on how it calls itself. */
function ask(question: () => string | undefined): string | undefined {
  try {
    return question();
  } catch {
    return undefined;
  }
}

function tooFast(perMinute: number, retryAfterMs: number): HubError {
  return new HubError(
    'rate_limited',
    `The integration takes ${perMinute} deliveries a minute. Come back later, or raise rateLimits.webhooksPerMinute.`,
    { retryAfterMs, details: { limitType: 'connector' } },
  );
}

function slowDown(): HubError {
  return new HubError('rate_limited', 'Too many deliveries from this address were refused. Come back later.', {
    retryAfterMs: 30_000,
  });
}

// Who a delivery is for: integration, connector and opened secrets, by the integration id of the address. The one thing on the way of a
// delivery that asks the database before the delivery is proved, so it is bounded, and what does not exist is remembered too.
import type { WebhookDefinition } from '@inthub/connector-sdk';
import { type Clock, isId, type TenantId } from '@inthub/contracts';
import { LRUCache } from 'lru-cache';
import type { Database } from '../../database/database.ts';
import type { ConnectorRegistry, InstalledIntegration } from '../../runtime/runtime.ts';
import type { Vault } from '../../vault/vault.ts';
import { arrivalsPerMinute } from './arrival-limit.ts';
import { listEndpoints } from './endpoint-repository.ts';
import { findTenantOfEndpoint } from './ingest-repository.ts';
import { receiver } from './receiver-principal.ts';

/** One endpoint with its secrets opened. */
export interface OpenEndpoint {
  readonly id: string;
  readonly webhookId: string;
  /** Newest first; the older one is good until `until`. */
  readonly secrets: readonly { readonly text: string; readonly untilMs: number }[];
}

/** An integration that deliveries may be for. */
export interface Addressee {
  readonly tenantId: TenantId;
  readonly integration: InstalledIntegration;
  readonly definitions: readonly WebhookDefinition[];
  readonly endpoints: readonly OpenEndpoint[];
  /** Deliveries that are taken in. */
  readonly perMinute: number;
}

export interface EndpointDirectory {
  /** At hand when it was asked for before. Undefined: nobody has an endpoint there. */
  find(integrationId: string): Addressee | undefined | Promise<Addressee | undefined>;
  /** Whether `find` would have to ask the database. */
  isUnknown(integrationId: string): boolean;
  /** After a change, here or on another replica. */
  forget(integrationId: string): void;
  forgetAll(): void;
}

export interface EndpointDirectoryDeps {
  readonly database: Database;
  readonly vault: Pick<Vault, 'webhookSecrets'>;
  readonly registry: ConnectorRegistry;
  /** The integration as calls see it. @throws HubError `not_found` */
  findIntegration(tenantId: TenantId, id: string): InstalledIntegration | Promise<InstalledIntegration>;
  readonly clock: Clock;
}

const maxIntegrations = 10_000;
/** Changes are announced; this is for the ones that went unheard. */
const knownForMs = 60_000;
const unknownForMs = 10_000;

export function createEndpointDirectory(deps: EndpointDirectoryDeps): EndpointDirectory {
  const perf = { now: () => deps.clock.monotonicMs() + 1 };
  const known = new LRUCache<string, Addressee>({ max: maxIntegrations, ttl: knownForMs, ttlResolution: 0, perf });
  const unknown = new LRUCache<string, true>({ max: maxIntegrations, ttl: unknownForMs, ttlResolution: 0, perf });
  const loading = new Map<string, Promise<Addressee | undefined>>();

  async function load(integrationId: string): Promise<Addressee | undefined> {
    const tenantId = await deps.database.system('inthub_ingest', (tx) => findTenantOfEndpoint(tx, integrationId));
    if (tenantId === undefined) return undefined;
    const integration = await deps.findIntegration(tenantId, integrationId);
    const stored = await deps.database.tenant(tenantId, (tx) => listEndpoints(tx, integrationId));
    const requestId = `webhooks.${integrationId}`;
    const secrets = await deps.vault.webhookSecrets({
      tenantId,
      integrationId,
      principal: receiver(tenantId),
      requestId,
    });
    const connector = deps.registry.find(integration.connectorId)?.definition;
    const definitions = connector?.webhooks ?? [];
    return {
      perMinute: arrivalsPerMinute(integration.rateLimits, connector?.manifest.pace),
      tenantId,
      integration,
      definitions: definitions.filter(({ types }) => types === undefined || types.includes(integration.type)),
      endpoints: stored.map(({ id, webhookId, secretSlot, previous }) => ({
        id,
        webhookId,
        secrets: [
          { slot: secretSlot, untilMs: Number.POSITIVE_INFINITY },
          ...(previous === null ? [] : [{ slot: previous.slot, untilMs: previous.until.getTime() }]),
        ].flatMap(({ slot, untilMs }) => {
          const text = secrets.get(slot);
          return text === undefined ? [] : [{ text, untilMs }];
        }),
      })),
    };
  }

  async function loadOnce(integrationId: string): Promise<Addressee | undefined> {
    const work = load(integrationId);
    loading.set(integrationId, work);
    try {
      const found = await work;
      // A change that came while loading has removed the entry: what was read may be the state before it.
      if (loading.get(integrationId) === work) {
        if (found === undefined) unknown.set(integrationId, true);
        else known.set(integrationId, found);
      }
      return found;
    } finally {
      if (loading.get(integrationId) === work) loading.delete(integrationId);
    }
  }

  return {
    find(integrationId) {
      const found = known.get(integrationId);
      if (found !== undefined) return found;
      if (!isId(integrationId) || unknown.has(integrationId)) return undefined;
      return loading.get(integrationId) ?? loadOnce(integrationId);
    },
    isUnknown: (integrationId) => !known.has(integrationId),
    forget(integrationId) {
      known.delete(integrationId);
      unknown.delete(integrationId);
      loading.delete(integrationId);
    },
    forgetAll() {
      known.clear();
      unknown.clear();
      loading.clear();
    },
  };
}

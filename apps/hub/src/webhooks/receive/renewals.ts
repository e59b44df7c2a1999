// Webhooks that end by themselves at the product are renewed in time. Nothing is stored: a process that has just started renews all once,
// and replicas do so side by side, which the products allow.
import type { RegisteredWebhook } from '@inthub/connector-sdk';
import { type Clock, createId, type TenantId } from '@inthub/contracts';
import { LRUCache } from 'lru-cache';
import type { Acting } from '../../catalog/catalog.ts';
import { createRounds, type Database, type Rounds } from '../../database/database.ts';
import type { ConnectorRegistry, InstalledIntegration } from '../../runtime/runtime.ts';
import type { Log } from '../../telemetry/telemetry.ts';
import { listEndpoints, type StoredEndpoint } from './endpoint-repository.ts';
import { pageOfIntegrations } from './ingest-repository.ts';
import { receiver } from './receiver-principal.ts';

export interface Renewals extends Rounds {
  /** Renews what is due now; how many were renewed. What fails is due again at the next look. */
  runDue(): Promise<number>;
}

export interface RenewalsDeps {
  readonly database: Database;
  readonly registry: ConnectorRegistry;
  readonly clock: Clock;
  readonly log: Log;
  /** @throws HubError `not_found` */
  findIntegration(tenantId: TenantId, id: string): InstalledIntegration | Promise<InstalledIntegration>;
  /** Through the gateway, so that grants, limits and the audit hold. */
  renew(
    acting: Acting,
    integrationId: string,
    webhookId: string,
    webhook: RegisteredWebhook & { readonly target?: string },
  ): Promise<void>;
}

const lookEveryMs = 300_000;
const pageSize = 500;
const maxRemembered = 100_000;
/** The gateway calls no other. */
const renewable = new Set(['active', 'degraded']);

export function createRenewals(deps: RenewalsDeps): Renewals {
  const { database, registry, clock, log } = deps;
  /** `Clock.monotonicMs` of the last renewal, by endpoint and the webhook's id at the product. */
  const renewedAtMs = new LRUCache<string, number>({ max: maxRemembered });
  let isStopping = false;

  async function renewAll(tenantId: TenantId, integrationId: string): Promise<number> {
    const integration = await deps.findIntegration(tenantId, integrationId);
    const everyMs = new Map(
      (registry.find(integration.connectorId)?.definition.webhooks ?? []).flatMap(({ id, registration }) =>
        registration?.renewal === undefined ? [] : [[id, registration.renewal.everyMs] as const],
      ),
    );
    if (everyMs.size === 0 || !renewable.has(integration.status)) return 0;
    const endpoints = await database.tenant(tenantId, (tx) => listEndpoints(tx, integrationId));
    let renewed = 0;
    for (const endpoint of endpoints) {
      const every = everyMs.get(endpoint.webhookId);
      if (every !== undefined && (await renewOne(tenantId, endpoint, every))) renewed += 1;
    }
    return renewed;
  }

  async function renewOne(tenantId: TenantId, endpoint: StoredEndpoint, everyMs: number): Promise<boolean> {
    const { id, integrationId, webhookId, externalId, target } = endpoint;
    if (externalId === null || isStopping) return false;
    const key = `${id} ${externalId}`;
    const nowMs = clock.monotonicMs();
    if (nowMs - (renewedAtMs.get(key) ?? Number.NEGATIVE_INFINITY) < everyMs) return false;
    const acting = { principal: receiver(tenantId), requestId: `renewal.${createId<string>()}` };
    try {
      await deps.renew(acting, integrationId, webhookId, { externalId, ...(target === null ? {} : { target }) });
    } catch (error) {
      log.warn({ err: error, integrationId, endpointId: id }, 'webhook could not be renewed at the product');
      return false;
    }
    renewedAtMs.set(key, nowMs);
    return true;
  }

  const rounds = createRounds({
    clock,
    everyMs: lookEveryMs,
    run: async () => void (await runDue()),
    onError: (error) => log.warn({ err: error }, 'webhooks to renew could not be read'),
  });

  async function runDue(): Promise<number> {
    let renewed = 0;
    let after: string | null = null;
    for (;;) {
      const page: Awaited<ReturnType<typeof pageOfIntegrations>> = await database.system('inthub_ingest', (tx) =>
        pageOfIntegrations(tx, { after, limit: pageSize }),
      );
      for (const { tenantId, integrationId } of page) {
        if (isStopping) return renewed;
        // One that has just gone, or whose connector is missing, does not hold up the others.
        renewed += await renewAll(tenantId, integrationId).catch((error: unknown) => {
          log.warn({ err: error, integrationId }, 'webhooks of an integration could not be renewed');
          return 0;
        });
      }
      after = page.at(-1)?.integrationId ?? null;
      if (page.length < pageSize) return renewed;
    }
  }

  return {
    runDue,
    start: rounds.start,
    async stop() {
      isStopping = true;
      await rounds.stop();
    },
  };
}

import { type Clock, HubError, invalidField, type ModelPrice, type Principal, type TenantId } from '@inthub/contracts';
import type { AuditWriter } from '../audit/audit.ts';
import type { Database, SystemTx, TenantTx } from '../database/database.ts';
import type { Acting } from './acting.ts';
import {
  countTenantPrices,
  deletePlatformPrice,
  deleteTenantPrice,
  type PriceWrite,
  savePlatformPrice,
  saveTenantPrice,
  selectPlatformPrices,
  selectTenantPrices,
} from './price-repository.ts';

/** Of one tenant; each call reads those of its connector. */
const maxTenantPrices = 2_000;

export type PriceScope = 'tenant' | 'platform';

/** A price that holds now, and whose it is: the tenant's own before the platform's before what the connector ships. */
export interface EffectivePrice extends ModelPrice {
  readonly connectorId: string;
  readonly origin: PriceScope | 'shipped';
}

export interface ModelPrices {
  /** By connector, then model. */
  list(tenantId: TenantId, connectorId?: string): Promise<readonly EffectivePrice[]>;
  /** What calls of a connector's integrations are priced by; undefined where there is no price at all. */
  forConnector(tenantId: TenantId, connectorId: string): Promise<readonly ModelPrice[] | undefined>;
  /** @throws HubError `forbidden`, `invalid_request` (unknown connector), `conflict` */
  set(acting: Acting, scope: PriceScope, connectorId: string, price: ModelPrice): Promise<EffectivePrice>;
  /** Back to the next wider price. @throws HubError `forbidden`, `not_found` */
  remove(acting: Acting, scope: PriceScope, connectorId: string, model: string): Promise<void>;
}

export interface ModelPricesDeps {
  readonly database: Database;
  readonly audit: AuditWriter;
  readonly clock: Clock;
  /** Connectors of model providers that are loaded, with what they ship. */
  shipped(): ReadonlyMap<string, readonly ModelPrice[]>;
  /** After commit, on this replica; null concerns every tenant. */
  onChanged(tenantId: TenantId | null): void;
}

export function createModelPrices({ database, audit, clock, shipped, onChanged }: ModelPricesDeps): ModelPrices {
  async function effective(tenantId: TenantId, connectorId?: string): Promise<EffectivePrice[]> {
    const [platform, tenant] = await database.tenant(tenantId, (tx) =>
      Promise.all([selectPlatformPrices(tx, connectorId), selectTenantPrices(tx, connectorId)]),
    );
    const found = new Map<string, EffectivePrice>();
    const add = (id: string, price: ModelPrice, origin: EffectivePrice['origin']) =>
      found.set(`${id}\n${price.model}`, { ...price, connectorId: id, origin });
    for (const [id, prices] of shipped()) {
      if (connectorId === undefined || id === connectorId) for (const price of prices) add(id, price, 'shipped');
    }
    for (const { connectorId: id, price } of platform) add(id, price, 'platform');
    for (const { connectorId: id, price } of tenant) add(id, price, 'tenant');
    return [...found.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, price]) => price);
  }

  function record(
    tx: TenantTx,
    acting: Acting,
    what: 'set' | 'remove',
    scope: PriceScope,
    details: object,
  ): Promise<void> {
    const { principal, requestId } = acting;
    return audit.append(tx, {
      actor: { kind: principal.kind, id: principal.id, name: principal.name },
      action: `model_price.${what}`,
      target: { type: 'model_prices', id: scope },
      outcome: 'success',
      requestId,
      details: { ...details },
    });
  }

  /**
   * The platform's table is written under another role, so in a transaction of its own, inside that of the audit: what cannot be
   * audited is not committed first, and a write that fails takes the audit entry with it.
   */
  async function change(
    acting: Acting,
    scope: PriceScope,
    what: 'set' | 'remove',
    details: object,
    write: { tenant(tx: TenantTx): Promise<void>; platform(tx: SystemTx): Promise<void> },
  ): Promise<void> {
    const { tenantId } = acting.principal;
    await database.tenant(tenantId, async (tx) => {
      if (scope === 'tenant') await write.tenant(tx);
      await record(tx, acting, what, scope, details);
      if (scope === 'platform') await database.system('inthub_platform', write.platform);
      tx.afterCommit(() => onChanged(scope === 'platform' ? null : tenantId));
    });
  }

  return {
    list: effective,
    async forConnector(tenantId, connectorId) {
      if (!shipped().has(connectorId)) return undefined;
      const prices = await effective(tenantId, connectorId);
      return prices.length === 0 ? undefined : prices.map(({ connectorId: _, origin: __, ...price }) => price);
    },
    async set(acting, scope, connectorId, price) {
      const { principal } = acting;
      demandScope(principal, scope);
      const connectors = [...shipped().keys()];
      if (!connectors.includes(connectorId))
        throw invalidField('/connectorId', `must be a model provider: ${connectors.join(', ')}.`, 'enum');
      if (Number.isNaN(Date.parse(price.asOf))) throw invalidField('/asOf', 'is not a day.', 'format');
      const write: PriceWrite = { connectorId, price, modifiedAt: clock.now(), modifiedBy: principal.id };
      await change(
        acting,
        scope,
        'set',
        { connectorId, ...price },
        {
          async tenant(tx) {
            if ((await countTenantPrices(tx)) >= maxTenantPrices)
              throw new HubError(
                'conflict',
                `There are ${maxTenantPrices} prices already; remove one that is not needed.`,
              );
            await saveTenantPrice(tx, write);
          },
          platform: (tx) => savePlatformPrice(tx, write),
        },
      );
      return { ...price, connectorId, origin: scope };
    },
    async remove(acting, scope, connectorId, model) {
      demandScope(acting.principal, scope);
      const demand = (found: boolean) => {
        if (!found) throw new HubError('not_found', `The ${scope} has no price of its own for this model.`);
      };
      await change(
        acting,
        scope,
        'remove',
        { connectorId, model },
        {
          tenant: async (tx) => demand(await deleteTenantPrice(tx, connectorId, model)),
          platform: async (tx) => demand(await deletePlatformPrice(tx, connectorId, model)),
        },
      );
    },
  };
}

function demandScope(principal: Principal, scope: PriceScope): void {
  const needed = scope === 'platform' ? 'platform.admin' : 'integrations.admin';
  if (principal.scopes.has(needed)) return;
  throw new HubError('forbidden', `Prices of the ${scope} need the scope ${needed}.`, {
    details: { requiredScope: needed },
  });
}

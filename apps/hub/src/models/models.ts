import type { Clock, Integration, ModelPrice, Page, TenantId } from '@inthub/contracts';
import type { AuditWriter } from '../audit/audit.ts';
import type { Database } from '../database/database.ts';
import type { EventWriter } from '../events/events.ts';
import type { Gateway } from '../gateway/gateway.ts';
import { createFailOver, type FailOver } from './fail-over.ts';
import { createModelDirectory, type ModelDirectory } from './model-directory.ts';
import { createModelRoutes, type ModelRoutes } from './model-routes.ts';
import { createModelPrices, type ModelPrices } from './prices.ts';

export type { BegunStream, ModelCaller, ModelChoice, ModelOutcome } from './fail-over.ts';
export type { ModelTarget, NamedModels, ResolvedModel } from './model-directory.ts';
export type { ModelRoutes } from './model-routes.ts';
export type { EffectivePrice, ModelPrices, PriceScope } from './prices.ts';

/** Models by name, over all integrations of model providers: what they cost, routes to them, and calls that fail over. */
export interface Models extends Pick<ModelDirectory, 'resolve' | 'names' | 'forgetTenant' | 'forgetAll'>, FailOver {
  readonly prices: ModelPrices;
  readonly routes: ModelRoutes;
}

export interface ModelsDeps {
  readonly database: Database;
  readonly audit: AuditWriter;
  readonly events: EventWriter;
  readonly clock: Clock;
  readonly gateway: Pick<Gateway, 'execute' | 'stream'>;
  /** Integrations of model providers, by name. */
  listIntegrations(tenantId: TenantId, page: { cursor?: string; limit: number }): Promise<Page<Integration>>;
  /** Connectors of model providers that are loaded, with the prices that they ship. */
  shippedPrices(): ReadonlyMap<string, readonly ModelPrice[]>;
  /** Prices of a tenant (null: of all) changed on this replica: calls go by them from now on. */
  onPricesChanged(tenantId: TenantId | null): void;
}

export function createModels(deps: ModelsDeps): Models {
  const routes = createModelRoutes({ ...deps, onChanged: (tenantId) => directory.forgetTenant(tenantId) });
  const directory = createModelDirectory({ listIntegrations: deps.listIntegrations, listRoutes: routes.all });
  const prices = createModelPrices({ ...deps, shipped: deps.shippedPrices, onChanged: deps.onPricesChanged });
  return { ...directory, ...createFailOver(deps.gateway), routes, prices };
}

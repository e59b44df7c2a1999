import { HubError, type Integration, type ModelRoute, type Page, type TenantId } from '@inthub/contracts';
import { LRUCache } from 'lru-cache';

const maxTenants = 1_000;
/** How long a change that another replica made may stay unseen here while its announcement is not heard. */
const ttlMs = 5_000;
/** Model integrations of one tenant that can be named. */
const maxIntegrations = 2_000;
const pageSize = 500;
/** Names of models that one tenant uses. */
const maxResolved = 1_000;

/** An integration and a model of it. */
export interface ModelTarget {
  readonly integrationId: string;
  readonly integration: string;
  readonly model: string;
}

/** What a name stands for: targets in the order in which they are tried. */
export interface ResolvedModel {
  /** Null when an integration and model were named. */
  readonly alias: string | null;
  /** Targets of a route whose integration is not there are left out, and named here. */
  readonly missing: readonly string[];
  readonly targets: readonly ModelTarget[];
  readonly failOverOn: ReadonlySet<string>;
}

/** What was resolved by these names, so that it need not be again. */
type Loaded = NamedModels & { readonly resolved: LRUCache<string, ResolvedModel> };

interface Entry {
  readonly loading: Promise<Loaded>;
  /** Once it is there. */
  loaded?: Loaded;
}

export interface NamedModels {
  readonly integrations: ReadonlyMap<
    string,
    { readonly id: string; readonly connectorId: string; readonly status: string }
  >;
  readonly routes: ReadonlyMap<string, ModelRoute>;
}

export interface ModelDirectory {
  /**
   * `<integration name>/<model>`, or the alias of a route. Answered at once when the tenant's names are at hand.
   * @throws HubError `not_found` naming what there is.
   */
  resolve(tenantId: TenantId, name: string): ResolvedModel | Promise<ResolvedModel>;
  names(tenantId: TenantId): Promise<NamedModels>;
  forgetTenant(tenantId: string): void;
  forgetAll(): void;
}

export interface ModelDirectoryDeps {
  /** Integrations of model providers, by name. */
  listIntegrations(tenantId: TenantId, page: { cursor?: string; limit: number }): Promise<Page<Integration>>;
  listRoutes(tenantId: TenantId): Promise<readonly ModelRoute[]>;
}

/** Names of models, as callers use them: kept for a moment, one load for a cold tenant. */
export function createModelDirectory({ listIntegrations, listRoutes }: ModelDirectoryDeps): ModelDirectory {
  // The finer the time, the more timers the cache sets to forget it.
  const cache = new LRUCache<string, Entry>({ max: maxTenants, ttl: ttlMs, ttlResolution: 100 });

  async function load(tenantId: TenantId): Promise<Loaded> {
    const integrations = new Map<string, { id: string; connectorId: string; status: string }>();
    let cursor: string | null = null;
    do {
      const page: Page<Integration> = await listIntegrations(tenantId, {
        limit: pageSize,
        ...(cursor === null ? {} : { cursor }),
      });
      for (const { name, id, connectorId, status } of page.items) integrations.set(name, { id, connectorId, status });
      cursor = page.nextCursor;
    } while (cursor !== null && integrations.size < maxIntegrations);
    const routes = new Map((await listRoutes(tenantId)).map((route) => [route.alias, route]));
    return { integrations, routes, resolved: new LRUCache({ max: maxResolved }) };
  }

  function entryOf(tenantId: TenantId): Entry {
    const known = cache.get(tenantId);
    if (known !== undefined) return known;
    const entry: Entry = { loading: load(tenantId) };
    cache.set(tenantId, entry);
    entry.loading.then(
      (loaded) => {
        entry.loaded = loaded;
      },
      () => {
        // What failed is not kept; a change meanwhile has removed the entry already.
        if (cache.peek(tenantId) === entry) cache.delete(tenantId);
      },
    );
    return entry;
  }

  return {
    names: (tenantId) => entryOf(tenantId).loading,
    resolve(tenantId, name) {
      const { loaded, loading } = entryOf(tenantId);
      return loaded === undefined ? loading.then((names) => resolveBy(names, name)) : resolveBy(loaded, name);
    },
    forgetTenant: (tenantId) => void cache.delete(tenantId),
    forgetAll: () => cache.clear(),
  };
}

/** @throws HubError `not_found` */
function resolveBy(known: Loaded, name: string): ResolvedModel {
  const before = known.resolved.get(name);
  if (before !== undefined) return before;
  const found = find(name, known);
  if (found !== undefined) {
    known.resolved.set(name, found);
    return found;
  }
  const aliases = [...known.routes.keys()].slice(0, 10);
  const integrations = [...known.integrations.keys()].slice(0, 10).map((integration) => `${integration}/<model>`);
  const there = [...aliases, ...integrations];
  throw new HubError(
    'not_found',
    `There is no model "${name.slice(0, 256)}". Name a route's alias, or <integration name>/<model>: ${there.join(', ') || 'there is neither yet'}.`,
    { details: { field: 'model' } },
  );
}

function find(name: string, known: NamedModels): ResolvedModel | undefined {
  const route = known.routes.get(name);
  if (route !== undefined) return ofRoute(route, known);
  const target = ofIntegration(name, known);
  return target && { alias: null, missing: [], targets: [target], failOverOn: new Set() };
}

function ofRoute(route: ModelRoute, { integrations }: NamedModels): ResolvedModel {
  const targets: ModelTarget[] = [];
  const missing: string[] = [];
  for (const { integration, model } of route.targets) {
    const found = integrations.get(integration);
    if (found === undefined) missing.push(`${integration}/${model}`);
    else targets.push({ integrationId: found.id, integration, model });
  }
  if (targets.length === 0) {
    throw new HubError(
      'not_found',
      `None of the integrations of route "${route.alias}" is there: ${missing.join(', ')}. Install one, or change the route.`,
      { details: { field: 'model' } },
    );
  }
  return { alias: route.alias, missing, targets, failOverOn: new Set(route.failOverOn) };
}

/** Names and models may hold slashes: the longest name that fits is meant. */
function ofIntegration(name: string, { integrations }: NamedModels): ModelTarget | undefined {
  for (let at = name.lastIndexOf('/'); at > 0; at = name.lastIndexOf('/', at - 1)) {
    const integration = name.slice(0, at);
    const model = name.slice(at + 1);
    const found = integrations.get(integration);
    if (found !== undefined && model !== '') return { integrationId: found.id, integration, model };
  }
  return undefined;
}

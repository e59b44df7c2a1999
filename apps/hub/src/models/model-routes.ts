import {
  type Clock,
  createId,
  defaultFailOverCodes,
  HubError,
  isId,
  type ModelRoute,
  type NewModelRoute,
  type Page,
  type TenantId,
} from '@inthub/contracts';
import Type from 'typebox';
import type { AuditWriter } from '../audit/audit.ts';
import { cursorKind, type Database, isUniqueViolation, keysetPage, type TenantTx } from '../database/database.ts';
import type { EventWriter } from '../events/events.ts';
import type { Acting } from './acting.ts';
import { deleteRoute, findRoute, insertRoute, lockRoute, selectRoutes, updateRoute } from './route-repository.ts';

/** Of one tenant; all are kept at hand. */
const maxRoutes = 500;
const Position = Type.Tuple([Type.String({ maxLength: 128 })]);
const kind = cursorKind('model-routes', {});

export interface ModelRoutes {
  /** By alias. */
  list(tenantId: TenantId, page: { readonly cursor?: string; readonly limit: number }): Promise<Page<ModelRoute>>;
  /** All of them. */
  all(tenantId: TenantId): Promise<readonly ModelRoute[]>;
  /** @throws HubError `not_found` */
  get(tenantId: TenantId, id: string): Promise<ModelRoute>;
  /** @throws HubError `conflict` (alias taken, too many) */
  create(acting: Acting, input: NewModelRoute): Promise<ModelRoute>;
  /** What is left out goes back to its default. @throws HubError `not_found`, `version_mismatch`, `conflict` */
  replace(acting: Acting, id: string, expectedVersion: number, input: NewModelRoute): Promise<ModelRoute>;
  /** @throws HubError `not_found`, `version_mismatch` */
  remove(acting: Acting, id: string, expectedVersion?: number): Promise<void>;
}

export interface ModelRoutesDeps {
  readonly database: Database;
  readonly audit: AuditWriter;
  readonly events: EventWriter;
  readonly clock: Clock;
  /** After commit, on this replica. */
  onChanged(tenantId: TenantId): void;
}

export function createModelRoutes({ database, audit, events, clock, onChanged }: ModelRoutesDeps): ModelRoutes {
  async function record(tx: TenantTx, { principal, requestId }: Acting, change: Change): Promise<void> {
    const { what, before, after } = change;
    const { id, alias } = (after ?? before) as ModelRoute;
    await events.append(tx, {
      type: `model_route.${what}d`,
      source: 'hub',
      data: { routeId: id, alias },
      correlationId: requestId,
    });
    await audit.append(tx, {
      actor: { kind: principal.kind, id: principal.id, name: principal.name },
      action: `model_route.${what}`,
      target: { type: 'model_route', id, name: alias },
      outcome: 'success',
      requestId,
      ...(before === undefined ? {} : { before: settingOf(before) }),
      ...(after === undefined ? {} : { after: settingOf(after) }),
    });
    tx.afterCommit(() => onChanged(tx.tenantId));
  }

  async function lockExisting(tx: TenantTx, id: string, expectedVersion: number | undefined): Promise<ModelRoute> {
    const found = isId(id) ? await lockRoute(tx, id) : undefined;
    if (found === undefined) throw noSuchRoute();
    if (expectedVersion === undefined || found.version === expectedVersion) return found;
    throw new HubError(
      'version_mismatch',
      `The route has changed since it was read: it is at version ${found.version}. Read it again and repeat the change.`,
      { details: { currentVersion: found.version } },
    );
  }

  return {
    async list(tenantId, { cursor, limit }) {
      return keysetPage({
        kind,
        cursor,
        limit,
        position: Position,
        positionOf: ({ alias }) => [alias],
        read: ({ after, take }) =>
          database.tenant(tenantId, (tx) =>
            selectRoutes(tx, { limit: take, ...(after === undefined ? {} : { after: after[0] }) }),
          ),
      });
    },
    all: (tenantId) => database.tenant(tenantId, (tx) => selectRoutes(tx, { limit: maxRoutes })),
    async get(tenantId, id) {
      const found = isId(id) ? await database.tenant(tenantId, (tx) => findRoute(tx, id)) : undefined;
      if (found === undefined) throw noSuchRoute();
      return found;
    },
    async create(acting, input) {
      const { tenantId, id: by } = acting.principal;
      const now = clock.now().toISOString();
      const after: ModelRoute = {
        id: createId(),
        ...settled(input),
        createdAt: now,
        createdBy: by,
        modifiedAt: now,
        modifiedBy: by,
        version: 1,
      };
      await database.tenant(tenantId, async (tx) => {
        if ((await selectRoutes(tx, { limit: maxRoutes })).length >= maxRoutes)
          throw new HubError('conflict', `There are ${maxRoutes} routes already; remove one that is not needed.`);
        await writing(after, () => insertRoute(tx, after));
        await record(tx, acting, { what: 'create', after });
      });
      return after;
    },
    replace: (acting, id, expectedVersion, input) =>
      database.tenant(acting.principal.tenantId, async (tx) => {
        const before = await lockExisting(tx, id, expectedVersion);
        const after: ModelRoute = {
          ...before,
          ...settled(input),
          modifiedAt: clock.now().toISOString(),
          modifiedBy: acting.principal.id,
          version: before.version + 1,
        };
        await writing(after, () => updateRoute(tx, after));
        await record(tx, acting, { what: 'update', before, after });
        return after;
      }),
    remove: (acting, id, expectedVersion) =>
      database.tenant(acting.principal.tenantId, async (tx) => {
        const before = await lockExisting(tx, id, expectedVersion);
        await deleteRoute(tx, id);
        await record(tx, acting, { what: 'delete', before });
      }),
  };
}

interface Change {
  readonly what: 'create' | 'update' | 'delete';
  readonly before?: ModelRoute;
  readonly after?: ModelRoute;
}

function settled({ alias, description = null, targets, failOverOn = [...defaultFailOverCodes] }: NewModelRoute) {
  return { alias, description, targets, failOverOn: [...failOverOn] };
}

function settingOf({ alias, description, targets, failOverOn }: ModelRoute) {
  return { alias, description, targets, failOverOn };
}

/** Also for another tenant's route: the two cannot be told apart. */
function noSuchRoute(): HubError {
  return new HubError('not_found', 'There is no such model route.');
}

async function writing({ alias }: ModelRoute, write: () => Promise<void>): Promise<void> {
  try {
    await write();
  } catch (error) {
    if (!isUniqueViolation(error, 'model_routes_alias')) throw error;
    const message = 'is the alias of another route; choose another one';
    throw new HubError('conflict', `/alias: "${alias}" ${message}.`, {
      errors: [{ path: '/alias', rule: 'unique', message }],
    });
  }
}

import {
  type CredentialKind,
  type CredentialMaterial,
  type Integration,
  type IntegrationConfig,
  type IntegrationFeatures,
  type IntegrationStatus,
  isId,
  isStorable,
  type Page,
  type RateLimits,
  type TenantId,
} from '@inthub/contracts';
import Type from 'typebox';
import { cursorKind, decodeCursor, encodeCursor } from '../database/database.ts';
import { applyTypes } from './apply-types.ts';
import type { CatalogContext, CatalogOptions } from './catalog-context.ts';
import type {
  Acting,
  CatalogType,
  CheckOutcomeRecord,
  IntegrationChange,
  IntegrationFilter,
  NewIntegration,
  UsageDelta,
} from './catalog-types.ts';
import { changeIntegration } from './change-integration.ts';
import { createConfigChecker } from './check-config.ts';
import { createIntegration } from './create-integration.ts';
import { listIntegrations } from './integration-list-repository.ts';
import type { IntegrationRecord } from './integration-record.ts';
import { findIntegration, findIntegrationByName } from './integration-repository.ts';
import { moveIntegration } from './move-integration.ts';
import { normalisePause } from './normalise.ts';
import { presentIntegration } from './present-integration.ts';
import { type ConnectionProfiles, createProfiles } from './profiles/profiles.ts';
import { noSuchIntegration } from './record-change.ts';
import { recordCheck } from './record-check.ts';
import { createTypeRegistry } from './type-registry.ts';
import { uninstallIntegration } from './uninstall-integration.ts';
import { createUsageCounter } from './usage-counter.ts';
import { selectUsage } from './usage-repository.ts';

export type { CatalogOptions, CatalogVault, CheckSchedule } from './catalog-context.ts';
export type {
  Acting,
  CatalogType,
  CheckOutcomeRecord,
  IntegrationChange,
  IntegrationFilter,
  NewIntegration,
  UsageDelta,
} from './catalog-types.ts';

export { isAboutIntegration } from './check-outcome.ts';
export type { ConnectionProfiles, NewProfile, ProfileReplacement } from './profiles/profiles.ts';

/** The plain fields that a call through the gateway needs; app makes the runtime's shape of them. */
export interface IntegrationForCall {
  readonly id: string;
  readonly tenantId: TenantId;
  readonly name: string;
  readonly type: string;
  readonly connectorId: string;
  readonly connectorVersion: string;
  readonly status: IntegrationStatus;
  readonly config: IntegrationConfig;
  readonly authRef: string | null;
  readonly credentialKind: CredentialKind | null;
  readonly features: IntegrationFeatures;
  readonly rateLimits: RateLimits;
  readonly version: number;
}

/** The catalog of integrations: rows, validation, lifecycle, events and audit of every change. */
export interface Catalog {
  types(filter?: { category?: string; connector?: string }): readonly CatalogType[];
  /** @throws HubError `not_found` */
  getType(id: string): CatalogType;
  /** @throws HubError `invalid_request` (type, config, credentials, …), `conflict` (name taken) */
  create(acting: Acting, input: NewIntegration): Promise<Integration>;
  get(tenantId: TenantId, id: string): Promise<Integration>;
  /** By name, then id. */
  list(
    tenantId: TenantId,
    filter: IntegrationFilter,
    page: { cursor?: string; limit: number },
  ): Promise<Page<Integration>>;
  /** `expectedVersion` from If-Match. @throws HubError `version_mismatch` (with `currentVersion`), nothing is written. */
  update(
    acting: Acting,
    id: string,
    expectedVersion: number,
    change: IntegrationChange,
    /** `merge`: `config` is merged by its top-level fields, null removes one (RFC 7396). `replace`: `config` is taken whole. */
    mode: 'replace' | 'merge',
  ): Promise<Integration>;
  uninstall(
    acting: Acting,
    id: string,
    options: { deleteData: boolean; revokeTokens: boolean; expectedVersion?: number },
  ): Promise<void>;
  submit(acting: Acting, id: string): Promise<Integration>;
  activate(acting: Acting, id: string): Promise<Integration>;
  pause(acting: Acting, id: string, options: { reason: string; ticket?: string }): Promise<Integration>;
  resume(acting: Acting, id: string): Promise<Integration>;
  /** Records what a test or a health poll found and moves the lifecycle accordingly. */
  recordCheck(acting: Acting, id: string, outcome: CheckOutcomeRecord): Promise<Integration>;
  /** Stores new credentials for an integration (rotation or first authentication). */
  authenticate(acting: Acting, id: string, material: CredentialMaterial): Promise<Integration>;
  /** The connectors that are loaded now; integrations of vanished ones fail with a clear reason, returned ones recover. */
  setTypes(types: readonly CatalogType[]): Promise<void>;
  /** For the gateway; undefined for what is unknown, uninstalled or another tenant's. */
  findForCall(tenantId: TenantId, id: string): Promise<IntegrationForCall | undefined>;
  /** The same by its name, which is unique among those that are not uninstalled. */
  findByName(tenantId: TenantId, name: string): Promise<IntegrationForCall | undefined>;
  /** Adds what the gateway counted since it last told. */
  addUsage(tenantId: TenantId, deltas: readonly UsageDelta[]): Promise<void>;
  readonly profiles: ConnectionProfiles;
}

const dayMs = 86_400_000;
const Position = Type.Tuple([Type.String({ maxLength: 512 }), Type.String({ format: 'uuid' })]);

export function createCatalog(options: CatalogOptions): Catalog {
  const { database, clock } = options;
  const ctx: CatalogContext = { ...options, types: createTypeRegistry(), configs: createConfigChecker() };
  const usage = createUsageCounter(ctx);
  const since = () => new Date(clock.now().getTime() - dayMs);
  let applying: Promise<void> = Promise.resolve();

  const shown = async (tenantId: TenantId, changed: Promise<IntegrationRecord>): Promise<Integration> => {
    const record = await changed;
    const counters = await database.tenant(tenantId, (tx) => selectUsage(tx, [record.id], since()));
    return presentIntegration(record, counters.get(record.id));
  };

  return {
    types: (filter) => ctx.types.list(filter),
    getType: (id) => ctx.types.get(id),
    create: (acting, input) => shown(acting.principal.tenantId, createIntegration(ctx, acting, input)),
    async get(tenantId, id) {
      if (!isId(id)) throw noSuchIntegration();
      const [record, counters] = await database.tenant(tenantId, (tx) =>
        Promise.all([findIntegration(tx, id), selectUsage(tx, [id], since())]),
      );
      if (record === undefined) throw noSuchIntegration();
      return presentIntegration(record, counters.get(record.id));
    },
    async list(tenantId, filter, { cursor, limit }) {
      if (!Object.values(filter).every((value = '') => isStorable(value))) return { items: [], nextCursor: null };
      const kind = cursorKind('integrations', { ...filter });
      const [name, id] = cursor === undefined ? [] : decodeCursor(kind, cursor, Position);
      const after = name === undefined || id === undefined ? {} : { after: { name, id } };
      return database.tenant(tenantId, async (tx) => {
        const found = await listIntegrations(tx, filter, { limit: limit + 1, ...after });
        const records = found.slice(0, limit);
        const counters = await selectUsage(
          tx,
          records.map((record) => record.id),
          since(),
        );
        const last = records.at(-1);
        const isMore = found.length > limit && last !== undefined;
        return {
          items: records.map((record) => presentIntegration(record, counters.get(record.id))),
          nextCursor: isMore ? encodeCursor(kind, [last.name, last.id]) : null,
        };
      });
    },
    update: (acting, id, expectedVersion, change, mode) =>
      shown(
        acting.principal.tenantId,
        changeIntegration(ctx, { acting, id, change, mode, expectedVersion, action: 'integration.update' }),
      ),
    authenticate: (acting, id, credentials) =>
      shown(
        acting.principal.tenantId,
        changeIntegration(ctx, {
          acting,
          id,
          change: { credentials },
          mode: 'merge',
          expectedVersion: null,
          action: 'integration.authenticate',
        }),
      ),
    uninstall: (acting, id, uninstallOptions) => uninstallIntegration(ctx, acting, id, uninstallOptions),
    submit: (acting, id) => move(acting, id, { move: 'submit' }),
    activate: (acting, id) => move(acting, id, { move: 'activate' }),
    pause: async (acting, id, given) => move(acting, id, { move: 'pause', ...normalisePause(given) }),
    resume: (acting, id) => move(acting, id, { move: 'resume' }),
    recordCheck: (acting, id, outcome) => shown(acting.principal.tenantId, recordCheck(ctx, acting, id, outcome)),
    setTypes(types) {
      ctx.types.replace(types);
      // One after the other: the later list is the one that counts.
      applying = applying.catch(() => undefined).then(() => applyTypes(ctx, types));
      return applying;
    },
    async findForCall(tenantId, id) {
      if (!isId(id)) return undefined;
      const record = await database.tenant(tenantId, (tx) => findIntegration(tx, id));
      return record && forCall(tenantId, record);
    },
    async findByName(tenantId, name) {
      const record = await database.tenant(tenantId, (tx) => findIntegrationByName(tx, name));
      return record && forCall(tenantId, record);
    },
    addUsage: (tenantId, deltas) => usage.add(tenantId, deltas),
    profiles: createProfiles(ctx),
  };

  function move(acting: Acting, id: string, request: Parameters<typeof moveIntegration>[3]): Promise<Integration> {
    return shown(acting.principal.tenantId, moveIntegration(ctx, acting, id, request));
  }
}

function forCall(tenantId: TenantId, record: IntegrationRecord): IntegrationForCall {
  const { id, name, type, connectorId, connectorVersion, status, config, authRef, credentialKind } = record;
  const { features, rateLimits, version } = record;
  return {
    id,
    tenantId,
    name,
    type,
    connectorId,
    connectorVersion,
    status,
    config,
    authRef,
    credentialKind,
    features,
    rateLimits,
    version,
  };
}

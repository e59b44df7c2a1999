import {
  type ConnectionDefaults,
  type ConnectionProfile,
  createId,
  isId,
  isStorable,
  type Page,
  type TenantId,
} from '@inthub/contracts';
import Type from 'typebox';
import { cursorKind, decodeCursor, encodeCursor, type TenantTx } from '../../database/database.ts';
import type { CatalogContext } from '../catalog-context.ts';
import type { Acting, CatalogType } from '../catalog-types.ts';
import { checkCredentialInput } from '../check-credential.ts';
import { isSame } from '../integration-record.ts';
import { normaliseName } from '../normalise.ts';
import { connectionDefaults } from './connection-defaults.ts';
import { type ProfileRecord, presentProfile, profileAuditView } from './profile-record.ts';
import {
  deleteProfile,
  findProfile,
  insertProfile,
  lockDefaultProfile,
  selectProfiles,
  updateProfile,
} from './profile-repository.ts';
import {
  lockExistingProfile,
  noSuchProfile,
  recordProfileChange,
  staleProfile,
  writing,
} from './record-profile-change.ts';

export interface NewProfile {
  readonly name: string;
  readonly type: string;
  /** Any part of the type's config, without secrets. Default {}. */
  readonly defaultConfig?: unknown;
  readonly authRef?: string | null;
  /** True takes the place of the type's present default. Default false. */
  readonly isDefault?: boolean;
}

/** PUT: what is left out goes back to its default. The type never changes. */
export type ProfileReplacement = Omit<NewProfile, 'type'>;

/** Connection profiles (PRO-1) and what a wizard starts from (PRO-2). */
export interface ConnectionProfiles {
  /** @throws HubError `invalid_request`, `conflict` (name taken) */
  create(acting: Acting, input: NewProfile): Promise<ConnectionProfile>;
  /** @throws HubError `not_found` */
  get(tenantId: TenantId, id: string): Promise<ConnectionProfile>;
  /** By name, then id. */
  list(
    tenantId: TenantId,
    filter: { readonly type?: string },
    page: { readonly cursor?: string; readonly limit: number },
  ): Promise<Page<ConnectionProfile>>;
  /** @throws HubError `not_found`, `version_mismatch`, `invalid_request`, `conflict` */
  replace(acting: Acting, id: string, expectedVersion: number, input: ProfileReplacement): Promise<ConnectionProfile>;
  /** @throws HubError `not_found`, `version_mismatch` */
  remove(acting: Acting, id: string, options?: { readonly expectedVersion?: number }): Promise<void>;
  /** @throws HubError `invalid_request` for a type or template that does not exist. */
  defaults(tenantId: TenantId, type: string, template?: string): Promise<ConnectionDefaults>;
}

const Position = Type.Tuple([Type.String({ maxLength: 512 }), Type.String({ format: 'uuid' })]);

export function createProfiles(ctx: CatalogContext): ConnectionProfiles {
  const { database, clock } = ctx;

  /** The fields that a caller gives, in the form in which they are stored. */
  function settle(type: CatalogType, input: ProfileReplacement) {
    const defaultConfig = ctx.configs.checkPart(type, input.defaultConfig ?? {}, '/defaultConfig');
    const authRef = input.authRef ?? null;
    if (authRef !== null && defaultConfig.authMode !== undefined) {
      checkCredentialInput(type, defaultConfig.authMode, { authRef });
    }
    return { name: normaliseName(input.name), defaultConfig, authRef, isDefault: input.isDefault ?? false };
  }

  /** The type's present default, if it is another one, is one no more. Its row is locked after the caller's own. */
  async function displaceDefault(tx: TenantTx, acting: Acting, next: ProfileRecord): Promise<void> {
    const before = await lockDefaultProfile(tx, next.type);
    if (before === undefined || before.id === next.id) return;
    const { modifiedAt, modifiedBy } = next;
    const after = { ...before, isDefault: false, modifiedAt, modifiedBy, version: before.version + 1 };
    await updateProfile(tx, after);
    await recordProfileChange(ctx, tx, { acting, what: 'update', before, after, details: { displacedBy: next.id } });
  }

  return {
    async create(acting, input) {
      const type = ctx.types.require(input.type);
      const now = clock.now();
      const by = acting.principal.id;
      const record: ProfileRecord = {
        id: createId(),
        tenantId: acting.principal.tenantId,
        type: type.id,
        ...settle(type, input),
        lastUsedAt: null,
        createdAt: now,
        createdBy: by,
        modifiedAt: now,
        modifiedBy: by,
        version: 1,
      };
      await database.tenant(acting.principal.tenantId, async (tx) => {
        if (record.authRef !== null) await ctx.vault.checkReference(tx, record.authRef, '/authRef');
        // Rows before the audit, which locks the tenant's chain.
        await writing(record, async () => {
          await insertProfile(tx, { ...record, isDefault: false });
        });
        if (record.isDefault) {
          await displaceDefault(tx, acting, record);
          await writing(record, () => updateProfile(tx, record));
        }
        await recordProfileChange(ctx, tx, { acting, what: 'create', after: record });
      });
      return presentProfile(record);
    },

    async get(tenantId, id) {
      const record = isId(id) ? await database.tenant(tenantId, (tx) => findProfile(tx, id)) : undefined;
      if (record === undefined) throw noSuchProfile();
      return presentProfile(record);
    },

    async list(tenantId, filter, { cursor, limit }) {
      if (!isStorable(filter.type ?? '')) return { items: [], nextCursor: null };
      const kind = cursorKind('connection-profiles', { ...filter });
      const [name, id] = cursor === undefined ? [] : decodeCursor(kind, cursor, Position);
      const after = name === undefined || id === undefined ? {} : { after: { name, id } };
      const found = await database.tenant(tenantId, (tx) => selectProfiles(tx, filter, { limit: limit + 1, ...after }));
      const records = found.slice(0, limit);
      const last = records.at(-1);
      const isMore = found.length > limit && last !== undefined;
      return {
        items: records.map(presentProfile),
        nextCursor: isMore ? encodeCursor(kind, [last.name, last.id]) : null,
      };
    },

    replace: (acting, id, expectedVersion, input) =>
      database.tenant(acting.principal.tenantId, async (tx) => {
        const before = await lockExistingProfile(tx, id);
        if (before.version !== expectedVersion) throw staleProfile(before.version);
        const settled = settle(ctx.types.require(before.type), input);
        if (isSame(profileAuditView(before), profileAuditView({ ...before, ...settled }))) {
          return presentProfile(before);
        }
        if (settled.authRef !== null && settled.authRef !== before.authRef) {
          await ctx.vault.checkReference(tx, settled.authRef, '/authRef');
        }
        const after: ProfileRecord = {
          ...before,
          ...settled,
          modifiedAt: clock.now(),
          modifiedBy: acting.principal.id,
          version: before.version + 1,
        };
        await writing(after, () => updateProfile(tx, { ...after, isDefault: before.isDefault && after.isDefault }));
        if (after.isDefault && !before.isDefault) {
          await displaceDefault(tx, acting, after);
          await writing(after, () => updateProfile(tx, after));
        }
        await recordProfileChange(ctx, tx, { acting, what: 'update', before, after });
        return presentProfile(after);
      }),

    remove: (acting, id, { expectedVersion } = {}) =>
      database.tenant(acting.principal.tenantId, async (tx) => {
        const before = await lockExistingProfile(tx, id);
        if (expectedVersion !== undefined && before.version !== expectedVersion) throw staleProfile(before.version);
        await deleteProfile(tx, id);
        await recordProfileChange(ctx, tx, { acting, what: 'delete', before });
      }),

    defaults: (tenantId, type, template) => connectionDefaults(ctx, tenantId, type, template),
  };
}

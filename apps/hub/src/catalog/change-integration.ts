import { HubError, type IntegrationConfig, type IntegrationStatus, invalidField } from '@inthub/contracts';
import type { CatalogContext } from './catalog-context.ts';
import type { Acting, CatalogType, IntegrationChange } from './catalog-types.ts';
import { checkCredentialInput, checkKind, kindsFor } from './check-credential.ts';
import { changedFields, type IntegrationRecord } from './integration-record.ts';
import {
  normaliseDescription,
  normaliseEnvironment,
  normaliseFeatures,
  normaliseName,
  normaliseOwner,
  normaliseTags,
} from './normalise.ts';
import { auditView } from './present-integration.ts';
import { lockExisting, recordChange, save, staleVersion } from './record-change.ts';
import { storeCredential } from './store-credential.ts';

export interface ChangeIntegrationOptions {
  readonly acting: Acting;
  readonly id: string;
  readonly change: IntegrationChange;
  readonly mode: 'replace' | 'merge';
  /** Null: whatever the present version is. */
  readonly expectedVersion: number | null;
  /** For the audit. */
  readonly action: 'integration.update' | 'integration.authenticate';
}

const checked: readonly IntegrationStatus[] = ['pending_verification', 'active', 'degraded', 'failed'];
/** Fields that every change touches, or that follow from another; none of them makes a change. */
const derived: readonly (keyof IntegrationRecord)[] = [
  'version',
  'modifiedAt',
  'modifiedBy',
  'lastTestSuccess',
  'lastError',
];

/** PUT, PATCH and new credentials: one change of an integration's settings. A change that changes nothing writes nothing. */
export async function changeIntegration(
  ctx: CatalogContext,
  options: ChangeIntegrationOptions,
): Promise<IntegrationRecord> {
  const { acting, id, change, mode, expectedVersion, action } = options;
  const { principal, requestId } = acting;
  return ctx.database.tenant(principal.tenantId, async (tx) => {
    const before = await lockExisting(tx, id);
    if (expectedVersion !== null && before.version !== expectedVersion) throw staleVersion(before.version);

    const settled = applySettings(ctx, before, change, mode);
    // A client that sends back what it has read gives the reference that is there already.
    const { authRef: _, ...withoutRef } = change;
    const credential = change.authRef === before.authRef ? withoutRef : change;
    const wanted = credentialChange(ctx, before, settled, credential);
    const isSecretNew = credential.credentials !== undefined;
    if (wanted === 'keep' && changedFields(before, settled).length === 0) return before;

    const now = ctx.clock.now();
    const touched = { ...settled, version: before.version + 1, modifiedAt: now, modifiedBy: principal.id };
    // Names are settled while only the row is locked: see createIntegration.
    await save(tx, before, touched);
    const equipped =
      wanted === 'keep'
        ? touched
        : wanted === 'drop'
          ? { ...touched, authRef: null, credentialKind: null }
          : { ...touched, ...(await storeCredential(ctx, tx, acting, wanted, touched, credential)) };
    if (wanted !== 'keep' && !isSecretNew) await ctx.vault.revoke(tx, { integrationId: id, principal, requestId });
    const changed = changedFields(before, equipped).filter((field) => !derived.includes(field));
    const reconnects = isSecretNew || changed.includes('config') || changed.includes('authRef');
    const after =
      reconnects && isUnproven(before.status) ? { ...equipped, lastTestSuccess: null, lastError: null } : equipped;
    await save(tx, touched, after);
    if (reconnects && checked.includes(after.status)) await ctx.schedule.checkNow(tx, [id]);

    const names = isSecretNew ? [...changed, 'credentials'] : changed;
    await recordChange(ctx, tx, {
      acting,
      integration: after,
      events: [{ type: 'integration.updated', data: { changed: names, version: after.version } }],
      action,
      audit: { before: auditView(before, changed), after: auditView(after, changed), details: { changed: names } },
    });
    return after;
  });
}

/** A test of before the change says nothing about what is to be activated now. */
function isUnproven(status: IntegrationStatus): boolean {
  return status === 'draft' || status === 'pending_verification';
}

function applySettings(
  ctx: CatalogContext,
  before: IntegrationRecord,
  given: IntegrationChange,
  mode: 'replace' | 'merge',
): IntegrationRecord {
  if (mode === 'replace') {
    for (const field of ['name', 'config'] as const) {
      if (given[field] === undefined)
        throw invalidField(`/${field}`, 'is required when an integration is replaced', 'required');
    }
  }
  const defaults = { description: null, environment: null, tags: [], ownerId: null, features: {}, rateLimits: {} };
  const change = mode === 'replace' ? { ...defaults, ...dropUndefined(given) } : given;
  const { name, description, environment, tags, ownerId, features, rateLimits, config } = change;
  return {
    ...before,
    name: name === undefined ? before.name : normaliseName(name),
    description: description === undefined ? before.description : normaliseDescription(description),
    environment: environment === undefined ? before.environment : normaliseEnvironment(environment),
    tags: tags === undefined ? before.tags : normaliseTags(tags),
    ownerId: ownerId === undefined ? before.ownerId : normaliseOwner(ownerId),
    features: normaliseFeatures(features, mode === 'replace' ? undefined : before.features),
    rateLimits: rateLimits ?? before.rateLimits,
    ...(config === undefined ? {} : configured(ctx, before, config, mode)),
  };
}

function configured(
  ctx: CatalogContext,
  before: IntegrationRecord,
  config: unknown,
  mode: 'replace' | 'merge',
): Pick<IntegrationRecord, 'config' | 'connectorVersion'> {
  const type = loadedType(ctx, before);
  const whole = mode === 'replace' ? config : mergeConfig(before.config, config);
  return { config: ctx.configs.check(type, whole), connectorVersion: type.connectorVersion };
}

/** RFC 7396 for the first level: null removes a field, everything else is taken as it is. */
function mergeConfig(before: IntegrationConfig, patch: unknown): unknown {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) {
    throw invalidField('/config', 'must be an object with the fields to change', 'type');
  }
  return Object.fromEntries(Object.entries({ ...before, ...patch }).filter(([, value]) => value !== null));
}

/**
 * What becomes of the credential: a type (to store or refer to a new one for it), `keep`, or `drop` because the new auth mode takes
 * none.
 */
function credentialChange(
  ctx: CatalogContext,
  before: IntegrationRecord,
  after: IntegrationRecord,
  change: Pick<IntegrationChange, 'credentials' | 'authRef'>,
): CatalogType | 'keep' | 'drop' {
  const { authMode } = after.config;
  if (change.credentials !== undefined || change.authRef !== undefined) {
    const type = loadedType(ctx, before);
    checkCredentialInput(type, authMode, change);
    return type;
  }
  if (authMode === before.config.authMode || before.credentialKind === null) return 'keep';
  const type = loadedType(ctx, before);
  if (kindsFor(type, authMode).length === 0) return 'drop';
  checkKind(type, authMode, before.credentialKind, '/credentials');
  return 'keep';
}

function loadedType(ctx: CatalogContext, { type, connectorId }: IntegrationRecord): CatalogType {
  const found = ctx.types.find(type);
  if (found) return found;
  throw new HubError(
    'connector_unavailable',
    `Connector ${connectorId}, which offers ${type}, is not loaded, so config and credentials cannot be checked. ` +
      'Install it again; name, description, tags and the like can be changed without it.',
  );
}

function dropUndefined<Shape extends object>(shape: Shape): Shape {
  return Object.fromEntries(Object.entries(shape).filter(([, value]) => value !== undefined)) as Shape;
}

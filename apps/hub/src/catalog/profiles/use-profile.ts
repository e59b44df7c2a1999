import { invalidField, isId } from '@inthub/contracts';
import type { TenantTx } from '../../database/database.ts';
import type { CatalogContext } from '../catalog-context.ts';
import type { Acting, NewIntegration } from '../catalog-types.ts';
import type { IntegrationRecord } from '../integration-record.ts';
import { toAudit } from '../record-change.ts';
import type { ProfileRecord } from './profile-record.ts';
import { findProfile, noteProfileUse } from './profile-repository.ts';

/** A profile that an integration is created from. */
export interface ProfileUse {
  readonly profile: ProfileRecord;
  /** Its AuthRef too, which the caller has confirmed. */
  readonly reusesCredential: boolean;
}

/**
 * What is to be created, with the profile's settings where the caller gives none of its own (null leaves a field of the profile out),
 * and its AuthRef only where the caller has confirmed it.
 * @throws HubError `invalid_request`
 */
export async function applyProfile(
  ctx: CatalogContext,
  { principal }: Acting,
  given: NewIntegration,
): Promise<{ readonly input: NewIntegration; readonly use: ProfileUse | undefined }> {
  const { profileId, confirmCredentialReuse = false, ...input } = given;
  if (profileId === undefined) {
    if (confirmCredentialReuse) {
      throw invalidField('/confirmCredentialReuse', 'goes with a profileId only', 'profile');
    }
    return { input, use: undefined };
  }
  const profile = isId(profileId)
    ? await ctx.database.tenant(principal.tenantId, (tx) => findProfile(tx, profileId))
    : undefined;
  if (profile === undefined) throw noProfile();
  if (profile.type !== input.type) {
    throw invalidField('/profileId', `is a profile for ${profile.type}, not for ${input.type}`, 'profile');
  }
  const config = { ...input, config: withDefaults(profile, input.config) };
  if (!confirmCredentialReuse) return { input: config, use: { profile, reusesCredential: false } };
  if (input.credentials !== undefined || input.authRef !== undefined) {
    const message = 'is given beside a credential of its own; send one of the two';
    throw invalidField('/confirmCredentialReuse', message, 'conflict');
  }
  if (profile.authRef === null) {
    const message = 'cannot be met: the profile names no authRef; send credentials or an authRef instead';
    throw invalidField('/confirmCredentialReuse', message, 'profile');
  }
  return { input: { ...config, authRef: profile.authRef }, use: { profile, reusesCredential: true } };
}

/** In the transaction of the creation. @throws HubError `invalid_request` when the profile is gone by now. */
export async function noteUse(ctx: CatalogContext, tx: TenantTx, { profile }: ProfileUse): Promise<void> {
  if (!(await noteProfileUse(tx, profile.id, ctx.clock.now()))) throw noProfile();
}

/** Carrying a credential over to another integration stands in the audit by itself. */
export async function auditReuse(
  ctx: CatalogContext,
  tx: TenantTx,
  acting: Acting,
  integration: IntegrationRecord,
  { profile, reusesCredential }: ProfileUse,
): Promise<void> {
  if (!reusesCredential) return;
  const details = { profileId: profile.id, profileName: profile.name, authRef: profile.authRef };
  await ctx.audit.append(tx, toAudit(acting, integration, 'credential.reuse', { details }));
}

/** RFC 7396 for the first level. What is no object is left for the check of the whole. */
function withDefaults({ defaultConfig }: ProfileRecord, config: unknown): unknown {
  if (typeof config !== 'object' || config === null || Array.isArray(config)) return config;
  return Object.fromEntries(Object.entries({ ...defaultConfig, ...config }).filter(([, value]) => value !== null));
}

function noProfile() {
  const message = 'is no connection profile of this tenant; GET /api/v1/connection-profiles lists them';
  return invalidField('/profileId', message, 'profile');
}

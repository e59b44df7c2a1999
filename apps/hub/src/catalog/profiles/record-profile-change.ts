import { HubError, isId } from '@inthub/contracts';
import { isUniqueViolation, type TenantTx } from '../../database/database.ts';
import type { CatalogContext } from '../catalog-context.ts';
import type { Acting } from '../catalog-types.ts';
import { type ProfileRecord, profileAuditView } from './profile-record.ts';
import { lockProfile } from './profile-repository.ts';

/** What is written beside a changed profile. */
export interface ProfileChangeRecord {
  readonly acting: Acting;
  readonly what: 'create' | 'update' | 'delete';
  readonly before?: ProfileRecord;
  readonly after?: ProfileRecord;
  readonly details?: Readonly<Record<string, unknown>>;
}

const eventTypes = { create: 'profile.created', update: 'profile.updated', delete: 'profile.deleted' } as const;

/** The second half of every change, in its transaction: event, then audit. */
export async function recordProfileChange(
  ctx: CatalogContext,
  tx: TenantTx,
  { acting, what, before, after, details }: ProfileChangeRecord,
): Promise<void> {
  const profile = after ?? before;
  if (profile === undefined) throw new HubError('internal');
  const { principal, requestId } = acting;
  const { id, name, type, isDefault } = profile;
  await ctx.events.append(tx, {
    type: eventTypes[what],
    source: 'hub',
    data: { profileId: id, name, integrationType: type, isDefault, ...details },
    correlationId: requestId,
  });
  await ctx.audit.append(tx, {
    actor: { kind: principal.kind, id: principal.id, name: principal.name },
    action: `profile.${what}`,
    target: { type: 'connection_profile', id, name },
    outcome: 'success',
    requestId,
    ...(before === undefined ? {} : { before: profileAuditView(before) }),
    ...(after === undefined ? {} : { after: profileAuditView(after) }),
    ...(details === undefined ? {} : { details }),
  });
}

/** The profile, locked. @throws HubError `not_found` */
export async function lockExistingProfile(tx: TenantTx, id: string): Promise<ProfileRecord> {
  const found = isId(id) ? await lockProfile(tx, id) : undefined;
  if (found === undefined) throw noSuchProfile();
  return found;
}

/** Also for another tenant's profile: the two cannot be told apart. */
export function noSuchProfile(): HubError {
  return new HubError('not_found', 'There is no such connection profile.');
}

export function staleProfile(currentVersion: number): HubError {
  return new HubError(
    'version_mismatch',
    `The profile has changed since it was read: it is at version ${currentVersion}. Read it again and repeat the change.`,
    { details: { currentVersion } },
  );
}

/** Runs a write, and says in words which rule of the table it broke. */
export async function writing(record: ProfileRecord, write: () => Promise<void>): Promise<void> {
  try {
    await write();
  } catch (error) {
    if (isUniqueViolation(error, 'connection_profiles_name')) {
      const message = 'is the name of another profile; choose another one';
      throw new HubError('conflict', `/name: "${record.name}" ${message}.`, {
        errors: [{ path: '/name', rule: 'unique', message }],
      });
    }
    if (isUniqueViolation(error, 'connection_profiles_default')) {
      throw new HubError(
        'conflict',
        `Somebody else has just made another profile the default of ${record.type}; repeat the change if it still holds.`,
        { errors: [{ path: '/isDefault', rule: 'unique', message: 'another profile has just become the default' }] },
      );
    }
    throw error;
  }
}

import {
  type Clock,
  createId,
  HubError,
  invalidField,
  isId,
  type Page,
  type Role,
  type TenantId,
} from '@inthub/contracts';
import type { AuditWriter } from '../audit/audit.ts';
import { cursorKind, type Database, pageById } from '../database/database.ts';
import { actorOf, bundleScopes, requireCovers, requireScope } from './authority.ts';
import type { Acting, User } from './records.ts';
import { readTextField } from './text-field.ts';
import { findUserForUpdate, insertUser, listUserRows, updateUserRow } from './user-repository.ts';

export interface UsersDeps {
  readonly database: Database;
  readonly audit: AuditWriter;
  readonly clock: Clock;
  /** Told after the commit with the user's id or subject, so that nobody is let in on old roles. */
  readonly onUserChanged: (tenantId: TenantId, principalId: string) => void;
}

export async function createUser(
  { database, audit, clock, onUserChanged }: UsersDeps,
  { principal, requestId }: Acting,
  input: { name: string; email?: string; subject?: string; roles: readonly Role[] },
): Promise<User> {
  requireScope(principal, 'integrations.admin');
  requireCovers(principal, bundleScopes([], input.roles), 'The new user');
  const name = readTextField('/name', input.name, 200);
  const subject = input.subject === undefined ? null : readTextField('/subject', input.subject, 255);
  const email = input.email === undefined ? null : readEmail(input.email);
  return database.tenant(principal.tenantId, async (tx) => {
    const roles = [...new Set(input.roles)];
    const user = await insertUser(tx, {
      id: createId(),
      subject,
      email,
      name,
      roles,
      active: true,
      createdAt: clock.now(),
    });
    if (user === undefined) {
      throw new HubError('conflict', 'There is a user with this subject already. Change that user instead.', {
        errors: [{ path: '/subject', rule: 'unique', message: 'Taken.' }],
      });
    }
    await audit.append(tx, {
      actor: actorOf(principal),
      action: 'user.create',
      target: { type: 'user', id: user.id, name },
      outcome: 'success',
      requestId,
      after: { name, email, subject, roles, active: true },
    });
    // The subject may have signed in on its token alone until now.
    tx.afterCommit(() => onUserChanged(tx.tenantId, subject ?? user.id));
    return user;
  });
}

export function listUsers(
  { database }: Pick<UsersDeps, 'database'>,
  tenantId: TenantId,
  page: { cursor?: string; limit: number },
): Promise<Page<User>> {
  return pageById(cursorKind('users'), page, (from) => database.tenant(tenantId, (tx) => listUserRows(tx, from)));
}

/** Neither the roles that the user has nor the new ones may exceed the caller's. */
export async function updateUser(
  { database, audit, onUserChanged }: UsersDeps,
  { principal, requestId }: Acting,
  id: string,
  change: { name?: string; roles?: readonly Role[]; active?: boolean },
): Promise<User> {
  requireScope(principal, 'integrations.admin');
  const name = change.name === undefined ? undefined : readTextField('/name', change.name, 200);
  if (!isId(id)) throw noUser();
  return database.tenant(principal.tenantId, async (tx) => {
    const before = await findUserForUpdate(tx, id);
    if (before === undefined) throw noUser();
    const roles = [...new Set(change.roles ?? before.roles)];
    requireCovers(principal, bundleScopes([], [...before.roles, ...roles]), 'The user');
    const after = await updateUserRow(tx, id, {
      name: name ?? before.name,
      roles,
      active: change.active ?? before.active,
    });
    await audit.append(tx, {
      actor: actorOf(principal),
      action: 'user.update',
      target: { type: 'user', id, name: after.name },
      outcome: 'success',
      requestId,
      before: { name: before.name, roles: before.roles, active: before.active },
      after: { name: after.name, roles: after.roles, active: after.active },
    });
    tx.afterCommit(() => onUserChanged(tx.tenantId, id));
    return after;
  });
}

function readEmail(value: string): string {
  const email = readTextField('/email', value, 320);
  if (!/^[^\s@]+@[^\s@]+$/.test(email)) throw invalidField('/email', 'Must look like name@example.com.', 'email');
  return email;
}

function noUser(): HubError {
  return new HubError('not_found', 'There is no such user.');
}

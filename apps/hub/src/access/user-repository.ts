import { isRole, type TenantId } from '@inthub/contracts';
import type { TenantTx } from '../database/database.ts';
import type { User } from './records.ts';

interface UserRow {
  tenant_id: string;
  id: string;
  subject: string | null;
  email: string | null;
  name: string;
  roles: string[];
  active: boolean;
  created_at: Date;
}
type Tables = {
  users: UserRow;
};

/** Undefined when the tenant has a user with this subject. */
export async function insertUser(
  tx: TenantTx,
  user: Omit<User, 'tenantId' | 'createdAt'> & { createdAt: Date },
): Promise<User | undefined> {
  const row = await tx.db
    .withTables<Tables>()
    .insertInto('users')
    .values({
      tenant_id: tx.tenantId,
      id: user.id,
      subject: user.subject,
      email: user.email,
      name: user.name,
      roles: [...user.roles],
      active: user.active,
      created_at: user.createdAt,
    })
    .onConflict((conflict) => conflict.columns(['tenant_id', 'subject']).doNothing())
    .returningAll()
    .executeTakeFirst();
  return row && toUser(row);
}

export async function findUserForUpdate(tx: TenantTx, id: string): Promise<User | undefined> {
  const row = await tx.db
    .withTables<Tables>()
    .selectFrom('users')
    .selectAll()
    .where('tenant_id', '=', tx.tenantId)
    .where('id', '=', id)
    .forUpdate()
    .executeTakeFirst();
  return row && toUser(row);
}

export async function updateUserRow(
  tx: TenantTx,
  id: string,
  change: Pick<User, 'name' | 'roles' | 'active'>,
): Promise<User> {
  const row = await tx.db
    .withTables<Tables>()
    .updateTable('users')
    .set({ name: change.name, roles: [...change.roles], active: change.active })
    .where('tenant_id', '=', tx.tenantId)
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirstOrThrow();
  return toUser(row);
}

/** Oldest first. */
export async function listUserRows(tx: TenantTx, page: { afterId: string | null; take: number }): Promise<User[]> {
  let query = tx.db
    .withTables<Tables>()
    .selectFrom('users')
    .selectAll()
    .where('tenant_id', '=', tx.tenantId)
    .orderBy('id')
    .limit(page.take);
  if (page.afterId !== null) query = query.where('id', '>', page.afterId);
  return (await query.execute()).map(toUser);
}

function toUser(row: UserRow): User {
  return {
    id: row.id,
    tenantId: row.tenant_id as TenantId,
    subject: row.subject,
    email: row.email,
    name: row.name,
    // A role that this version does not know gives nothing.
    roles: row.roles.filter(isRole),
    active: row.active,
    createdAt: row.created_at.toISOString(),
  };
}

import { type Clock, createId, HubError, invalidField, isId, type Page, type TenantId } from '@inthub/contracts';
import type { AuditWriter } from '../audit/audit.ts';
import { cursorKind, type Database, pageById, type TenantTx } from '../database/database.ts';
import { actorOf, requireScope } from './authority.ts';
import { readEgressExceptions } from './egress-exceptions.ts';
import type { Acting, Tenant, TenantChange } from './records.ts';
import { findTenant, insertTenant, listTenantRows, updateTenantRow } from './tenant-repository.ts';
import { readTextField } from './text-field.ts';

export interface TenantsDeps {
  readonly database: Database;
  readonly audit: AuditWriter;
  readonly clock: Clock;
  /** After commit, on this replica. */
  readonly onTenantChanged?: (id: TenantId) => void;
}

/** `platform.admin` only. The audit entry of a change goes into the chain of the tenant that is changed. */
export async function createTenant(
  { database, audit, clock }: TenantsDeps,
  { principal, requestId }: Acting,
  input: { slug: string; name: string; approvalRequired?: boolean },
): Promise<Tenant> {
  requireScope(principal, 'platform.admin');
  if (!/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(input.slug)) {
    throw invalidField('/slug', 'Must be 1 to 63 of a-z, 0-9 and "-", without "-" at its ends.', 'pattern');
  }
  const name = readTextField('/name', input.name, 200);
  const { approvalRequired = false } = input;
  return database.tenant(createId<TenantId>(), async (tx) => {
    const tenant = await insertTenant(tx, { slug: input.slug, name, approvalRequired, createdAt: clock.now() });
    if (tenant === undefined) {
      throw new HubError('conflict', `There is a tenant with the slug "${input.slug}" already. Choose another.`, {
        errors: [{ path: '/slug', rule: 'unique', message: 'Taken.' }],
      });
    }
    await audit.append(tx, {
      actor: actorOf(principal),
      action: 'tenant.create',
      target: { type: 'tenant', id: tenant.id, name: tenant.name },
      outcome: 'success',
      requestId,
      after: { slug: tenant.slug, name, approvalRequired },
    });
    return tenant;
  });
}

/** All tenants; the caller has checked for `platform.admin`. */
export function listTenants(
  { database }: Pick<TenantsDeps, 'database'>,
  page: { cursor?: string; limit: number },
): Promise<Page<Tenant>> {
  return pageById(cursorKind('tenants'), page, (from) =>
    database.system('inthub_platform', (tx) => listTenantRows(tx, from)),
  );
}

/** @throws HubError `not_found` */
export async function getTenant({ database }: Pick<TenantsDeps, 'database'>, id: TenantId): Promise<Tenant> {
  if (!isId(id)) throw noTenant();
  const tenant = await database.tenant(id, (tx) => findTenant(tx));
  if (tenant === undefined) throw noTenant();
  return tenant;
}

/** `platform.admin` only. @throws HubError `forbidden`, `not_found`, `invalid_request` */
export async function updateTenant(
  { database, audit, onTenantChanged }: TenantsDeps,
  { principal, requestId }: Acting,
  id: TenantId,
  change: TenantChange,
): Promise<Tenant> {
  requireScope(principal, 'platform.admin');
  if (!isId(id)) throw noTenant();
  const wanted: TenantChange = {
    ...change,
    ...(change.name === undefined ? {} : { name: readTextField('/name', change.name, 200) }),
    ...(change.egressAllow === undefined
      ? {}
      : { egressAllow: readEgressExceptions('/egressAllow', change.egressAllow) }),
  };
  return database.tenant(id, async (tx) => {
    const before = await findTenant(tx, { forUpdate: true });
    if (before === undefined) throw noTenant();
    const after = await updateTenantRow(tx, { ...changeable(before), ...wanted });
    await audit.append(tx, {
      actor: actorOf(principal),
      action: 'tenant.update',
      target: { type: 'tenant', id, name: after.name },
      outcome: 'success',
      requestId,
      before: changeable(before),
      after: changeable(after),
    });
    tx.afterCommit(() => onTenantChanged?.(id));
    return after;
  });
}

function changeable({ name, approvalRequired, offline, egressAllow }: Tenant): Required<TenantChange> {
  return { name, approvalRequired, offline, egressAllow };
}

function noTenant(): HubError {
  return new HubError('not_found', 'There is no such tenant.');
}

/** Slug of the transaction's own tenant; it never changes. @throws HubError `not_found` */
export async function findTenantSlug(tx: TenantTx): Promise<string> {
  const tenant = await findTenant(tx);
  if (tenant === undefined) throw noTenant();
  return tenant.slug;
}

/** Whether the transaction's tenant wants integrations activated by somebody other than their creator. */
export async function findApprovalRequired(tx: TenantTx): Promise<boolean> {
  const tenant = await findTenant(tx);
  if (tenant === undefined) throw noTenant();
  return tenant.approvalRequired;
}

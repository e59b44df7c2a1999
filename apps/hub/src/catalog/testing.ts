/** A catalog on a real database for the room's own tests: real events and audit, doubles for vault and schedule. */
import {
  baseConfigProperties,
  createId,
  expandScopes,
  type Integration,
  type IntegrationEvent,
  invalidField,
  type TenantId,
} from '@inthub/contracts';
import { createFakeClock, type FakeClock } from '@inthub/testing';
import pg from 'pg';
import Type from 'typebox';
import { type AuditEntry, type AuditReader, createAuditLog } from '../audit/audit.ts';
import type { Database } from '../database/database.ts';
import { createTestTenant, openTestDatabase, silentLog } from '../database/testing.ts';
import { createEventLog } from '../events/events.ts';
import {
  type Acting,
  type Catalog,
  type CatalogOptions,
  type CatalogType,
  createCatalog,
  type NewIntegration,
} from './catalog.ts';

export interface CatalogRig {
  readonly database: Database;
  /** Passes row-level security. */
  readonly superuser: pg.Client;
  readonly clock: FakeClock;
  readonly audit: AuditReader;
  close(): Promise<void>;
  /** A new tenant with a catalog, knowing `types`. */
  tenant(options?: Partial<CatalogOptions> & { types?: readonly CatalogType[] }): Promise<TenantRig>;
}

export interface TenantRig {
  readonly id: TenantId;
  readonly catalog: Catalog;
  /** What the doubles were asked: `store <id>`, `revoke <id>`, `check now <id>`, `stop <id>`, `changed <id>`; cleared by reading. */
  calls(): string[];
  as(name: string): Acting;
  create(input?: Partial<NewIntegration>): Promise<Integration>;
  /** In the order in which they were written. */
  events(type?: string): Promise<IntegrationEvent[]>;
  auditEntries(): Promise<AuditEntry[]>;
}

export async function openCatalogRig({ maxConnections = 8 } = {}): Promise<CatalogRig> {
  const test = await openTestDatabase({ maxConnections });
  const { database } = test;
  const superuser = new pg.Client(test.url);
  await superuser.connect();
  const clock = createFakeClock('2026-11-21T10:00:00Z');
  const events = createEventLog({ database, clock });
  const audit = createAuditLog({ database, clock, redact: (value) => value, chainKey: Buffer.alloc(32, 7) });

  return {
    database,
    superuser,
    clock,
    audit,
    async close() {
      await superuser.end();
      await test.close();
    },
    async tenant({ types = [registryType()], ...options } = {}) {
      const id = await createTestTenant(database);
      const calls: string[] = [];
      const catalog = createCatalog({
        database,
        events,
        audit,
        clock,
        log: silentLog,
        vault: {
          async store(_tx, { integrationId, material }) {
            calls.push(`store ${material.kind} ${integrationId}`);
            return { authRef: `ref://integrations/test/${integrationId}`, kind: material.kind };
          },
          async revoke(_tx, { integrationId }) {
            calls.push(`revoke ${integrationId}`);
            return 1;
          },
          async checkReference(_tx, authRef, path) {
            if (authRef.includes('missing')) throw invalidField(path, 'points at nothing', 'auth_ref');
          },
        },
        schedule: {
          async checkNow(_tx, ids) {
            for (const integrationId of ids) calls.push(`check now ${integrationId}`);
          },
          async stop(_tx, integrationId) {
            calls.push(`stop ${integrationId}`);
          },
        },
        approvalRequired: async () => false,
        onChanged: (_tenantId, integrationId) => calls.push(`changed ${integrationId}`),
        ...options,
      });
      await catalog.setTypes(types);
      const as = (name: string): Acting => ({
        principal: { tenantId: id, kind: 'user', id: name, name, scopes: expandScopes(['integrations.admin']) },
        requestId: `req-${createId()}`,
      });
      return {
        id,
        catalog,
        calls: () => calls.splice(0),
        as,
        create: (input = {}) => catalog.create(as('ada'), { ...newIntegration(), ...input }),
        async events(type = '*') {
          const { items } = await events.list(id, { type, limit: 500 });
          return [...items].reverse();
        },
        async auditEntries() {
          const { items } = await audit.list(id, { limit: 500 });
          return [...items].reverse();
        },
      };
    },
  };
}

let created = 0;
export function newIntegration(): NewIntegration {
  created += 1;
  return {
    type: 'registry.oci',
    name: `registry ${created}`,
    config: { endpoint: 'https://registry.example.com', authMode: 'none' },
  };
}

export function registryType(change: Partial<CatalogType> = {}): CatalogType {
  const config = Type.Object({
    namespace: Type.Optional(Type.String({ maxLength: 64 })),
    tokenRealmHost: Type.Optional(Type.String()),
  });
  return {
    id: 'registry.oci',
    connectorId: 'oci',
    connectorVersion: '1.0.0',
    connectorName: 'OCI registry',
    icon: 'data:image/svg+xml,',
    manifest: {
      id: 'registry.oci',
      displayName: 'OCI registry',
      description: 'Any registry',
      category: 'registry',
      capabilities: ['repos'],
      config,
      defaultEndpoint: null,
    },
    configSchema: Type.Object(
      {
        ...baseConfigProperties,
        authMode: Type.Enum(['none', 'basic', 'token']),
        ...config.properties,
      },
      { additionalProperties: false },
    ),
    auth: [
      { mode: 'none', kind: null, title: 'None', help: '' },
      { mode: 'basic', kind: 'basic_auth', title: 'Password', help: '' },
      { mode: 'token', kind: 'bearer_token', title: 'Token', help: '' },
      { mode: 'token', kind: 'api_key', title: 'Key', help: '' },
    ],
    actionIds: ['tag.list'],
    ...change,
  };
}

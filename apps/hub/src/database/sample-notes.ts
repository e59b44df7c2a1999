/** For tests: a tenant table of notes, as a migration would make it, and how to use it. */
import { createId, type TenantId } from '@inthub/contracts';
import { type InsertResult, sql, type Transaction } from 'kysely';
import type { TenantTx } from './tenant-scope.ts';

type Tx = Pick<TenantTx, 'db'>;

/** Not an interface: Kysely asks for an index signature. */
type NoteTables = { notes: { tenant_id: string; id: string; text: string } };

/** Ends the session at commit when the text is `pull the plug`. */
export const createNotes = `
  CREATE TABLE inthub.notes (tenant_id uuid NOT NULL REFERENCES inthub.tenants (id), id uuid NOT NULL, text text NOT NULL,
    PRIMARY KEY (tenant_id, id), CONSTRAINT notes_text UNIQUE (tenant_id, text) DEFERRABLE INITIALLY IMMEDIATE);
  SELECT inthub.protect_tenant_table('notes', 'SELECT, INSERT, UPDATE, DELETE');
  CREATE FUNCTION inthub.pull_the_plug() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS
    $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$;
  CREATE CONSTRAINT TRIGGER notes_plug AFTER INSERT ON inthub.notes DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (NEW.text = 'pull the plug') EXECUTE FUNCTION inthub.pull_the_plug();`;

export function noteTable({ db }: Tx): Transaction<NoteTables> {
  return db.withTables<NoteTables>();
}

export async function writeNote(tx: TenantTx, text: string, tenantId: TenantId = tx.tenantId): Promise<InsertResult> {
  return noteTable(tx)
    .insertInto('notes')
    .values({ tenant_id: tenantId, id: createId(), text })
    .executeTakeFirstOrThrow();
}

export async function readNotes(tx: Tx): Promise<string[]> {
  const rows = await noteTable(tx).selectFrom('notes').select('text').orderBy('text').execute();
  return rows.map(({ text }) => text);
}

/** Whom the transaction runs as. */
export async function readScope({ db }: Tx): Promise<{ role: string; tenant: string | null } | undefined> {
  const { rows } = await sql<{ role: string; tenant: string | null }>`
    SELECT current_user::text AS role, current_tenant()::text AS tenant`.execute(db);
  return rows[0];
}

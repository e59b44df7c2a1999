/**
 * For tests: one row of every table in the schema, made from the catalogue alone, so that a table which a later migration adds is
 * covered without anybody thinking of it.
 */
import { randomBytes } from 'node:crypto';
import { createId } from '@inthub/contracts';
import type pg from 'pg';

export interface TableShape {
  readonly name: string;
  readonly columns: readonly ColumnShape[];
  /** Other tables that a row refers to. */
  readonly references: readonly {
    readonly table: string;
    readonly columns: readonly string[];
    readonly to: readonly string[];
  }[];
}

export interface ColumnShape {
  readonly name: string;
  readonly type: string;
  /** Must be given: NOT NULL, no default. */
  readonly isRequired: boolean;
  /** Definitions of the CHECK constraints that name it alone. */
  readonly checks: readonly string[];
}

export type SampleRow = Readonly<Record<string, unknown>>;

/** Values that the rules below cannot guess: `table.column`. Add a line when a new table's CHECK constraint needs one. */
const special: Readonly<Record<string, () => unknown>> = {
  'events.type': () => 'sample.row.made',
};

/** Tables (not partitions) of the schema, each after those that it refers to. */
export async function readTableShapes(client: pg.ClientBase): Promise<readonly TableShape[]> {
  const { rows } = await client.query<TableShape>(`
    SELECT c.relname AS name,
      (SELECT json_agg(json_build_object(
          'name', a.attname,
          'type', format_type(a.atttypid, NULL),
          'isRequired', a.attnotnull AND NOT a.atthasdef AND a.attidentity = '',
          'checks', COALESCE((SELECT json_agg(pg_get_constraintdef(k.oid)) FROM pg_constraint k
            WHERE k.conrelid = c.oid AND k.contype = 'c' AND k.conkey = ARRAY[a.attnum]), '[]')) ORDER BY a.attnum)
        FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS columns,
      COALESCE((SELECT json_agg(json_build_object(
          'table', t.relname,
          'columns', (SELECT json_agg(a.attname ORDER BY n) FROM unnest(f.conkey) WITH ORDINALITY u(num, n)
            JOIN pg_attribute a ON a.attrelid = f.conrelid AND a.attnum = u.num),
          'to', (SELECT json_agg(a.attname ORDER BY n) FROM unnest(f.confkey) WITH ORDINALITY u(num, n)
            JOIN pg_attribute a ON a.attrelid = f.confrelid AND a.attnum = u.num)))
        FROM pg_constraint f JOIN pg_class t ON t.oid = f.confrelid
        WHERE f.conrelid = c.oid AND f.contype = 'f' AND f.confrelid <> c.oid AND NOT t.relispartition), '[]') AS references
    FROM pg_class c
    WHERE c.relnamespace = 'inthub'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
    ORDER BY c.relname`);
  return inOrderOfReference(rows);
}

/**
 * A row for `table` in `tenantId`. @param others rows of the same tenant that were made before, by table.
 * @throws Error naming the column for which no value is known.
 */
export function makeSampleRow(table: TableShape, tenantId: string, others: ReadonlyMap<string, SampleRow>): SampleRow {
  const row: Record<string, unknown> = {};
  for (const column of table.columns) if (column.isRequired) row[column.name] = makeValue(table.name, column);
  if (table.name === 'tenants') row['id'] = tenantId;
  for (const { table: target, columns, to } of table.references) {
    const other = others.get(target);
    if (other === undefined) continue;
    for (const [index, column] of columns.entries()) row[column] = other[to[index] ?? ''];
  }
  if (table.columns.some(({ name }) => name === 'tenant_id')) row['tenant_id'] = tenantId;
  return row;
}

/** The INSERT of a sample row. */
export function insertOf(table: TableShape, row: SampleRow): { text: string; values: unknown[] } {
  const names = Object.keys(row);
  const places = names.map((_, index) => `$${index + 1}`);
  return {
    text: `INSERT INTO inthub.${table.name} (${names.join(', ')}) VALUES (${places.join(', ')})`,
    values: Object.values(row),
  };
}

function makeValue(table: string, { name, type, checks }: ColumnShape): unknown {
  const known = special[`${table}.${name}`];
  if (known !== undefined) return known();
  switch (type) {
    case 'uuid':
      return createId();
    case 'text':
      // One of a list of words, or a word that fits most rules: 12 letters and digits.
      return /= ANY \(ARRAY\['([^']+)'/.exec(checks.join())?.[1] ?? `s${randomBytes(6).toString('hex').slice(0, 11)}`;
    case 'boolean':
      return false;
    case 'smallint':
    case 'integer':
    case 'bigint':
    case 'double precision':
    case 'numeric':
      return 1;
    case 'xid8':
      return '3';
    case 'timestamp with time zone':
      return new Date('2026-01-01T00:00:00Z');
    case 'bytea':
      return randomBytes(32);
    case 'json':
    case 'jsonb':
      return {};
    default:
      if (type.endsWith('[]')) return [];
      throw new Error(`No sample value for ${table}.${name} of type ${type}: teach sample-rows.ts one.`);
  }
}

function inOrderOfReference(tables: readonly TableShape[]): readonly TableShape[] {
  const ordered: TableShape[] = [];
  let left = tables;
  while (left.length > 0) {
    const names = new Set(left.map(({ name }) => name));
    const ready = left.filter(({ references }) => references.every(({ table }) => !names.has(table)));
    if (ready.length === 0) throw new Error(`These tables refer to one another in a circle: ${[...names].join(', ')}`);
    ordered.push(...ready);
    left = left.filter((table) => !ready.includes(table));
  }
  return ordered;
}

import { HubError } from '@inthub/contracts';
import {
  type CompiledQuery,
  type DatabaseConnection,
  DefaultQueryExecutor,
  DummyDriver,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type QueryResult,
  Transaction,
} from 'kysely';
import type pg from 'pg';
import type { StatementNames } from './statement-names.ts';

/** A Kysely transaction on a connection that is lent for one piece of work. */
export interface Session {
  // biome-ignore lint/complexity/noBannedTypes: see TenantTx.
  readonly db: Transaction<{}>;
  /** From here on the transaction refuses queries: the connection goes back to the pool, and to another tenant. */
  close(): void;
  /** The next query is the last: `onLast` is called as soon as it has been sent, and the transaction refuses what comes later. */
  endBehindNext(): void;
}

const compiler = new PostgresQueryCompiler();
const adapter = new PostgresAdapter();
const driver = new DummyDriver(); // never asked: beginning and ending is done in postgres-database.ts
const dialect = {
  createDriver: () => driver,
  createQueryCompiler: () => compiler,
  createAdapter: () => adapter,
  createIntrospector: (db: ConstructorParameters<typeof PostgresIntrospector>[0]) => new PostgresIntrospector(db),
};
const config = { dialect };

/** Lends `client`, on which a transaction was begun. Queries that are started together go out together (pipelining). */
export function openSession(client: pg.ClientBase, names: StatementNames, onLast: () => void): Session {
  let isOpen = true;
  let isNextLast = false;
  const connection: DatabaseConnection = {
    async executeQuery<Row>({ sql, parameters }: CompiledQuery): Promise<QueryResult<Row>> {
      if (!isOpen) {
        throw new HubError('internal', 'A query came after the end of its transaction. Await it inside the work.');
      }
      const sent = client.query(withName(names.find(sql), sql, parameters));
      if (isNextLast) {
        isOpen = false;
        onLast();
      }
      const { command, rowCount, rows } = await sent;
      const changes = command === 'INSERT' || command === 'UPDATE' || command === 'DELETE' || command === 'MERGE';
      return changes ? { numAffectedRows: BigInt(rowCount ?? 0), rows } : { rows };
    },
    // biome-ignore lint/correctness/useYield: there is nothing to yield.
    async *streamQuery() {
      throw new HubError('internal', 'Queries are not streamed. Page through the rows.');
    },
  };
  const executor = new DefaultQueryExecutor(compiler, adapter, {
    provideConnection: (consumer) => consumer(connection),
  });
  return {
    db: new Transaction({ config, driver, executor, dialect }),
    close: () => {
      isOpen = false;
    },
    endBehindNext: () => {
      isNextLast = true;
    },
  };
}

function withName(name: string | undefined, text: string, parameters: readonly unknown[]): pg.QueryConfig {
  const values = parameters as unknown[];
  return name === undefined ? { text, values } : { name, text, values };
}

/** Lets Kysely speak to the database threads. */
import {
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type DialectAdapter,
  type Driver,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from "kysely";
import type { QueryResult as ThreadQueryResult } from "./protocol.ts";

type RunQuery = (sql: string, parameters: readonly unknown[]) => Promise<ThreadQueryResult>;

/** A connection that is lent: `release` is called exactly once. */
export interface Lent {
  readonly run: RunQuery;
  readonly release: () => void;
}

type Lend = () => Promise<Lent>;

export function threadDialect(lend: Lend): Dialect {
  return {
    createDriver: () => new ThreadDriver(lend),
    createQueryCompiler: () => new SqliteQueryCompiler(),
    createAdapter: (): DialectAdapter => new SqliteAdapter(),
    createIntrospector: (db) => new SqliteIntrospector(db),
  };
}

class ThreadConnection implements DatabaseConnection {
  readonly run: RunQuery;
  readonly release: () => void;

  constructor(run: RunQuery, release: () => void) {
    this.run = run;
    this.release = release;
  }

  async executeQuery<R>({ sql, parameters }: CompiledQuery): Promise<QueryResult<R>> {
    const { rows, changes } = await this.run(sql, parameters);
    return {
      rows: rows as R[],
      ...(changes === null ? {} : { numAffectedRows: BigInt(changes) }),
    };
  }

  // Kysely's interface asks for it; pages are read with limits instead.
  // oxlint-disable-next-line require-yield
  async *streamQuery<R>(): AsyncIterableIterator<QueryResult<R>> {
    throw new Error("Rows are read in pages, not in streams.");
  }
}

class ThreadDriver implements Driver {
  readonly #lend: Lend;

  constructor(lend: Lend) {
    this.#lend = lend;
  }

  async init(): Promise<void> {}
  async destroy(): Promise<void> {}

  async acquireConnection(): Promise<DatabaseConnection> {
    const { run, release } = await this.#lend();
    return new ThreadConnection(run, release);
  }

  async beginTransaction(connection: DatabaseConnection): Promise<void> {
    await (connection as ThreadConnection).run("BEGIN IMMEDIATE", []);
  }

  async commitTransaction(connection: DatabaseConnection): Promise<void> {
    await (connection as ThreadConnection).run("COMMIT", []);
  }

  async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    await (connection as ThreadConnection).run("ROLLBACK", []);
  }

  async releaseConnection(connection: DatabaseConnection): Promise<void> {
    (connection as ThreadConnection).release();
  }
}

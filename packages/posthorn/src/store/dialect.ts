/** Kysely dialects on top of the SQLite threads and the PostgreSQL connections. */
import {
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from "kysely";

/** Result of a statement: its rows, or the number of changed rows for a statement that returns none. */
export interface StatementResult {
  readonly rows: Record<string, unknown>[];
  readonly changes: number | null;
}

type RunQuery = (sql: string, parameters: readonly unknown[]) => Promise<StatementResult>;

/** A borrowed connection. */
export interface Lent {
  readonly run: RunQuery;
  /**
   * Called exactly once. Ends a transaction that is still open, including one whose `begin` failed: Kysely rolls back only transactions
   * that have begun.
   */
  readonly release: () => void | Promise<void>;
}

export interface DialectOptions {
  readonly lend: () => Promise<Lent>;
  /** The statement that begins a transaction. */
  readonly begin: string;
}

export function sqliteDialect(options: DialectOptions): Dialect {
  return {
    createDriver: () => new LendingDriver(options),
    createQueryCompiler: () => new SqliteQueryCompiler(),
    createAdapter: () => new SqliteAdapter(),
    createIntrospector: (db) => new SqliteIntrospector(db),
  };
}

export function postgresDialect(options: DialectOptions): Dialect {
  return {
    createDriver: () => new LendingDriver(options),
    createQueryCompiler: () => new TypedPostgresCompiler(),
    createAdapter: () => new PostgresAdapter(),
    createIntrospector: (db) => new PostgresIntrospector(db),
  };
}

/**
 * Adds a type cast to each number and byte string, so that a statement means the same in both databases. PostgreSQL infers the type of a
 * bare parameter from its context, which gives a 32-bit integer for `$1 + 1` and text for a branch of CASE; SQLite uses the value.
 */
class TypedPostgresCompiler extends PostgresQueryCompiler {
  protected override appendValue(parameter: unknown): void {
    super.appendValue(parameter);
    if (typeof parameter === "number") this.append(Number.isInteger(parameter) ? "::bigint" : "::float8");
    else if (parameter instanceof Uint8Array) this.append("::bytea");
  }
}

class LentConnection implements DatabaseConnection {
  readonly run: RunQuery;
  readonly release: Lent["release"];

  constructor({ run, release }: Lent) {
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

  // Required by Kysely's interface. Posthorn reads pages with limits instead.
  // oxlint-disable-next-line require-yield
  async *streamQuery<R>(): AsyncIterableIterator<QueryResult<R>> {
    throw new Error("Rows are read in pages, not in streams.");
  }
}

class LendingDriver implements Driver {
  readonly #options: DialectOptions;

  constructor(options: DialectOptions) {
    this.#options = options;
  }

  async init(): Promise<void> {}
  async destroy(): Promise<void> {}

  async acquireConnection(): Promise<DatabaseConnection> {
    return new LentConnection(await this.#options.lend());
  }

  async beginTransaction(connection: DatabaseConnection): Promise<void> {
    await (connection as LentConnection).run(this.#options.begin, []);
  }

  async commitTransaction(connection: DatabaseConnection): Promise<void> {
    await (connection as LentConnection).run("COMMIT", []);
  }

  async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    try {
      await (connection as LentConnection).run("ROLLBACK", []);
    } catch {
      // The caller gets the error that caused the rollback. The release of the connection rolls back or closes it.
    }
  }

  async releaseConnection(connection: DatabaseConnection): Promise<void> {
    await (connection as LentConnection).release();
  }
}

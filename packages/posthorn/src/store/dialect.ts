/** Lets Kysely speak to whatever runs a statement: the threads of SQLite, or the connections of PostgreSQL. */
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

/** What a statement gave: its rows, or for one that has none how many it changed. */
export interface StatementResult {
  readonly rows: Record<string, unknown>[];
  readonly changes: number | null;
}

type RunQuery = (sql: string, parameters: readonly unknown[]) => Promise<StatementResult>;

/** A connection that is lent. */
export interface Lent {
  readonly run: RunQuery;
  /** Called exactly once. Ends a transaction that is still open, also one whose begin failed: Kysely rolls back only what has begun. */
  readonly release: () => void | Promise<void>;
}

export interface DialectOptions {
  readonly lend: () => Promise<Lent>;
  /** What begins a transaction. */
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
 * Says of each number and byte string what it is. PostgreSQL guesses the type of a bare parameter from its surroundings, which for
 * `$1 + 1` is 32 bits and for a branch of CASE is text; SQLite goes by the value. So a statement means the same in both.
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

  // Kysely's interface asks for it; pages are read with limits instead.
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
      // The caller is told what failed first. The connection is settled or closed when it is released.
    }
  }

  async releaseConnection(connection: DatabaseConnection): Promise<void> {
    await (connection as LentConnection).release();
  }
}

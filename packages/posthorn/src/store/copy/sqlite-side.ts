/** SQLite file as source or target of a copy. */
import { existsSync } from "node:fs";
import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite";
import { StoreError } from "../errors.ts";
import { failureOf } from "../sqlite/reader.ts";
import { createFile, hasTable, openForReading, openForWriting } from "../sqlite/file.ts";
import { lockFolder } from "../sqlite/folder-lock.ts";
import { applyIntactJournal, hasJournalFile } from "../sqlite/journal/apply.ts";
import { journalPath } from "../sqlite/journal/format.ts";
import { checkMigrations, migrate, schemaVersion } from "../sqlite/migrate.ts";
import { toStoreError } from "../sqlite/thread-client.ts";
import type { Selectable } from "kysely";
import type { EncryptionKeyTable } from "../encryption-schema.ts";
import {
  type CopyTarget,
  ENCRYPTION_KEYS,
  type KeyRange,
  KEYS,
  type Position,
  type SampledSecret,
  type TableShape,
} from "./side.ts";
import { COPYING } from "./tables.ts";
import { Batch, type ColumnType, decodeTuple, encodeTuple, type Value } from "./tuple.ts";

export interface SqliteSideOptions {
  readonly path: string;
  /**
   * `source`: the file must exist and is not changed, except that messages and outcomes in its journal are applied to it. `target`: the file is created if missing. `look`: the file may be missing, and is
   * neither created nor changed.
   */
  readonly as: "source" | "target" | "look";
  /** Replaces NUL in texts with U+FFFD, because the other side cannot store it. */
  readonly replaceNul: boolean;
}

const TYPES: Readonly<Record<string, ColumnType>> = { INTEGER: "integer", TEXT: "text", BLOB: "blob" };

export class SqliteSide implements CopyTarget {
  readonly database = "sqlite";
  readonly name: string;
  replaced = 0;
  readonly #path: string;
  readonly #lock: Disposable | null;
  /** `null`: the file does not exist. */
  readonly #db: DatabaseSync | null;
  readonly #replaceNul: boolean;
  readonly #inserts = new Map<string, StatementSync>();

  private constructor({ path, replaceNul }: SqliteSideOptions, lock: Disposable | null, db: DatabaseSync | null) {
    this.name = `sqlite:${path}`;
    this.#path = path;
    this.#lock = lock;
    this.#db = db;
    this.#replaceNul = replaceNul;
  }

  static open(options: SqliteSideOptions): SqliteSide {
    const { path, as } = options;
    const there = existsSync(path);
    if (!there && as === "source") throw new StoreError("copy_refused", `There is no database at ${path}.`);
    const lock = there || as === "target" ? lockFolder(path) : null;
    try {
      return new SqliteSide(
        options,
        lock,
        translating(path, () => openFile(path, as, there)),
      );
    } catch (error) {
      lock?.[Symbol.dispose]();
      throw error;
    }
  }

  async version(): Promise<number> {
    return this.#db === null ? 0 : this.#run((db) => schemaVersion(db));
  }

  async checkMigrations(): Promise<void> {
    this.#run((db) => checkMigrations(db));
  }

  async shapes(): Promise<ReadonlyMap<string, TableShape>> {
    return this.#run((db) => {
      const tables = db
        .prepare("SELECT name, sql FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'")
        .all() as { name: string; sql: string }[];
      return new Map(
        tables.filter(({ name }) => name !== COPYING).map(({ name, sql }) => [name, shapeOf(db, name, sql)]),
      );
    });
  }

  async count(table: string): Promise<number> {
    return this.#run((db) => Number(db.prepare(`SELECT count(*) AS rows FROM ${table}`).get()!["rows"]));
  }

  async *read({ name, columns, key }: TableShape, after: Buffer | null): AsyncIterable<readonly Buffer[]> {
    const names = columns.map((column) => column.name).join(", ");
    const keys = key.join(", ");
    const types = key.map((column) => columns.find((other) => other.name === column)!.type);
    const values = after === null ? [] : decodeTuple(after, types);
    const from = after === null ? "" : `WHERE (${keys}) > (${values.map(() => "?").join(", ")})`;
    const rows = this.#run((db) => {
      const statement = db.prepare(`SELECT ${names} FROM ${name} ${from} ORDER BY ${keys}`);
      statement.setReadBigInts(true);
      statement.setReturnArrays(true);
      return statement.iterate(...(values as SQLInputValue[])) as unknown as Iterator<Value[]>;
    });
    for (;;) {
      const batch = this.#run(() => this.#nextBatch(rows));
      if (batch.length > 0) yield batch;
      else return;
    }
  }

  async sample(table: string, column: string, row: readonly string[]): Promise<SampledSecret | null> {
    const place = row.map((part) => `CAST(${part} AS TEXT)`).join(" || ' ' || ");
    const sql = `SELECT ${column} AS sealed, ${place} AS "row" FROM ${table} WHERE ${column} IS NOT NULL LIMIT 1`;
    return this.#run((db) => (db.prepare(sql).get() as SampledSecret | undefined) ?? null);
  }

  async encryptionKeys(): Promise<readonly Selectable<EncryptionKeyTable>[]> {
    return this.#run((db) => db.prepare(ENCRYPTION_KEYS).all() as unknown as Selectable<EncryptionKeyTable>[]);
  }

  async counter(table: string, column: string): Promise<bigint> {
    return this.#run((db) => {
      const ask = (sql: string, ...values: string[]): bigint => {
        const statement = db.prepare(sql);
        statement.setReadBigInts(true);
        return (statement.get(...values)?.["value"] as bigint | null | undefined) ?? 0n;
      };
      const highest = ask(`SELECT max(${column}) AS value FROM ${table}`);
      if (!hasTable(db, "sqlite_sequence")) return highest;
      const given = ask("SELECT seq AS value FROM sqlite_sequence WHERE name = ?", table);
      return given > highest ? given : highest;
    });
  }

  async begunFrom(): Promise<string | null> {
    if (this.#db === null) return null;
    return this.#run((db) => {
      if (!hasTable(db, COPYING)) return null;
      return db.prepare(`SELECT begun_from FROM ${COPYING} WHERE name = ''`).get()!["begun_from"] as string;
    });
  }

  async keys(): Promise<KeyRange> {
    return this.#run((db) => db.prepare(KEYS).get() as unknown as KeyRange);
  }

  async begin(from: string): Promise<void> {
    this.#run((db) => {
      migrate(db);
      this.#inTransaction(db, () => {
        db.exec(
          `CREATE TABLE ${COPYING} (name TEXT PRIMARY KEY, begun_from TEXT, key BLOB, rows INTEGER NOT NULL) STRICT`,
        );
        db.prepare(`INSERT INTO ${COPYING} VALUES ('', ?, NULL, 0)`).run(from);
      });
    });
  }

  async positions(): Promise<ReadonlyMap<string, Position>> {
    return this.#run((db) => {
      const rows = db.prepare(`SELECT name, key, rows FROM ${COPYING} WHERE key IS NOT NULL`).all();
      return new Map(
        rows.map(({ name, key, rows: count }) => [
          name as string,
          { key: Buffer.from(key as Uint8Array), rows: count as number },
        ]),
      );
    });
  }

  async write(table: TableShape, tuples: readonly Buffer[], position: Position): Promise<void> {
    const types = table.columns.map(({ type }) => type);
    this.#run((db) =>
      this.#inTransaction(db, () => {
        const insert = this.#insertInto(db, table);
        for (const tuple of tuples) insert.run(...(decodeTuple(tuple, types) as SQLInputValue[]));
        db.prepare(`INSERT OR REPLACE INTO ${COPYING} VALUES (?, NULL, ?, ?)`).run(
          table.name,
          position.key,
          position.rows,
        );
      }),
    );
  }

  async setCounter(table: string, _column: string, value: bigint): Promise<void> {
    this.#run((db) => {
      // Without AUTOINCREMENT, SQLite derives the next value from the rows.
      const { sql } = db.prepare("SELECT sql FROM sqlite_master WHERE name = ?").get(table) as { sql: string };
      if (!AUTOINCREMENT.test(sql)) return;
      db.prepare("DELETE FROM sqlite_sequence WHERE name = ?").run(table);
      db.prepare("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)").run(table, value);
    });
  }

  /** Does nothing: SQLite has unique indexes where PostgreSQL needs separate tables. */
  async derive(): Promise<void> {}

  async finish(): Promise<void> {
    this.#run((db) => {
      db.exec(`DROP TABLE ${COPYING}`);
      db.exec("PRAGMA wal_checkpoint(TRUNCATE)");
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#db?.close();
    this.#lock?.[Symbol.dispose]();
  }

  #run<T>(work: (db: DatabaseSync) => T): T {
    return translating(this.#path, () => work(this.#db!));
  }

  #nextBatch(rows: Iterator<Value[]>): readonly Buffer[] {
    const batch = new Batch();
    for (let next = rows.next(); next.done !== true; next = rows.next()) {
      if (batch.add(encodeTuple(this.#replaceNul ? this.#withoutNul(next.value) : next.value))) break;
    }
    return batch.tuples;
  }

  #withoutNul(values: Value[]): Value[] {
    return values.map((value) => {
      if (typeof value !== "string" || !value.includes("\0")) return value;
      this.replaced++;
      return value.replaceAll("\0", "\uFFFD");
    });
  }

  #insertInto(db: DatabaseSync, { name, columns }: TableShape): StatementSync {
    let insert = this.#inserts.get(name);
    if (insert === undefined) {
      const names = columns.map((column) => column.name).join(", ");
      insert = db.prepare(`INSERT INTO ${name} (${names}) VALUES (${columns.map(() => "?").join(", ")})`);
      this.#inserts.set(name, insert);
    }
    return insert;
  }

  #inTransaction(db: DatabaseSync, work: () => void): void {
    db.exec("BEGIN IMMEDIATE");
    try {
      work();
      db.exec("COMMIT");
    } catch (error) {
      if (db.isTransaction) db.exec("ROLLBACK");
      throw error;
    }
  }
}

const AUTOINCREMENT = /\bAUTOINCREMENT\b/i;

function openFile(path: string, as: SqliteSideOptions["as"], there: boolean): DatabaseSync | null {
  if (as === "target") {
    createFile(path);
    return openForWriting(path);
  }
  if (!there) return null;
  if (as === "source") applyJournalOf(path);
  return openForReading(path);
}

/** Opens the file for writing only if there is something to apply or to report. */
function applyJournalOf(path: string): void {
  if (!existsSync(journalPath(path))) {
    using look = openForReading(path);
    if (!hasJournalFile(look)) return;
  }
  using db = openForWriting(path);
  applyIntactJournal(db, path);
}

function shapeOf(db: DatabaseSync, name: string, sql: string): TableShape {
  const columns = db.prepare("SELECT name, type, pk FROM pragma_table_info(?) ORDER BY name").all(name) as {
    name: string;
    type: string;
    pk: number;
  }[];
  const key = columns.filter(({ pk }) => pk > 0).sort((a, b) => a.pk - b.pk);
  return {
    name,
    columns: columns.map(({ name: column, type }) => ({ name: column, type: TYPES[type]! })),
    key: key.map((column) => column.name),
    counters: AUTOINCREMENT.test(sql) ? ["id"] : [],
  };
}

function translating<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof StoreError) throw error;
    throw toStoreError(failureOf(error), path);
  }
}

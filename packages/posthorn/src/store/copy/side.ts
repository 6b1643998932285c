/** Interface of a database for a copy, as its source or target. */
import type { Selectable } from "kysely";
import type { EncryptionKeyTable } from "../encryption-schema.ts";
import type { ColumnType } from "./tuple.ts";

export interface TableShape {
  readonly name: string;
  /** Sorted by name. */
  readonly columns: readonly { readonly name: string; readonly type: ColumnType }[];
  /** Columns of the primary key. Rows are read in its order. */
  readonly key: readonly string[];
  /** Columns whose values the database generates. */
  readonly counters: readonly string[];
}

/** An encrypted value, and the part of its context that its row gives. */
export interface SampledSecret {
  readonly sealed: Uint8Array;
  readonly row: string;
}

/** Progress of the copy of a table. */
export interface Position {
  /** Key of the last copied row, as a tuple. */
  readonly key: Buffer;
  readonly rows: number;
}

/** A database that is locked exclusively while it is open. */
export interface CopySide extends AsyncDisposable {
  /** Display name. Never contains a password. */
  readonly name: string;
  readonly database: "sqlite" | "postgres";
  /** Number of texts so far in which NUL was replaced by U+FFFD. */
  readonly replaced: number;
  /** Schema version; 0: the database has no schema. */
  version(): Promise<number>;
  /** Throws `schema_mismatch` when the migrations of the database differ from those of this version. */
  checkMigrations(): Promise<void>;
  /** All tables except system tables and the progress table of a copy. */
  shapes(): Promise<ReadonlyMap<string, TableShape>>;
  count(table: string): Promise<number>;
  /** Reads the rows after a key, or all, in batches in key order. */
  read(table: TableShape, after: Buffer | null): AsyncIterable<readonly Buffer[]>;
  /** Source of an unfinished copy to this database; `null`: there is none. */
  begunFrom(): Promise<string | null>;
  /** Key range of messages and attempts. */
  keys(): Promise<KeyRange>;
  /** Returns one encrypted value of a column, with the values of the columns `row`, separated by spaces; `null`: there is none. */
  sample(table: string, column: string, row: readonly string[]): Promise<SampledSecret | null>;
  /** The data keys that are not destroyed. */
  encryptionKeys(): Promise<readonly Selectable<EncryptionKeyTable>[]>;
  /** Highest value that a counter has assigned; 0: none yet. */
  counter(table: string, column: string): Promise<bigint>;
}

export interface CopyTarget extends CopySide {
  /** Creates the schema, with partitions for the key range, and marks the database as the target of a copy. */
  begin(from: string, keys: KeyRange): Promise<void>;
  positions(): Promise<ReadonlyMap<string, Position>>;
  /** Stores rows and the new position in one transaction. */
  write(table: TableShape, tuples: readonly Buffer[], position: Position): Promise<void>;
  setCounter(table: string, column: string, value: bigint): Promise<void>;
  /** Fills the tables that are derived from the copied rows. */
  derive(): Promise<void>;
  /** Marks the copy as complete, so that a server may start on it. */
  finish(): Promise<void>;
}

/** Lowest and highest key, which contain their times. Both are 0 if there are none. */
export interface KeyRange {
  readonly first: number;
  readonly last: number;
}

/** Query for {@link CopySide.encryptionKeys}. */
export const ENCRYPTION_KEYS = "SELECT * FROM encryption_key WHERE state <> 'destroyed' ORDER BY id";

/** Query for {@link CopySide.keys}. */
export const KEYS: string = `
  SELECT coalesce(min(first), 0) AS first, coalesce(max(last), 0) AS last FROM (
    SELECT min(id) AS first, max(id) AS last FROM message UNION ALL SELECT min(id), max(id) FROM attempt) AS ends`;

/** What a copy asks of a database, whichever it is. */
import type { ColumnType } from "./tuple.ts";

export interface TableShape {
  readonly name: string;
  /** In the order of their names. */
  readonly columns: readonly { readonly name: string; readonly type: ColumnType }[];
  /** Columns of the primary key: rows are read in its order. */
  readonly key: readonly string[];
  /** Columns whose value the database makes. */
  readonly counters: readonly string[];
}

/** How far a copy of a table got. */
export interface Position {
  /** The key of the last row that is there, as a tuple. */
  readonly key: Buffer;
  readonly rows: number;
}

/** A database under an exclusive lock while it is open here. */
export interface CopySide extends AsyncDisposable {
  /** For people: never with a password. */
  readonly name: string;
  readonly database: "sqlite" | "postgres";
  /** Texts with the character NUL that came as U+FFFD so far. */
  readonly replaced: number;
  /** Version of the schema; 0: there is none. */
  version(): Promise<number>;
  /** Throws `schema_mismatch` when the migrations of the database are not those of this version. */
  checkMigrations(): Promise<void>;
  /** All tables, but those of the database itself. */
  shapes(): Promise<ReadonlyMap<string, TableShape>>;
  count(table: string): Promise<number>;
  /** Rows after a key, or all, in the order of the key, in batches. */
  read(table: TableShape, after: Buffer | null): AsyncIterable<readonly Buffer[]>;
  /** Where a copy that was begun here is from; `null`: none was, or it is whole. */
  begunFrom(): Promise<string | null>;
  /** Of messages and attempts. */
  keys(): Promise<KeyRange>;
  /** The first value of a column that is not NULL. */
  sample(table: string, column: string): Promise<Uint8Array | null>;
  /** The highest value that a counter has given out; 0: none yet. */
  counter(table: string, column: string): Promise<bigint>;
}

export interface CopyTarget extends CopySide {
  /** Makes the schema, with room for keys from one to the other, and notes that a copy begins. */
  begin(from: string, keys: KeyRange): Promise<void>;
  positions(): Promise<ReadonlyMap<string, Position>>;
  /** Stores rows and how far the copy got with them, both or neither. */
  write(table: TableShape, tuples: readonly Buffer[], position: Position): Promise<void>;
  setCounter(table: string, column: string, value: bigint): Promise<void>;
  /** Makes what follows from the rows. */
  derive(): Promise<void>;
  /** The copy is whole: a server may start here. */
  finish(): Promise<void>;
}

/** The least and the greatest key, which tell their times; both 0 when there are none. */
export interface KeyRange {
  readonly first: number;
  readonly last: number;
}

/** What {@link CopySide.keys} asks. */
export const KEYS: string = `
  SELECT coalesce(min(first), 0) AS first, coalesce(max(last), 0) AS last FROM (
    SELECT min(id) AS first, max(id) AS last FROM message UNION ALL SELECT min(id), max(id) FROM attempt) AS ends`;

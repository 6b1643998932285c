/** PostgreSQL database as source or target of a copy. Its single connection also holds the lock that keeps nodes from starting. */
import { pipeline } from "node:stream/promises";
import { Readable } from "node:stream";
import pg from "pg";
import { from as copyFrom, to as copyTo } from "pg-copy-streams";
import { timeOfKey } from "../../lib/id.ts";
import { StoreError } from "../errors.ts";
import { openClient } from "../postgres/connections.ts";
import { toStoreError } from "../postgres/errors.ts";
import { LOCK, tryLockForSession } from "../postgres/locks.ts";
import { checkMigrations, migrate, migrationStates } from "../postgres/migrate.ts";
import { ensurePartitions } from "../postgres/partitions.ts";
import { SCHEMA } from "../postgres/schema-name.ts";
import { serversName } from "../postgres/server-urls.ts";
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
import { Batch, type ColumnType, copyStream, decodeTuple, TupleReader, type Value } from "./tuple.ts";

const TYPES: Readonly<Record<string, ColumnType>> = { bigint: "integer", text: "text", bytea: "blob" };

/** Reads all tables and columns with one statement. */
const SHAPES = `
  SELECT c.relname AS "table", a.attname AS "column", format_type(a.atttypid, NULL) AS type, a.attidentity <> '' AS counter,
    array_position(i.indkey::smallint[], a.attnum) AS place
  FROM pg_class c
  JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
  LEFT JOIN pg_index i ON i.indrelid = c.oid AND i.indisprimary
  WHERE c.relnamespace = to_regnamespace('${SCHEMA}') AND c.relkind IN ('r', 'p') AND NOT c.relispartition
  ORDER BY c.relname, a.attname COLLATE "C"`;

interface ColumnRow {
  readonly table: string;
  readonly column: string;
  readonly type: string;
  readonly counter: number;
  readonly place: number | null;
}

export class PostgresSide implements CopyTarget {
  readonly database = "postgres";
  readonly name: string;
  readonly replaced = 0;
  readonly #client: pg.Client;

  private constructor(name: string, client: pg.Client) {
    this.name = name;
    this.#client = client;
  }

  /** Opens a database. `url` must not lead through a pooler. */
  static async open(url: string): Promise<PostgresSide> {
    // No query timeout: reading a large table can take long.
    const opening = openClient({ url, use: "schema" }, { query_timeout: 0 });
    const client = await opening.catch((error: unknown) => {
      throw translate(serversName(url), error);
    });
    const side = new PostgresSide(serversName(url), client);
    try {
      await side.#lock();
      return side;
    } catch (error) {
      await side[Symbol.asyncDispose]();
      throw error;
    }
  }

  async version(): Promise<number> {
    const states = await this.#asking(() => migrationStates(this.#client));
    return states.filter(({ applied }) => applied).length;
  }

  async checkMigrations(): Promise<void> {
    await this.#asking(() => checkMigrations(this.#client));
  }

  async shapes(): Promise<ReadonlyMap<string, TableShape>> {
    const rows = await this.#query<ColumnRow>(SHAPES);
    return new Map(
      [...Map.groupBy(rows, (row) => row.table)]
        .filter(([name]) => name !== COPYING)
        .map(([name, columns]) => [name, shapeOf(name, columns)]),
    );
  }

  async count(table: string): Promise<number> {
    return (await this.#query<{ rows: number }>(`SELECT count(*) AS rows FROM ${table}`))[0]!.rows;
  }

  async *read({ name, columns, key }: TableShape, after: Buffer | null): AsyncIterable<readonly Buffer[]> {
    const names = columns.map((column) => column.name).join(", ");
    const types = key.map((column) => columns.find((other) => other.name === column)!.type);
    const values = after === null ? [] : decodeTuple(after, types);
    const from = after === null ? "" : `WHERE (${key.join(", ")}) > (${values.map(literal).join(", ")})`;
    const sql = `COPY (SELECT ${names} FROM ${name} ${from} ORDER BY ${key.join(", ")}) TO STDOUT (FORMAT binary)`;
    const stream = this.#client.query(copyTo(sql));
    const reader = new TupleReader();
    let batch = new Batch();
    try {
      for await (const piece of stream) {
        for (const tuple of reader.push(piece as Buffer)) {
          if (!batch.add(tuple)) continue;
          yield batch.tuples;
          batch = new Batch();
        }
      }
    } catch (error) {
      throw translate(this.name, error);
    }
    if (batch.tuples.length > 0) yield batch.tuples;
  }

  async sample(table: string, column: string, row: readonly string[]): Promise<SampledSecret | null> {
    const place = row.map((part) => `CAST(${part} AS TEXT)`).join(" || ' ' || ");
    const sql = `SELECT ${column} AS sealed, ${place} AS "row" FROM ${table} WHERE ${column} IS NOT NULL LIMIT 1`;
    return (await this.#query<SampledSecret>(sql))[0] ?? null;
  }

  encryptionKeys(): Promise<readonly Selectable<EncryptionKeyTable>[]> {
    return this.#query<Selectable<EncryptionKeyTable>>(ENCRYPTION_KEYS);
  }

  async counter(table: string, column: string): Promise<bigint> {
    const [sequence] = await this.#query<{ name: string }>(
      `SELECT pg_get_serial_sequence('${SCHEMA}.${table}', '${column}') AS name`,
    );
    const [row] = await this.#query<{ value: string }>(
      `SELECT greatest((SELECT CASE WHEN is_called THEN last_value ELSE last_value - 1 END FROM ${sequence!.name}),
         (SELECT coalesce(max(${column}), 0) FROM ${table}))::text AS value`,
    );
    return BigInt(row!.value);
  }

  async begunFrom(): Promise<string | null> {
    const [there] = await this.#query<{ known: unknown }>(`SELECT to_regclass('${SCHEMA}.${COPYING}') AS known`);
    if (there!.known === null) return null;
    const [begun] = await this.#query<{ begun_from: string }>(`SELECT begun_from FROM ${COPYING} WHERE name = ''`);
    return begun!.begun_from;
  }

  async keys(): Promise<KeyRange> {
    return (await this.#query<KeyRange>(KEYS))[0]!;
  }

  async begin(from: string, { first, last }: KeyRange): Promise<void> {
    const now = Date.now();
    const upTo = Math.max(now, timeOfKey(last));
    await this.#asking(() => migrate(this.#client, now));
    await this.#asking(() => ensurePartitions(this.#client, upTo, first === 0 ? now : timeOfKey(first)));
    await this.#inTransaction(async () => {
      await this.#client.query(
        `CREATE TABLE ${COPYING} (name text PRIMARY KEY, begun_from text, key bytea, rows bigint NOT NULL)`,
      );
      await this.#client.query(`INSERT INTO ${COPYING} VALUES ('', $1, NULL, 0)`, [from]);
    });
  }

  async positions(): Promise<ReadonlyMap<string, Position>> {
    const rows = await this.#query<Position & { name: string }>(
      `SELECT name, key, rows FROM ${COPYING} WHERE key IS NOT NULL`,
    );
    return new Map(rows.map(({ name, key, rows: count }) => [name, { key, rows: count }]));
  }

  async write({ name, columns }: TableShape, tuples: readonly Buffer[], { key, rows }: Position): Promise<void> {
    const names = columns.map((column) => column.name).join(", ");
    await this.#inTransaction(async () => {
      const into = this.#client.query(copyFrom(`COPY ${name} (${names}) FROM STDIN (FORMAT binary)`));
      await pipeline(Readable.from([copyStream(tuples)]), into);
      await this.#client.query(
        `INSERT INTO ${COPYING} (name, key, rows) VALUES ($1, $2, $3)
         ON CONFLICT (name) DO UPDATE SET key = excluded.key, rows = excluded.rows`,
        [name, key, rows],
      );
    });
  }

  async setCounter(table: string, column: string, value: bigint): Promise<void> {
    const sequence = `pg_get_serial_sequence('${SCHEMA}.${table}', '${column}')`;
    if (value > 0n) await this.#query(`SELECT setval(${sequence}, ${value})`);
  }

  async derive(): Promise<void> {
    await this.#query(
      `INSERT INTO event_id_taken (app_id, event_id, message_id)
       SELECT app_id, event_id, id FROM message WHERE event_id IS NOT NULL ON CONFLICT DO NOTHING`,
    );
    // Without statistics, the first queries would be planned as if the tables were empty.
    await this.#query("ANALYZE");
  }

  async finish(): Promise<void> {
    await this.#query(`DROP TABLE ${COPYING}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client.end().catch(() => undefined);
  }

  async #lock(): Promise<void> {
    if (await this.#asking(() => tryLockForSession(this.#client, LOCK.node))) return;
    throw new StoreError("data_folder_in_use", `A Posthorn node or another copy is using ${this.name}. Stop it first.`);
  }

  async #query<Row>(sql: string): Promise<readonly Row[]> {
    return (await this.#asking(() => this.#client.query(sql))).rows as readonly Row[];
  }

  #inTransaction(work: () => Promise<void>): Promise<void> {
    return this.#asking(async () => {
      await this.#client.query("BEGIN");
      try {
        await work();
        await this.#client.query("COMMIT");
      } catch (error) {
        await this.#client.query("ROLLBACK").catch(() => undefined);
        throw error;
      }
    });
  }

  async #asking<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw translate(this.name, error);
    }
  }
}

function translate(name: string, error: unknown): StoreError {
  const translated = toStoreError(error);
  if (translated.code !== "storage_unavailable") return translated;
  const cause = translated.cause as Error;
  return new StoreError("storage_unavailable", `${name} does not respond (${cause.message}).`, { cause });
}

function shapeOf(name: string, columns: readonly ColumnRow[]): TableShape {
  const key = columns.filter(({ place }) => place !== null).sort((a, b) => a.place! - b.place!);
  return {
    name,
    columns: columns.map(({ column, type }) => ({ name: column, type: TYPES[type]! })),
    key: key.map(({ column }) => column),
    counters: columns.filter(({ counter }) => counter === 1).map(({ column }) => column),
  };
}

/** COPY takes no parameters. */
function literal(value: Value): string {
  if (typeof value === "bigint") return String(value);
  if (typeof value === "string") return pg.escapeLiteral(value);
  return `'\\x${Buffer.from(value!).toString("hex")}'::bytea`;
}

/** Reads and replaces encrypted values of any table in bounded batches. */
import { type Kysely, sql } from "kysely";
import type { Database } from "./schema.ts";
import { SEALED_COLUMNS, type SealedColumn, type SealedColumnName, contextOf } from "./sealed-columns.ts";
import type { Tx } from "./tx.ts";

/** Position of a row in the order of its primary key, as JSON values; bytes are in hexadecimal. */
export type SealedPosition = readonly (number | string)[];

export interface SealedValue {
  readonly position: SealedPosition;
  readonly context: string;
  readonly sealed: Uint8Array;
  /** Content of the column. */
  readonly stored: Uint8Array | string;
}

export interface SealedPage {
  readonly values: readonly SealedValue[];
  /** Where the next page starts; `null`: this was the last page. */
  readonly next: SealedPosition | null;
}

/** Rows that one page examines. Most rows of the large tables have no encrypted value, so that they cost little. */
const PAGE = 400;
const LARGE_PAGE = 8;

/** Reads the encrypted values of a column after a position. */
export async function readSealed(
  db: Kysely<Database>,
  name: SealedColumnName,
  after: SealedPosition | null,
): Promise<SealedPage> {
  const place: SealedColumn = SEALED_COLUMNS[name];
  const keys = sql.join(place.key.map((key) => sql.ref(key)));
  const column = sql.ref(place.column);
  // Requests without credentials have nothing that is encrypted.
  const content = place.form === "bytes" ? column : sql`CASE WHEN ${column} LIKE '%"sealed":%' THEN ${column} END`;
  const row = sql.join(place.row.map((part, index) => sql`${sql.ref(part)} AS ${sql.ref(`sealed_row_${index}`)}`));
  const values = after === null ? null : sql.join(keyValues(place, after));
  const from = values === null ? sql`` : sql`WHERE (${keys}) > (${values})`;
  const page = place.isLarge === true ? LARGE_PAGE : PAGE;
  const { rows } = await sql<Record<string, unknown>>`
    SELECT ${keys}, ${content} AS sealed_content, ${row} FROM ${sql.table(place.table)} ${from}
    ORDER BY ${keys} LIMIT ${sql.lit(page)}`.execute(db);
  const found = rows.flatMap((entry): SealedValue[] => {
    const stored = entry["sealed_content"] as Uint8Array | string | null;
    const sealed = stored === null ? null : sealedPart(stored);
    if (stored === null || sealed === null) return [];
    const context = contextOf(
      name,
      place.row.map((_, index) => entry[`sealed_row_${index}`] as number | string),
    );
    return [{ position: positionOf(place, entry), context, sealed, stored }];
  });
  const last = rows.length < page ? undefined : rows.at(-1);
  return { values: found, next: last === undefined ? null : positionOf(place, last) };
}

/** Replaces an encrypted value, unless the row has changed since it was read. */
export async function replaceSealed(
  { db }: Tx,
  name: SealedColumnName,
  { position, stored }: SealedValue,
  sealed: Uint8Array,
): Promise<boolean> {
  const place: SealedColumn = SEALED_COLUMNS[name];
  const column = sql.ref(place.column);
  const content = typeof stored === "string" ? withSealedPart(stored, sealed) : sealed;
  const keys = sql.join(place.key.map((key) => sql.ref(key)));
  const { numAffectedRows } = await sql`
    UPDATE ${sql.table(place.table)} SET ${column} = ${content}
    WHERE (${keys}) = (${sql.join(keyValues(place, position))}) AND ${column} = ${stored}`.execute(db);
  return numAffectedRows === 1n;
}

/** The encrypted part of a request in JSON; `null`: it has none. */
function sealedPart(stored: Uint8Array | string): Uint8Array | null {
  if (typeof stored !== "string") return stored;
  const { sealed } = JSON.parse(stored) as { readonly sealed?: string };
  return sealed === undefined ? null : Buffer.from(sealed, "base64");
}

function withSealedPart(stored: string, sealed: Uint8Array): string {
  return JSON.stringify({ ...(JSON.parse(stored) as object), sealed: Buffer.from(sealed).toString("base64") });
}

function positionOf({ key }: SealedColumn, row: Readonly<Record<string, unknown>>): SealedPosition {
  return key.map((column) => {
    const value = row[column];
    return value instanceof Uint8Array ? Buffer.from(value).toString("hex") : (value as number | string);
  });
}

/** `hash` of source tokens is stored as bytes, that of idempotency keys as text. */
function keyValues({ table }: SealedColumn, position: SealedPosition): (number | string | Uint8Array)[] {
  return position.map((value) =>
    table === "source_token" && typeof value === "string" ? Buffer.from(value, "hex") : value,
  );
}

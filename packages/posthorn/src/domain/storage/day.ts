/** How much is stored of what came in on one day: what the forecast is made from. */
import type { Kysely } from "kysely";
import type { Database } from "../../store/schema.ts";

/** `failure`: attempts that failed, which can be kept for longer. */
export const STORAGE_KINDS = ["payload", "message", "delivery", "attempt", "failure"] as const;
export type StorageKind = (typeof STORAGE_KINDS)[number];

export interface StoredAmount {
  /** Rows. */
  readonly stored: number;
  /** Of what grows with its content; what every row takes beside that is in `ROW_BYTES`. */
  readonly bytes: number;
}

export const DAY_MS = 86_400_000;

/** What a row takes beside its content, with its place in the indexes. Measured: see docs/features/retention.md. */
export const ROW_BYTES: Readonly<Record<StorageKind, number>> = {
  payload: 0,
  message: 135,
  delivery: 85,
  attempt: 150,
  failure: 150,
};

/** Says how much is left of a day, whatever was said before. A part of the transaction that dropped the rest. */
export async function setStored(
  db: Kysely<Database>,
  day: number,
  amounts: Partial<Record<StorageKind, StoredAmount>>,
): Promise<void> {
  for (const kind of STORAGE_KINDS) {
    const left = amounts[kind];
    if (left === undefined) continue;
    const { stored, bytes } = left;
    await db
      .updateTable("storage_day")
      .set({ stored, bytes })
      .where("day", "=", day)
      .where("kind", "=", kind)
      .execute();
  }
}

/** Adds to a day; negative amounts take away. A part of the transaction that stored or deleted it. */
export async function addStored(
  db: Kysely<Database>,
  day: number,
  amounts: Partial<Record<StorageKind, StoredAmount>>,
): Promise<void> {
  const rows = STORAGE_KINDS.flatMap((kind) => {
    const { stored = 0, bytes = 0 } = amounts[kind] ?? {};
    return stored === 0 && bytes === 0 ? [] : [{ day, kind, stored, bytes }];
  });
  if (rows.length === 0) return;
  await db
    .insertInto("storage_day")
    .values(rows)
    .onConflict((conflict) =>
      conflict.columns(["day", "kind"]).doUpdateSet((eb) => ({
        stored: eb("storage_day.stored", "+", eb.ref("excluded.stored")),
        bytes: eb("storage_day.bytes", "+", eb.ref("excluded.bytes")),
      })),
    )
    .execute();
}

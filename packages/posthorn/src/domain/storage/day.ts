/** Storage statistics: stored rows and bytes by day of arrival, from which the forecast is computed. */
import type { Kysely } from "kysely";
import type { Database } from "../../store/schema.ts";

/** `failure`: failed attempts, which can be kept longer. */
export const STORAGE_KINDS = ["payload", "message", "delivery", "attempt", "failure"] as const;
export type StorageKind = (typeof STORAGE_KINDS)[number];

export interface StoredAmount {
  /** Number of rows. */
  readonly stored: number;
  /** Bytes of variable content. `ROW_BYTES` is the fixed size of a row. */
  readonly bytes: number;
}

export const DAY_MS = 86_400_000;

/** Fixed size of a row including its index entries. Measured: see docs/features/retention.md. */
export const ROW_BYTES: Readonly<Record<StorageKind, number>> = {
  payload: 0,
  message: 135,
  delivery: 85,
  attempt: 150,
  failure: 150,
};

/** Replaces the amounts of a day. Must be part of the transaction that drops the other rows. */
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

/** Adds amounts to a day; negative amounts subtract. Must be part of the transaction that counts or deletes the rows. */
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

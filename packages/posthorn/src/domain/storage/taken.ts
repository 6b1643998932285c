/** Collects rows deleted by a retention step, by day of arrival, to subtract them from the storage statistics. */
import type { ExpressionBuilder, ExpressionWrapper, Kysely } from "kysely";
import { timeOfKey } from "../../lib/id.ts";
import { ATTEMPT_STATUS, type Database } from "../../store/schema.ts";
import { addStored, DAY_MS, type StorageKind, type StoredAmount } from "./day.ts";

export class FreedBytes {
  readonly #days = new Map<number, Partial<Record<StorageKind, StoredAmount>>>();

  /** Records a deleted row with its size in bytes. The time of arrival is derived from `key`. */
  add(key: number, kind: StorageKind, bytes: number): void {
    const day = Math.floor(timeOfKey(key) / DAY_MS);
    const amounts = this.#days.get(day) ?? {};
    const before = amounts[kind] ?? { stored: 0, bytes: 0 };
    amounts[kind] = { stored: before.stored - 1, bytes: before.bytes - bytes };
    this.#days.set(day, amounts);
  }

  /** Must be part of the transaction that deletes the rows. */
  async save(db: Kysely<Database>): Promise<void> {
    for (const [day, amounts] of this.#days) await addStored(db, day, amounts);
  }
}

/** Size of the variable content of an attempt. */
export function attemptBytes(
  eb: ExpressionBuilder<Database, "attempt">,
): ExpressionWrapper<Database, "attempt", number> {
  return eb(
    eb.fn<number>("octet_length", ["attempt.response"]),
    "+",
    eb.fn.coalesce(eb.fn<number>("octet_length", ["attempt.detail_json"]), eb.lit(0)),
  );
}

export function attemptKind(status: number): StorageKind {
  return status === ATTEMPT_STATUS.success ? "attempt" : "failure";
}

/** What a step of retention takes away, by the day on which it came in. */
import type { ExpressionBuilder, ExpressionWrapper, Kysely } from "kysely";
import { timeOfKey } from "../../lib/id.ts";
import { ATTEMPT_STATUS, type Database } from "../../store/schema.ts";
import { addStored, DAY_MS, type StorageKind, type StoredAmount } from "./day.ts";

export class TakenAway {
  readonly #days = new Map<number, Partial<Record<StorageKind, StoredAmount>>>();

  /** One row less, which held so many bytes. `key` says when it came in. */
  add(key: number, kind: StorageKind, bytes: number): void {
    const day = Math.floor(timeOfKey(key) / DAY_MS);
    const amounts = this.#days.get(day) ?? {};
    const before = amounts[kind] ?? { stored: 0, bytes: 0 };
    amounts[kind] = { stored: before.stored - 1, bytes: before.bytes - bytes };
    this.#days.set(day, amounts);
  }

  /** A part of the transaction that deletes. */
  async save(db: Kysely<Database>): Promise<void> {
    for (const [day, amounts] of this.#days) await addStored(db, day, amounts);
  }
}

/** Bytes of an attempt that grow with its content. */
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

/** Retention periods, and the stored progress of sweeps. */
import type { Kysely } from "kysely";
import type { Database } from "../../store/schema.ts";
import type { Store } from "../../store/store.ts";

/** Retention in milliseconds from when a row was stored. */
export interface RetentionPeriods {
  /** Payloads of messages without their own retention. */
  readonly payloadMs: number;
  /** Attempts of deliveries that succeeded or were canceled. */
  readonly attemptMs: number;
  /** Failed deliveries with their messages and all their attempts; at least `attemptMs`. */
  readonly failureMs: number;
}

/** Retention of messages and deliveries: as long as their payload or attempts are kept. */
export function messageMs({ payloadMs, attemptMs }: RetentionPeriods): number {
  return Math.max(payloadMs, attemptMs);
}

export interface SweepOptions {
  readonly periods: RetentionPeriods;
  readonly signal: AbortSignal;
  /** Called after each step, to leave disk time to other work. */
  readonly pause: () => Promise<void>;
}

export type SweepName = "payload" | "attempt" | "message" | "message-day" | "attempt-day" | "delivery" | "exact";

/** Returns the last key processed by an earlier run. */
export function sweptUpTo({ store }: { readonly store: Pick<Store, "db"> }, name: SweepName): Promise<number> {
  return sweptIn(store.db, name);
}

/** Like `sweptUpTo`, within a transaction. */
export async function sweptIn(db: Kysely<Database>, name: SweepName): Promise<number> {
  const row = await db.selectFrom("sweep").select("cursor").where("name", "=", name).executeTakeFirst();
  return row?.cursor ?? 0;
}

/** Stores the cursor of a sweep. Must be part of the transaction of the step. */
export async function noteSwept(db: Kysely<Database>, name: SweepName, cursor: number): Promise<void> {
  await db
    .insertInto("sweep")
    .values({ name, cursor })
    .onConflict((conflict) => conflict.column("name").doUpdateSet({ cursor }))
    .execute();
}

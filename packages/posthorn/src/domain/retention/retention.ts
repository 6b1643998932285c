/** For how long what is stored is kept, and how sweeps get along. */
import type { Kysely } from "kysely";
import type { Database } from "../../store/schema.ts";
import type { Store } from "../../store/store.ts";

/** Milliseconds from when it came in. */
export interface RetentionPeriods {
  /** Payloads of messages that do not say so themselves. */
  readonly payloadMs: number;
  /** Attempts of deliveries that succeeded or were canceled. */
  readonly attemptMs: number;
  /** Deliveries that failed, with their messages and all their attempts; at least `attemptMs`. */
  readonly failureMs: number;
}

/** Messages and deliveries stand as long as something of them can be seen. */
export function messageMs({ payloadMs, attemptMs }: RetentionPeriods): number {
  return Math.max(payloadMs, attemptMs);
}

export interface SweepOptions {
  readonly periods: RetentionPeriods;
  readonly signal: AbortSignal;
  /** Called after each step: lets others have the disk before the next. */
  readonly pause: () => Promise<void>;
}

export type SweepName = "payload" | "attempt" | "message" | "message-day" | "attempt-day" | "delivery";

/** The last key that an earlier run looked at. */
export function sweptUpTo({ store }: { readonly store: Pick<Store, "db"> }, name: SweepName): Promise<number> {
  return sweptIn(store.db, name);
}

/** As `sweptUpTo`, within a transaction. */
export async function sweptIn(db: Kysely<Database>, name: SweepName): Promise<number> {
  const row = await db.selectFrom("sweep").select("cursor").where("name", "=", name).executeTakeFirst();
  return row?.cursor ?? 0;
}

/** Notes how far a sweep got: a part of the transaction of its step. */
export async function noteSwept(db: Kysely<Database>, name: SweepName, cursor: number): Promise<void> {
  await db
    .insertInto("sweep")
    .values({ name, cursor })
    .onConflict((conflict) => conflict.column("name").doUpdateSet({ cursor }))
    .execute();
}

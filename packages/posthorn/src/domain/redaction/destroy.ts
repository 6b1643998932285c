/** Destroys exact bodies that were kept for some time after their last delivery, and those that no delivery needs. */
import type { ExpressionBuilder, ExpressionWrapper, SqlBool } from "kysely";
import { keyAtTime } from "../../lib/id.ts";
import type { Database } from "../../store/schema.ts";
import type { Services } from "../context.ts";
import { noteSwept, type SweepOptions, sweptUpTo } from "../retention/retention.ts";

/** Rows per transaction. */
const STEP = 200;
/** Steps of one run that look for bodies without deliveries. The next run continues. */
const MAX_STEPS = 25;
/** Younger bodies are left to the triggers. */
const MIN_AGE_MS = 60_000;

type Options = Pick<SweepOptions, "signal" | "pause">;
type StoreServices = Pick<Services, "store" | "now">;

/** Returns how many were destroyed. */
export async function destroyExactBodies(services: StoreServices, options: Options): Promise<number> {
  return (await destroyKept(services, options)) + (await destroyLeftOver(services, options));
}

/** Destroys bodies whose time is over. If another delivery has begun, its end sets a new time. */
async function destroyKept({ store, now }: StoreServices, { signal, pause }: Options): Promise<number> {
  let destroyed = 0;
  for (let found = STEP; found === STEP && !signal.aborted; await pause()) {
    found = await store.transaction(async ({ db }) => {
      const rows = await db
        .selectFrom("exact_body")
        .select("message_id")
        .where("destroy_at", "<=", now())
        .orderBy("destroy_at")
        .limit(STEP)
        .execute();
      const keys = rows.map((row) => row.message_id);
      const { numDeletedRows } = await db
        .deleteFrom("exact_body")
        .where("message_id", "in", keys)
        .where((eb) => eb.not(hasPending(eb)))
        .executeTakeFirstOrThrow();
      await db.updateTable("exact_body").set({ destroy_at: null }).where("message_id", "in", keys).execute();
      destroyed += Number(numDeletedRows);
      return keys.length;
    }, "redaction.destroy");
  }
  return destroyed;
}

/**
 * Destroys bodies whose message no longer exists, or whose last delivery ended without running a trigger. PostgreSQL drops days of messages as
 * whole tables, which runs no trigger.
 */
async function destroyLeftOver({ store, now }: StoreServices, { signal, pause }: Options): Promise<number> {
  const end = keyAtTime(now() - MIN_AGE_MS);
  let cursor = await sweptUpTo({ store }, "exact");
  let destroyed = 0;
  for (let step = 0; step < MAX_STEPS && !signal.aborted; step++) {
    const rows = await store.db
      .selectFrom("exact_body as x")
      .leftJoin("message as m", "m.id", "x.message_id")
      .select(["x.message_id", "m.id as message", "x.destroy_at"])
      .where("x.message_id", ">", cursor)
      .where("x.message_id", "<", end)
      .orderBy("x.message_id")
      .limit(STEP)
      .execute();
    cursor = rows.length < STEP ? 0 : rows.at(-1)!.message_id;
    const left = rows.filter(({ message, destroy_at: at }) => message === null || at === null);
    const keys = left.map((row) => row.message_id);
    await store.transaction(async ({ db }) => {
      const { numDeletedRows } = await db
        .deleteFrom("exact_body")
        .where("message_id", "in", keys)
        .where((eb) => eb.not(hasPending(eb)))
        .executeTakeFirstOrThrow();
      destroyed += Number(numDeletedRows);
      await noteSwept(db, "exact", cursor);
    }, "redaction.destroy");
    if (cursor === 0) break;
    await pause();
  }
  return destroyed;
}

function hasPending(eb: ExpressionBuilder<Database, "exact_body">): ExpressionWrapper<Database, "exact_body", SqlBool> {
  return eb.exists(
    eb
      .selectFrom("delivery")
      .select("delivery.message_id")
      .whereRef("delivery.message_id", "=", "exact_body.message_id")
      .where("delivery.due", "is not", null),
  );
}

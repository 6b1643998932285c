/**
 * Catch-ups: replays that send a subscriber the events that it missed. Clients start them by subscribing, and an application has few
 * subscriptions, so they do not count towards the open tasks of an application.
 */
import { type Kysely, sql } from "kysely";
import type { Database } from "../../store/schema.ts";
import type { Tx } from "../../store/tx.ts";

interface CatchUpEndpoint {
  readonly appKey: number;
  readonly endpointKey: number;
}

/** In stored parameters. Texts of users cannot contain it, because JSON escapes their quotes. */
const MARK = '"isCatchUp":true';

/** Condition on rows of `task`. */
export const isCatchUp = sql<boolean>`instr(task.params_json, ${MARK}) > 0`;

/**
 * Key of the last message that every catch-up of the endpoint has reached: those that have not ended, and those that were canceled since the
 * client last renewed its subscription, because it does not learn of a cancellation before. `null`: there is no such catch-up.
 */
export async function catchUpCursor(db: Kysely<Database>, endpoint: CatchUpEndpoint): Promise<number | null> {
  const cursors = [await openCursor(db, endpoint), await canceledCursor(db, endpoint)].filter((key) => key !== null);
  return cursors.length === 0 ? null : Math.min(...cursors);
}

/** Where catch-ups stopped that were canceled since the client last renewed its subscription; `null`: none were canceled. */
export async function canceledCursor(db: Kysely<Database>, endpoint: CatchUpEndpoint): Promise<number | null> {
  const row = await canceledParts(db, endpoint).executeTakeFirst();
  return row?.cursor ?? null;
}

/** Statement of {@link canceledCursor}, which runs on the delivery path. */
export function canceledParts(db: Kysely<Database>, { appKey, endpointKey }: CatchUpEndpoint) {
  return (
    db
      .selectFrom("task")
      .innerJoin("task_part as part", "part.task_id", "task.id")
      .innerJoin("subscription as s", (on) =>
        on.onRef("s.endpoint_id", "=", "part.endpoint_id").onRef("s.app_id", "=", "task.app_id"),
      )
      .select((eb) => eb.fn.min<number | null>("part.cursor").as("cursor"))
      .where("task.app_id", "=", appKey)
      // Keys are times, and no catch-up is older than its endpoint.
      .where("task.id", ">", endpointKey)
      // As text, because the partial index is not used for a parameter.
      .where(sql<boolean>`task.status = 'canceled'`)
      .where("part.endpoint_id", "=", endpointKey)
      .where("part.done", "=", 0)
      .whereRef("task.ended_at", ">=", "s.updated_at")
      .where(isCatchUp)
  );
}

async function openCursor(db: Kysely<Database>, { appKey, endpointKey }: CatchUpEndpoint): Promise<number | null> {
  const row = await db
    .selectFrom("task")
    .innerJoin("task_part as part", "part.task_id", "task.id")
    .select((eb) => eb.fn.min<number | null>("part.cursor").as("cursor"))
    .where("task.app_id", "=", appKey)
    .where("task.ended_at", "is", null)
    .where("part.endpoint_id", "=", endpointKey)
    .where("part.done", "=", 0)
    .where(isCatchUp)
    .executeTakeFirst();
  return row?.cursor ?? null;
}

/** Cancels the catch-ups of an endpoint that is deleted. A paused one would otherwise remain. */
export async function cancelCatchUps({ db }: Tx, { appKey, endpointKey }: CatchUpEndpoint, now: number): Promise<void> {
  await db
    .updateTable("task")
    .set({ status: "canceled", updated_at: now, ended_at: now })
    .where("app_id", "=", appKey)
    .where("ended_at", "is", null)
    .where(isCatchUp)
    .where(({ exists, selectFrom }) =>
      exists(
        selectFrom("task_part as part")
          .select("part.task_id")
          .whereRef("part.task_id", "=", "task.id")
          .where("part.endpoint_id", "=", endpointKey),
      ),
    )
    .execute();
}

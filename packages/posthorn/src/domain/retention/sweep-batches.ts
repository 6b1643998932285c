/**
 * Deletes stored batches that are not sent again: none of their deliveries is pending, or their endpoint was deleted. A lane deletes most of
 * them itself, together with the next batch that it stores. The rest belongs to lanes that store no other batch.
 */
import type { Kysely } from "kysely";
import { keyAtTime } from "../../lib/id.ts";
import { type Database, DELIVERY_STATE } from "../../store/schema.ts";
import type { Services } from "../context.ts";
import type { SweepOptions } from "./retention.ts";

/** Batches per transaction. */
const STEP = 50;
/** Younger batches are left to their lanes. */
const MIN_AGE_MS = 3_600_000;

/** Returns how many batches were deleted. */
export async function sweepBatches(
  { store, now }: Pick<Services, "store" | "now">,
  { signal, pause }: Pick<SweepOptions, "signal" | "pause">,
): Promise<number> {
  const end = keyAtTime(now() - MIN_AGE_MS);
  let deleted = 0;
  for (let cursor = 0; !signal.aborted;) {
    const rows = await batchesAfter(store.db, cursor, end);
    const last = rows.at(-1);
    if (last === undefined) break;
    cursor = last.id;
    const ended: number[] = [];
    for (const row of rows) if (await hasEnded(store.db, row)) ended.push(row.id);
    if (ended.length > 0) {
      await store.transaction(
        ({ db }) => db.deleteFrom("delivery_batch").where("id", "in", ended).execute(),
        "retention.sweep-batches",
      );
      deleted += ended.length;
    }
    await pause();
  }
  return deleted;
}

interface BatchRow {
  readonly id: number;
  readonly endpoint_id: number;
  readonly message_ids_json: string;
  /** `null`: the endpoint or its application was deleted. */
  readonly live: number | null;
}

function batchesAfter(db: Kysely<Database>, cursor: number, end: number): Promise<readonly BatchRow[]> {
  return db
    .selectFrom("delivery_batch as b")
    .leftJoin("endpoint as e", (join) => join.onRef("e.id", "=", "b.endpoint_id").on("e.deleted_at", "is", null))
    .leftJoin("application as a", (join) => join.onRef("a.id", "=", "e.app_id").on("a.deleted_at", "is", null))
    .select(["b.id", "b.endpoint_id", "b.message_ids_json", "a.id as live"])
    .where("b.id", ">", cursor)
    .where("b.id", "<", end)
    .orderBy("b.id")
    .limit(STEP)
    .execute();
}

async function hasEnded(
  db: Kysely<Database>,
  { endpoint_id: endpointId, message_ids_json: json, live }: BatchRow,
): Promise<boolean> {
  if (live === null) return true;
  const pending = await db
    .selectFrom("delivery")
    .select("message_id")
    .where("endpoint_id", "=", endpointId)
    .where("message_id", "in", JSON.parse(json) as number[])
    .where("state", "=", DELIVERY_STATE.pending)
    .limit(1)
    .executeTakeFirst();
  return pending === undefined;
}

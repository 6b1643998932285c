/** Reads batches that are resent as a whole. Shared by both databases. */
import { type Kysely, sql } from "kysely";
import type { Job, KeptBatch } from "./delivery.ts";
import { jobColumnsWithoutPayload, type JobRow, toJob } from "./job-row.ts";
import { type Database, DELIVERY_STATE } from "./schema.ts";

/** Returns the batches of an endpoint, oldest first. */
export async function keptBatches(db: Kysely<Database>, endpointId: number): Promise<readonly KeptBatch[]> {
  const rows = await db
    .selectFrom("delivery_batch")
    .select(["id", "message_ids_json"])
    .where("endpoint_id", "=", endpointId)
    .orderBy("id")
    .execute();
  return rows.map(({ id, message_ids_json: json }) => ({ id, endpointId, messageIds: JSON.parse(json) as number[] }));
}

/**
 * Returns the pending deliveries among these, without payloads.
 * @param least Name of the function that returns the lesser of two values.
 */
export async function batchMembers(
  db: Kysely<Database>,
  least: "least" | "min",
  endpointId: number,
  messageIds: readonly number[],
): Promise<readonly Job[]> {
  if (messageIds.length === 0) return [];
  const { rows } = await sql<JobRow>`
    SELECT ${sql.raw(jobColumnsWithoutPayload(least))}
    FROM delivery d JOIN message m ON m.id = d.message_id
    WHERE d.endpoint_id = ${endpointId} AND d.message_id IN (${sql.join(messageIds)})
      AND d.state = ${DELIVERY_STATE.pending} AND d.due IS NOT NULL`.execute(db);
  return rows.map((row) => toJob(row));
}

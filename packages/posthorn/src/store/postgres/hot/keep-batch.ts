import type { KeptBatch, Lease } from "../../delivery.ts";
import { type Pool, withClient } from "../connections.ts";

/** The check of the lease locks the shard against a change of owner until the commit, so that its next owner reads every batch. */
const KEEP = {
  name: "keep batch",
  text: `
  WITH lease AS MATERIALIZED (
    SELECT $1::bigint IS NULL OR holds($1, $2) AS held
  ), ended AS (
    DELETE FROM delivery_batch WHERE id = ANY($6::bigint[]) AND (SELECT held FROM lease)
  )
  INSERT INTO delivery_batch (id, endpoint_id, message_ids_json)
  SELECT $3::bigint, $4::bigint, $5::text FROM lease WHERE held`,
};

/** Stores a batch, and deletes those that have ended. Returns false, and changes nothing, if the lease is no longer held. */
export function keepBatch(
  pool: Pool,
  { id, endpointId, messageIds }: KeptBatch,
  lease: Lease | undefined,
  ended: readonly number[],
): Promise<boolean> {
  const values = [lease?.shard ?? null, lease?.fence ?? null, id, endpointId, JSON.stringify(messageIds), ended];
  return withClient(pool, async (client) => (await client.query({ ...KEEP, values })).rowCount === 1);
}

import type { DatabaseSync } from "node:sqlite";
import type { EndpointBacklog } from "../../delivery.ts";

/**
 * Lists the endpoints that have pending deliveries. Steps along the index from one endpoint to the next, so that the cost depends on the
 * number of endpoints and not on the number of deliveries.
 */
export function prepareBacklog(db: DatabaseSync): () => readonly EndpointBacklog[] {
  const statement = db.prepare(`
    WITH RECURSIVE step (endpointId) AS (
      SELECT min(endpoint_id) FROM delivery INDEXED BY delivery_due WHERE due IS NOT NULL
      UNION ALL
      SELECT (SELECT min(endpoint_id) FROM delivery INDEXED BY delivery_due
              WHERE due IS NOT NULL AND endpoint_id > step.endpointId)
      FROM step WHERE step.endpointId IS NOT NULL
    )
    SELECT endpointId, (SELECT min(due) FROM delivery INDEXED BY delivery_due
                        WHERE due IS NOT NULL AND endpoint_id = step.endpointId) AS due
    FROM step WHERE endpointId IS NOT NULL`);
  return () => statement.all() as unknown as EndpointBacklog[];
}

import type { EndpointBacklog } from "../../delivery.ts";
import { type Pool, withClient } from "../connections.ts";

const BACKLOG = `
  WITH RECURSIVE step (endpoint_id) AS (
    SELECT min(endpoint_id) FROM delivery WHERE due IS NOT NULL
    UNION ALL
    SELECT (SELECT min(endpoint_id) FROM delivery WHERE due IS NOT NULL AND endpoint_id > step.endpoint_id)
    FROM step WHERE step.endpoint_id IS NOT NULL
  )
  SELECT endpoint_id AS "endpointId",
         (SELECT min(due) FROM delivery WHERE due IS NOT NULL AND delivery.endpoint_id = step.endpoint_id) AS due
  FROM step WHERE endpoint_id IS NOT NULL`;

/**
 * Lists the endpoints that have pending deliveries. Steps along the index from one endpoint to the next, so that the cost depends on the
 * number of endpoints and not on the number of deliveries.
 */
export function backlog(pool: Pool): Promise<readonly EndpointBacklog[]> {
  return withClient(pool, async (client) => (await client.query<EndpointBacklog>(BACKLOG)).rows);
}

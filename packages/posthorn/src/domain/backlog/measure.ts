/** Counts the deliveries that wait to be sent. */
import { sql } from "kysely";
import type { Services } from "../context.ts";

interface EndpointRow {
  readonly endpointId: number;
  readonly appId: number;
  readonly waiting: number;
}

/** Waiting deliveries by application. */
export type WaitingByApplication = ReadonlyMap<number, number>;

/** Endpoints beyond this number are not counted. */
const MAX_ENDPOINTS = 10_000;

/**
 * Counts the deliveries that are due, at most a little more than `limit` of each endpoint. Deliveries on hold do not count, because the
 * endpoint is why they wait: it is disabled or paused, or its circuit is not closed.
 *
 * Steps along the index of due deliveries from one endpoint to the next, and reads no deliveries outside of it.
 */
export async function measureBacklog(
  { store, lanes, now }: Pick<Services, "store" | "lanes" | "now">,
  limit: number,
): Promise<WaitingByApplication> {
  const { rows } = await sql<EndpointRow>`
    WITH RECURSIVE step (endpoint_id, place) AS (
      SELECT min(endpoint_id), 1 FROM delivery WHERE due IS NOT NULL
      UNION ALL
      SELECT (SELECT min(endpoint_id) FROM delivery WHERE due IS NOT NULL AND endpoint_id > step.endpoint_id), step.place + 1
      FROM step WHERE step.endpoint_id IS NOT NULL AND step.place < ${MAX_ENDPOINTS}
    )
    SELECT s.endpoint_id AS "endpointId", e.app_id AS "appId", (
      SELECT count(*) FROM (
        SELECT 1 FROM delivery WHERE endpoint_id = s.endpoint_id AND due IS NOT NULL AND due <= ${now()} LIMIT ${limit + 1}
      ) AS due_now) AS waiting
    FROM step s JOIN endpoint e ON e.id = s.endpoint_id
    WHERE e.disabled = 0 AND e.flow_json IS NULL`.execute(store.db);
  const waiting = byApplication(rows);
  if (totalOf(waiting) <= limit) return waiting;
  const unhealthy = await lanes.unhealthy(rows.map(({ endpointId }) => endpointId));
  return byApplication(rows.filter(({ endpointId }) => isClosed(unhealthy.get(endpointId)?.breaker ?? null)));
}

export function totalOf(waiting: WaitingByApplication): number {
  return [...waiting.values()].reduce((total, count) => total + count, 0);
}

/**
 * The applications that must wait when there are too many deliveries: those with more than an equal share of the limit, so that one with a
 * long queue does not affect the others.
 */
export function applicationsOver(waiting: WaitingByApplication, limit: number): ReadonlySet<number> {
  const busy = [...waiting].filter(([, count]) => count > 0);
  return new Set(busy.flatMap(([appId, count]) => (count > limit / busy.length ? [appId] : [])));
}

function byApplication(rows: readonly EndpointRow[]): WaitingByApplication {
  const waiting = new Map<number, number>();
  for (const { appId, waiting: count } of rows) waiting.set(appId, (waiting.get(appId) ?? 0) + count);
  return waiting;
}

function isClosed(breaker: { readonly state: string } | null): boolean {
  return breaker === null || breaker.state === "closed";
}

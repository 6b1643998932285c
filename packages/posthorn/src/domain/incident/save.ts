/** Adds what a step has counted to the rows of its incidents. */
import { type Kysely, sql } from "kysely";
import { timeOfKey } from "../../lib/id.ts";
import type { Database } from "../../store/schema.ts";
import type { FailureGroup } from "./failure-groups.ts";

/** Failures at an endpoint that belong to one incident. */
export interface InIncident extends Pick<FailureGroup, "endpointId" | "cause"> {
  /** First attempt of the incident. */
  readonly since: number;
}

/** A group with its incident. */
export interface Assigned extends FailureGroup, InIncident {
  readonly incident: number;
}

type EventsOf = (group: FailureGroup) => number;

export async function saveEndpoints(
  db: Kysely<Database>,
  assigned: readonly Assigned[],
  eventsOf: EventsOf,
): Promise<void> {
  const rows = assigned.map((group) => ({
    incident_id: group.incident,
    endpoint_id: group.endpointId,
    app_id: group.appId,
    attempts: group.attempts,
    events: eventsOf(group),
    first_at: timeOfKey(group.firstAttempt),
    last_at: timeOfKey(group.lastAttempt),
  }));
  await db
    .insertInto("incident_endpoint")
    .values(rows)
    .onConflict((conflict) =>
      conflict.columns(["incident_id", "endpoint_id"]).doUpdateSet((eb) => ({
        attempts: eb("incident_endpoint.attempts", "+", eb.ref("excluded.attempts")),
        events: eb("incident_endpoint.events", "+", eb.ref("excluded.events")),
        last_at: eb.ref("excluded.last_at"),
      })),
    )
    .execute();
}

export async function saveIncidents(
  db: Kysely<Database>,
  assigned: readonly Assigned[],
  eventsOf: EventsOf,
): Promise<void> {
  const sums = new Map<number, { attempts: number; events: number; last: number; first: number }>();
  for (const group of assigned) {
    const sum = sums.get(group.incident) ?? { attempts: 0, events: 0, last: 0, first: Number.POSITIVE_INFINITY };
    sums.set(group.incident, {
      attempts: sum.attempts + group.attempts,
      events: sum.events + eventsOf(group),
      last: Math.max(sum.last, group.lastAttempt),
      first: Math.min(sum.first, group.firstMessage),
    });
  }
  const rows = [...sums].map(
    ([id, { attempts, events, last, first }]) =>
      sql`(${sql.join([id, attempts, events, last, timeOfKey(last), first].map((value) => sql.lit(value)))})`,
  );
  await sql`
    WITH added (id, attempts, events, last_attempt, last_at, first_message) AS (VALUES ${sql.join(rows)})
    UPDATE incident SET
      attempts = incident.attempts + added.attempts,
      events = incident.events + added.events,
      last_attempt = added.last_attempt,
      last_at = added.last_at,
      first_message = CASE WHEN added.first_message < incident.first_message THEN added.first_message
                           ELSE incident.first_message END,
      endpoints = (SELECT count(*) FROM incident_endpoint AS e WHERE e.incident_id = incident.id),
      applications = (SELECT count(DISTINCT e.app_id) FROM incident_endpoint AS e WHERE e.incident_id = incident.id)
    FROM added WHERE incident.id = added.id`.execute(db);
}

export async function saveSlots(db: Kysely<Database>, assigned: readonly Assigned[]): Promise<void> {
  const counts = new Map<string, { incident_id: number; slot: number; attempts: number }>();
  for (const { incident, slots } of assigned) {
    for (const [slot, attempts] of slots) {
      const key = `${incident} ${slot}`;
      const known = counts.get(key)?.attempts ?? 0;
      counts.set(key, { incident_id: incident, slot, attempts: known + attempts });
    }
  }
  await db
    .insertInto("incident_slot")
    .values([...counts.values()])
    .onConflict((conflict) =>
      conflict.columns(["incident_id", "slot"]).doUpdateSet((eb) => ({
        attempts: eb("incident_slot.attempts", "+", eb.ref("excluded.attempts")),
      })),
    )
    .execute();
}

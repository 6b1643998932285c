/** Incidents: failed attempts with one cause at one host, over all endpoints of an organisation. */
import type { Selectable } from "kysely";
import type { IncidentTable } from "../../store/incident-schema.ts";

export const INCIDENT_STATES = ["open", "acknowledged", "resolved"] as const;
export type IncidentState = (typeof INCIDENT_STATES)[number];

/** Host of incidents that cover several hosts. */
export const MANY_HOSTS = "*";

/** Milliseconds of one bar of the chart. */
export const SLOT_MS = 300_000;

/** Times are Unix milliseconds. */
export interface Incident {
  readonly key: number;
  readonly id: string;
  readonly host: string;
  readonly cause: string;
  readonly state: IncidentState;
  readonly mutedUntil: number | null;
  readonly firstAt: number;
  readonly lastAt: number;
  readonly firstAttempt: number;
  readonly firstMessage: number;
  readonly attempts: number;
  /** Deliveries with at least one failed attempt. */
  readonly events: number;
  readonly endpoints: number;
  readonly applications: number;
  readonly changedBy: string | null;
  readonly changedAt: number | null;
  readonly resolvedAt: number | null;
}

export function toIncident(row: Selectable<IncidentTable>): Incident {
  return {
    key: row.id,
    id: row.public_id,
    host: row.host,
    cause: row.cause,
    state: row.state as IncidentState,
    mutedUntil: row.muted_until,
    firstAt: row.first_at,
    lastAt: row.last_at,
    firstAttempt: row.first_attempt,
    firstMessage: row.first_message,
    attempts: row.attempts,
    events: row.events,
    endpoints: row.endpoints,
    applications: row.applications,
    changedBy: row.changed_by,
    changedAt: row.changed_at,
    resolvedAt: row.resolved_at,
  };
}

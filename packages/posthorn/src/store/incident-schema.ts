/** Kysely types of the tables of incidents. Times are Unix milliseconds. */

/** Failed attempts with one cause at one host. At most one incident of an organisation, host and cause is not resolved. */
export interface IncidentTable {
  id: number;
  public_id: string;
  org_id: number;
  /** Host of the endpoints; `*`: several, because the organisation has too many incidents. */
  host: string;
  /** See `causeOf`. */
  cause: string;
  /** `open`, `acknowledged` or `resolved`. */
  state: string;
  /** `null`: not muted. */
  muted_until: number | null;
  first_at: number;
  last_at: number;
  first_attempt: number;
  last_attempt: number;
  /** Key of the oldest message with a failed attempt. */
  first_message: number;
  attempts: number;
  /** Deliveries with at least one failed attempt. */
  events: number;
  endpoints: number;
  applications: number;
  /** Who changed its state last, as text for display; `null`: Posthorn. */
  changed_by: string | null;
  changed_at: number | null;
  resolved_at: number | null;
}

/** An endpoint that an incident affects. */
export interface IncidentEndpointTable {
  incident_id: number;
  endpoint_id: number;
  app_id: number;
  attempts: number;
  events: number;
  first_at: number;
  last_at: number;
}

/** Failed attempts of an incident in five minutes. */
export interface IncidentSlotTable {
  incident_id: number;
  /** Periods of five minutes since 1970. */
  slot: number;
  attempts: number;
}

export interface IncidentNoteTable {
  id: number;
  public_id: string;
  incident_id: number;
  author: string;
  text: string;
}

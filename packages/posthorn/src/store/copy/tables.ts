/** What becomes of each table when a database is copied to another one. */
import type { Database } from "../schema.ts";

/** Every table that is copied, in that order: what is small first. A table that is missing here does not compile. */
const COPIED: { readonly [T in keyof Database]: true } = {
  organisation: true,
  application: true,
  event_type: true,
  endpoint: true,
  endpoint_secret: true,
  endpoint_failure: true,
  endpoint_certificate: true,
  endpoint_rate: true,
  api_key: true,
  revoked_token: true,
  token_end: true,
  source: true,
  source_secret: true,
  source_token: true,
  source_activity: true,
  source_duplicate_total: true,
  source_duplicate: true,
  source_watch: true,
  source_backfill: true,
  catalogue_entry: true,
  task: true,
  task_part: true,
  broadcast: true,
  sweep: true,
  storage_day: true,
  rollup: true,
  rollup_minute: true,
  rollup_cursor: true,
  operational_event: true,
  outbox: true,
  late_message: true,
  pacing: true,
  message_deadline: true,
  quarantine: true,
  idempotency: true,
  message: true,
  message_label: true,
  delivery: true,
  cancellation: true,
  attempt: true,
};

export const TABLES: readonly string[] = Object.keys(COPIED);

/**
 * Tables that only one of the databases has: a copy makes them anew from others, or they say which schema it has, or they are of nodes
 * and of tables that are there and nowhere else.
 */
export const OWN_TABLES: { readonly sqlite: readonly string[]; readonly postgres: readonly string[] } = {
  sqlite: ["schema_version"],
  postgres: ["event_id_taken", "schema_version", "node", "shard", "table_source_missed"],
};

/** The table of the target that says how far a copy got. It is there from the first row until the copy was found to be whole. */
export const COPYING = "copying";

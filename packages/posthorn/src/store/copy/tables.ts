/** What becomes of each table when a database is copied to another one. */
import type { Database } from "../schema.ts";

/**
 * `copied`: row by row. `left`: what nodes write about themselves while they run; it means nothing in another database, and is neither
 * looked at nor missed there.
 */
export type TableRule = "copied" | "left";

/** Every table of the schema, in the order in which they are copied: what is small first. */
export const TABLES: { readonly [T in keyof Database]: TableRule } = {
  organisation: "copied",
  application: "copied",
  event_type: "copied",
  endpoint: "copied",
  endpoint_secret: "copied",
  endpoint_failure: "copied",
  api_key: "copied",
  revoked_token: "copied",
  token_end: "copied",
  source: "copied",
  source_secret: "copied",
  source_token: "copied",
  source_rhythm: "copied",
  source_watch: "copied",
  source_reconcile: "copied",
  catalogue_entry: "copied",
  task: "copied",
  task_part: "copied",
  broadcast: "copied",
  sweep: "copied",
  storage_day: "copied",
  rollup: "copied",
  rollup_cursor: "copied",
  operational_event: "copied",
  outbox: "copied",
  late_message: "copied",
  pacing: "copied",
  message_deadline: "copied",
  quarantine: "copied",
  idempotency: "copied",
  message: "copied",
  delivery: "copied",
  cancellation: "copied",
  attempt: "copied",
};

/** Tables that only one of the databases has: a copy makes them anew from others, or they say which schema it has. */
export const OWN_TABLES: { readonly sqlite: readonly string[]; readonly postgres: readonly string[] } = {
  sqlite: [],
  postgres: ["event_id_taken", "schema_version", "node", "shard"],
};

/** The table of the target that says how far a copy got. It is there from the first row until the copy was found to be whole. */
export const COPYING = "copying";

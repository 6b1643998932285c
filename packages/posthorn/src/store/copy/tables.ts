/** The tables that a copy of a database includes. */
import type { Database } from "../schema.ts";

/** Tables about nodes, and listeners that are connected to them. */
type UncopiedTable = "encryption_key_node" | "relay_session" | "relay_frame";

/** Every copied table in the order of copying: small ones first. A missing table is a type error. */
const COPIED: { readonly [T in Exclude<keyof Database, UncopiedTable>]: true } = {
  encryption_key: true,
  delivery_pause: true,
  organisation: true,
  application: true,
  application_retention: true,
  event_type: true,
  endpoint: true,
  endpoint_secret: true,
  endpoint_failure: true,
  endpoint_certificate: true,
  endpoint_rate: true,
  api_key: true,
  revoked_token: true,
  token_end: true,
  person: true,
  membership: true,
  person_session: true,
  person_token: true,
  device_request: true,
  oauth_client: true,
  connected_client: true,
  sign_in_failure: true,
  identity_provider: true,
  person_identity: true,
  passkey: true,
  source: true,
  source_secret: true,
  source_token: true,
  source_activity: true,
  source_duplicate_total: true,
  source_duplicate: true,
  source_hour: true,
  ingest_uptime: true,
  source_backfill: true,
  source_run: true,
  source_session: true,
  catalogue_entry: true,
  feed_late: true,
  feed_consumer: true,
  feed_lease: true,
  auto_config: true,
  watch: true,
  watch_key: true,
  watch_event: true,
  scoped_token: true,
  portal_key: true,
  listen_token: true,
  websub_topic: true,
  subscription: true,
  websub_request: true,
  share_link: true,
  saved_view: true,
  saved_view_default: true,
  erasure: true,
  message_erasure: true,
  redaction_rule: true,
  redaction_key: true,
  audit_head: true,
  audit_entry: true,
  api_request: true,
  task: true,
  task_part: true,
  broadcast: true,
  sweep: true,
  storage_day: true,
  rollup: true,
  rollup_minute: true,
  rollup_cursor: true,
  alert_rule: true,
  alert_recipient: true,
  alert_recipient_state: true,
  alert_recipient_token: true,
  alert: true,
  incident: true,
  incident_endpoint: true,
  incident_slot: true,
  incident_note: true,
  operational_event: true,
  outbox: true,
  late_message: true,
  flow_state: true,
  message_deadline: true,
  quarantine: true,
  idempotency: true,
  message: true,
  message_label: true,
  exact_body: true,
  delivery: true,
  delivery_batch: true,
  cancellation: true,
  attempt: true,
};

export const TABLES: readonly string[] = Object.keys(COPIED);

/**
 * Tables that are not copied: they are derived from other tables, record the schema version, or concern nodes and table sources of that
 * database only.
 */
export const OWN_TABLES: { readonly sqlite: readonly string[]; readonly postgres: readonly string[] } = {
  sqlite: ["commit_journal", "encryption_key_node", "relay_session", "relay_frame", "schema_version"],
  postgres: [
    "encryption_key_node",
    "relay_session",
    "relay_frame",
    "event_id_taken",
    "schema_version",
    "node",
    "shard",
    "table_source_missed",
  ],
};

/** Table of the target with the progress of a copy. It exists until the copy is complete and verified. */
export const COPYING = "copying";

/** Table of a PostgreSQL database into which a backup is being restored. It exists until the restore is complete. */
export const RESTORING = "restoring";

/** Kysely types of the tables of sources and inbound requests. See `schema.ts`. */
import type { Generated } from "kysely";

/** A source of events. Its key is also the key of the application that has its endpoints and messages. */
export interface SourceTable {
  id: number;
  public_id: string;
  org_id: number;
  uid: string | null;
  name: string;
  /** The name of a provider; for other kinds than webhooks, usually the name of the kind. */
  type: string;
  /** How its events arrive. See `sources/kinds.ts`. */
  kind: Generated<string>;
  /** Settings that are not secret: see `SourceSettings`. */
  settings_json: string;
  /** Settings of the provider or configuration of the kind, some of them secret, as JSON; `null`: none. */
  config_sealed: Uint8Array | null;
  metadata_json: string;
  created_at: number;
  updated_at: number;
  deleted_at: number | null;
  /** When it is deleted automatically; `null`: never. */
  expires_at: number | null;
}

export interface SourceSecretTable {
  id: number;
  public_id: string;
  source_id: number;
  secret_sealed: Uint8Array;
  /** `null`: valid until it is replaced or deleted. */
  expires_at: number | null;
}

export interface SourceTokenTable {
  /** SHA-256 of the token. */
  hash: Uint8Array;
  source_id: number;
  token_sealed: Uint8Array;
  /** `null` for the current token; for earlier ones, the end of the overlap. */
  expires_at: number | null;
}

/** A rejected request: its verification failed. */
export interface QuarantineTable {
  id: number;
  public_id: string;
  source_id: number;
  /** Error code of `@posthorn/webhooks`; `detail` is its message. */
  reason: string;
  detail: string;
  /** Same format as `message.request_json`. */
  request_json: string;
  content_type: string;
  /** `null` when it was too large to store. */
  body: Uint8Array | null;
  /** Size of the exact body. */
  body_bytes: number;
  /** The exact body, if `body` was redacted; `null`: it was not. */
  body_sealed: Uint8Array | null;
}

/** Inferred schema of one event type of a source. */
export interface CatalogueEntryTable {
  source_id: number;
  event_type: string;
  /** Changes with every write, so that concurrent writers do not overwrite each other. */
  version: number;
  received: number;
  first_at: number;
  last_at: number;
  /** When the schema last changed; `null`: never. */
  changed_at: number | null;
  known_json: string | null;
  recent_json: string | null;
  changes_json: string;
}

/** Activity monitoring of a source. */
export interface SourceActivityTable {
  source_id: number;
  rule_json: string;
  activity_json: string | null;
  last_at: number | null;
  counted_from: number;
  inactive_at: number | null;
  inactive_since: number | null;
}

/** Number of repeated deliveries that a source received. */
export interface SourceDuplicateTotalTable {
  source_id: number;
  duplicates: number;
  last_at: number;
}

/** A message whose delivery was repeated. The most recently repeated ones of each source are kept. */
export interface SourceDuplicateTable {
  source_id: number;
  message_id: number;
  repeats: number;
  last_at: number;
}

/** Results of the requests and events of a source in one hour. */
export interface SourceHourTable {
  source_id: number;
  /** Hours since 1970. */
  hour: number;
  stored: number;
  /** Stored and matched by at least one endpoint. */
  routed: number;
  duplicates: number;
  quarantined: number;
}

/** One row: how long some node has been receiving without interruption. */
export interface IngestUptimeTable {
  id: number;
  up_since: number;
  /** When a node last confirmed it. */
  seen_at: number;
}

/** Backfill settings of a source: how Posthorn fetches missed events from its provider. */
export interface SourceBackfillTable {
  source_id: number;
  provider: string;
  settings_json: string;
  token_sealed: Uint8Array;
  /** Interval of automatic backfills; `null`: manual only. */
  every_ms: number | null;
  next_at: number | null;
  backfilled_until: number | null;
  updated_at: number;
}

/** State of reading a source of another kind than webhooks. */
export interface SourceRunTable {
  source_id: number;
  /** Grows with each writer of the cursor, and with each change of the configuration. */
  version: number;
  cursor_json: string | null;
  /** `waiting`, `running` or `failing`. */
  state: string;
  /** Failures since the last success. */
  failures: number;
  error_code: string | null;
  error_text: string | null;
  error_hint: string | null;
  failing_since: number | null;
  /** When `source.reading.failing` was announced; `null`: it was not, or the recovery was. */
  failing_announced_at: number | null;
  last_success_at: number | null;
  last_failure_at: number | null;
  last_event_at: number | null;
  events: number;
  /** When it is read next; `null`: it is connected. */
  next_at: number | null;
}

/** A session that a source has left at its peer, until it is removed there. */
export interface SourceSessionTable {
  source_id: number;
  /** Identity of the session at the peer: see `ListeningKind.session`. */
  identity: string;
  /** Public ID of the source, which may be deleted. */
  public_id: string;
  kind: string;
  /** Configuration of the kind with which the session was made. */
  config_sealed: Uint8Array;
  left_at: number;
  /** Failed attempts to remove it. */
  attempts: number;
  next_at: number;
}

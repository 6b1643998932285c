/** The tables of sources: what comes in. See `schema.ts`. */

/** An inbound URL. Its key is the key of the application that has its endpoints and messages. */
export interface SourceTable {
  id: number;
  public_id: string;
  org_id: number;
  uid: string | null;
  name: string;
  /** The name of a provider, or of a kind of source. */
  type: string;
  /** What is no secret: see `SourceSettings`. */
  settings_json: string;
  /** JSON of the settings of the provider, some of which are secrets; `null`: none. */
  config_sealed: Uint8Array | null;
  metadata_json: string;
  created_at: number;
  updated_at: number;
  deleted_at: number | null;
  /** When it is deleted by itself; `null`: never. */
  expires_at: number | null;
}

export interface SourceSecretTable {
  id: number;
  public_id: string;
  source_id: number;
  secret_sealed: Uint8Array;
  /** `null`: it holds until it is replaced or deleted. */
  expires_at: number | null;
}

export interface SourceTokenTable {
  /** SHA-256 of the token. */
  hash: Uint8Array;
  source_id: number;
  token_sealed: Uint8Array;
  /** `null` for the one token in force; the end of the overlap for those before it. */
  expires_at: number | null;
}

/** A request that did not verify. */
export interface QuarantineTable {
  id: number;
  public_id: string;
  source_id: number;
  /** A code of `@posthorn/webhooks`, and its sentence. */
  reason: string;
  detail: string;
  /** As `message.request_json`. */
  request_json: string;
  content_type: string;
  /** `null` when it was too large to be kept. */
  body: Uint8Array | null;
  body_bytes: number;
}

/** What the payloads of one event type of a source look like. */
export interface CatalogueEntryTable {
  source_id: number;
  event_type: string;
  /** Changes with every write, so that two who learn at once do not undo each other. */
  version: number;
  received: number;
  first_at: number;
  last_at: number;
  /** When payloads last began to look different; `null`: never. */
  changed_at: number | null;
  known_json: string | null;
  recent_json: string | null;
  changes_json: string;
}

/** When a source is heard. */
export interface SourceActivityTable {
  source_id: number;
  rule_json: string;
  activity_json: string | null;
  last_at: number | null;
  counted_from: number;
  inactive_at: number | null;
  inactive_since: number | null;
}

/** How often a source received an earlier delivery again. */
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

export interface SourceWatchTable {
  id: number;
  listened_from: number;
  seen_at: number;
}

/** How the provider of a source is asked what it sent. */
export interface SourceBackfillTable {
  source_id: number;
  provider: string;
  settings_json: string;
  token_sealed: Uint8Array;
  /** `null`: not by itself. */
  every_ms: number | null;
  next_at: number | null;
  backfilled_until: number | null;
  updated_at: number;
}

/** Kysely types of the tables of redaction. */

/** A rule that redacts values of bodies before they are stored. */
export interface RedactionRuleTable {
  id: number;
  public_id: string;
  org_id: number;
  /** `null`: it applies to every application and source of the organisation. */
  app_id: number | null;
  description: string;
  /** Either the path or the pattern is set. */
  path: string | null;
  pattern: string | null;
  /** One of `REDACTION_ACTIONS`. */
  action: string;
  /** `null`: all. */
  event_types_json: string | null;
  keep_exact_ms: number;
  disabled: number;
  created_at: number;
  updated_at: number;
}

/** The key of an organisation that hashes redacted values. */
export interface RedactionKeyTable {
  org_id: number;
  key_sealed: Uint8Array;
}

/** The exact body of a redacted message. Triggers delete it when the last delivery of the message ends (see migration 065). */
export interface ExactBodyTable {
  message_id: number;
  body_sealed: Uint8Array;
  /** How long it is kept after the last delivery has ended. */
  keep_ms: number;
  /** When it is destroyed, unless another delivery begins before; `null`: when the last delivery ends. */
  destroy_at: number | null;
}

/** Tables of the audit log. Its entries are only inserted, and deleted from the oldest on. */

/** Whether an entry records a change, or that a payload or secret was shown. */
export type AuditType = "change" | "view";

export interface AuditEntryTable {
  org_id: number;
  /** 1 for the first entry of the organisation, without gaps. */
  seq: number;
  at: number;
  type: AuditType;
  /** Id of the operation, such as `v1.endpoint.patch`; those of the server itself begin with `system.`. */
  action: string;
  actor_kind: string;
  actor_id: string | null;
  actor_name: string | null;
  target_kind: string | null;
  target_id: string | null;
  target_name: string | null;
  /** Not part of the hash: it follows from `app_public_id`. */
  app_id: number | null;
  app_public_id: string | null;
  /** Canonical JSON. */
  detail_json: string;
  ip: string | null;
  user_agent: string | null;
  prev_hash: Uint8Array;
  hash: Uint8Array;
}

export interface AuditHeadTable {
  org_id: number;
  seq: number;
  hash: Uint8Array;
  at: number;
  /** The last entry that retention deleted; 0: none. */
  pruned_seq: number;
  pruned_hash: Uint8Array;
  /** Identifies the key of the signature. */
  key_id: string;
  signature: Uint8Array;
}

/** Kysely types of the tables of erasure. */

/** A request to erase the data of a person, and its receipt. */
export interface ErasureTable {
  id: number;
  public_id: string;
  org_id: number;
  /** Key of the application or source; `null`: all of the organisation. */
  app_id: number | null;
  /** Its background task. */
  task_id: number;
  /** JSONPath of the value in a payload. */
  path: string;
  /** The value; `null` once the request has ended. */
  value_sealed: Uint8Array | null;
  /** Key of `value_hash`. */
  hash_key_sealed: Uint8Array;
  value_hash: Uint8Array;
  /** `null`: all. */
  event_types_json: string | null;
  /** 1: only counts. */
  dry_run: number;
  reason: string;
  requested_by: string;
  /** `running`, `cleaning` or `finished`. */
  state: string;
  /** `ErasureCounts` of `domain/erasure`. */
  counts_json: string;
  created_at: number;
  /** When everything was erased. */
  ended_at: number | null;
}

/** A message whose content was erased. Attempts that end later are recorded without their content. */
export interface MessageErasureTable {
  message_id: number;
  erasure_id: number;
  erased_at: number;
}

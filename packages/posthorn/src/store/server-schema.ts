/** Kysely types of tables about the whole server, and of settings that the operator makes for an application. */
import type { Generated } from "kysely";

/** Why deliveries are paused: the database was restored from a backup. */
export type DeliveryPauseReason = "restore";

/** At most one row: see migration 075. */
export interface DeliveryPauseTable {
  /** Always 1. */
  id: number;
  reason: DeliveryPauseReason;
  paused_at: number;
  /** Moment of the backup. Deliveries that were made after it would be made again. */
  backup_at: number;
}

/** Storage used by the rows that were created on one day (days since 1970 in UTC). */
export interface StorageDayTable {
  day: number;
  kind: string;
  /** Rows. */
  stored: number;
  bytes: number;
}

/** Retention periods of one application, and the progress of the sweeps that apply them: see migration 062. */
export interface ApplicationRetentionTable {
  app_id: number;
  /** Days; `null`: the server's period applies. */
  payload_days: number | null;
  attempt_days: number | null;
  failure_days: number | null;
  /** The last key that the sweep of payloads, attempts or messages has processed. */
  payload_cursor: Generated<number>;
  attempt_cursor: Generated<number>;
  message_cursor: Generated<number>;
  /** When the sweeps last started at the oldest row. */
  full_pass_at: Generated<number>;
}

/** Kysely types of tables about the whole server. */

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

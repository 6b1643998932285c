/** Rows that a backup describes, and rows that a restore changes. */
import type { BackupKey } from "./manifest.ts";

/** Data keys that encrypt values. A destroyed key encrypts none. */
export const KEYS_OF_BACKUP =
  "SELECT id, provider, root, wrapped FROM encryption_key WHERE wrapped IS NOT NULL ORDER BY id";

export interface KeyOfBackup {
  readonly id: number;
  readonly provider: string;
  readonly root: string;
  readonly wrapped: Uint8Array;
}

export function toBackupKey({ wrapped, ...key }: KeyOfBackup): BackupKey {
  return { ...key, wrapped: Buffer.from(wrapped).toString("base64") };
}

/**
 * Tables whose rows must not come back: sessions that may have ended since the backup, links and codes that may have been used, and nodes,
 * which have other IDs and leases from now on.
 */
const EMPTIED = [
  "person_session",
  "person_token",
  "device_request",
  "connected_client",
  "encryption_key_node",
  "relay_session",
  "relay_frame",
] as const;
const EMPTIED_ON_POSTGRES = ["node"] as const;

/** Statements that a restored database of the current schema needs. @param at Now, in Unix milliseconds. */
export function afterRestore(database: "sqlite" | "postgres", at: number, backupAt: number): readonly string[] {
  const tables = database === "sqlite" ? EMPTIED : [...EMPTIED, ...EMPTIED_ON_POSTGRES];
  return [
    ...tables.map((name) => `DELETE FROM ${name}`),
    // A node that still has a lease from the original database has a lower fence.
    ...(database === "sqlite" ? [] : ["UPDATE shard SET node_id = NULL, fence = fence + 1"]),
    "DELETE FROM delivery_pause",
    `INSERT INTO delivery_pause (id, reason, paused_at, backup_at) VALUES (1, 'restore', ${at}, ${backupAt})`,
  ];
}

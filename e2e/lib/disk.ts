/** What a killed server left on the disk, read from a copy so that nothing of it changes. */
import { copyFileSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

/** Ids of the messages that are still owed to an endpoint. */
export function owedOnDisk(dataDir: string, endpointId: string): Set<string> {
  return withCopy(dataDir, (db) => {
    const rows = db
      .prepare(
        `SELECT message.public_id AS id FROM delivery
         JOIN message ON message.id = delivery.message_id
         JOIN endpoint ON endpoint.id = delivery.endpoint_id
         WHERE endpoint.public_id = ? AND delivery.due IS NOT NULL`,
      )
      .all(endpointId);
    return new Set(rows.map((row) => row["id"] as string));
  });
}

/** What SQLite says of the whole file; `ok` when it is sound. */
export function checkDisk(dataDir: string): string {
  return withCopy(dataDir, (db) => String(db.prepare("PRAGMA integrity_check").get()!["integrity_check"]));
}

function withCopy<T>(dataDir: string, read: (db: DatabaseSync) => T): T {
  const folder = mkdtempSync(join(tmpdir(), "posthorn-copy-"));
  try {
    for (const name of ["posthorn.db", "posthorn.db-wal"]) {
      if (existsSync(join(dataDir, name))) copyFileSync(join(dataDir, name), join(folder, name));
    }
    const db = new DatabaseSync(join(folder, "posthorn.db"));
    try {
      return read(db);
    } finally {
      db.close();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

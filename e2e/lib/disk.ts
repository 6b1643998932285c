/** Reads the data folder of a stopped server from a copy, so that the original does not change. */
import { copyFileSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { TestServer } from "@posthorn/testkit";
import pg from "pg";
import { applyJournal } from "../../packages/posthorn/src/store/sqlite/journal/apply.ts";

const PENDING = `
  SELECT message.public_id AS id FROM delivery
  JOIN message ON message.id = delivery.message_id
  JOIN endpoint ON endpoint.id = delivery.endpoint_id
  WHERE endpoint.public_id = $1 AND delivery.due IS NOT NULL`;

/** IDs of the messages with a pending delivery to an endpoint, in the database of a stopped server. */
export async function pendingOnDisk(server: TestServer, endpointId: string): Promise<Set<string>> {
  const rows = await queryDisk(server, PENDING, [endpointId]);
  return new Set(rows.map((row) => row["id"] as string));
}

/** The result of a query on the tables of a stopped server. */
export async function queryDisk(
  server: TestServer,
  sql: string,
  values: readonly string[] = [],
): Promise<Record<string, unknown>[]> {
  if (server.databaseUrl !== null) return queryPostgres(server.databaseUrl, sql, values);
  const named = Object.fromEntries(values.map((value, index) => [`$${index + 1}`, value]));
  return withCopy(server.dataDir, (db) => db.prepare(sql).all(named));
}

/** The result of a query on the tables of a server on PostgreSQL. */
export async function queryPostgres(
  url: string,
  sql: string,
  values: readonly unknown[] = [],
): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url, options: "-c search_path=posthorn" });
  // PostgreSQL can disconnect between two responses. The query then rejects, and the `error` event needs a listener.
  client.on("error", () => undefined);
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql, [...values])).rows;
  } finally {
    await client.end();
  }
}

/** The result of SQLite's integrity check of the whole file; `ok` if it is sound. */
export function checkDisk(dataDir: string): string {
  return withCopy(dataDir, (db) => String(db.prepare("PRAGMA integrity_check").get()!["integrity_check"]));
}

function withCopy<T>(dataDir: string, read: (db: DatabaseSync) => T): T {
  const folder = mkdtempSync(join(tmpdir(), "posthorn-copy-"));
  try {
    for (const name of ["posthorn.db", "posthorn.db-wal", "posthorn.db.journal"]) {
      if (existsSync(join(dataDir, name))) copyFileSync(join(dataDir, name), join(folder, name));
    }
    const path = join(folder, "posthorn.db");
    const db = new DatabaseSync(path);
    try {
      applyJournal(db, path);
      return read(db);
    } finally {
      db.close();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

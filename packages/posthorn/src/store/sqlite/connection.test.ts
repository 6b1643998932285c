import { DatabaseSync } from "node:sqlite";
import { describe, expect, it } from "vitest";
import { writerOn } from "./connection.ts";
import { migrate } from "./migrate.ts";

/** A database on which one statement fails, as on a disk that cannot be written. */
class FaultyDatabase extends DatabaseSync {
  readonly failing = new Set<string>();

  override exec(sql: string): void {
    if (this.failing.delete(sql)) throw new Error("disk I/O error");
    super.exec(sql);
  }

  override prepare(sql: string) {
    if (this.failing.delete(sql)) throw new Error("disk I/O error");
    return super.prepare(sql);
  }
}

describe("the writer's connection", () => {
  it.each([[["BEGIN IMMEDIATE"]], [["COMMIT"]], [["ROLLBACK"]], [["COMMIT", "ROLLBACK"]]])(
    "takes the next transaction and the next batch after these failed: %j",
    (failing) => {
      using db = new FaultyDatabase(":memory:");
      migrate(db);
      const handle = writerOn(db);
      const query = (sql: string): unknown => handle({ op: "query", sql, parameters: [] });
      const tried = (sql: string): void => {
        try {
          query(sql);
        } catch {
          // One of the failures above, or a consequence of it.
        }
      };
      for (const sql of failing) db.failing.add(sql);
      for (const sql of ["BEGIN IMMEDIATE", "COMMIT", "ROLLBACK"]) tried(sql);
      query("BEGIN IMMEDIATE");
      query("COMMIT");

      for (const sql of failing) db.failing.add(sql);
      for (const sql of ["BEGIN IMMEDIATE", "ROLLBACK"]) tried(sql);
      handle({ op: "batch", batch: { accepts: [], payloads: new Uint8Array(), records: [] } });
      expect(db.isTransaction).toBe(false);
    },
  );
});

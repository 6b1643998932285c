/** Nothing is timed: the plan of the statement is read, on both stores. */
import { sql } from "kysely";
import { expect, it } from "vitest";
import { onPostgres, openStore } from "../../../test/support/store.ts";
import { canceledParts } from "./catch-up.ts";

it("looks for canceled catch-ups without reading the other tasks and subscriptions of the application", async () => {
  await using files = await openStore();
  const steps = await files.store.transaction(async ({ db }) => {
    // An empty table is scanned otherwise.
    if (onPostgres) await sql`SET LOCAL enable_seqscan = off`.execute(db);
    const query = canceledParts(db, { appKey: 1, endpointKey: 2 }).compile();
    const how = onPostgres ? "EXPLAIN" : "EXPLAIN QUERY PLAN";
    const { rows } = await db.executeQuery<Record<string, unknown>>({ ...query, sql: `${how} ${query.sql}` });
    return rows.map((row) => String(row["QUERY PLAN"] ?? row["detail"])).join("\n");
  }, "test");
  expect(steps).toContain("task_canceled");
  expect(steps).toContain("subscription_of_application");
  expect(steps).not.toMatch(/Seq Scan|^SCAN/m);
});

import { sql } from "kysely";
import { expect, it } from "vitest";
import { watchQueries } from "../../../test/support/watched-store.ts";
import { servicesOver } from "../../../test/support/services.ts";
import { onPostgres, openStore } from "../../../test/support/store.ts";
import { systemActor } from "../access.ts";
import type { LiveEndpoint } from "./attention.ts";
import { longestWaiting, MAX_CHECKED, statsNow } from "./now.ts";

/** Reads all endpoints, applications or sources, or the counts of all hours. */
const COSTLY = /^SCAN (?:e|a|s|rollup)\b|^SEARCH rollup .*\(org_id=\?\)$/;

/** Endpoints: the higher the key, the longer it has waited. */
function live(count: number): readonly LiveEndpoint[] {
  return Array.from({ length: count }, (_, index) => ({ endpointKey: index, due: 1, later: 0, oldest: 1e6 - index }));
}

it("the settings of a bounded number of endpoints are read: those that have waited longest", () => {
  const checked = longestWaiting(live(MAX_CHECKED + 3));
  expect(checked).toHaveLength(MAX_CHECKED);
  expect(new Set(checked).has(MAX_CHECKED + 2)).toBe(true);
  expect(checked.filter((key) => key < 3)).toEqual([]);
});

it("all are read when there are fewer", () => {
  expect(longestWaiting(live(MAX_CHECKED))).toHaveLength(MAX_CHECKED);
});

// PostgreSQL chooses its plans by the number of rows.
it.skipIf(onPostgres)("no statement reads all endpoints, applications or sources", async () => {
  await using opened = await openStore();
  const { store } = opened;
  const { store: watched, queries } = watchQueries(store);
  const services = { ...servicesOver(store).services, store: watched };
  await statsNow({ ctx: { services, actor: systemActor(1, "org_1"), tx: null }, input: null });
  expect(queries.length).toBeGreaterThan(4);
  const steps = queries.map(async (node) => {
    const { sql: text, parameters } = store.db.getExecutor().compileQuery(node, { queryId: "x" });
    const filled = parameters.reduce<string>((filling, value) => filling.replace("?", JSON.stringify(value)), text);
    const { rows } = await sql<{ detail: string }>`EXPLAIN QUERY PLAN ${sql.raw(filled)}`.execute(store.db);
    return rows.map(({ detail }) => detail);
  });
  expect((await Promise.all(steps)).flat().filter((step) => COSTLY.test(step))).toEqual([]);
});

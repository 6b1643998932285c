/** Table sources over the API. */
import { SEVERAL_ORGANISATIONS } from "@posthorn/testkit";
import { describe, expect, it } from "vitest";
import { addSource, withTables } from "../../src/store/postgres/table-source/manage.ts";
import { TestGateway } from "../support/gateway.ts";
import { borrowDatabase } from "../support/postgres.ts";
import { onPostgres } from "../support/store.ts";

describe.runIf(onPostgres)("table sources over the API", () => {
  it("are listed for the organisation of their application, with their state", async () => {
    await using stack = new AsyncDisposableStack();
    const { url } = stack.use(await borrowDatabase());
    const gateway = stack.use(await TestGateway.start({ ...SEVERAL_ORGANISATIONS, POSTHORN_DATABASE_URL: url }));
    await gateway.call("POST", "api/v1/app", { name: "Shop", uid: "shop" });
    await withTables(url, async (client) => {
      await client.query("CREATE SCHEMA shop; CREATE TABLE shop.orders (id bigint PRIMARY KEY, status text)");
      const source = {
        name: "orders",
        changes: ["insert", "update"] as const,
        columns: ["id"],
        when: null,
        type: "order.{event}",
        payload: null,
        app: { constant: "shop" },
        org: null,
        strict: false,
      };
      await addSource(client, source, "shop.orders", { dryRun: false });
    });
    const list = async (token = gateway.node.token): Promise<unknown> => {
      const response = await fetch(`${gateway.node.url}/ingest/api/v1/table-source`, {
        headers: { authorization: `Bearer ${token}` },
      });
      const text = await response.text();
      return (JSON.parse(text) as { data?: unknown }).data ?? text;
    };
    expect(await list()).toEqual([
      {
        name: "orders",
        kind: "table",
        table: `"shop"."orders"`,
        on: ["insert", "update"],
        columns: ["id"],
        when: null,
        type: "order.{event}",
        payload: null,
        app: "shop",
        appColumn: null,
        strict: false,
        state: "running",
        error: null,
        lastMissedAt: null,
      },
    ]);
    expect(await list(await gateway.node.tokenOf("org_000000000000000000000other"))).toEqual([]);
    await withTables(url, (client) => client.query("ALTER TABLE shop.orders DISABLE TRIGGER ALL"));
    expect(await list()).toMatchObject([{ state: "unavailable", error: { code: "trigger_missing" } }]);
  });
});

describe("a table source", () => {
  it("cannot be created over the API, which says how it is added", async () => {
    await using gateway = await TestGateway.start();
    const body = { name: "Orders", kind: "table", config: { table: "shop.orders" } };
    const { status, text } = await gateway.call("POST", "ingest/api/v1/source", body);
    expect(status).toBe(422);
    expect(text).toContain("posthorn tables add");
    const { json } = await gateway.call("GET", "ingest/api/v1/source-kinds");
    const kinds = json["data"] as Record<string, unknown>[];
    expect(kinds.find(({ kind }) => kind === "table")).toMatchObject({ available: false, group: "database" });
    expect((await gateway.call("GET", "ingest/api/v1/table-source")).status).toBe(200);
  });
});

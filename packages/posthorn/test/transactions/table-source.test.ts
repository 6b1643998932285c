/** Events of table changes: see docs/tables.md. Only PostgreSQL has them. */
import type pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { TableSource } from "../../src/store/postgres/table-source/definition.ts";
import { addSource, listSources, removeSource, withTables } from "../../src/store/postgres/table-source/manage.ts";
import { uid } from "@posthorn/testkit";
import { onPostgres } from "../support/store.ts";
import { openScene, restrictedUrl, type Scene } from "./scene.ts";

interface Event {
  readonly app: string;
  readonly type: string;
  readonly key: string;
  readonly payload: string;
}

const EVENTS = `SELECT a.uid AS app, o.event_type AS type, o.ordering_key AS key, convert_from(o.payload, 'UTF8') AS payload
  FROM posthorn.outbox o JOIN posthorn.application a ON a.id = o.app_id ORDER BY o.id`;

const ALL: TableSource = {
  name: "orders",
  changes: ["insert", "update", "delete"],
  columns: null,
  when: null,
  type: "order.{event}",
  payload: null,
  app: { constant: "app" },
  org: null,
  strict: false,
};

/** The product: a schema with a table of orders, and connections without any settings of Posthorn. */
class Shop implements AsyncDisposable {
  readonly client: pg.Client;
  readonly warnings: string[] = [];
  readonly #scene: Scene;
  readonly #added: string[] = [];

  private constructor(scene: Scene, client: pg.Client) {
    this.#scene = scene;
    this.client = client;
    client.on("notice", ({ message }) => this.warnings.push(message ?? ""));
  }

  static async open(
    scene: Scene,
    columns = "id bigint PRIMARY KEY, status text, total numeric, tenant text",
  ): Promise<Shop> {
    const client = await scene.connect();
    await client.query(`DROP SCHEMA IF EXISTS shop CASCADE; CREATE SCHEMA shop; CREATE TABLE shop.orders (${columns})`);
    return new Shop(scene, client);
  }

  add(changes: Partial<TableSource> = {}, table = "shop.orders", dryRun = false): Promise<string> {
    const source = { ...ALL, ...changes };
    if (!dryRun) this.#added.push(source.name);
    return withTables(this.#scene.url, (client) => addSource(client, source, table, { dryRun }));
  }

  list() {
    return withTables(this.#scene.url, listSources);
  }

  remove(name: string, dryRun = false): Promise<string> {
    return withTables(this.#scene.url, (client) => removeSource(client, name, { dryRun }));
  }

  /** The messages that these statements publish in one transaction, which is rolled back. */
  async events(...statements: readonly string[]): Promise<Event[]> {
    await this.client.query("BEGIN");
    try {
      for (const statement of statements) await this.client.query(statement);
      return (await this.client.query<Event>(EVENTS)).rows;
    } finally {
      await this.client.query("ROLLBACK");
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const there = new Set((await this.list()).map(({ name }) => name));
    for (const name of new Set(this.#added)) if (there.has(name)) await this.remove(name);
    await this.client.query("DROP SCHEMA shop CASCADE");
  }
}

const payloads = (events: readonly Event[]): unknown[] => events.map(({ payload }) => JSON.parse(payload));

describe.skipIf(!onPostgres)("a table source", () => {
  let scene: Scene;
  beforeAll(async () => {
    scene = await openScene();
    await scene.tenant.call("POST", "app", { name: "Other", uid: "other" });
  });
  afterAll(() => scene[Symbol.asyncDispose]());

  it("sends each committed change, with the rows before and after, and none that was rolled back", async () => {
    await using shop = await Shop.open(scene);
    await shop.add();
    await shop.client.query("BEGIN; INSERT INTO shop.orders VALUES (9, 'lost', 1, NULL); ROLLBACK");
    await shop.client.query("INSERT INTO shop.orders VALUES (17, 'new', 1.50, NULL)");
    await shop.client.query("UPDATE shop.orders SET status = 'paid'");
    await shop.client.query("DELETE FROM shop.orders");
    const requests = await scene.receiver.waitForCount(3);
    const row = { id: 17, status: "new", total: 1.5, tenant: null };
    const paid = { ...row, status: "paid" };
    expect(requests.map(({ body }) => JSON.parse(body.toString()))).toEqual(
      expect.arrayContaining([
        { table: "shop.orders", change: "insert", new: row, old: null },
        { table: "shop.orders", change: "update", new: paid, old: row },
        { table: "shop.orders", change: "delete", new: null, old: paid },
      ]),
    );
    // Digits as the database has them.
    expect(requests[0]!.body.toString()).toContain('"total":1.50');
  });

  it("orders the events of a row by its key", async () => {
    await using shop = await Shop.open(scene);
    await shop.add();
    const events = await shop.events(
      "INSERT INTO shop.orders SELECT n, 'new', 1 FROM generate_series(1, 3) n",
      "UPDATE shop.orders SET total = 2 WHERE id = 2",
      "DELETE FROM shop.orders WHERE id = 2",
    );
    expect(events.filter(({ key }) => key === "shop.orders/2").map(({ type }) => type)).toEqual([
      "order.created",
      "order.updated",
      "order.deleted",
    ]);
    expect(new Set(events.map(({ key }) => key)).size).toBe(3);
  });

  it("publishes one event per row of a statement that inserts some and updates others", async () => {
    await using shop = await Shop.open(scene);
    await shop.client.query("INSERT INTO shop.orders VALUES (1, 'old')");
    await shop.add();
    const events = await shop.events(
      `INSERT INTO shop.orders VALUES (1, 'new'), (2, 'new') ON CONFLICT (id) DO UPDATE SET status = excluded.status`,
    );
    expect(events.map(({ type, key }) => `${type} ${key}`).sort()).toEqual([
      "order.created shop.orders/2",
      "order.updated shop.orders/1",
    ]);
  });

  it("publishes only the chosen changes, columns and rows", async () => {
    await using shop = await Shop.open(scene);
    await shop.add({
      changes: ["update"],
      columns: ["id", "status"],
      when: "new.status = 'paid' AND old.status <> 'paid'",
      type: "order.paid",
    });
    const events = await shop.events(
      "INSERT INTO shop.orders VALUES (1, 'new', 1), (2, 'new', 1)",
      "UPDATE shop.orders SET total = 5",
      "UPDATE shop.orders SET status = 'paid' WHERE id = 2",
      "UPDATE shop.orders SET status = 'paid' WHERE id = 2",
      "DELETE FROM shop.orders",
    );
    expect(events.map(({ type }) => type)).toEqual(["order.paid"]);
    expect(payloads(events)).toMatchObject([{ new: { id: 2, status: "paid" }, old: { id: 2, status: "new" } }]);
  });

  it("publishes no event for an update that changes none of the chosen columns", async () => {
    await using shop = await Shop.open(scene, "id bigint PRIMARY KEY, doc json, place point, other int");
    await shop.add({ columns: ["doc", "place"] });
    const events = await shop.events(
      `INSERT INTO shop.orders VALUES (1, '{"a":1}', '(1,2)', 1)`,
      "UPDATE shop.orders SET other = 2",
      `UPDATE shop.orders SET doc = '{"a":1}'`,
      "UPDATE shop.orders SET place = NULL",
    );
    expect(events.map(({ type }) => type)).toEqual(["order.created", "order.updated"]);
    expect(payloads(events)[1]).toMatchObject({ new: { doc: { a: 1 }, place: null }, old: { place: "(1,2)" } });
  });

  it("builds the payload from a template, with SQL for values", async () => {
    await using shop = await Shop.open(scene);
    await shop.add({
      payload: `{"id": {{new.id}}, "text": "it's {fixed}", "sum": {{round(new.total * 1.2, 2)}}, "before": {{old}}, "nothing": {{new.tenant}},
        "what": {{change}}, "paid": {{ new.status = 'paid' }}}`,
    });
    const events = await shop.events("INSERT INTO shop.orders VALUES (12345678901234567, 'paid', 10)");
    expect(events[0]!.payload).toContain('"id": 12345678901234567,');
    expect(payloads(events)).toEqual([
      {
        id: Number("12345678901234567"),
        text: "it's {fixed}",
        sum: 12,
        before: null,
        nothing: null,
        what: "insert",
        paid: true,
      },
    ]);
  });

  it("assigns each row to the application that its column names, and publishes no event for a row without one", async () => {
    await using shop = await Shop.open(scene);
    await shop.add({ app: { column: "tenant" } });
    const events = await shop.events(
      "INSERT INTO shop.orders VALUES (1, 'a', 1, 'app'), (2, 'a', 1, 'other'), (3, 'a', 1, NULL)",
    );
    expect(events.map(({ app, key }) => `${app} ${key}`).sort()).toEqual(["app shop.orders/1", "other shop.orders/2"]);
  });

  it("reports a row that moves to another key or application as deleted there and created here", async () => {
    await using shop = await Shop.open(scene);
    await shop.client.query("INSERT INTO shop.orders VALUES (1, 'a', 1, 'app'), (2, 'b', 1, 'app')");
    await shop.add({ app: { column: "tenant" }, payload: '{"new": {{new.status}}, "old": {{old.status}}}' });
    const moved = await shop.events("UPDATE shop.orders SET tenant = 'other' WHERE id = 1");
    expect(moved.map(({ app, type }) => `${app} ${type}`).sort()).toEqual(["app order.deleted", "other order.created"]);
    // The contents of the row before the move, which the other application must not see.
    expect(payloads(moved.filter(({ app }) => app === "other"))).toEqual([{ new: "a", old: null }]);
    const renamed = await shop.events("UPDATE shop.orders SET id = id + 10, status = 'c' WHERE id = 2");
    expect(renamed.map(({ type, key }) => `${type} ${key}`).sort()).toEqual([
      "order.created shop.orders/12",
      "order.deleted shop.orders/2",
    ]);
  });

  it("accepts keys of several columns, and truncates one that is too long for an ordering key", async () => {
    await using shop = await Shop.open(scene, "region text, nr int, note text, PRIMARY KEY (region, nr)");
    await shop.add();
    const long = "x".repeat(300);
    const events = await shop.events(`INSERT INTO shop.orders VALUES ('eu', 7), ('${long}', 1), ('${long}', 2)`);
    expect(events[0]!.key).toBe("shop.orders/eu,7");
    expect(new Set(events.map(({ key }) => key)).size).toBe(3);
    expect(events.every(({ key }) => key.length <= 256)).toBe(true);
  });

  it("accepts partitioned tables, and names that must be quoted", async () => {
    await using shop = await Shop.open(scene);
    await shop.client
      .query(`CREATE TABLE shop."Odd ""Name" ("Key" int PRIMARY KEY, "select" text) PARTITION BY RANGE ("Key");
      CREATE TABLE shop.part PARTITION OF shop."Odd ""Name" FOR VALUES FROM (0) TO (10);
      CREATE TABLE shop.part2 PARTITION OF shop."Odd ""Name" FOR VALUES FROM (10) TO (20)`);
    await shop.add({ name: "odd" }, 'shop."Odd ""Name"');
    const events = await shop.events(
      `INSERT INTO shop."Odd ""Name" VALUES (1, 'a')`,
      `UPDATE shop."Odd ""Name" SET "Key" = 11`,
    );
    expect(events.map(({ type, key }) => [type, key])).toEqual([
      ["order.created", 'shop.Odd "Name/1'],
      ["order.created", 'shop.Odd "Name/11'],
      ["order.deleted", 'shop.Odd "Name/1'],
    ]);
    await shop.remove("odd");
  });

  it("works for a role without privileges on Posthorn's schema", async () => {
    await using shop = await Shop.open(scene);
    await shop.add();
    const url = await restrictedUrl(shop.client, scene.url, ["USAGE ON SCHEMA shop", "INSERT ON shop.orders"]);
    const plain = await scene.connect(url);
    await plain.query("BEGIN; INSERT INTO shop.orders VALUES (1, 'a')");
    await plain.query("COMMIT");
    expect((await shop.list())[0]!.missed).toBeNull();
    await expect(plain.query("SELECT posthorn.on_orders()")).rejects.toMatchObject({ code: "42501" });
  });

  it("keeps a change whose event cannot be published, sends the other events, and reports the missed one", async () => {
    await using shop = await Shop.open(scene);
    await shop.add({ app: { column: "tenant" } });
    await shop.client.query("BEGIN");
    await shop.client.query(
      "INSERT INTO shop.orders VALUES (1, 'a', 1, 'app'), (2, 'a', 1, 'missing'), (3, 'a', 1, 'other')",
    );
    const { rows: events } = await shop.client.query<Event>(EVENTS);
    await shop.client.query("COMMIT");
    expect(events.map(({ key }) => key)).toEqual(["shop.orders/1", "shop.orders/3"]);
    expect((await shop.client.query("SELECT id FROM shop.orders")).rowCount).toBe(3);
    expect(shop.warnings).toEqual([expect.stringContaining("1 events of the table source orders were not published")]);
    expect((await shop.list())[0]!.missed).toMatchObject({
      reason: expect.stringContaining('no application "missing"'),
    });
  });

  it("keeps a change even if no part of Posthorn works", async () => {
    await using shop = await Shop.open(scene);
    await shop.add();
    await shop.client.query(
      "BEGIN; ALTER TABLE posthorn.outbox RENAME TO gone; ALTER TABLE posthorn.table_source_missed RENAME TO gone_too",
    );
    await shop.client.query("INSERT INTO shop.orders VALUES (1, 'a')");
    expect((await shop.client.query("SELECT id FROM shop.orders")).rowCount).toBe(1);
    await shop.client.query("ROLLBACK");
  });

  it("rejects a change whose event cannot be published, with --strict", async () => {
    await using shop = await Shop.open(scene);
    await shop.add({ app: { column: "tenant" }, strict: true });
    await expect(shop.client.query("INSERT INTO shop.orders VALUES (1, 'a', 1, 'missing')")).rejects.toMatchObject({
      code: "PH404",
    });
    expect((await shop.client.query("SELECT id FROM shop.orders")).rowCount).toBe(0);
  });

  it(
    "accepts an update of 100,000 rows in one statement, and the session uses no more memory afterwards",
    { timeout: 180_000 },
    async () => {
      await using shop = await Shop.open(scene);
      await shop.client.query("INSERT INTO shop.orders SELECT n, 'new', n FROM generate_series(1, 100000) n");
      await shop.add({ app: { constant: "other" }, columns: ["status"] });
      await shop.client.query("BEGIN");
      // Also after a failure: the transaction would block all later tests.
      await using ending = new AsyncDisposableStack();
      ending.defer(async () => void (await shop.client.query("ROLLBACK")));
      const kept = async (): Promise<number> =>
        Number(
          (
            await shop.client.query<{ bytes: string }>(
              "SELECT sum(total_bytes)::bigint AS bytes FROM pg_backend_memory_contexts",
            )
          ).rows[0]!.bytes,
        );
      await shop.client.query("UPDATE shop.orders SET status = 'warm' WHERE id = 1");
      const before = await kept();
      await shop.client.query("UPDATE shop.orders SET status = 'paid'");
      expect((await kept()) - before).toBeLessThan(16 * 1024 * 1024);
      const { rows } = await shop.client.query(
        "SELECT count(*)::int AS events, count(DISTINCT ordering_key)::int AS keys FROM posthorn.outbox",
      );
      expect(rows).toEqual([{ events: 100_001, keys: 100_000 }]);
    },
  );

  it("leaves no objects behind when it is removed, or was only tested", async () => {
    await using shop = await Shop.open(scene);
    const left = async (): Promise<unknown> =>
      (
        await shop.client.query(`SELECT
          (SELECT count(*)::int FROM pg_trigger WHERE tgname LIKE 'posthorn%') AS triggers,
          (SELECT count(*)::int FROM pg_proc WHERE proname LIKE 'on\\_%' AND pronamespace = 'posthorn'::regnamespace) AS functions,
          (SELECT count(*)::int FROM pg_description) AS comments,
          (SELECT count(*)::int FROM posthorn.table_source_missed) AS missed`)
      ).rows;
    const before = await left();
    expect(await shop.add({}, "shop.orders", true)).toContain("CREATE TRIGGER posthorn_orders_insert");
    expect(await left()).toEqual(before);
    await shop.add({ app: { column: "tenant" } });
    await shop.client.query("INSERT INTO shop.orders VALUES (1, 'a', 1, 'missing')");
    expect(await shop.remove("orders", true)).toContain("DROP FUNCTION posthorn.on_orders()");
    expect(await shop.list()).toMatchObject([{ name: "orders", table: '"shop"."orders"', triggers: 3 }]);
    await shop.remove("orders");
    expect(await left()).toEqual(before);
    expect(await shop.events("INSERT INTO shop.orders VALUES (2, 'a', 1, 'app')")).toEqual([]);
  });

  it.each([
    [{ name: "Orders!" }, "shop.orders", "--name is wrong"],
    [{ changes: [] }, "shop.orders", "--on is wrong"],
    [{ type: "order paid" }, "shop.orders", "--type is wrong"],
    [{ payload: '{"a": "{{new.id}}"}' }, "shop.orders", "--payload is wrong"],
    [{ payload: "{ {{new.id}}: 1}" }, "shop.orders", "--payload is wrong"],
    [{ payload: '{"a": {{new.nothing}}}' }, "shop.orders", "column new.nothing does not exist"],
    [{ when: "new.status = 5" }, "shop.orders", "operator does not exist"],
    [{ when: "status = 'a'" }, "shop.orders", "is ambiguous"],
    [{ columns: ["none"] }, "shop.orders", 'has no column "none"'],
    [{ app: { column: "none" } }, "shop.orders", 'has no column "none"'],
    [{ app: { constant: "none" } }, "shop.orders", 'There is no application "none"'],
    [{}, "shop.nothing", "There is no table shop.nothing"],
    [{}, "posthorn.message", "is one of Posthorn's own tables"],
    [{}, "shop.seen", "is not a table"],
    [{}, "shop.keyless", "has no primary key"],
  ] satisfies [Partial<TableSource>, string, string][])("is rejected: %j of %s", async (changes, table, reason) => {
    await using shop = await Shop.open(scene);
    await shop.client.query("CREATE VIEW shop.seen AS SELECT 1 AS id; CREATE TABLE shop.keyless (a int)");
    await expect(shop.add(changes, table)).rejects.toMatchObject({
      code: "config_invalid",
      message: expect.stringContaining(reason),
    });
    expect(await shop.list()).toEqual([]);
  });

  it("is rejected under a name in use, and by a role that does not own the table", async () => {
    await using shop = await Shop.open(scene);
    await shop.add();
    await expect(shop.add()).rejects.toMatchObject({ message: expect.stringContaining('"orders" already') });
    const url = await restrictedUrl(shop.client, scene.url, [
      "USAGE ON SCHEMA shop, posthorn",
      "SELECT ON posthorn.table_source_missed",
    ]);
    const adding = withTables(url, (client) =>
      addSource(client, { ...ALL, name: uid("t").toLowerCase().slice(0, 9).replace(/\W/g, "_") }, "shop.orders", {
        dryRun: false,
      }),
    );
    await expect(adding).rejects.toMatchObject({
      message: expect.stringContaining("The role lacks the necessary privileges"),
    });
  });
});

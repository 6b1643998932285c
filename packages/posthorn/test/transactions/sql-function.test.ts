/** Guarantees of `posthorn.publish` for any language: see docs/transactions.md. Only PostgreSQL has it. */
import { eventually } from "@posthorn/testkit";
import type pg from "pg";
import { describe, expect, it } from "vitest";
import { isId, keyOfId, timeOfKey } from "../../src/lib/id.ts";
import { onPostgres } from "../support/store.ts";
import { openScene, restrictedUrl, type Scene } from "./scene.ts";

const PUBLISH = "SELECT posthorn.publish('app', 'order.paid', $1) AS id";

async function idOf(client: pg.Client, sql: string, values: readonly unknown[] = []): Promise<string> {
  const { rows } = await client.query<{ id: string }>(sql, [...values]);
  return rows[0]!.id;
}

/** Publishes a later message and waits for it: by then all earlier ones have arrived. */
async function afterAnother({ receiver }: Scene, client: pg.Client): Promise<readonly string[]> {
  const last = await idOf(client, "SELECT posthorn.publish('app', 'marker', '{}') AS id");
  await receiver.waitFor(({ headers }) => headers["webhook-id"] === last);
  return receiver.requests.map(({ headers }) => headers["webhook-id"]!).filter((id) => id !== last);
}

describe.skipIf(!onPostgres)("posthorn.publish", () => {
  it("sends a committed message, under the ID that was returned to the transaction, byte for byte", async () => {
    await using scene = await openScene();
    const client = await scene.connect();
    const payload = '{ "amount": 1.0,\n "big": 12345678901234567890, "amount": 2, "text": "\\u00e9é" }';
    await client.query("BEGIN");
    const id = await idOf(client, PUBLISH, [payload]);
    await client.query("COMMIT");
    const got = await scene.receiver.waitForCount(1);
    expect(got[0]!.body.toString()).toBe(payload);
    expect(got[0]!.headers["webhook-id"]).toBe(id);
    const { json } = await eventually(() => scene.tenant.call("GET", `app/app/msg/${id}`));
    expect(json).toMatchObject({ id, eventType: "order.paid" });
  });

  it("never sends a message that was rolled back, completely or to a savepoint", async () => {
    await using scene = await openScene();
    const client = await scene.connect();
    await client.query("BEGIN");
    await idOf(client, PUBLISH, ["{}"]);
    await client.query("ROLLBACK");
    await client.query("BEGIN; SAVEPOINT here");
    await idOf(client, PUBLISH, ["{}"]);
    await client.query("ROLLBACK TO SAVEPOINT here");
    const kept = await idOf(client, PUBLISH, ["{}"]);
    await client.query("COMMIT");
    expect(await afterAnother(scene, client)).toEqual([kept]);
  });

  it("matches endpoints as they are at the commit, not at the call", async () => {
    await using scene = await openScene();
    const client = await scene.connect();
    await client.query("BEGIN");
    const id = await idOf(client, PUBLISH, ["{}"]);
    const late = await scene.tenant.call("POST", "app/app/endpoint", {
      url: `${scene.receiver.url}/late`,
      uid: "late",
    });
    expect(late.status).toBe(201);
    await client.query("COMMIT");
    const got = await scene.receiver.waitForCount(2);
    expect(new Set(got.map(({ path, headers }) => `${path} ${headers["webhook-id"]}`))).toEqual(
      new Set([`/hook ${id}`, `/late ${id}`]),
    );
  });

  it("creates IDs as nodes do: unique, in the order of calls, with the time of the call", async () => {
    await using scene = await openScene();
    const client = await scene.connect();
    const before = Date.now();
    const { rows } = await client.query<{ id: string }>(
      "SELECT posthorn.publish('app', 'many', '{}') AS id FROM generate_series(1, 2000)",
    );
    const ids = rows.map(({ id }) => id);
    expect(ids.every((id) => isId("msg_", id))).toBe(true);
    const keys = ids.map((id) => keyOfId("msg_", id)!);
    expect(keys).toEqual(keys.toSorted((a, b) => a - b));
    expect(new Set(keys).size).toBe(2000);
    // The upper half of each tick: no node creates such a key.
    expect(keys.every((key) => key % 16_384 >= 8192)).toBe(true);
    expect(timeOfKey(keys[0]!)).toBeGreaterThanOrEqual(before - 1000);
    expect(timeOfKey(keys.at(-1)!)).toBeLessThanOrEqual(Date.now() + 1000);
    const stored = await client.query<{ id: string; public_id: string }>("SELECT id, public_id FROM posthorn.outbox");
    for (const row of stored.rows) expect(keyOfId("msg_", row.public_id)).toBe(Number(row.id));
    const got = await scene.receiver.waitForCount(2000, { timeoutMs: 60_000 });
    expect(new Set(got.map(({ headers }) => headers["webhook-id"]))).toEqual(new Set(ids));
  });

  it("accepts the same parameters as the HTTP call: channels, tags, event ID, ordering key, due time, expiry, content type", async () => {
    await using scene = await openScene();
    const client = await scene.connect();
    const id = await idOf(
      client,
      `SELECT posthorn.publish(app => 'app', type => 'file.made', payload => '\\x00ff'::bytea, event_id => 'file-1',
        channels => ARRAY['eu', 'a:b'], tags => ARRAY['x/y', 'a\\b'], ordering_key => 'file', content_type => 'application/octet-stream',
        delay => interval '1 hour', ttl => interval '1 day', retention => interval '2 days') AS id`,
    );
    const message = await eventually(async () => {
      const { json, status } = await scene.tenant.call("GET", `app/app/msg/${id}`);
      if (status !== 200) throw new Error("not taken up yet");
      return json;
    });
    expect(message).toMatchObject({
      eventId: "file-1",
      channels: ["eu", "a:b"],
      tags: ["x/y", "a\\b"],
      contentType: "application/octet-stream",
    });
    const deliverAt = Date.parse(String(message["deliverAt"]));
    expect(deliverAt - timeOfKey(keyOfId("msg_", id)!)).toBeGreaterThan(3_599_000);
    expect(Date.parse(String(message["expiresAt"]))).toBe(deliverAt + 86_400_000);
    const { rows } = await client.query(
      "SELECT ordering_key, payload, expires_at FROM posthorn.message WHERE public_id = $1",
      [id],
    );
    expect(rows[0]).toMatchObject({ ordering_key: "file", payload: Buffer.of(0, 255) });
    expect(Number(rows[0].expires_at)).toBe(deliverAt + 2 * 86_400_000);
    expect(scene.receiver.requests).toHaveLength(0);
  });

  it("accepts jsonb and untyped literals", async () => {
    await using scene = await openScene();
    const client = await scene.connect();
    await client.query(`SELECT posthorn.publish('app', 'a', jsonb_build_object('n', 1))`);
    await client.query(`SELECT posthorn.publish('app', 'a', '{"n" :2}')`);
    const got = await scene.receiver.waitForCount(2);
    expect(got.map(({ body }) => body.toString()).sort()).toEqual(['{"n" :2}', '{"n": 1}']);
  });

  it("publishes once for one idempotency key, even if two transactions use it at the same time", async () => {
    await using scene = await openScene();
    const [one, two] = [await scene.connect(), await scene.connect()];
    const sql = "SELECT posthorn.publish('app', 'a', '{}', idempotency_key => 'order-1') AS id";
    await one.query("BEGIN");
    await two.query("BEGIN");
    const first = await idOf(one, sql);
    const second = idOf(two, sql);
    await one.query("COMMIT");
    expect(await second).toBe(first);
    await two.query("COMMIT");
    await scene.receiver.waitForCount(1);
    // Long after it was relayed.
    expect(await idOf(one, sql)).toBe(first);
    expect(await afterAnother(scene, one)).toEqual([first]);
  });

  it("releases an idempotency key when its transaction rolls back", async () => {
    await using scene = await openScene();
    const client = await scene.connect();
    const sql = "SELECT posthorn.publish('app', 'a', '{}', idempotency_key => 'order-1') AS id";
    await client.query("BEGIN");
    const lost = await idOf(client, sql);
    await client.query("ROLLBACK");
    const kept = await idOf(client, sql);
    expect(kept).not.toBe(lost);
    expect(await afterAnother(scene, client)).toEqual([kept]);
  });

  it("rejects an event ID that the application already has, before and after it was relayed, and from the HTTP API", async () => {
    await using scene = await openScene();
    const client = await scene.connect();
    const sql = "SELECT posthorn.publish('app', 'a', '{}', event_id => $1) AS id";
    await client.query("BEGIN");
    await client.query(sql, ["e-1"]);
    await expect(client.query(sql, ["e-1"])).rejects.toMatchObject({ code: "PH409" });
    await client.query("ROLLBACK");
    await client.query(sql, ["e-1"]);
    await scene.receiver.waitForCount(1);
    await expect(client.query(sql, ["e-1"])).rejects.toMatchObject({ code: "PH409" });
    const http = await scene.tenant.call("POST", "app/app/msg", { eventType: "a", eventId: "e-1", payload: {} });
    expect(http.status).toBe(409);
    await scene.tenant.call("POST", "app/app/msg", { eventType: "a", eventId: "e-2", payload: {} });
    await expect(client.query(sql, ["e-2"])).rejects.toMatchObject({ code: "PH409" });
  });

  it("does not block other callers while a transaction with an event ID and a key is open", async () => {
    await using scene = await openScene();
    const client = await scene.connect();
    await client.query("BEGIN");
    await client.query("SELECT posthorn.publish('app', 'a', '{}', event_id => 'e-1', idempotency_key => 'k')");
    const http = await scene.tenant.call("POST", "app/app/msg", { eventType: "a", eventId: "e-1", payload: {} });
    expect(http.status).toBe(202);
    await client.query("COMMIT");
    // One event ID, one message: the one that was first on disk.
    expect(await afterAnother(scene, client)).toEqual([http.json["id"]]);
  });

  it("rejects the same values as the HTTP API, with a message and a code", async () => {
    await using scene = await openScene();
    const client = await scene.connect();
    const cases: readonly (readonly [string, string, RegExp])[] = [
      ["'missing', 'a', '{}'", "PH404", /no application "missing"/],
      ["'app_000000000000000000000000000', 'a', '{}'", "PH404", /no application/],
      ["'app', 'a b', '{}'", "PH422", /"a b" is no event type/],
      ["'app', NULL, '{}'", "PH422", /is no event type/],
      ["'app', 'a', '{'", "22P02", /invalid input syntax for type json/],
      ["'app', 'a', NULL::jsonb", "PH422", /payload is null/],
      ["'app', 'a', '{}', event_id => 'msg_1'", "PH422", /is no event id/],
      ["'app', 'a', '{}', channels => ARRAY['a b']", "PH422", /channels are/],
      ["'app', 'a', '{}', tags => ARRAY['a b']", "PH422", /tags are/],
      ["'app', 'a', '{}', ordering_key => ''", "PH422", /ordering key/],
      ["'app', 'a', '{}', deliver_at => now(), delay => '1 hour'", "PH422", /not both/],
      ["'app', 'a', '{}', delay => '-1 hour'", "PH422", /put off/],
      ["'app', 'a', '{}', expires_at => now()", "PH422", /would expire/],
      ["'app', 'a', '{}', retention => '1 second'", "PH422", /retention is/],
      ["'app', 'a', '{}', content_type => 'json'", "PH422", /no media type/],
      ["'app', 'a', convert_to(repeat('1', 17000000), 'UTF8')", "PH422", /16777216 are the most/],
    ];
    for (const [args, code, message] of cases) {
      const refused = client.query(`SELECT posthorn.publish(${args})`);
      await expect(refused).rejects.toMatchObject({ code, message: expect.stringMatching(message) as string });
    }
  });

  it("rejects a deleted application, and accepts one by its ID", async () => {
    await using scene = await openScene();
    const client = await scene.connect();
    const { json } = await scene.tenant.call("POST", "app", { name: "Gone", uid: "gone" });
    const sql = "SELECT posthorn.publish($1, 'a', '{}') AS id";
    expect(isId("msg_", await idOf(client, sql, [json["id"]]))).toBe(true);
    await scene.tenant.call("DELETE", "app/gone");
    await expect(client.query(sql, ["gone"])).rejects.toMatchObject({ code: "PH404" });
    await expect(client.query(sql, [json["id"]])).rejects.toMatchObject({ code: "PH404" });
  });

  it("requires only USAGE on the schema, and grants nothing else", async () => {
    await using scene = await openScene();
    const owner = await scene.connect();
    const stranger = await scene.connect(await restrictedUrl(owner, scene.url, []));
    await expect(stranger.query(PUBLISH, ["{}"])).rejects.toMatchObject({ code: "42501" });
    const shop = await scene.connect(await restrictedUrl(owner, scene.url, ["USAGE ON SCHEMA posthorn"]));
    // Whatever the session has set, and whatever objects it creates.
    await shop.query("SET search_path = pg_temp; CREATE TEMP TABLE application (id bigint, org_id bigint)");
    const id = await idOf(shop, PUBLISH, ["{}"]);
    await scene.receiver.waitFor(({ headers }) => headers["webhook-id"] === id);
    for (const table of ["message", "outbox", "application", "endpoint_secret"]) {
      await expect(shop.query(`SELECT FROM posthorn.${table}`)).rejects.toMatchObject({ code: "42501" });
    }
    await expect(shop.query("SELECT posthorn.next_message_key()")).rejects.toMatchObject({ code: "42501" });
  });

  it("sends messages that were committed while no node was running or while the listener was disconnected", async () => {
    await using scene = await openScene();
    const client = await scene.connect();
    await scene.node[Symbol.asyncDispose]();
    const before = await idOf(client, PUBLISH, ["{}"]);
    await scene.start();
    await scene.receiver.waitFor(({ headers }) => headers["webhook-id"] === before);
    await client.query(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'posthorn coordination' AND datname = current_database()",
    );
    const after = await idOf(client, PUBLISH, ["{}"]);
    await scene.receiver.waitFor(({ headers }) => headers["webhook-id"] === after);
    expect(scene.receiver.requests).toHaveLength(2);
  });

  it("counts a message that committed long after it was published, once", async () => {
    await using scene = await openScene();
    const client = await scene.connect();
    await client.query("BEGIN");
    await client.query(PUBLISH, ["{}"]);
    await scene.tenant.call("POST", "app/app/msg", { eventType: "a", payload: {} });
    const count = async (): Promise<unknown> => {
      const { json } = await scene.tenant.call("GET", "app/app/stats/summary");
      return (json as { messages?: unknown })["messages"];
    };
    await eventually(async () => expect(await count()).toBe(1));
    await client.query("COMMIT");
    await eventually(async () => expect(await count()).toBe(2));
    await scene.tenant.call("POST", "app/app/msg", { eventType: "a", payload: {} });
    await eventually(async () => expect(await count()).toBe(3));
  });
});

/** The outbox relay: each row is relayed once, and a failing row blocks no other. */
import { eventually } from "@posthorn/testkit";
import type pg from "pg";
import { describe, expect, it } from "vitest";
import { onPostgres } from "../support/store.ts";
import { openScene } from "./scene.ts";

interface ParkedRow {
  readonly id: string;
  readonly application: string | null;
  readonly error: string;
  readonly failures: number;
}

async function publish(client: pg.Client, count: number): Promise<string[]> {
  const { rows } = await client.query<{ id: string }>(
    "SELECT posthorn.publish('app', 'order.paid', n::text) AS id FROM generate_series(1, $1::int) AS n",
    [count],
  );
  return rows.map(({ id }) => id);
}

async function parked(client: pg.Client): Promise<readonly ParkedRow[]> {
  const { rows } = await client.query<ParkedRow>(
    "SELECT id, application, error, failures::int FROM posthorn.outbox_parked",
  );
  return rows;
}

async function countOf(client: pg.Client, what: string): Promise<number> {
  const { rows } = await client.query<{ count: string }>(`SELECT count(*) AS count FROM posthorn.${what}`);
  return Number(rows[0]!.count);
}

describe.skipIf(!onPostgres)("the outbox", () => {
  it.each([2, 3])("is relayed by %i nodes, each row by one of them, once", async (nodes) => {
    await using scene = await openScene();
    for (let node = 1; node < nodes; node++) await scene.start();
    const clients = await Promise.all(Array.from({ length: 4 }, () => scene.connect()));
    // Every commit notifies all nodes at the same time.
    const published = await Promise.all(
      clients.map(async (client) => {
        const ids: string[] = [];
        for (let transaction = 0; transaction < 10; transaction++) ids.push(...(await publish(client, 5)));
        return ids;
      }),
    );
    const ids = published.flat().sort();
    await scene.receiver.waitForCount(ids.length);
    await eventually(async () => expect(await countOf(clients[0]!, "outbox")).toBe(0));
    await eventually(async () => expect(await countOf(clients[0]!, "attempt")).toBe(ids.length));
    expect(await countOf(clients[0]!, "message")).toBe(ids.length);
    const got = scene.receiver.requests.map(({ headers }) => headers["webhook-id"]!);
    expect(got.sort()).toEqual(ids);
  });

  it("skips rows that cannot become a message, reports the reason, and continues with the next rows", async () => {
    await using scene = await openScene();
    const client = await scene.connect();
    await client.query("BEGIN");
    const [gone] = await publish(client, 1);
    await client.query("UPDATE posthorn.outbox SET app_id = 1 WHERE public_id = $1", [gone]);
    const [behind] = await publish(client, 1);
    await client.query("COMMIT");
    await scene.receiver.waitFor(({ headers }) => headers["webhook-id"] === behind);
    await eventually(async () =>
      expect(await parked(client)).toEqual([{ id: gone, application: null, error: "application gone", failures: 1 }]),
    );
    expect(scene.receiver.requests).toHaveLength(1);
  });

  it("retries a failing row at growing intervals, finally parks it, and sends it after a repair", async () => {
    await using scene = await openScene();
    const client = await scene.connect();
    await client.query("BEGIN");
    const [id] = await publish(client, 1);
    await client.query("UPDATE posthorn.outbox SET tags_json = 'no JSON' WHERE public_id = $1", [id]);
    await client.query("COMMIT");
    const rowOf = async (): Promise<{ failures: number; error: string; waits: number }> => {
      const { rows } = await client.query(
        "SELECT failures::int, error, (retry_at - posthorn.clock_ms())::int AS waits FROM posthorn.outbox WHERE public_id = $1",
        [id],
      );
      return rows[0];
    };
    const once = await eventually(async () => {
      const row = await rowOf();
      expect(row.failures).toBe(1);
      return row;
    });
    expect(once.error).toMatch(/JSON/);
    expect(once.waits).toBeGreaterThan(3000);
    // Other rows do not speed up its retry.
    const [other] = await publish(client, 1);
    await scene.receiver.waitFor(({ headers }) => headers["webhook-id"] === other);
    expect((await rowOf()).failures).toBe(1);
    expect(await parked(client)).toEqual([]);
    // Its last attempt.
    await client.query("UPDATE posthorn.outbox SET failures = 9, retry_at = NULL WHERE public_id = $1", [id]);
    await client.query("NOTIFY posthorn, 'outbox 0'");
    await eventually(async () =>
      expect(await parked(client)).toMatchObject([{ id, application: "app", failures: 10 }]),
    );
    await client.query("UPDATE posthorn.outbox SET tags_json = NULL WHERE public_id = $1", [id]);
    const again = await client.query("SELECT posthorn.publish_again($1) AS done", [id]);
    expect(again.rows).toEqual([{ done: true }]);
    await scene.receiver.waitFor(({ headers }) => headers["webhook-id"] === id);
    await eventually(async () => expect(await countOf(client, "outbox")).toBe(0));
    expect((await client.query("SELECT posthorn.publish_again($1) AS done", [id])).rows).toEqual([{ done: false }]);
  });
});

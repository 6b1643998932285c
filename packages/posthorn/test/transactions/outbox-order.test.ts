/** Publishing transactions keep their order, whichever node relays them and even if it fails. */
import { setTimeout as delay } from "node:timers/promises";
import type pg from "pg";
import { describe, expect, it } from "vitest";
import { LOCK, lockCall } from "../../src/store/postgres/locks.ts";
import { onPostgres } from "../support/store.ts";
import { openScene, type Scene } from "./scene.ts";

/** Publishes message `n` in a transaction. @param notified Whether it sends the notification. */
async function publish(client: pg.Client, n: number, notified = true): Promise<void> {
  await client.query("BEGIN");
  // The function sends one notification per transaction. This setting marks it as sent.
  if (!notified) await client.query("SELECT set_config('posthorn.published_from', 'untold', true)");
  await client.query("SELECT posthorn.publish('app', 'order.paid', $1::text, ordering_key => 'order-1')", [String(n)]);
  await client.query("COMMIT");
}

async function openOrderedScene(nodes: number): Promise<Scene> {
  const scene = await openScene();
  for (let node = 1; node < nodes; node++) await scene.start();
  await scene.tenant.call("PATCH", "app/app/endpoint/ep/policy", { order: { by: "key" } });
  return scene;
}

function received({ receiver }: Scene): readonly number[] {
  return receiver.requests.map(({ body }) => Number(body.toString()));
}

/** Listens like a node. `last` resolves when this many notifications of the outbox have arrived. */
async function listenFor(listening: pg.Client, count: number): Promise<{ readonly last: Promise<void> }> {
  const { promise: last, resolve } = Promise.withResolvers<void>();
  let left = count;
  listening.on("notification", ({ payload }) => {
    if (payload?.startsWith("outbox") === true && --left === 0) resolve();
  });
  await listening.query("LISTEN posthorn");
  return { last };
}

describe.skipIf(!onPostgres)("the order of transactions that publish", () => {
  it.each([1, 2])(
    "is kept when the node that holds the outbox lock dies while %i others were notified of its rows",
    async (nodes) => {
      await using scene = await openOrderedScene(nodes);
      const [client, dying, listening] = await Promise.all([scene.connect(), scene.connect(), scene.connect()]);
      // Like a node that begins to relay and fails before the first row.
      await dying.query(`BEGIN; SELECT ${lockCall(LOCK.outbox)}`);
      const heard = await listenFor(listening, 10);
      for (let n = 1; n <= 10; n++) await publish(client, n);
      await heard.last;
      expect(scene.receiver.requests).toHaveLength(0);
      // The next notification arrives right after the node has died.
      await client.query("SELECT pg_terminate_backend($1)", [(dying as unknown as { processID: number }).processID]);
      for (let n = 11; n <= 20; n++) await publish(client, n);
      await scene.receiver.waitForCount(20);
      expect(received(scene)).toEqual(Array.from({ length: 20 }, (_, index) => index + 1));
    },
  );

  it("is kept for a row without a notification while other transactions publish continuously", async () => {
    await using scene = await openOrderedScene(2);
    const client = await scene.connect();
    await publish(client, 0);
    await scene.receiver.waitForCount(1);
    await publish(client, 1, false);
    let n = 2;
    for (; n < 120 && !received(scene).includes(1); n++) {
      await publish(client, n);
      await delay(100);
    }
    expect(received(scene)).toContain(1);
    await scene.receiver.waitForCount(n);
  });
});

/** Pub/Sub against a stand-in. */
import { eventually } from "@posthorn/testkit";
import { sql } from "kysely";
import { describe, expect, it } from "vitest";
import { onPostgres } from "../support/store.ts";
import { startPubSub } from "./pub-sub.ts";
import { SourceScene } from "./scene.ts";

describe("a Pub/Sub source", () => {
  it("stores exact bytes with attributes, acknowledges stored messages, and drops redelivered ones", async () => {
    await using pubSub = await startPubSub();
    await using scene = await SourceScene.start({ POSTHORN_GOOGLE_TOKEN_URLS: pubSub.tokenUrl });
    const bytes = Buffer.from([0, 255, 10, 13]);
    pubSub.publish("1", bytes);
    const source = await scene.source("googlePubSub", { ...pubSub.config, eventType: "pubsub.{header:kind}" });
    await eventually(() => expect(pubSub.held[0]!.acknowledged).toBe(true));
    pubSub.held[0]!.acknowledged = false;
    pubSub.publish("2", Buffer.from('{"n": 2.0}'));
    await eventually(() => expect(pubSub.held.every(({ acknowledged }) => acknowledged)).toBe(true));
    const messages = await scene.messages(source);
    expect(messages.map(({ eventId, eventType }) => [eventId, eventType])).toEqual([
      ["1", "pubsub.order"],
      ["2", "pubsub.order"],
    ]);
  });

  it("reports a missing subscription and a missing permission", async () => {
    await using pubSub = await startPubSub();
    await using scene = await SourceScene.start({ POSTHORN_GOOGLE_TOKEN_URLS: pubSub.tokenUrl });
    const missing = await scene.source("googlePubSub", { ...pubSub.config, subscriptionId: "missing" });
    expect(await scene.state(missing)).toMatchObject({ state: "failing", error: { code: "target_not_found" } });
    pubSub.refuse(403, { error: { status: "PERMISSION_DENIED", message: "no" } });
    const refused = await scene.source("googlePubSub", pubSub.config);
    expect(await scene.state(refused)).toMatchObject({ state: "failing", error: { code: "credentials_refused" } });
  });

  it("quarantines a message that the database rejects repeatedly, acknowledges it, and continues reading", async () => {
    await using pubSub = await startPubSub(500);
    await using scene = await SourceScene.start({ POSTHORN_GOOGLE_TOKEN_URLS: pubSub.tokenUrl });
    // PostgreSQL stores no text with a NUL. SQLite does, so a trigger rejects this one.
    const poison = onPostgres ? "poison\u0000" : "poison";
    if (!onPostgres) {
      const trigger = sql`CREATE TRIGGER poison BEFORE INSERT ON message WHEN NEW.event_id = 'poison' BEGIN SELECT RAISE(ABORT, 'refused'); END`;
      await scene.gateway.node.services.store.transaction(({ db }) => trigger.execute(db), "test");
    }
    for (const id of ["1", poison, "2"]) pubSub.publish(id, Buffer.from(`{"id": ${JSON.stringify(id)}}`));
    const source = await scene.source("googlePubSub", pubSub.config);
    await eventually(() => expect(pubSub.unacknowledged).toBe(0), { timeoutMs: 30_000 });
    pubSub.publish("3", Buffer.from("{}"));
    await eventually(async () => {
      const ids = (await scene.messages(source)).map(({ eventId }) => eventId);
      expect(new Set(ids)).toEqual(new Set(["1", "2", "3"]));
      expect(ids).toHaveLength(3);
    });
    const [refused, ...others] = await scene.gateway.quarantine(source);
    expect(others).toEqual([]);
    expect(refused).toMatchObject({
      reason: "not_stored",
      detail: expect.stringContaining("could not be stored in 3"),
    });
    expect(await scene.state(source)).toMatchObject({ state: "running", error: null });
  });
});

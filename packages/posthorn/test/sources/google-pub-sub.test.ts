/** Pub/Sub against a stand-in. */
import { eventually } from "@posthorn/testkit";
import { describe, expect, it } from "vitest";
import { startPubSub } from "./pub-sub.ts";
import { SourceScene } from "./scene.ts";

describe("a Pub/Sub source", () => {
  it("stores exact bytes with attributes, acknowledges what is stored, and drops what is delivered again", async () => {
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

  it("says that the subscription does not exist, and that a permission is missing", async () => {
    await using pubSub = await startPubSub();
    await using scene = await SourceScene.start({ POSTHORN_GOOGLE_TOKEN_URLS: pubSub.tokenUrl });
    const missing = await scene.source("googlePubSub", { ...pubSub.config, subscriptionId: "missing" });
    expect(await scene.state(missing)).toMatchObject({ state: "failing", error: { code: "target_not_found" } });
    pubSub.refuse(403, { error: { status: "PERMISSION_DENIED", message: "no" } });
    const refused = await scene.source("googlePubSub", pubSub.config);
    expect(await scene.state(refused)).toMatchObject({ state: "failing", error: { code: "credentials_refused" } });
  });
});

/** Operational webhooks about sources that cannot be read. */
import { startReceiver } from "@posthorn/testkit";
import { describe, expect, it } from "vitest";
import { SourceScene } from "./scene.ts";
import { responds, startWebServer } from "./web-server.ts";

describe("a source that cannot be read", () => {
  it("is reported once after five minutes, and once when it works again", async () => {
    await using scene = await SourceScene.start();
    await using server = await startWebServer();
    await using ears = await startReceiver();
    await scene.gateway.call("POST", "api/v1/operational-webhook/endpoint", {
      url: ears.url,
      eventTypes: ["source.reading.failing", "source.reading.recovered"],
    });
    server.respond = responds("down", {}, 503);
    const source = await scene.source("http", { url: server.url }, { name: "Prices" });
    const startedAt = scene.clock.now();
    for (let reads = 0; reads < 8; reads++) await scene.next(source);
    const [failing] = await ears.waitForCount(1);
    const { type, data } = JSON.parse(failing!.body.toString()) as { type: string; data: Record<string, unknown> };
    expect(type).toBe("source.reading.failing");
    expect(data).toMatchObject({
      sourceId: source.id,
      sourceName: "Prices",
      failures: expect.any(Number),
      error: { code: "target_unavailable", message: "The server responded HTTP 503." },
    });
    expect(scene.clock.now() - startedAt).toBeGreaterThan(300_000);
    server.respond = responds("up");
    for (let reads = 0; reads < 3; reads++) await scene.next(source);
    const [, recovered] = await ears.waitForCount(2);
    expect(JSON.parse(recovered!.body.toString())).toMatchObject({
      type: "source.reading.recovered",
      data: { sourceId: source.id },
    });
    expect(ears.requests).toHaveLength(2);
  });

  it("is not reported if it works again within five minutes", async () => {
    await using scene = await SourceScene.start();
    await using server = await startWebServer();
    await using ears = await startReceiver();
    await scene.gateway.call("POST", "api/v1/operational-webhook/endpoint", { url: ears.url });
    server.respond = responds("down", {}, 503);
    const source = await scene.source("http", { url: server.url });
    await scene.next(source);
    server.respond = responds("up");
    expect(await scene.next(source)).toMatchObject({ failures: 0, error: null });
    await scene.next(source);
    expect(ears.requests).toHaveLength(0);
  });
});

/** Watches on sources that Posthorn reads: values that their selectors find in real responses. */
import { describe, expect, it } from "vitest";
import { SourceScene } from "./scene.ts";
import { startWebServer } from "./web-server.ts";

describe("a watch on a polled page", () => {
  it("reads the status of each response", async () => {
    await using site = await startWebServer();
    let status = 200;
    site.respond = (_request, response) => void response.writeHead(status, { "x-region": "eu" }).end("ok");
    await using scene = await SourceScene.start();
    const source = await scene.source("http", { url: `${site.url}/health`, emit: "always", everySeconds: 30 });
    const rule = { read: { value: "status", key: "header:x-region" }, when: { not: { is: 200 } }, times: 2 };
    const body = { name: "Health", emit: { type: "health" }, rule };
    expect((await scene.gateway.call("POST", `api/v1/app/${source.id}/watch`, body)).status).toBe(201);
    for (status of [200, 503, 200, 503, 503, 200]) await scene.next(source);
    await expect
      .poll(async () =>
        (await scene.messages(source)).filter(({ eventType }) => String(eventType).startsWith("health")),
      )
      .toMatchObject([
        { eventType: "health.raised", payload: { key: "eu", value: "503" } },
        { eventType: "health.cleared", payload: { key: "eu", value: "200" } },
      ]);
  });
});

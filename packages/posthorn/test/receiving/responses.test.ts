import { eventually } from "@posthorn/testkit";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { send, TestGateway } from "../support/gateway.ts";

let gateway: TestGateway;

beforeAll(async () => {
  gateway = await TestGateway.start({ POSTHORN_RETRY_SCHEDULE: "", POSTHORN_SHUTDOWN_TIMEOUT: "0" });
});
beforeEach(() => {
  gateway.receiver.clear();
  gateway.receiver.respondWith(204);
});
afterAll(() => gateway[Symbol.asyncDispose]());

const NONE = { type: "generic-webhook", verification: { scheme: "none", eventType: ["{body:kind}"] } };

describe("a custom response of the source", () => {
  it("has status, headers, and a body filled from the request", async () => {
    const response = {
      status: 202,
      headers: { "Content-Type": "application/json", "X-Mine": "yes" },
      body: '{"echo":"{body:a.b}","n":"{query:n}","h":"{header:X-Test}","type":"{type}","none":"{body:c}"}',
    };
    const source = await gateway.source({ ...NONE, response }, false);
    const reply = await send(`${source.url}?n=1`, '{"kind":"k","a":{"b":"say \\"hi\\""}}', { "x-test": "t" });
    expect([reply.status, reply.headers.get("x-mine")]).toEqual([202, "yes"]);
    expect(reply.json).toEqual({ echo: 'say "hi"', n: "1", h: "t", type: "k", none: "" });
  });

  it("can contain the ID of the message", async () => {
    const source = await gateway.source({ ...NONE, response: { body: "taken in as {id}" } }, false);
    const reply = await send(source.url, "{}");
    const [message] = await gateway.messages(source);
    expect(reply.text).toBe(`taken in as ${message!["id"] as string}`);
  });

  it("does not turn received content into a web page", async () => {
    const response = { headers: { "content-type": "text/html" }, body: "<p>{body:a}</p>" };
    const source = await gateway.source({ ...NONE, response }, false);
    const reply = await send(source.url, '{"a":"<script>alert(1)</script>"}');
    expect(reply.text).toBe("<p>&#60;script&#62;alert(1)&#60;/script&#62;</p>");
    expect(reply.headers.get("content-security-policy")).toBe("default-src 'none'; sandbox");
    expect(reply.headers.get("x-content-type-options")).toBe("nosniff");
  });

  it("is sent for accepted requests, not for rejected ones", async () => {
    const secrets = ["s"];
    const verification = { scheme: "bearer" };
    const source = await gateway.source({ ...NONE, verification, secrets, response: { body: "welcome" } }, false);
    const reply = await send(source.url, "{}", { authorization: "Bearer wrong" });
    expect([reply.status, reply.text.includes("welcome")]).toEqual([401, false]);
  });
});

describe("a source that waits for its target", () => {
  const waiting = (wait: object) => ({ ...NONE, response: { status: 200, body: "own", wait } });

  it("returns the response of the endpoint", async () => {
    gateway.receiver.respondWith({ status: 201, headers: { "content-type": "application/xml" }, body: "<Response/>" });
    const source = await gateway.source(waiting({}));
    const reply = await send(source.url, "{}");
    expect([reply.status, reply.text, reply.headers.get("content-type")]).toEqual([
      201,
      "<Response/>",
      "application/xml",
    ]);
  });

  it("responds itself if the endpoint fails, is too slow, or does not exist; the event is stored", async () => {
    gateway.receiver.respondWith(500);
    const failing = await gateway.source(waiting({}));
    expect((await send(failing.url, "{}")).text).toBe("own");
    gateway.receiver.respondWith("hang");
    const slow = await gateway.source(waiting({ timeoutSeconds: 0.05 }));
    expect((await send(slow.url, "{}")).text).toBe("own");
    const alone = await gateway.source(waiting({ timeoutSeconds: 20 }), false);
    expect((await send(alone.url, "{}")).text).toBe("own");
    for (const source of [failing, slow, alone]) expect(await gateway.messages(source)).toHaveLength(1);
  });

  it("waits for the endpoint that it names", async () => {
    gateway.receiver.respondWith(({ path }) => ({ status: 200, body: path, delayMs: path === "/named" ? 50 : 0 }));
    const source = await gateway.source(waiting({ endpoint: "named" }));
    const endpoint = { url: `${gateway.receiver.url}/named`, uid: "named" };
    await gateway.call("POST", `ingest/api/v1/source/${source.id}/endpoint`, endpoint);
    expect((await send(source.url, "{}")).text).toBe("/named");
    await eventually(() => expect(gateway.receiver.requests).toHaveLength(2));
  });
});

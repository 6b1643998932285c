import { eventually, type ReceiverResponse } from "@posthorn/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { githubHeaders, send, TestGateway } from "../support/gateway.ts";

const SECRET = "s3cret-of-the-hook";

let gateway: TestGateway;

beforeAll(async () => {
  gateway = await TestGateway.start({ POSTHORN_MAX_BACKLOG: "2", POSTHORN_ENDPOINT_CONCURRENCY: "1" });
});

afterAll(() => gateway[Symbol.asyncDispose]());

describe("a source whose deliveries exceed POSTHORN_MAX_BACKLOG", () => {
  it("responds 503 with Retry-After and stores nothing, until there are fewer", async () => {
    const source = await gateway.source({ type: "github", secrets: [SECRET] });
    const response = Promise.withResolvers<ReceiverResponse>();
    gateway.receiver.respondWith(() => response.promise);
    let accepted = 0;
    const receive = async (): Promise<{ readonly status: number; readonly headers: Headers }> => {
      const reply = await send(source.url, "{}", githubHeaders(SECRET, "{}", crypto.randomUUID()));
      if (reply.status < 300) accepted++;
      return reply;
    };
    const refused = await eventually(async () => {
      const reply = await receive();
      expect(reply.status).toBe(503);
      return reply;
    });
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(accepted).toBeGreaterThan(2);
    expect((await gateway.messages(source)).length).toBe(Math.min(accepted, 50));

    response.resolve(204);
    await eventually(async () => expect((await receive()).status).toBeLessThan(300));
  });
});

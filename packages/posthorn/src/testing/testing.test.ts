/** `posthorn/testing`: the engine in the process of a user's test. */
import { AssertionError } from "node:assert";
import { verify } from "@posthorn/webhooks";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { assertions, type Hook, matchers, mswHandlers, type PosthornMatchers, TestPosthorn } from "./index.ts";

declare module "vitest" {
  interface Matchers<R extends void | Promise<void>, T> extends PosthornMatchers {}
}
expect.extend(matchers);

const START = Date.parse("2026-03-01T12:00:00Z");
const times: number[] = [];
let posthorn: TestPosthorn;
let apps = 0;

beforeAll(async () => {
  posthorn = await TestPosthorn.start({ now: START, onTime: (now) => void times.push(now) });
});

afterAll(() => posthorn.close());

async function scene(options: Parameters<TestPosthorn["hook"]>[0] = {}): Promise<{ app: string; hook: Hook }> {
  const app = `app-${++apps}`;
  return { app, hook: await posthorn.hook({ ...options, application: app }) };
}

function publish(app: string, eventType: string, payload: object = {}): Promise<unknown> {
  return posthorn.message.create(app, { eventType, payload });
}

describe("TestPosthorn", () => {
  it("delivers a message with the signature and the bytes that a receiver gets", async () => {
    const { app, hook } = await scene();
    await publish(app, "invoice.paid", { invoice: 17 });
    const webhook = await hook.received("invoice.paid");
    expect(webhook.json()).toEqual({ invoice: 17 });
    const { headers, body } = webhook;
    const now = (): number => webhook.at.getTime();
    await expect(verify({ headers, body }, hook.secret!, { now })).resolves.toMatchObject({ id: webhook.id });
    await expect(webhook.verify("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")).rejects.toMatchObject({
      code: "signature_mismatch",
    });
  });

  it("retries on the schedule of the server, without waiting for it", async () => {
    const { app, hook } = await scene();
    hook.failNext(503);
    hook.failNext("refused");
    hook.failNext("timeout");
    const published = posthorn.now.getTime();
    await publish(app, "invoice.paid");
    const webhook = await hook.received("invoice.paid");
    expect(hook.webhooks.map(({ outcome }) => outcome)).toEqual([503, "refused", "timeout", 204]);
    expect(new Set(hook.webhooks.map(({ id }) => id)).size).toBe(1);
    expect(webhook.attempt).toBe(4);
    // 5 s, 5 min and 30 min, each with up to a fifth of jitter, and the timeout.
    const passedMs = webhook.at.getTime() - published;
    expect(passedMs).toBeGreaterThan(0.8 * 2_105_000);
    expect(passedMs).toBeLessThan(1.2 * 2_105_000 + 60_000);
  });

  it("honours Retry-After", async () => {
    const { app, hook } = await scene();
    hook.failNext(429, { headers: { "retry-after": "3600" } });
    await publish(app, "invoice.paid");
    await hook.received("invoice.paid");
    const [first, second] = hook.webhooks;
    expect(second!.at.getTime() - first!.at.getTime()).toBeGreaterThanOrEqual(3_600_000);
  });

  it("moves the clock only on request of the test, and processes everything that becomes due", async () => {
    const { app, hook } = await scene();
    hook.failNext(500);
    await publish(app, "invoice.paid");
    await posthorn.settled();
    const before = posthorn.now.getTime();
    await posthorn.advance(1000);
    expect(hook.webhooks).toHaveLength(1);
    await posthorn.advance("1m");
    expect(hook.types).toEqual(["invoice.paid"]);
    expect(posthorn.now.getTime() - before).toBe(61_000);
    expect(times.at(-1)).toBe(posthorn.now.getTime());
    expect([...times].sort((one, other) => one - other)).toEqual(times);
  });

  it("passes requests to a handler, and reports what it throws", async () => {
    const seen: string[] = [];
    const handler = async (request: Request): Promise<Response> => {
      seen.push(await request.text());
      if (seen.length === 1) throw new Error("out of stock");
      return Response.json({ ok: true });
    };
    const { app, hook } = await scene({ handler });
    await publish(app, "order.paid", { order: 1 });
    await hook.received("order.paid");
    expect(seen).toEqual(['{"order":1}', '{"order":1}']);
    expect(hook.webhooks[0]).toMatchObject({ outcome: 500, error: new Error("out of stock") });
  });

  it("keeps the order of an endpoint that is ordered", async () => {
    const { app, hook } = await scene();
    const { status } = await posthorn.fetch(
      new Request(`http://posthorn.test/api/v1/app/${app}/endpoint/${hook.endpointId}/policy`, {
        method: "PATCH",
        headers: { authorization: `Bearer ${posthorn.token}`, "content-type": "application/json" },
        body: '{"order":{"by":"endpoint"}}',
      }),
    );
    expect(status).toBe(200);
    hook.failNext(500, { times: 2 });
    for (const type of ["a.first", "a.second", "a.third"]) await publish(app, type);
    await hook.received("a.third");
    expect(hook).toHaveReceivedInOrder(["a.first", "a.second", "a.third"]);
    expect(() => assertions.receivedInOrder(hook, ["a.second", "a.first", "a.third"])).toThrow(AssertionError);
  });

  it("says why a webhook did not arrive", async () => {
    await posthorn.eventType.create({ name: "user.created", description: "A user was created." });
    const { app, hook } = await scene({ endpoint: { filterTypes: ["user.created"] } });
    await publish(app, "invoice.void");
    const waiting = hook.received("invoice.void", { timeoutMs: 0 });
    await expect(waiting).rejects.toMatchObject({ code: "webhook_not_received" });
    await expect(waiting).rejects.toThrow(/It received no requests[^]*matched 0 endpoints[^]*did not match/);
  });

  it("receives webhooks of endpoints that the code under test creates", async () => {
    const { app } = await scene();
    const hook = posthorn.receiverAt("https://customer.example.com/hooks");
    await posthorn.endpoint.create(app, { url: "https://customer.example.com/hooks" });
    await publish(app, "invoice.paid");
    await expect(hook.received()).resolves.toMatchObject({ type: "invoice.paid" });
    expect(() => posthorn.receiverAt("https://customer.example.com/hooks")).toThrow(
      expect.objectContaining({ code: "url_in_use" }),
    );
  });

  it("waits for code that publishes later", async () => {
    const { app, hook } = await scene();
    setTimeout(() => void publish(app, "invoice.late"), 20);
    await expect(hook.received("invoice.late")).resolves.toMatchObject({ type: "invoice.late" });
  });

  it("opens no connections: a URL without a handler does not exist", async () => {
    const { app } = await scene();
    const { id } = await posthorn.endpoint.create(app, { url: "https://nowhere.example.com/" });
    const { id: message } = await posthorn.message.create(app, { eventType: "a.b", payload: {} });
    await posthorn.settled();
    const url = `http://posthorn.test/api/v1/app/${app}/attempt/endpoint/${id}`;
    const response = await posthorn.fetch(new Request(url, { headers: { authorization: `Bearer ${posthorn.token}` } }));
    const { data } = (await response.json()) as { data: object[] };
    expect(data).toMatchObject([{ msgId: message, errorCode: "dns_not_found" }]);
  });

  it("rejects a duration that it does not understand", async () => {
    await expect(posthorn.advance("1y" as "1d")).rejects.toMatchObject({ code: "duration_invalid" });
  });
});

describe("expectations", () => {
  it("compare part of the payload and verify the signature", async () => {
    const { app, hook } = await scene();
    for (const invoice of [1, 2]) await publish(app, "invoice.paid", { invoice, lines: [{ id: 1, sum: 3 }] });
    await expect(hook).toReceive("invoice.paid", { lines: [{ id: 1 }] });
    await expect(assertions.received(hook, "invoice.paid", { invoice: 3 })).rejects.toThrow(/lacks {"invoice":3}/);
    await expect(hook).not.toReceive("invoice.paid");
    await assertions.notReceived(hook, "invoice.paid");
    await publish(app, "invoice.paid");
    await expect(assertions.notReceived(hook, "invoice.paid")).rejects.toThrow(AssertionError);
  });
});

describe("mswHandlers", () => {
  it("pass on the requests of an API client", async () => {
    const { app, hook } = await scene();
    const routes: { path: string; resolve: (info: { request: Request }) => Promise<Response> }[] = [];
    const http = {
      all: (path: string, resolve: (info: { request: Request }) => Promise<Response>) => routes.push({ path, resolve }),
    };
    mswHandlers(http, posthorn, "https://webhooks.shop.example/");
    expect(routes.map(({ path }) => path)).toEqual(["https://webhooks.shop.example/*"]);
    const request = new Request(`https://webhooks.shop.example/api/v1/app/${app}/msg`, {
      method: "POST",
      headers: { authorization: `Bearer ${posthorn.token}`, "content-type": "application/json" },
      body: JSON.stringify({ eventType: "invoice.paid", payload: { invoice: 9 } }),
    });
    const response = await routes[0]!.resolve({ request });
    expect(response.status).toBe(202);
    expect((await hook.received("invoice.paid")).json()).toEqual({ invoice: 9 });
  });
});

/** REST hooks, as automation platforms use them. */
import { createHmac } from "node:crypto";
import { eventually, type Receiver, startReceiver } from "@posthorn/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startNode, type TestNode } from "../support/posthorn.ts";
import { temporaryFolder } from "../support/store.ts";
import { Tenant } from "../support/tenant.ts";

describe("REST hooks", () => {
  let folder: ReturnType<typeof temporaryFolder>;
  let node: TestNode;
  let owner: Tenant;
  let user: Tenant;

  beforeAll(async () => {
    folder = temporaryFolder();
    node = await startNode(folder.path);
    owner = new Tenant(node);
    await owner.call("POST", "app", { name: "app", uid: "app" });
    await owner.call("POST", "app", { name: "other", uid: "other" });
    const schemas = { "1": { type: "object", examples: [{ id: "example", amount: 1 }] } };
    for (const name of ["order.paid", "order.sent"]) {
      await owner.call("POST", "event-type", { name, description: name, schemas });
    }
    const { json } = await owner.call("POST", "app/app/rest-hook-token", {});
    user = owner.as(json["token"] as string);
  });
  afterAll(async () => {
    await node[Symbol.asyncDispose]();
    folder[Symbol.dispose]();
  });

  const publish = (eventType: string, payload: object) => owner.call("POST", "app/app/msg", { eventType, payload });
  const posts = (receiver: Receiver) => receiver.requests.filter(({ body }) => body.byteLength > 0);

  it("subscribe with the token of a user, receive one event type, and unsubscribe by ID", async () => {
    await using receiver = await startReceiver();
    const created = await user.call("POST", "app/app/rest-hook", { hookUrl: receiver.url, event: "order.paid" });
    expect(created.status).toBe(201);
    const id = String(created.json["id"]);
    await publish("order.sent", { n: 1 });
    await publish("order.paid", { n: 2 });
    await receiver.waitForCount(1);
    expect(receiver.requests.map(({ body }) => body.toString())).toEqual(['{"n":2}']);
    expect((await user.call("GET", "app/app/rest-hook?limit=1")).json["data"]).toMatchObject([{ id }]);
    const part = new URL(receiver.url).port;
    expect((await user.call("GET", `app/app/rest-hook?search=${part}`)).json["data"]).toMatchObject([{ id }]);
    expect((await user.call("GET", "app/app/rest-hook?search=elsewhere")).json["data"]).toEqual([]);
    expect((await user.call("DELETE", `app/app/rest-hook/${id}`)).status).toBe(204);
    expect((await user.call("DELETE", `app/app/rest-hook/${id}`)).status).toBe(404);
    await publish("order.paid", { n: 3 });
    expect(receiver.requests).toHaveLength(1);
  });

  it("end when their URL responds with 410", async () => {
    await using receiver = await startReceiver({ response: 410 });
    const { json } = await user.call("POST", "app/app/rest-hook", { targetUrl: receiver.url });
    await publish("order.paid", { n: 1 });
    await eventually(async () =>
      expect((await user.call("GET", `app/app/rest-hook/${String(json["id"])}`)).status).toBe(404),
    );
    expect(receiver.requests).toHaveLength(1);
  });

  it("give the newest payloads as samples, and the example of a type without messages", async () => {
    await publish("order.paid", { id: "newest" });
    const paid = await user.call("GET", "app/app/rest-hook/sample?event=order.paid&limit=1");
    expect(paid.text).toBe('[{"id":"newest"}]');
    const { json } = await owner.call("POST", "app/other/rest-hook-token", {});
    const other = owner.as(json["token"] as string);
    const example = await other.call("GET", "app/other/rest-hook/sample?event=order.sent");
    expect(example.json).toEqual([{ id: "example", amount: 1 }]);
  });

  it("sign with the secret that the receiver returned in the handshake", async () => {
    await using receiver = await startReceiver({
      response: ({ headers }) => {
        const secret = headers["x-hook-secret"];
        return secret === undefined ? 204 : { status: 200, headers: { "X-Hook-Secret": secret } };
      },
    });
    const body = { targetUrl: receiver.url, event: "order.paid", handshake: true };
    expect((await user.call("POST", "app/app/rest-hook", body)).status).toBe(201);
    const secret = receiver.requests[0]!.headers["x-hook-secret"]!;
    await publish("order.paid", { n: 1 });
    await eventually(() => expect(posts(receiver)).toHaveLength(1));
    const [event] = posts(receiver);
    const expected = createHmac("sha256", secret).update(event!.body).digest("hex");
    expect(event!.headers["x-hook-signature"]).toBe(expected);
  });

  it("are not created if the receiver does not return the secret of the handshake", async () => {
    await using receiver = await startReceiver({ response: { status: 200, headers: { "X-Hook-Secret": "other" } } });
    const before = (await user.call("GET", "app/app/rest-hook")).json["data"] as unknown[];
    const refused = await user.call("POST", "app/app/rest-hook", { targetUrl: receiver.url, handshake: true });
    expect(refused.status).toBe(422);
    expect(refused.text).toContain("X-Hook-Secret");
    expect((await user.call("GET", "app/app/rest-hook")).json["data"]).toHaveLength(before.length);
  });

  it("have tokens that have no other permissions and no access to other applications, until they are revoked", async () => {
    for (const path of ["app/app/endpoint", "app/app/feed", "app/app/msg", "app/app/websub/topic"]) {
      expect((await user.call("GET", path)).status).toBe(403);
    }
    expect((await user.call("POST", "app/app/rest-hook-token", {})).status).toBe(403);
    expect((await user.call("GET", "app/other/rest-hook")).status).toBe(404);
    const { json } = await owner.call("POST", "app/app/rest-hook-token", { expiry: 3600 });
    const short = owner.as(json["token"] as string);
    expect((await short.call("GET", "app/app/rest-hook")).status).toBe(200);
    expect((await owner.call("DELETE", `app/app/rest-hook-token/${String(json["id"])}`)).status).toBe(204);
    expect((await short.call("GET", "app/app/rest-hook")).status).toBe(401);
    expect((await owner.call("GET", "app/app/rest-hook-token")).text).not.toContain(String(json["token"]));
  });

  it("explain an invalid request", async () => {
    expect((await user.call("POST", "app/app/rest-hook", {})).status).toBe(422);
    const both = { targetUrl: "https://example.com/", event: "order.paid", eventTypes: ["order.sent"] };
    expect((await user.call("POST", "app/app/rest-hook", both)).status).toBe(422);
    const unknown = await user.call("POST", "app/app/rest-hook", { targetUrl: "https://example.com/", event: "nope" });
    expect(unknown.text).toContain("nope");
  });
});

describe("a polling endpoint", () => {
  it("cannot be read while it is disabled, and continues when it is enabled", async () => {
    using folder = temporaryFolder();
    await using node = await startNode(folder.path);
    const tenant = new Tenant(node);
    await tenant.call("POST", "app", { name: "app", uid: "app" });
    await tenant.call("POST", "app/app/endpoint", { kind: "polling", uid: "pull" });
    const read = () => tenant.call("GET", "app/app/endpoint/pull/feed");
    expect((await read()).status).toBe(200);
    await tenant.call("PATCH", "app/app/endpoint/pull", { disabled: true });
    expect(await read()).toMatchObject({ status: 400, json: { code: "endpoint_disabled" } });
    const poll = await tenant.call("POST", "app/app/endpoint/pull/feed/consumer/a/poll", {});
    expect(poll.json).toMatchObject({ code: "endpoint_disabled" });
    await tenant.call("PATCH", "app/app/endpoint/pull", { disabled: false });
    expect((await read()).status).toBe(200);
  });
});

describe("a CloudEvents destination", () => {
  it("is on hold until its receiver allows the origin, which every request then names", async () => {
    using folder = temporaryFolder();
    const headers = { "WebHook-Allowed-Origin": "hooks.example.com", "WebHook-Allowed-Rate": "120" };
    await using receiver = await startReceiver({ response: { status: 200, headers } });
    await using node = await startNode(folder.path, { env: { POSTHORN_PUBLIC_URL: "https://hooks.example.com" } });
    const tenant = new Tenant(node);
    await tenant.call("POST", "app", { name: "app", uid: "app" });
    const config = { url: receiver.url, authorization: "Bearer t" };
    await tenant.call("POST", "app/app/endpoint", { kind: "cloudEvents", uid: "ep", config });
    const policy = await tenant.call("PATCH", "app/app/endpoint/ep/policy", { verification: { mode: "cloudevents" } });
    expect(policy.status).toBe(200);
    await tenant.call("POST", "app/app/msg", { eventType: "a", payload: { n: 1 } });
    expect(receiver.requests).toEqual([]);
    const verified = await tenant.call("POST", "app/app/endpoint/ep/verify", {});
    expect(verified.json).toMatchObject({ verified: true, ratePerMinute: 120 });
    const event = await receiver.waitFor(({ method }) => method === "POST");
    expect(event.headers).toMatchObject({ "webhook-request-origin": "hooks.example.com", "ce-type": "a" });
    expect(receiver.requests[0]).toMatchObject({
      method: "OPTIONS",
      headers: { "webhook-request-origin": "hooks.example.com", authorization: "Bearer t" },
    });
  });
});

/** The WebSub hub, with subscribers that follow the W3C Recommendation. */
import { eventually } from "@posthorn/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startNode, type TestNode } from "../support/posthorn.ts";
import { temporaryFolder } from "../support/store.ts";
import { Tenant } from "../support/tenant.ts";
import { WebSubSubscriber } from "../support/web-sub-subscriber.ts";

interface Topic {
  readonly id: string;
  readonly url: string;
  readonly hub: string;
}

interface Subscription {
  readonly id: string;
  readonly topicId: string;
  readonly callback: string;
  readonly endpointId: string;
  readonly isSigned: boolean;
  readonly leaseSeconds: number;
  readonly expiresAt: string;
}

interface HubRequest {
  readonly id: string;
  readonly mode: string;
  readonly callback: string;
  readonly state: string;
  readonly tries: number;
  readonly error: { readonly code: string; readonly message: string; readonly hint: string } | null;
  readonly lastTryAt: string | null;
  readonly nextTryAt: string | null;
}

describe("the WebSub hub", () => {
  let folder: ReturnType<typeof temporaryFolder>;
  let node: TestNode;
  let tenant: Tenant;
  let count = 0;

  beforeAll(async () => {
    folder = temporaryFolder();
    node = await startNode(folder.path);
    tenant = new Tenant(node);
    for (const name of ["order.paid", "order.sent"]) {
      await tenant.call("POST", "event-type", { name, description: name });
    }
  });
  afterAll(async () => {
    await node[Symbol.asyncDispose]();
    folder[Symbol.dispose]();
  });

  async function newApp(fields: object = {}) {
    const app = `app-${count++}`;
    await tenant.call("POST", "app", { name: app, uid: app });
    const created = await tenant.call("POST", `app/${app}/websub/topic`, fields);
    expect(created.status).toBe(201);
    const topic = created.json as unknown as Topic;
    const publish = (eventType: string, payload: object) =>
      tenant.call("POST", `app/${app}/msg`, { eventType, payload });
    const subscriptions = async (): Promise<readonly Subscription[]> =>
      (await tenant.call("GET", `app/${app}/websub/subscription`)).json["data"] as readonly Subscription[];
    const subscribed = () =>
      eventually(async () => {
        const [subscription] = await subscriptions();
        if (subscription === undefined) throw new Error("not subscribed yet");
        return subscription;
      });
    const settled = () =>
      eventually(async () => {
        const { store } = node.services;
        const rows = await store.db.selectFrom("websub_request").select("id").where("state", "=", "pending").execute();
        expect(rows).toEqual([]);
      });
    const requests = async (): Promise<readonly HubRequest[]> =>
      (await tenant.call("GET", `app/${app}/websub/request?topic_id=${topic.id}`)).json[
        "data"
      ] as readonly HubRequest[];
    return { app, topic, publish, subscriptions, subscribed, settled, requests };
  }

  it("delivers signed events to a subscriber that found it through the topic and confirmed its request", async () => {
    const { app, topic, publish, subscribed } = await newApp({ eventTypes: ["order.paid"] });
    await using subscriber = await WebSubSubscriber.start();
    const links = await WebSubSubscriber.discover(topic.url);
    expect(links).toEqual({ hub: topic.hub, self: topic.url });

    const response = await subscriber.request(topic.url, { "hub.lease_seconds": "1000" });
    expect(response.status).toBe(202);
    const subscription = await subscribed();
    expect(subscription).toMatchObject({
      topicId: topic.id,
      callback: subscriber.callback,
      isSigned: true,
      leaseSeconds: 1000,
    });
    const [question] = subscriber.questions;
    expect(Object.fromEntries(question!)).toEqual({
      id: "4 2",
      hub: "own",
      "hub.mode": "subscribe",
      "hub.topic": topic.url,
      "hub.lease_seconds": "1000",
      "hub.challenge": expect.stringMatching(/^[\w-]{43}$/) as string,
    });

    await publish("order.sent", { n: 1 });
    await publish("order.paid", { n: 2 });
    const event = await subscriber.receiver.waitFor(({ method }) => method === "POST");
    expect(event.body.toString()).toBe('{"n":2}');
    expect(event.path).toBe("/callback?id=4%202&hub=own");
    expect(event.headers).toMatchObject({
      "content-type": "application/json",
      link: `<${topic.hub}>; rel="hub", <${topic.url}>; rel="self"`,
    });
    expect(subscriber.verifies(event)).toBe(true);
    expect(subscriber.events).toHaveLength(1);
    const content = await fetch(topic.url);
    expect(await content.text()).toBe('{"n":2}');
    expect(content.headers.get("content-type")).toBe("application/json");

    const attempts = await eventually(async () => {
      const list = await tenant.call("GET", `app/${app}/attempt/endpoint/${subscription.endpointId}`);
      const data = list.json["data"] as { readonly status: number }[];
      expect(data).toMatchObject([{ status: 0 }]);
      return list.text;
    });
    expect(attempts).not.toContain(subscriber.secret);
    const endpoint = await tenant.call("GET", `app/${app}/endpoint/${subscription.endpointId}`);
    expect(endpoint.text).not.toContain(subscriber.secret);
  });

  it("does not sign for a subscriber without a secret, and retries until it accepts the event", async () => {
    const { topic, publish, subscribed } = await newApp();
    let status = 500;
    await using subscriber = await WebSubSubscriber.start({ event: () => status });
    await subscriber.request(topic.url, { "hub.secret": "" });
    const { isSigned } = await subscribed();
    expect(isSigned).toBe(false);
    await publish("order.paid", { n: 1 });
    await subscriber.receiver.waitFor(({ method }) => method === "POST");
    status = 200;
    await eventually(() => expect(subscriber.events.length).toBeGreaterThan(1));
    expect(subscriber.events[0]!.headers["x-hub-signature"]).toBeUndefined();
    expect(subscriber.events[1]!.body).toEqual(subscriber.events[0]!.body);
  });

  it.each([
    ["another challenge", { status: 200, body: "challenge" }, "wrong_challenge"],
    ["a challenge with more text", { status: 200, body: "x".repeat(44) }, "wrong_challenge"],
    ["404, which means that it did not ask", 404, "not_confirmed"],
    ["a redirect", { status: 302, headers: { location: "/" } }, "redirected"],
    ["an endless body", "endless", "wrong_challenge"],
  ] as const)("does not subscribe if the callback responds with %s, and shows why", async (_name, intent, code) => {
    const { app, topic, subscriptions, settled, requests } = await newApp();
    await using subscriber = await WebSubSubscriber.start({ intent: () => intent });
    expect((await subscriber.request(topic.url)).status).toBe(202);
    await eventually(() => expect(subscriber.questions).toHaveLength(1));
    await settled();
    expect(await subscriptions()).toEqual([]);
    const [failed, ...others] = await requests();
    expect(others).toEqual([]);
    expect(failed).toMatchObject({
      mode: "subscribe",
      callback: subscriber.callback,
      state: "failed",
      tries: 1,
      error: { code, message: expect.any(String) as string, hint: expect.any(String) as string },
      nextTryAt: null,
    });
    expect(Date.parse(failed!.lastTryAt!)).toBeGreaterThan(Date.now() - 600_000);

    // The subscriber corrects its callback: the same request is verified again, and its failure is gone.
    subscriber.options = {};
    expect((await subscriber.request(topic.url)).status).toBe(202);
    await eventually(async () => expect(await subscriptions()).toHaveLength(1));
    expect(await requests()).toEqual([]);
    expect((await tenant.call("DELETE", `app/${app}/websub/request/${failed!.id}`)).status).toBe(404);
  });

  it("deletes a failed request through the API, and each after seven days", async () => {
    const { app, topic, settled, requests } = await newApp();
    await using subscriber = await WebSubSubscriber.start({ intent: () => 404 });
    await subscriber.request(topic.url);
    await subscriber.request(topic.url, { "hub.lease_seconds": "4000" });
    await settled();
    const [last, first] = await requests();
    expect((await tenant.call("DELETE", `app/${app}/websub/request/${last!.id}`)).status).toBe(204);
    expect(await requests()).toEqual([first]);
    const { store } = node.services;
    const { due } = await store.db
      .selectFrom("websub_request as r")
      .innerJoin("websub_topic as t", "t.id", "r.topic_id")
      .select("r.due")
      .where("t.public_id", "=", topic.id)
      .executeTakeFirstOrThrow();
    expect(Math.round((due - Date.now()) / 86_400_000)).toBe(7);
    await store.transaction(async ({ db, signal }) => {
      await db.updateTable("websub_request").set({ due: 0 }).where("state", "=", "failed").execute();
      signal({ kind: "subscriptions" });
    });
    await eventually(async () => expect(await requests()).toEqual([]));
  });

  it("keeps the newest 100 failed requests of a topic", async () => {
    const { topic, requests } = await newApp();
    await using subscriber = await WebSubSubscriber.start({ intent: () => 404 });
    await subscriber.request(topic.url);
    await eventually(async () => expect(await requests()).toMatchObject([{ state: "failed" }]));
    const { store, ids } = node.services;
    await store.transaction(async ({ db }) => {
      const row = await db
        .selectFrom("websub_request as r")
        .innerJoin("websub_topic as t", "t.id", "r.topic_id")
        .selectAll("r")
        .where("t.public_id", "=", topic.id)
        .executeTakeFirstOrThrow();
      for (let n = 0; n < 120; n++) {
        const copy = { ...row, id: ids.next("key_").key, intent_hash: `copy ${n}` };
        await db.insertInto("websub_request").values(copy).execute();
      }
    });
    await subscriber.request(topic.url, { "hub.lease_seconds": "4000" });
    await eventually(async () => {
      const { rows } = await store.db
        .selectFrom("websub_request as r")
        .innerJoin("websub_topic as t", "t.id", "r.topic_id")
        .select((eb) => eb.fn.countAll<number>().as("rows"))
        .where("t.public_id", "=", topic.id)
        .executeTakeFirstOrThrow();
      expect(rows).toBe(100);
    });
  });

  it("verifies a request separately if another sender makes a different request for the same callback in the meantime", async () => {
    const { topic, publish, subscribed, settled, requests } = await newApp();
    let isUp = false;
    await using subscriber = await WebSubSubscriber.start({
      // It confirmed a subscription, and nothing else.
      intent: (query) => {
        if (query.get("hub.mode") !== "subscribe") return 404;
        return isUp ? { status: 200, body: query.get("hub.challenge")! } : 503;
      },
    });
    await subscriber.request(topic.url);
    await eventually(async () => expect(await requests()).toMatchObject([{ state: "pending", tries: 1 }]));
    const stranger = { "hub.mode": "unsubscribe", "hub.secret": "of a stranger" };
    expect((await subscriber.request(topic.url, stranger)).status).toBe(202);
    await eventually(async () =>
      expect(await requests()).toMatchObject([
        { mode: "unsubscribe", state: "failed", error: { code: "not_confirmed" } },
        {
          mode: "subscribe",
          state: "pending",
          error: { code: "temporary_error" },
          nextTryAt: expect.any(String) as string,
        },
      ]),
    );
    isUp = true;
    await node.services.store.transaction(async ({ db, signal }) => {
      await db.updateTable("websub_request").set({ due: 0 }).where("state", "=", "pending").execute();
      signal({ kind: "subscriptions" });
    });
    await subscribed();
    await settled();
    await publish("order.paid", { n: 1 });
    const event = await subscriber.receiver.waitFor(({ method }) => method === "POST");
    expect(subscriber.verifies(event)).toBe(true);
  });

  it("does not change a subscription until its subscriber confirms the change", async () => {
    const { topic, publish, subscribed, settled } = await newApp();
    await using subscriber = await WebSubSubscriber.start();
    await subscriber.request(topic.url, { "hub.lease_seconds": "1000" });
    const before = await subscribed();
    subscriber.options = { intent: () => 404 };
    const changes = { "hub.secret": "of a stranger", "hub.lease_seconds": "3000" };
    expect((await subscriber.request(topic.url, changes)).status).toBe(202);
    await eventually(() => expect(subscriber.questions).toHaveLength(2));
    await settled();
    expect(await subscribed()).toEqual(before);
    await publish("order.paid", { n: 1 });
    const event = await subscriber.receiver.waitFor(({ method }) => method === "POST");
    expect(subscriber.verifies(event)).toBe(true);
  });

  it("drops the earlier requests of a callback whose subscriber has confirmed a later one", async () => {
    const { topic, subscribed, settled } = await newApp();
    let isUp = false;
    await using subscriber = await WebSubSubscriber.start({
      intent: (query) => (isUp ? { status: 200, body: query.get("hub.challenge")! } : 503),
    });
    await subscriber.request(topic.url, { "hub.lease_seconds": "1000" });
    await eventually(() => expect(subscriber.questions).toHaveLength(1));
    isUp = true;
    await subscriber.request(topic.url, { "hub.lease_seconds": "2000" });
    expect((await subscribed()).leaseSeconds).toBe(2000);
    await settled();
    expect(subscriber.questions.map((query) => query.get("hub.lease_seconds"))).toEqual(["1000", "2000"]);
  });

  it("tries again after a while if the callback cannot respond, and keeps the request", async () => {
    const { topic, subscriptions, subscribed } = await newApp();
    let isUp = false;
    await using subscriber = await WebSubSubscriber.start({
      intent: (query) => (isUp ? { status: 200, body: query.get("hub.challenge")! } : 503),
    });
    await subscriber.request(topic.url);
    const { store } = node.services;
    await eventually(async () => {
      const rows = await store.db.selectFrom("websub_request").select("tries").where("state", "=", "pending").execute();
      expect(rows).toEqual([{ tries: 1 }]);
    });
    expect(await subscriptions()).toEqual([]);
    isUp = true;
    await store.transaction(async ({ db, signal }) => {
      await db.updateTable("websub_request").set({ due: 0 }).execute();
      signal({ kind: "subscriptions" });
    });
    await subscribed();
  });

  it("never calls a private address, and shows that it was blocked", async () => {
    using other = temporaryFolder();
    await using subscriber = await WebSubSubscriber.start();
    await using strict = await startNode(other.path, { env: { POSTHORN_EGRESS_ALLOW: "" } });
    const own = new Tenant(strict);
    await own.call("POST", "app", { name: "app", uid: "app" });
    const topic = (await own.call("POST", "app/app/websub/topic", {})).json["url"] as string;
    const { port } = new URL(subscriber.receiver.url);
    for (const callback of [
      `http://127.0.0.1:${port}/`,
      `http://localhost:${port}/`,
      "http://169.254.169.254/latest",
    ]) {
      // Addresses of this machine are rejected at once, others when they are called.
      expect([202, 400]).toContain((await subscriber.request(topic, { "hub.callback": callback })).status);
    }
    await eventually(async () => {
      const requests = await own.call("GET", "app/app/websub/request");
      for (const request of requests.json["data"] as readonly HubRequest[]) {
        expect(request).toMatchObject({ state: "failed", error: { code: "address_refused" } });
      }
    });
    expect((await own.call("GET", "app/app/websub/subscription")).json["data"]).toEqual([]);
    expect(subscriber.receiver.requests).toEqual([]);
  });

  it.each([
    ["a secret of 200 bytes", { "hub.secret": "é".repeat(100) }, 400],
    ["an unknown mode", { "hub.mode": "publish" }, 400],
    ["a callback that is not a URL", { "hub.callback": "callback" }, 400],
    ["a callback with a fragment", { "hub.callback": "https://example.com/#a" }, 400],
    ["a lease that is not a number", { "hub.lease_seconds": "-1" }, 400],
    ["an unknown topic", { "hub.topic": "https://example.com/feed" }, 404],
    ["an unsubscription that nothing was subscribed for", { "hub.mode": "unsubscribe" }, 404],
  ])("rejects %s without calling the callback", async (_name, parameters, status) => {
    const { topic } = await newApp();
    await using subscriber = await WebSubSubscriber.start();
    const response = await subscriber.request(topic.url, parameters);
    expect(response.status).toBe(status);
    expect(subscriber.questions).toEqual([]);
  });

  it("accepts the longest secret that the specification allows", async () => {
    const { topic, subscribed } = await newApp();
    await using subscriber = await WebSubSubscriber.start();
    expect((await subscriber.request(topic.url, { "hub.secret": "s".repeat(199) })).status).toBe(202);
    await subscribed();
  });

  it("grants leases within the limits of the topic", async () => {
    const { topic, subscribed } = await newApp({ leaseSeconds: { min: 100, max: 200, default: 150 } });
    await using subscriber = await WebSubSubscriber.start();
    await subscriber.request(topic.url, { "hub.lease_seconds": "5" });
    expect((await subscribed()).leaseSeconds).toBe(100);
    await subscriber.request(topic.url, { "hub.lease_seconds": "99999" });
    await eventually(async () => expect((await subscribed()).leaseSeconds).toBe(200));
    await subscriber.request(topic.url);
    await eventually(async () => expect((await subscribed()).leaseSeconds).toBe(150));
  });

  it("renews a subscription with its new secret, without a second endpoint", async () => {
    const { topic, publish, subscribed, subscriptions } = await newApp();
    await using subscriber = await WebSubSubscriber.start();
    await subscriber.request(topic.url, { "hub.secret": "the first secret" });
    const first = await subscribed();
    await subscriber.request(topic.url, { "hub.lease_seconds": "2000" });
    await eventually(async () => expect((await subscribed()).leaseSeconds).toBe(2000));
    expect(await subscriptions()).toMatchObject([{ id: first.id, endpointId: first.endpointId }]);
    await publish("order.paid", { n: 1 });
    const event = await subscriber.receiver.waitFor(({ method }) => method === "POST");
    expect(subscriber.verifies(event)).toBe(true);
  });

  it("ends a subscription only if its subscriber confirms that", async () => {
    const { app, topic, publish, subscribed, subscriptions, settled } = await newApp();
    await using subscriber = await WebSubSubscriber.start();
    await subscriber.request(topic.url);
    const { endpointId } = await subscribed();
    subscriber.options = { intent: () => 404 };
    expect((await subscriber.request(topic.url, { "hub.mode": "unsubscribe" })).status).toBe(202);
    await eventually(() => expect(subscriber.questions.at(-1)?.get("hub.mode")).toBe("unsubscribe"));
    await settled();
    expect(await subscriptions()).toHaveLength(1);

    subscriber.options = {};
    await subscriber.request(topic.url, { "hub.mode": "unsubscribe" });
    await eventually(async () => expect(await subscriptions()).toEqual([]));
    expect((await tenant.call("GET", `app/${app}/endpoint/${endpointId}`)).status).toBe(404);
    // The same request again: there is nothing to end.
    expect((await subscriber.request(topic.url, { "hub.mode": "unsubscribe" })).status).toBe(404);
    await publish("order.paid", { n: 1 });
    expect(subscriber.events).toEqual([]);
  });

  it("ends a subscription whose subscriber responds with 410, regardless of the policy of the application", async () => {
    const { app, topic, publish, subscribed, subscriptions } = await newApp();
    await tenant.call("PATCH", `app/${app}/policy`, { autoDisable: { enabled: false, onGone: false } });
    await using subscriber = await WebSubSubscriber.start({ event: () => 410 });
    await subscriber.request(topic.url);
    await subscribed();
    await publish("order.paid", { n: 1 });
    await eventually(async () => expect(await subscriptions()).toEqual([]));
    expect(subscriber.events).toHaveLength(1);
  });

  it("ends a subscription when its lease is over", async () => {
    const { topic, publish, subscribed, subscriptions } = await newApp();
    await using subscriber = await WebSubSubscriber.start();
    await subscriber.request(topic.url);
    await subscribed();
    await node.services.store.transaction(async ({ db, signal }) => {
      await db.updateTable("subscription").set({ lease_until: Date.now() }).execute();
      signal({ kind: "subscriptions" });
    });
    await eventually(async () => expect(await subscriptions()).toEqual([]));
    await publish("order.paid", { n: 1 });
    expect(subscriber.events).toEqual([]);
  });

  it("notifies the subscriber when the publisher ends its subscription, or deletes the topic", async () => {
    const { app, topic, subscribed, subscriptions } = await newApp();
    await using subscriber = await WebSubSubscriber.start();
    await subscriber.request(topic.url);
    const { id } = await subscribed();
    expect((await tenant.call("DELETE", `app/${app}/websub/subscription/${id}`)).status).toBe(204);
    const denials = () => subscriber.questions.filter((query) => query.get("hub.mode") === "denied");
    await eventually(() => expect(denials()).toHaveLength(1));
    expect(denials()[0]!.get("hub.topic")).toBe(topic.url);
    expect(denials()[0]!.get("hub.reason")).toContain("publisher");
    expect(await subscriptions()).toEqual([]);

    await subscriber.request(topic.url);
    await subscribed();
    expect((await tenant.call("DELETE", `app/${app}/websub/topic/${topic.id}`)).status).toBe(204);
    await eventually(() => expect(denials()).toHaveLength(2));
    expect((await fetch(topic.url)).status).toBe(404);
  });

  it("denies subscriptions beyond the limit of the topic", async () => {
    const { topic, subscribed, subscriptions, requests } = await newApp({ maxSubscriptions: 1 });
    await using first = await WebSubSubscriber.start();
    await using second = await WebSubSubscriber.start();
    await first.request(topic.url);
    await subscribed();
    await second.request(topic.url);
    await eventually(() => expect(second.questions.map((query) => query.get("hub.mode"))).toContain("denied"));
    expect(await subscriptions()).toHaveLength(1);
    expect(await requests()).toMatchObject([{ state: "failed", error: { code: "topic_full" } }]);
  });

  it("does not serve a disabled topic, or the old URL of a replaced one", async () => {
    const { app, topic, subscribed } = await newApp();
    await using subscriber = await WebSubSubscriber.start();
    await subscriber.request(topic.url);
    await subscribed();
    await tenant.call("PATCH", `app/${app}/websub/topic/${topic.id}`, { disabled: true });
    expect((await fetch(topic.url)).status).toBe(404);
    await tenant.call("PATCH", `app/${app}/websub/topic/${topic.id}`, { disabled: false });
    expect((await fetch(topic.url)).status).toBe(204);
    const rotated = (await tenant.call("POST", `app/${app}/websub/topic/${topic.id}/rotate`)).json;
    expect(rotated["url"]).not.toBe(topic.url);
    expect((await fetch(topic.url)).status).toBe(404);
    expect((await fetch(rotated["url"] as string)).status).toBe(204);
  });

  it("limits the requests that wait for one host, and stores repeated ones once", async () => {
    const { topic } = await newApp();
    await using subscriber = await WebSubSubscriber.start({ intent: () => "hang" });
    const statuses: number[] = [];
    for (let n = 0; n < 12; n++) {
      const callback = `${subscriber.receiver.url}/${n}`;
      statuses.push((await subscriber.request(topic.url, { "hub.callback": callback })).status);
    }
    expect(statuses.filter((status) => status === 202)).toHaveLength(10);
    expect(statuses.slice(10)).toEqual([429, 429]);
    const again = await subscriber.request(topic.url, { "hub.callback": `${subscriber.receiver.url}/0` });
    expect(again.status).toBe(202);
    await node.services.store.transaction(async ({ db }) => {
      await db.deleteFrom("websub_request").execute();
    });
  });

  it("is the only way to create endpoints of its kind, or to change their URL", async () => {
    const { app, topic, subscribed } = await newApp();
    const config = { callback: "https://example.com/", topic: topic.url, hub: topic.hub };
    const created = await tenant.call("POST", `app/${app}/endpoint`, { kind: "webSub", config });
    expect(created.status).toBe(422);
    expect(created.text).toContain("websub/topic");
    await using subscriber = await WebSubSubscriber.start();
    await subscriber.request(topic.url);
    const { endpointId } = await subscribed();
    const patched = await tenant.call("PATCH", `app/${app}/endpoint/${endpointId}`, { config });
    expect(patched.status).toBe(422);
    expect((await tenant.call("POST", `app/${app}/endpoint/${endpointId}/pause`, {})).status).toBeLessThan(300);
  });

  it("does not exist if the operator does not allow the kind", async () => {
    using other = temporaryFolder();
    await using closed = await startNode(other.path, { env: { POSTHORN_DESTINATIONS: "slack" } });
    const response = await fetch(`${closed.url}/websub`, { method: "POST", body: new URLSearchParams({ a: "b" }) });
    expect(response.status).toBe(404);
  });

  it("keeps a pending request and a subscription over a restart", async () => {
    using other = temporaryFolder();
    await using subscriber = await WebSubSubscriber.start({ intent: () => "hang" });
    let topic = "";
    const port = 20_000 + Math.floor(Math.random() * 10_000);
    const env = { POSTHORN_LISTEN: `127.0.0.1:${port}` };
    {
      await using before = await startNode(other.path, { env });
      const first = new Tenant(before);
      await first.call("POST", "app", { name: "app", uid: "app" });
      topic = (await first.call("POST", "app/app/websub/topic", {})).json["url"] as string;
      expect((await subscriber.request(topic)).status).toBe(202);
      await eventually(() => expect(subscriber.questions).toHaveLength(1));
    }
    subscriber.options = {};
    await using after = await startNode(other.path, { env });
    const second = new Tenant(after);
    await after.services.store.transaction(async ({ db, signal }) => {
      await db.updateTable("websub_request").set({ due: 0 }).execute();
      signal({ kind: "subscriptions" });
    });
    await eventually(async () =>
      expect((await second.call("GET", "app/app/websub/subscription")).json["data"]).toMatchObject([
        { callback: subscriber.callback },
      ]),
    );
  });
});

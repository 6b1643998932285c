import { eventually, startReceiver } from "@posthorn/testkit";
import { describe, expect, it } from "vitest";
import { startNode } from "./support/posthorn.ts";
import { temporaryFolder } from "./support/store.ts";
import { type ApiResponse, Tenant } from "./support/tenant.ts";

const MESSAGE = { eventType: "maintenance.planned", payload: { at: "night", n: 1.0 } };

/** Creates applications `app0`, `app1` and so on; those with an even number have `plan` `pro`. */
async function applications(tenant: Tenant, count: number, url: string | null = null): Promise<void> {
  for (let index = 0; index < count; index++) {
    const uid = `app${index}`;
    await tenant.call("POST", "app", { name: uid, uid, metadata: { plan: index % 2 === 0 ? "pro" : "free" } });
    if (url !== null) await tenant.call("POST", `app/${uid}/endpoint`, { url });
  }
}

function ended(tenant: Tenant, { json }: ApiResponse): Promise<Record<string, unknown>> {
  return eventually(async () => {
    const task = (await tenant.call("GET", `background-task/${String(json["id"])}`)).json;
    expect(task["status"]).not.toBe("running");
    return task;
  });
}

async function messagesOf(tenant: Tenant, app: string): Promise<readonly Record<string, unknown>[]> {
  return (await tenant.call("GET", `app/${app}/msg`)).json["data"] as Record<string, unknown>[];
}

describe("a broadcast", () => {
  it("gives every application its own message, delivered like any other, and reports progress", async () => {
    using folder = temporaryFolder();
    await using receiver = await startReceiver();
    await using node = await startNode(folder.path);
    const tenant = new Tenant(node);
    await applications(tenant, 3, receiver.url);
    const started = await tenant.call("POST", "msg/broadcast", MESSAGE);
    expect(started).toMatchObject({ status: 202, json: { task: "message.broadcast", status: "running" } });
    const task = await ended(tenant, started);
    expect(task).toMatchObject({ status: "finished", data: { messagesSent: 3, applications: 3, skipped: 0 } });
    const bodies = (await receiver.waitForCount(3)).map(({ body }) => body.toString());
    expect(bodies).toEqual(Array.from({ length: 3 }, () => JSON.stringify(MESSAGE.payload)));
    const ids = await Promise.all([0, 1, 2].map(async (index) => (await messagesOf(tenant, `app${index}`))[0]!["id"]));
    expect(new Set(ids).size).toBe(3);
  });

  it("goes to listed applications or those with matching metadata, and to no other organisation", async () => {
    using folder = temporaryFolder();
    await using node = await startNode(folder.path);
    const tenant = new Tenant(node);
    await applications(tenant, 4);
    await ended(tenant, await tenant.call("POST", "msg/broadcast", { ...MESSAGE, applications: ["app1", "app3"] }));
    await ended(tenant, await tenant.call("POST", "msg/broadcast", { ...MESSAGE, metadata: { plan: "pro" } }));
    const both = { applications: ["app0", "app1"], metadata: { plan: "pro" } };
    const task = await ended(tenant, await tenant.call("POST", "msg/broadcast", { ...MESSAGE, ...both }));
    expect(task["data"]).toMatchObject({ messagesSent: 1, applications: 2 });
    const counts = await Promise.all(
      [0, 1, 2, 3].map(async (index) => (await messagesOf(tenant, `app${index}`)).length),
    );
    expect(counts).toEqual([2, 1, 1, 1]);
  });

  it("skips an application that already has its event, and is started once per idempotency key", async () => {
    using folder = temporaryFolder();
    await using node = await startNode(folder.path);
    const tenant = new Tenant(node);
    await applications(tenant, 2);
    await tenant.call("POST", "app/app1/msg", { ...MESSAGE, eventId: "night-1" });
    const task = await ended(tenant, await tenant.call("POST", "msg/broadcast", { ...MESSAGE, eventId: "night-1" }));
    expect(task["data"]).toMatchObject({ messagesSent: 1, skipped: 1 });
    const headers = { authorization: `Bearer ${node.token}`, "idempotency-key": "once" };
    const send = () =>
      fetch(`${node.url}/api/v1/msg/broadcast`, { method: "POST", headers, body: JSON.stringify(MESSAGE) });
    const responses = [await (await send()).json(), await (await send()).json()];
    expect(responses[0]).toEqual(responses[1]);
  });

  it("needs a token of the organisation, and is rejected if it cannot reach any application", async () => {
    using folder = temporaryFolder();
    await using node = await startNode(folder.path);
    const tenant = new Tenant(node);
    await tenant.setUp("https://example.com/");
    const portal = await tenant.portal(["ViewBase", "ManageEndpoint"]);
    expect(await portal.call("POST", "msg/broadcast", MESSAGE)).toMatchObject({ status: 403 });
    for (const wrong of [{ applications: ["missing"] }, { applications: [] }, { payload: [1] }, { eventType: "a b" }]) {
      expect(await tenant.call("POST", "msg/broadcast", { ...MESSAGE, ...wrong })).toMatchObject({ status: 422 });
    }
    const done = await tenant.call("POST", "msg/broadcast", MESSAGE);
    await ended(tenant, done);
    const id = String(done.json["id"]);
    expect(await tenant.call("POST", `msg/broadcast/${id}/cancel`)).toMatchObject({ status: 409 });
    expect(await tenant.call("POST", "msg/broadcast/nothing/cancel")).toMatchObject({ status: 404 });
  });
});

describe("a background usage report", () => {
  it("counts published messages by event type and by application, and lists unknown IDs", async () => {
    using folder = temporaryFolder();
    await using node = await startNode(folder.path);
    const tenant = new Tenant(node);
    await applications(tenant, 2);
    for (const eventType of ["a.one", "a.one", "a.two"]) {
      await tenant.call("POST", "app/app0/msg", { eventType, payload: {} });
    }
    const types = await ended(tenant, await tenant.call("PUT", "stats/usage/event-types"));
    expect(types["data"]).toMatchObject({ eventTypes: { "a.one": 2, "a.two": 1 }, others: 0 });
    const range = { since: new Date(Date.now() - 3_600_000).toISOString(), until: new Date().toISOString() };
    const all = await ended(tenant, await tenant.call("POST", "stats/usage/app", range));
    expect(all["data"]).toMatchObject({
      messages: 3,
      applications: [
        { appUid: "app0", messages: 3, attemptsOk: 0 },
        { appUid: "app1", messages: 0 },
      ],
      omitted: 0,
    });
    const some = await tenant.call("POST", "stats/usage/app", { ...range, appIds: ["app1", "who"] });
    expect(some.json).toMatchObject({ task: "application.stats", unresolvedAppIds: ["who"] });
    expect((await ended(tenant, some))["data"]).toMatchObject({ messages: 0, applications: [{ appUid: "app1" }] });
    const reversed = { since: range.until, until: range.since };
    expect(await tenant.call("POST", "stats/usage/app", reversed)).toMatchObject({ status: 400 });
  });
});

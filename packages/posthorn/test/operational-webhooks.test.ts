import { verify } from "@posthorn/webhooks";
import { eventually, type Receiver, startReceiver } from "@posthorn/testkit";
import { describe, expect, it } from "vitest";
import { startNode } from "./support/posthorn.ts";
import { temporaryFolder } from "./support/store.ts";
import { Tenant } from "./support/tenant.ts";

const HOOKS = "operational-webhook/endpoint";
/** Five attempts: failing at the fourth, exhausted at the fifth. */
const FAST = { POSTHORN_RETRY_SCHEDULE: "0.01,0.01,0.01,0.01" };

interface ReceivedEvent {
  readonly type: string;
  readonly data: Record<string, unknown>;
}

function eventsOf(receiver: Receiver): ReceivedEvent[] {
  return receiver.requests.map(({ body }) => JSON.parse(body.toString()) as ReceivedEvent);
}

/** The received events, once there are this many. */
function receivedEvents(receiver: Receiver, count: number): Promise<ReceivedEvent[]> {
  return eventually(() => {
    const all = eventsOf(receiver);
    if (all.length < count) throw new Error(`${all.length} of ${count}: ${JSON.stringify(all)}`);
    return all;
  });
}

describe("operational webhooks", () => {
  it("report failing, exhausted and recovered messages, signed, each once", async () => {
    using folder = temporaryFolder();
    await using hooks = await startReceiver();
    let response = 500;
    await using customer = await startReceiver({ response: () => response });
    await using node = await startNode(folder.path, { env: FAST });
    const tenant = new Tenant(node);
    await tenant.setUp(customer.url);
    const types = ["message.attempt.failing", "message.attempt.exhausted", "message.attempt.recovered"];
    const made = await tenant.call("POST", HOOKS, { url: hooks.url, eventTypes: types });
    expect(made.status).toBe(201);
    const message = (await tenant.call("POST", "app/app/msg", { eventType: "a", eventId: "e1", payload: {} })).json;

    const [failing, exhausted] = await receivedEvents(hooks, 2);
    const subject = { appUid: "app", endpointUid: "ep", msgId: message["id"], msgEventId: "e1", count: 1 };
    expect(failing).toMatchObject({ type: "message.attempt.failing", data: subject });
    expect(exhausted).toMatchObject({ type: "message.attempt.exhausted", data: subject });
    const lastAttempt = exhausted!.data["lastAttempt"] as Record<string, unknown>;
    const { json } = await tenant.call("GET", `app/app/attempt/msg/${String(message["id"])}`);
    const [newest] = json["data"] as Record<string, unknown>[];
    expect(lastAttempt).toEqual({ id: newest!["id"], responseStatusCode: 500, timestamp: newest!["timestamp"] });

    response = 204;
    for (let times = 0; times < 2; times++) {
      await tenant.call("POST", `app/app/msg/${String(message["id"])}/endpoint/ep/resend`);
      await customer.waitForCount(6 + times);
    }
    expect((await receivedEvents(hooks, 3))[2]).toMatchObject({ type: "message.attempt.recovered", data: subject });
    const secret = await tenant.call("GET", `${HOOKS}/${String(made.json["id"])}/secret`);
    for (const { body, headers } of hooks.requests) {
      await verify({ body, headers }, secret.json["key"] as string);
    }
    const attempts = await tenant.call("GET", `${HOOKS}/${String(made.json["id"])}/attempt?with_msg=true`);
    expect(attempts.json["data"]).toHaveLength(3);
  });

  it("report changes of endpoints, only to subscribers of the type", async () => {
    using folder = temporaryFolder();
    await using all = await startReceiver();
    await using some = await startReceiver();
    await using node = await startNode(folder.path);
    const tenant = new Tenant(node);
    await tenant.call("POST", HOOKS, { url: all.url });
    await tenant.call("POST", HOOKS, { url: some.url, filterTypes: ["endpoint.deleted"] });
    await tenant.setUp("https://example.com/");
    await tenant.call("PATCH", "app/app/endpoint/ep", { disabled: true });
    await tenant.call("PATCH", "app/app/endpoint/ep", { disabled: false });
    await tenant.call("DELETE", "app/app/endpoint/ep");
    const types = (await receivedEvents(all, 6)).map(({ type }) => type);
    expect(types.toSorted()).toEqual([
      "endpoint.created",
      "endpoint.deleted",
      "endpoint.disabled",
      "endpoint.enabled",
      "endpoint.updated",
      "endpoint.updated",
    ]);
    expect((await receivedEvents(some, 1)).map(({ type }) => type)).toEqual(["endpoint.deleted"]);
  });

  it("never report about themselves, even when they fail to the end or are changed", async () => {
    using folder = temporaryFolder();
    await using hooks = await startReceiver({ response: 500 });
    await using witness = await startReceiver();
    await using node = await startNode(folder.path, { env: FAST });
    const tenant = new Tenant(node);
    const failing = (await tenant.call("POST", HOOKS, { url: hooks.url })).json;
    await tenant.call("POST", HOOKS, { url: witness.url });
    await tenant.call("POST", "app", { name: "Test", uid: "app" });
    await tenant.call("POST", "app/app/endpoint", { url: "https://example.com/", uid: "ep" });
    // One event, five attempts at it, and no event about those.
    await hooks.waitForCount(5);
    await tenant.call("PATCH", "app/app/endpoint/ep", { disabled: true });
    await tenant.call("PUT", `${HOOKS}/${String(failing["id"])}`, { url: hooks.url, disabled: true });
    await tenant.call("DELETE", `${HOOKS}/${String(failing["id"])}`);
    await tenant.call("DELETE", "app/app/endpoint/ep");
    const types = (await receivedEvents(witness, 4)).map(({ type }) => type);
    expect(types.toSorted()).toEqual(["endpoint.created", "endpoint.deleted", "endpoint.disabled", "endpoint.updated"]);
  });

  it("belong to the organisation: others receive none, tokens of applications are rejected, and lists of applications do not show them", async () => {
    using folder = temporaryFolder();
    await using hooks = await startReceiver();
    await using node = await startNode(folder.path);
    const tenant = new Tenant(node);
    await tenant.setUp("https://example.com/");
    expect((await tenant.call("GET", HOOKS)).json).toEqual({ data: [], iterator: null, done: true });
    expect(await tenant.call("GET", `${HOOKS}/none`)).toMatchObject({ status: 404 });
    await tenant.call("POST", HOOKS, { url: hooks.url, uid: "mine" });
    const portal = await tenant.portal(["ViewBase", "ManageEndpoint"]);
    expect(await portal.call("GET", HOOKS)).toMatchObject({ status: 403 });
    expect(await portal.call("GET", `${HOOKS}/mine`)).toMatchObject({ status: 403 });
    expect((await tenant.call("GET", "app")).json["data"]).toHaveLength(1);
    expect(await tenant.call("GET", "app/operational")).toMatchObject({ status: 404 });
    expect(await tenant.call("POST", "app/operational/msg", { eventType: "a", payload: {} })).toMatchObject({
      status: 404,
    });
    const refused = await tenant.call("POST", HOOKS, { url: hooks.url, eventTypes: ["invoice.paid"] });
    expect(refused).toMatchObject({ status: 422, text: expect.stringContaining("endpoint.disabled") as string });
  });
});

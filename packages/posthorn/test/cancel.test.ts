import { eventually, startReceiver, type Receiver } from "@posthorn/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startNode, type TestNode } from "./support/posthorn.ts";
import { temporaryFolder } from "./support/store.ts";
import { Tenant } from "./support/tenant.ts";

const folder = temporaryFolder();
let node: TestNode;
let receiver: Receiver;
let tenant: Tenant;

beforeAll(async () => {
  receiver = await startReceiver();
  node = await startNode(folder.path);
  tenant = new Tenant(node);
  await tenant.setUp(receiver.url);
  await tenant.call("POST", "app/app/endpoint", { url: receiver.url, uid: "off", disabled: true });
});

afterAll(async () => {
  await node[Symbol.asyncDispose]();
  await receiver[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

interface Destination {
  uid: string;
  status: number;
  statusText: string;
  canceled?: { reason: string; at: string; by: string | null };
}

async function publish(fields: object = {}): Promise<string> {
  const { status, json, text } = await tenant.call("POST", "app/app/msg", { eventType: "a", payload: {}, ...fields });
  if (status !== 202) throw new Error(text);
  return json["id"] as string;
}

async function destinations(message: string): Promise<Record<string, Destination>> {
  const { json } = await tenant.call("GET", `app/app/msg/${message}/endpoint`);
  return Object.fromEntries((json["data"] as Destination[]).map((destination) => [destination.uid, destination]));
}

describe("a cancel", () => {
  it("cancels a scheduled message at every endpoint, and reports it", async () => {
    const id = await publish({ delaySeconds: 3600 });
    expect((await tenant.call("POST", `app/app/msg/${id}/cancel`)).json).toEqual({ canceled: 2 });
    const { ep, off } = await destinations(id);
    expect(ep).toMatchObject({ status: 4, statusText: "canceled", canceled: { reason: "requested", by: null } });
    expect(off).toMatchObject({ status: 4 });
    expect((await tenant.call("POST", `app/app/msg/${id}/cancel`)).json).toEqual({ canceled: 0 });
  });

  it("at one endpoint does not affect the others, and a canceled delivery is not sent when the endpoint is enabled", async () => {
    const id = await publish();
    const later = await publish();
    await receiver.waitFor((request) => request.headers["webhook-id"] === id);
    expect((await tenant.call("POST", `app/app/msg/${id}/endpoint/off/cancel`)).json).toEqual({ canceled: 1 });
    await tenant.call("PATCH", "app/app/endpoint/off", { disabled: false });
    await eventually(async () => expect((await destinations(later))["off"]).toMatchObject({ status: 0 }));
    expect(receiver.requests.filter((request) => request.headers["webhook-id"] === id)).toHaveLength(1);
    expect(await destinations(id)).toMatchObject({ ep: { status: 0 }, off: { status: 4 } });
    await tenant.call("PATCH", "app/app/endpoint/off", { disabled: true });
  });

  it("of an unknown message or endpoint is a 404, and a portal may only cancel at its endpoints", async () => {
    const id = await publish({ delaySeconds: 60 });
    expect((await tenant.call("POST", "app/app/msg/nothing/cancel")).status).toBe(404);
    expect((await tenant.call("POST", `app/app/msg/${id}/endpoint/nothing/cancel`)).status).toBe(404);
    const portal = await tenant.portal(["CreateAttempts"]);
    expect((await portal.call("POST", `app/app/msg/${id}/cancel`)).status).toBe(403);
    expect((await portal.call("POST", `app/app/msg/${id}/endpoint/ep/cancel`)).json).toEqual({ canceled: 1 });
    await tenant.call("POST", "app", { name: "Other", uid: "other" });
    expect((await tenant.call("POST", `app/other/msg/${id}/cancel`)).status).toBe(404);
  });
});

describe("delay and expiry of a message", () => {
  it("are shown, and unchanged after a restart", async () => {
    const id = await publish({ delaySeconds: 90_000, ttlSeconds: 60 });
    const { json } = await tenant.call("GET", `app/app/msg/${id}`);
    const { deliverAt, expiresAt, timestamp } = json as { deliverAt: string; expiresAt: string; timestamp: string };
    expect(Date.parse(expiresAt) - Date.parse(deliverAt)).toBe(60_000);
    expect(Date.parse(deliverAt) - Date.parse(timestamp)).toBeGreaterThan(89_999_000);
  });

  it.each([
    [{ delaySeconds: 60, deliverAt: new Date(Date.now() + 120_000).toISOString() }, "delaySeconds"],
    [{ ttlSeconds: 60, expiresAt: new Date(Date.now() + 120_000).toISOString() }, "ttlSeconds"],
    [{ expiresAt: "2020-01-01T00:00:00Z" }, "expiresAt"],
    [{ delaySeconds: 600, expiresAt: new Date(Date.now() + 300_000).toISOString() }, "expiresAt"],
    [{ delaySeconds: 0 }, "delaySeconds"],
    [{ delaySeconds: 31_536_001 }, "delaySeconds"],
  ])("are rejected if they make no sense: %j", async (fields, field) => {
    const { status, json } = await tenant.call("POST", "app/app/msg", { eventType: "a", payload: {}, ...fields });
    expect([status, (json["detail"] as { loc: string[] }[])[0]!.loc]).toEqual([422, ["body", field]]);
  });

  it("end a message: it cannot be resent, and its delivery on hold is canceled as expired", async () => {
    const id = await publish({ ttlSeconds: 1 });
    await eventually(async () => {
      const response = await tenant.call("POST", `app/app/msg/${id}/endpoint/ep/resend`);
      expect([response.status, response.json["code"]]).toEqual([400, "message_expired"]);
    });
    await tenant.call("PATCH", "app/app/endpoint/off", { disabled: false });
    await eventually(async () =>
      expect((await destinations(id))["off"]).toMatchObject({ status: 4, canceled: { reason: "expired" } }),
    );
  });
});

describe("an endpoint that debounces", () => {
  it("gets the last message of a burst, and the others name the one that replaced them", async () => {
    const response = await tenant.call("POST", "app/app/endpoint", {
      url: `${receiver.url}/calm`,
      uid: "calm",
      eventTypes: null,
    });
    expect(response.status).toBe(201);
    const policy = { debounce: { waitSeconds: 3, by: "payload", path: "customer.id" } };
    expect((await tenant.call("PUT", "app/app/endpoint/calm/policy", policy)).status).toBe(200);
    const send = (customer: number, n: number) => publish({ payload: { customer: { id: customer }, n } });
    const ids = [await send(1, 1), await send(2, 1), await send(1, 2)];
    const calm = () => receiver.requests.filter(({ path }) => path === "/calm").map(({ body }) => body.toString());
    await eventually(() => expect(calm()).toHaveLength(2));
    expect(calm().toSorted()).toEqual(['{"customer":{"id":1},"n":2}', '{"customer":{"id":2},"n":1}']);
    expect((await destinations(ids[0]!))["calm"]).toMatchObject({
      status: 4,
      canceled: { reason: "debounced", by: ids[2] },
    });
    await tenant.call("DELETE", "app/app/endpoint/calm");
  });
});

describe("an endpoint that throttles", () => {
  it("gets up to its limit in a window, and the others are canceled as throttled", async () => {
    await tenant.call("POST", "app/app/endpoint", { url: `${receiver.url}/few`, uid: "few" });
    const policy = { throttle: { limit: 2, windowSeconds: 3600, by: "endpoint" } };
    await tenant.call("PUT", "app/app/endpoint/few/policy", policy);
    const ids = [await publish(), await publish(), await publish()];
    await eventually(() => expect(receiver.requests.filter(({ path }) => path === "/few")).toHaveLength(2));
    expect((await destinations(ids[2]!))["few"]).toMatchObject({ status: 4, canceled: { reason: "throttled" } });
  });

  it("rejects a payload key without a path", async () => {
    const bad = [{ by: "payload" }, { by: "payload", path: "a..b" }, { path: `${"a.".repeat(20)}b` }];
    for (const throttle of bad) {
      const { status, json } = await tenant.call("PATCH", "app/app/endpoint/few/policy", { throttle });
      expect([status, (json["detail"] as { loc: string[] }[])[0]!.loc]).toEqual([422, ["body", "throttle", "path"]]);
    }
  });
});

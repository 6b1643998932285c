/** A signature covers `id.timestamp.body`. With a dot in the ID, a different split of the same text would verify too. */
import { eventually, type Receiver, startReceiver } from "@posthorn/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startNode, type TestNode } from "./support/posthorn.ts";
import { temporaryFolder } from "./support/store.ts";
import { Tenant } from "./support/tenant.ts";

const folder = temporaryFolder();
let receiver: Receiver;
let node: TestNode;
let tenant: Tenant;

beforeAll(async () => {
  receiver = await startReceiver();
  node = await startNode(folder.path);
  tenant = new Tenant(node);
  await tenant.call("POST", "app", { name: "Test", uid: "app.with.dots" });
  await tenant.call("POST", "app/app.with.dots/endpoint", { url: `${receiver.url}/hook`, uid: "ep.with.dots" });
});

afterAll(async () => {
  await node[Symbol.asyncDispose]();
  await receiver[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

/** The IDs of the requests at this path, once there are this many. */
async function idsAt(path: string, count: number, header = "webhook-id"): Promise<readonly string[]> {
  return eventually(async () => {
    const ids = receiver.requests.filter((request) => request.path === path).map(({ headers }) => headers[header]!);
    if (ids.length < count) throw new Error(`${ids.length} of ${count} requests at ${path}`);
    return ids;
  });
}

describe("the signed id of a delivery", () => {
  it("has no dot when the message has an eventId with dots, sent once, again, as an example or in a replay", async () => {
    const { json } = await tenant.call("POST", "app/app.with.dots/msg", {
      eventType: "a.b",
      eventId: "evt.with.dots",
      payload: {},
    });
    await idsAt("/hook", 1);
    const at = "app/app.with.dots";
    await tenant.call("POST", `${at}/msg/evt.with.dots/endpoint/ep.with.dots/resend`);
    await idsAt("/hook", 2);
    await tenant.call("POST", `${at}/endpoint/ep.with.dots/send-example`, { eventType: "posthorn.ping" });
    await idsAt("/hook", 3);
    await tenant.call("POST", `${at}/replay`, {
      since: new Date(Date.now() - 3_600_000).toISOString(),
      target: { url: `${receiver.url}/replay` },
    });
    const ids = [...(await idsAt("/hook", 3)), ...(await idsAt("/replay", 1))];
    expect(ids.slice(0, 2)).toEqual([json["id"], json["id"]]);
    expect(ids.filter((id) => !/^msg_[0-9A-Za-z]{27}$/.test(id))).toEqual([]);
  });

  it("has no dot when the id of the inbound delivery has dots", async () => {
    const { json } = await tenant.at("ingest/api/v1", "POST", "source", { name: "Source", type: "generic-webhook" });
    const source = `source/${String(json["id"])}`;
    await tenant.at("ingest/api/v1", "POST", `${source}/endpoint`, { url: `${receiver.url}/inbound` });
    const headers = { "webhook-id": "delivery.with.dots", "idempotency-key": "key.with.dots" };
    expect((await fetch(String(json["ingestUrl"]), { method: "POST", headers, body: "{}" })).status).toBeLessThan(300);
    // The sender's own headers are passed on unchanged, and Posthorn signs under the other names.
    expect(await idsAt("/inbound", 1)).toEqual(["delivery.with.dots"]);
    const [id] = await idsAt("/inbound", 1, "svix-id");
    expect(id).toMatch(/^msg_[0-9A-Za-z]{27}$/);
  });

  it("has no dot in an operational webhook", async () => {
    await tenant.call("POST", "operational-webhook/endpoint", { url: `${receiver.url}/operational` });
    await tenant.call("PATCH", "app/app.with.dots/endpoint/ep.with.dots", { description: "Changed" });
    const [id] = await idsAt("/operational", 1);
    expect(id).toMatch(/^msg_[0-9A-Za-z]{27}$/);
  });
});

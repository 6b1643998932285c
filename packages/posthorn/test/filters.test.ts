import { startReceiver, type Receiver } from "@posthorn/testkit";
import { eventually } from "@posthorn/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startNode, type TestNode } from "./support/posthorn.ts";
import { temporaryFolder } from "./support/store.ts";
import { Tenant } from "./support/tenant.ts";

let node: TestNode;
let tenant: Tenant;
let receiver: Receiver;
const folder = temporaryFolder();
const FILTER = "app/app/endpoint/ep/filter";

beforeAll(async () => {
  node = await startNode(folder.path);
  receiver = await startReceiver();
  tenant = new Tenant(node);
  await tenant.setUp(`${receiver.url}/filtered`);
  await tenant.call("POST", "app/app/endpoint", { url: `${receiver.url}/all`, uid: "all" });
});

afterAll(async () => {
  await node[Symbol.asyncDispose]();
  await receiver[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

async function publish(body: object): Promise<string> {
  const { status, json } = await tenant.call("POST", "app/app/msg", { eventType: "a", ...body });
  expect(status).toBe(202);
  return json["id"] as string;
}

const matching = async (message: string) => (await tenant.call("GET", `app/app/msg/${message}/matching`)).json;

/** Paths that received the message. */
function sentTo(message: string): string[] {
  return receiver.requests
    .filter(({ headers }) => headers["webhook-id"] === message)
    .map(({ path }) => path)
    .sort();
}

/** Sends this text unchanged. */
async function put(text: string): Promise<{ status: number; text: string }> {
  const response = await fetch(`${node.url}/api/v1/${FILTER}`, {
    method: "PUT",
    headers: { authorization: `Bearer ${node.token}`, "content-type": "application/json" },
    body: text,
  });
  return { status: response.status, text: await response.text() };
}

describe("the filter of an endpoint", () => {
  it("matches the content of each message, and explains why one was not sent", async () => {
    expect(await tenant.call("PUT", FILTER, { filter: { body: { n: { $gt: 1 } } } })).toMatchObject({ status: 204 });
    const low = await publish({ payload: { n: 1 } });
    const high = await publish({ payload: { n: 2 } });
    await eventually(() => expect([sentTo(low), sentTo(high)]).toEqual([["/all"], ["/all", "/filtered"]]));
    expect(await matching(high)).toEqual({ matched: 2, unmatched: 0, reasons: [] });
    expect(await matching(low)).toMatchObject({
      matched: 1,
      unmatched: 1,
      reasons: [
        { endpointUid: "ep", reason: "filter", clause: "body.n.$gt", message: expect.stringContaining("body.n.$gt") },
      ],
    });
  });

  it("that cannot be evaluated on a message is recorded, and other endpoints get the message", async () => {
    await tenant.call("PUT", FILTER, { filter: { body: { n: 1 } } });
    const params = { rawPayload: "<a/>", headers: { "content-type": "application/xml" } };
    const id = await publish({ payload: {}, transformationsParams: params });
    await eventually(() => expect(sentTo(id)).toEqual(["/all"]));
    expect(await matching(id)).toMatchObject({
      unmatched: 1,
      reasons: [{ reason: "filter_error", clause: null, message: expect.stringContaining("neither JSON nor a form") }],
    });
  });

  it("is stored character by character, and can be removed", async () => {
    const text = '{ "body":{"id": 12345678901234567890, "x": 1.0} }';
    expect(await put(`{"filter": ${text} }`)).toMatchObject({ status: 204 });
    expect((await tenant.call("GET", FILTER)).text).toBe(`{"filter":${text}}`);
    expect(await tenant.call("DELETE", FILTER)).toMatchObject({ status: 204 });
    expect((await tenant.call("GET", FILTER)).json).toEqual({ filter: null });
    await put(`{"filter": ${text}}`);
    expect(await put('{"filter": null}')).toMatchObject({ status: 204 });
    expect((await tenant.call("GET", FILTER)).json).toEqual({ filter: null });
  });

  it("is rejected with the invalid clause, and the previous one is kept", async () => {
    await tenant.call("PUT", FILTER, { filter: { eventType: "a" } });
    const response = await tenant.call("PUT", FILTER, { filter: { body: { n: { $gt: [] } } } });
    expect(response).toMatchObject({ status: 422, json: { detail: [{ loc: ["body", "filter", "body.n.$gt"] }] } });
    expect(await tenant.call("PUT", FILTER, { filter: { amount: 1 } })).toMatchObject({ status: 422 });
    expect(await tenant.call("PUT", FILTER, { filter: [1] })).toMatchObject({ status: 422 });
    expect((await tenant.call("GET", FILTER)).json).toEqual({ filter: { eventType: "a" } });
  });

  it("is visible with ViewBase and changed with ManageEndpoint, only in its own application", async () => {
    const viewer = await tenant.portal(["ViewBase"]);
    expect(await viewer.call("GET", FILTER)).toMatchObject({ status: 200 });
    expect(await viewer.call("PUT", FILTER, { filter: {} })).toMatchObject({ status: 403 });
    expect(await viewer.call("DELETE", FILTER)).toMatchObject({ status: 403 });
    const manager = await tenant.portal(["ManageEndpoint"]);
    expect(await manager.call("PUT", FILTER, { filter: {} })).toMatchObject({ status: 204 });
    await tenant.call("POST", "app", { name: "Other", uid: "other" });
    for (const method of ["GET", "PUT", "DELETE"]) {
      const path = "app/other/endpoint/ep/filter";
      expect(await manager.call(method, path, method === "PUT" ? { filter: {} } : undefined)).toMatchObject({
        status: method === "GET" ? 403 : 404,
      });
    }
  });
});

describe("the reason why an endpoint does not get a message", () => {
  it("can be its event types or its channels, and is stored for each endpoint", async () => {
    await tenant.call("POST", "event-type", { name: "wanted", description: "" });
    await tenant.call("POST", "app/app/endpoint", { url: receiver.url, uid: "types", eventTypes: ["wanted"] });
    await tenant.call("POST", "app/app/endpoint", { url: receiver.url, uid: "channels", channels: ["eu"] });
    const { reasons } = (await matching(await publish({ payload: {} }))) as { reasons: { endpointUid: string }[] };
    expect(reasons).toHaveLength(2);
    expect(reasons).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ endpointUid: "types", reason: "event_type" }),
        expect.objectContaining({ endpointUid: "channels", reason: "channels" }),
      ]),
    );
    // The reason of the first differs from that of the next.
    expect(await matching(await publish({ payload: {}, channels: ["eu"] }))).toMatchObject({ unmatched: 1 });
    expect(await matching(await publish({ payload: {}, eventType: "wanted" }))).toMatchObject({ unmatched: 1 });
  });

  it("is stored for 200 endpoints, and counted for all", async () => {
    await tenant.call("POST", "app", { name: "Many", uid: "many" });
    for (let n = 0; n < 210; n++) {
      await tenant.call("POST", "app/many/endpoint", { url: receiver.url, channels: ["eu"] });
    }
    const { json } = await tenant.call("POST", "app/many/msg", { eventType: "a", payload: {} });
    const response = await tenant.call("GET", `app/many/msg/${String(json["id"])}/matching`);
    expect(response.json).toMatchObject({ matched: 0, unmatched: 210 });
    expect(response.json["reasons"]).toHaveLength(200);
  });
});

describe("explaining a filter", () => {
  const explain = async (body: object) => (await tenant.call("POST", "filter/explain", body)).json;

  it("names the clause and shows the actual value", async () => {
    const filter = { body: { amount: { $gt: 100 } } };
    expect(await explain({ filter, payload: { amount: 101 } })).toMatchObject({ matched: true, clause: null });
    expect(await explain({ filter, payload: { amount: 42 } })).toEqual({
      matched: false,
      reason: "filter",
      clause: "body.amount.$gt",
      found: "42",
      message: "The clause body.amount.$gt does not match: found 42.",
    });
    expect(await explain({ filter, payload: {} })).toMatchObject({ found: null });
  });

  it("of an endpoint also checks its types and channels, and accepts a published message", async () => {
    await tenant.call("PUT", FILTER, { filter: { body: { n: 1 } } });
    const at = (endpoint: string, body: object) =>
      tenant.call("POST", `app/app/endpoint/${endpoint}/filter/explain`, body);
    const message = await publish({ payload: { n: 2 } });
    expect((await at("ep", { message })).json).toMatchObject({ matched: false, clause: "body.n", found: "2" });
    expect((await at("ep", { message, filter: { body: { n: 2 } } })).json).toMatchObject({ matched: true });
    expect((await at("types", { message })).json).toMatchObject({ reason: "event_type" });
    expect((await at("channels", { message })).json).toMatchObject({ reason: "channels" });
    expect((await at("all", { message })).json).toMatchObject({ matched: true });
    expect(await at("ep", { message: "msg_nope" })).toMatchObject({ status: 404 });
    expect(await at("ep", {})).toMatchObject({ status: 422 });
    await tenant.call("DELETE", `app/app/msg/${message}/content`);
    expect(await at("ep", { message })).toMatchObject({ status: 400, json: { code: "missing_payload" } });
  });

  it("needs a token with read access", async () => {
    const body = { filter: { body: { n: 1 } }, payload: { n: 1 } };
    const without = await tenant.portal([]);
    expect(await without.call("POST", "filter/explain", body)).toMatchObject({ status: 403 });
    const reader = await tenant.portal(["ViewBase"]);
    expect(await reader.call("POST", "filter/explain", body)).toMatchObject({ status: 200, json: { matched: true } });
  });

  it.each([
    ["repetitions", "a{1000}".repeat(142), "too large once its repetitions are written out"],
    ["character classes", `(?i)[${"b-\u{10ffff}".repeat(240)}]`, "use fewer Unicode classes"],
  ])("rejects a pattern with too many %s, and says what to change", async (_what, pattern, advice) => {
    const filter = { body: { a: { $regex: pattern } } };
    const response = await tenant.call("POST", "filter/explain", { filter, payload: {} });
    expect(response).toMatchObject({ status: 422 });
    expect(response.text).toContain(advice);
    expect(response.text).toContain("body.a.$regex");
  });

  it("rejects a filter that could not be saved, and changes nothing", async () => {
    const before = receiver.requests.length;
    expect(await tenant.call("POST", "filter/explain", { filter: { nope: 1 }, payload: {} })).toMatchObject({
      status: 422,
    });
    expect(await tenant.call("POST", "filter/explain", { payload: {} })).toMatchObject({ status: 422 });
    expect(await tenant.call("POST", "filter/explain", { filter: {}, message: "msg_1" })).toMatchObject({
      status: 404,
    });
    expect(receiver.requests).toHaveLength(before);
  });
});

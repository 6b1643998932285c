import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startNode, type TestNode } from "./support/posthorn.ts";
import { temporaryFolder } from "./support/store.ts";
import { Tenant } from "./support/tenant.ts";

const folder = temporaryFolder();
let node: TestNode;
let tenant: Tenant;

beforeAll(async () => {
  node = await startNode(folder.path);
  tenant = new Tenant(node);
  await tenant.call("POST", "app", { name: "Test", uid: "app" });
});

afterAll(async () => {
  await node[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

const path = "app/app/msg/precheck/active";

async function endpoint(fields: object): Promise<string> {
  const { json } = await tenant.call("POST", "app/app/endpoint", { url: "http://127.0.0.1:9999/", ...fields });
  return json["id"] as string;
}

describe("a precheck", () => {
  it("reports no matching endpoint for an application without endpoints", async () => {
    const { status, json } = await tenant.call("POST", path, { eventType: "a" });
    expect([status, json]).toEqual([200, { active: false, matched: 0, unmatched: 0, endpoints: [] }]);
  });

  it("lists the matching endpoints and why the others do not match, and stores nothing", async () => {
    await tenant.call("POST", "event-type", { name: "other", description: "" });
    const all = await endpoint({ disabled: true });
    const typed = await endpoint({ eventTypes: ["other"] });
    const red = await endpoint({ channels: ["red"] });
    const large = await endpoint({});
    await tenant.call("PUT", `app/app/endpoint/${large}/filter`, { filter: { body: { amount: { $gt: 100 } } } });
    const { json } = await tenant.call("POST", path, { eventType: "a", payload: { amount: 5 } });
    expect(json).toMatchObject({ active: true, matched: 1, unmatched: 3 });
    const endpoints = json["endpoints"] as { endpointId: string; reason: string | null; disabled: boolean }[];
    expect(new Map(endpoints.map(({ endpointId, reason }) => [endpointId, reason]))).toEqual(
      new Map([
        [all, null],
        [typed, "event_type"],
        [red, "channels"],
        [large, "filter"],
      ]),
    );
    expect(endpoints[0]).toMatchObject({ endpointId: all, disabled: true });
    const wanted = await tenant.call("POST", path, { eventType: "a", channels: ["red"], payload: { amount: 500 } });
    expect(wanted.json).toMatchObject({ matched: 3, unmatched: 1 });
    expect((await tenant.call("POST", path, { eventType: "a" })).json).toMatchObject({ matched: 2, unmatched: 2 });
    expect((await tenant.call("GET", "app/app/msg")).json["data"]).toEqual([]);
  });

  it("of another application is rejected for a token of an application", async () => {
    await tenant.call("POST", "app", { name: "Other", uid: "other" });
    const portal = await tenant.portal(["ViewBase"]);
    expect((await portal.call("POST", path, { eventType: "a" })).status).toBe(200);
    expect((await portal.call("POST", "app/other/msg/precheck/active", { eventType: "a" })).status).toBe(404);
    expect((await (await tenant.portal([])).call("POST", path, { eventType: "a" })).status).toBe(403);
  });
});

import { eventually, startReceiver } from "@posthorn/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startNode, type TestNode } from "./support/posthorn.ts";
import { temporaryFolder } from "./support/store.ts";
import { Tenant } from "./support/tenant.ts";

let node: TestNode;
let tenant: Tenant;
const folder = temporaryFolder();

beforeAll(async () => {
  node = await startNode(folder.path, { env: { POSTHORN_RETRY_SCHEDULE: "3600" } });
  tenant = new Tenant(node);
  await tenant.call("POST", "app", { name: "Test", uid: "app" });
});

afterAll(async () => {
  await node[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

type Row = Record<string, unknown>;

async function deliveries(message: string, query = ""): Promise<{ data: Row[]; iterator: string; done: boolean }> {
  const { json } = await tenant.call("GET", `app/app/msg/${message}/delivery${query}`);
  return json as unknown as { data: Row[]; iterator: string; done: boolean };
}

describe("the deliveries of a message", () => {
  it("show the state, attempts and waiting reason for each endpoint that matched", async () => {
    await using receiver = await startReceiver({ response: ({ path }) => (path === "/bad" ? 500 : 204) });
    for (const [uid, fields] of Object.entries({
      good: { url: `${receiver.url}/good` },
      bad: { url: `${receiver.url}/bad` },
      off: { url: `${receiver.url}/off`, disabled: true },
      other: { url: `${receiver.url}/other`, channels: ["other"] },
    })) {
      await tenant.call("POST", "app/app/endpoint", { uid, ...fields });
    }
    const { json } = await tenant.call("POST", "app/app/msg", { eventType: "a", payload: {} });
    const id = String(json["id"]);
    const rows = await eventually(async () => {
      const { data } = await deliveries(id);
      expect(data).toMatchObject([
        { endpointUid: "good", state: "succeeded", status: 0, attempts: 1, nextAttempt: null, heldReason: null },
        { endpointUid: "bad", state: "retrying", status: 3, attempts: 1, nextAttempt: expect.any(String) },
        {
          endpointUid: "off",
          state: "held",
          status: 1,
          attempts: 0,
          heldReason: "endpoint_disabled",
          nextAttempt: null,
        },
      ]);
      return data;
    });
    expect(rows[1]!["lastAttempt"]).toMatchObject({ status: 2, responseStatusCode: 500, errorCode: "status" });
    const first = await deliveries(id, "?limit=2");
    expect(first).toMatchObject({ done: false, data: [{ endpointUid: "good" }, { endpointUid: "bad" }] });
    const rest = await deliveries(id, `?limit=2&iterator=${first.iterator}`);
    expect(rest).toMatchObject({ done: true, data: [{ endpointUid: "off" }] });
  });

  it("show why they are on hold: a pause, an endpoint that asked to wait, an earlier one of the ordering key", async () => {
    await using receiver = await startReceiver({
      response: ({ path, body }) =>
        path === "/busy" ? { status: 429, headers: { "retry-after": "7200" } } : body.includes("refuse") ? 500 : 204,
    });
    await tenant.call("POST", "app", { name: "Held", uid: "held" });
    const endpoints = ["paused", "busy", "ordered"];
    for (const uid of endpoints) {
      await tenant.call("POST", "app/held/endpoint", { uid, url: `${receiver.url}/${uid}`, channels: [uid] });
    }
    await tenant.call("PATCH", "app/held/endpoint/ordered/policy", { order: { by: "endpoint", onFailure: "block" } });
    await tenant.call("POST", "app/held/endpoint/paused/pause", { until: "2999-01-01T00:00:00Z" });
    const publish = async (payload: object): Promise<string> => {
      const { json } = await tenant.call("POST", "app/held/msg", { eventType: "a", payload, channels: endpoints });
      return String(json["id"]);
    };
    const rowsOf = async (message: string): Promise<Row[]> => {
      const { json } = await tenant.call("GET", `app/held/msg/${message}/delivery`);
      return json["data"] as Row[];
    };
    const first = await publish({ refuse: true });
    await eventually(async () => {
      expect(await rowsOf(first)).toMatchObject([
        { state: "held", heldReason: "endpoint_paused", heldUntil: "2999-01-01T00:00:00.000Z", nextAttempt: null },
        { state: "held", heldReason: "endpoint_asked_to_wait", attempts: 1, heldUntil: expect.any(String) },
        { state: "retrying", heldReason: null, heldUntil: null, nextAttempt: expect.any(String) },
      ]);
    });
    const second = await publish({});
    await eventually(async () => {
      expect(await rowsOf(second)).toMatchObject([
        { heldReason: "endpoint_paused" },
        { heldReason: "endpoint_asked_to_wait", attempts: 0 },
        { state: "held", heldReason: "order", heldBy: first, nextAttempt: null },
      ]);
    });
    const found = async (query: string): Promise<readonly unknown[]> => {
      const { json } = await tenant.call("GET", `message?app_id=held&${query}`);
      return (json["data"] as Row[]).map(({ id, deliveries: counts }) => [id, counts]);
    };
    const counts = { succeeded: 0, failed: 0, pending: 0, canceled: 0 };
    const both = [
      [second, { ...counts, retrying: 0, held: 3 }],
      [first, { ...counts, retrying: 1, held: 2 }],
    ];
    expect(await found("state=held")).toEqual(both);
    expect(await found("state=held&endpoint_id=ordered")).toEqual([both[0]]);
    expect(await found("state=retrying")).toEqual([both[1]]);
    expect(await found("state=pending")).toEqual([]);
    await tenant.call("POST", "app/held/endpoint/paused/resume");
    await eventually(async () => {
      expect(await found("state=succeeded&endpoint_id=paused")).toEqual([[second, expect.anything()]]);
    });
    expect(await found("state=held&endpoint_id=paused")).toEqual([]);
  });

  it("of another application are not visible", async () => {
    const { json } = await tenant.call("POST", "app/app/msg", { eventType: "a", payload: {} });
    await tenant.call("POST", "app", { name: "Other", uid: "other" });
    const { status } = await tenant.call("GET", `app/other/msg/${String(json["id"])}/delivery`);
    expect(status).toBe(404);
  });
});

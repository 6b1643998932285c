/** Figures of the applications and sources of a list, over HTTP. */
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { eventually, type Receiver, startReceiver } from "@posthorn/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startNode, type TestNode } from "./support/posthorn.ts";
import { temporaryFolder } from "./support/store.ts";
import { Tenant } from "./support/tenant.ts";

const stack = new AsyncDisposableStack();
let node: TestNode;
let receiver: Receiver;
let tenant: Tenant;
const ids: Record<string, string> = {};

interface Figures {
  readonly id: string;
  readonly successRate: number | null;
  readonly hours: readonly object[];
  readonly requests: readonly object[] | null;
}

beforeAll(async () => {
  const folder = stack.use(temporaryFolder());
  receiver = stack.use(await startReceiver({ response: { status: 204 } }));
  receiver.respondWith(({ path, body }) => (path === "/bad" || body.includes("refuse") ? 500 : 204));
  node = stack.use(
    await startNode(folder.path, {
      env: { POSTHORN_RETRY_SCHEDULE: "3600", POSTHORN_INGEST_URL: "http://ingest.test" },
    }),
  );
  tenant = new Tenant(node);
  for (const uid of ["good", "bad", "mixed", "empty"]) {
    ids[uid] = String((await tenant.call("POST", "app", { name: uid, uid })).json["id"]);
  }
  const endpoint = (app: string, path: string) =>
    tenant.call("POST", `app/${app}/endpoint`, { url: receiver.url + path, uid: path.slice(1) });
  await endpoint("good", "/good");
  await endpoint("bad", "/bad");
  await endpoint("bad", "/fine");
  await endpoint("mixed", "/mixed");
  const publish = (app: string, payload: object) => tenant.call("POST", `app/${app}/msg`, { eventType: "a", payload });
  await publish("mixed", { please: "refuse" });
  await eventually(async () => assert.equal((await figures(["mixed"]))[0]!.successRate, 0));
  for (const app of ["good", "bad", "mixed"]) await publish(app, {});
  await storeFailure("bad");
  const source = await tenant.at("ingest/api/v1", "POST", "source", {
    name: "Repositories",
    type: "github",
    secrets: ["s3cret"],
  });
  ids["source"] = String(source.json["id"]);
  const path = new URL(String(source.json["ingestUrl"])).pathname;
  assert.deepEqual(await Promise.all(["s3cret", "wrong"].map((secret) => push(path, secret))), [200, 401]);
});

afterAll(() => stack.disposeAsync());

/** Sends a request to the origin of sources, and returns its status. */
async function push(path: string, secret: string): Promise<number | undefined> {
  const signature = createHmac("sha256", secret).update("{}").digest("hex");
  const headers = { host: "ingest.test", "x-github-event": "push", "x-hub-signature-256": `sha256=${signature}` };
  const { hostname, port } = new URL(node.url);
  const sent = request({ hostname, port, path, method: "POST", headers, agent: false });
  sent.end("{}");
  const [response] = (await once(sent, "response")) as [IncomingMessage];
  response.resume();
  return response.statusCode;
}

async function figures(names: readonly string[], as = tenant): Promise<readonly Figures[]> {
  const { status, json, text } = await as.call(
    "GET",
    `stats/applications?ids=${names.map((name) => ids[name] ?? name).join(",")}`,
  );
  assert.equal(status, 200, text);
  return json["data"] as Figures[];
}

/** Stores a failure of this endpoint. The node stores those that it observes after half a minute. */
async function storeFailure(of: string | { readonly replayOf: string }): Promise<void> {
  const now = Date.now();
  await node.services.store.transaction(async ({ db }) => {
    const endpoints = db.selectFrom("endpoint").select("endpoint.id");
    const { id } = await (
      typeof of === "string"
        ? endpoints.where("uid", "=", of)
        : endpoints
            .innerJoin("application", "application.id", "endpoint.app_id")
            .where("application.uid", "=", of.replayOf)
            .where("replay_task_id", "is not", null)
    ).executeTakeFirstOrThrow();
    const row = { endpoint_id: id, since: now, failures: 1, last_at: now, warned: 0, updated_at: now };
    await db.insertInto("endpoint_failure").values(row).execute();
  });
}

describe("the figures of applications and sources", () => {
  it("are health, endpoints, attempts of a day, newest message and queue of each", async () => {
    await eventually(async () => {
      const found = new Map((await figures(["good", "bad", "mixed", "empty"])).map((one) => [one.id, one]));
      expect(found.size).toBe(4);
      const lastEventAt = expect.any(String) as unknown;
      expect(found.get(ids["good"]!)).toMatchObject({
        endpoints: 1,
        failing: 0,
        health: "healthy",
        successRate: 1,
        requests: null,
        lastEventAt,
        queued: 0,
      });
      expect(found.get(ids["bad"]!)).toMatchObject({
        endpoints: 2,
        failing: 1,
        health: "failing",
        successRate: 0.5,
        lastEventAt,
        queued: 1,
      });
      expect(found.get(ids["mixed"]!)).toMatchObject({ failing: 0, health: "degraded", successRate: 0.5 });
      expect(found.get(ids["empty"]!)).toMatchObject({
        endpoints: 0,
        health: "idle",
        successRate: null,
        lastEventAt: null,
        queued: 0,
      });
      const { hours } = found.get(ids["bad"]!)!;
      expect([hours.length, hours.at(-1)]).toEqual([24, { succeeded: 1, failed: 1 }]);
    });
  });

  it("of a source have its requests: those accepted, and those in quarantine", async () => {
    await eventually(async () => {
      const [source] = await figures(["source"]);
      expect(source).toMatchObject({ id: ids["source"], endpoints: 0, lastEventAt: expect.any(String) });
      expect([source!.requests!.length, source!.requests!.at(-1)]).toEqual([24, { accepted: 1, quarantined: 1 }]);
    });
  });

  it("do not count deleted endpoints", async () => {
    const { json } = await tenant.call("POST", "app", { name: "deleted", uid: "deleted" });
    ids["deleted"] = String(json["id"]);
    await tenant.call("POST", "app/deleted/endpoint", { url: "https://example.com/", uid: "gone" });
    expect(await figures(["deleted"])).toMatchObject([{ endpoints: 1 }]);
    await tenant.call("DELETE", "app/deleted/endpoint/gone");
    expect(await figures(["deleted"])).toMatchObject([{ endpoints: 0 }]);
    await tenant.call("DELETE", "app/deleted");
    expect(await figures(["deleted"])).toEqual([]);
  });

  it("leave out what the caller may not see, and what does not exist", async () => {
    expect(await figures(["good", "app_missing", "nonsense"])).toMatchObject([{ id: ids["good"] }]);
    expect(await figures(["good"], tenant.as(await node.tokenOf("org_0000000000000000000000other")))).toEqual([]);
    const { json } = await tenant.call("POST", "auth/api-key", { name: "Good", scopes: ["read", "app:good"] });
    expect(await figures(["good", "bad", "source"], tenant.as(String(json["token"])))).toMatchObject([
      { id: ids["good"] },
    ]);
    const portal = await tenant.portal(["ViewBase"], "good");
    expect((await portal.call("GET", `stats/applications?ids=${ids["good"]!}`)).status).toBe(403);
  });

  it.each(["", "ids=", `ids=${Array.from({ length: 101 }, (_, index) => `app_${index}`).join(",")}`])(
    "reject no ID, and more than a hundred: %#",
    async (query) => {
      expect([400, 422]).toContain((await tenant.call("GET", `stats/applications?${query}`)).status);
    },
  );
});

describe("the list of applications", () => {
  const names = async (query: string): Promise<unknown> => {
    const { json } = await tenant.call("GET", `app?${query}`);
    return (json["data"] as readonly { readonly uid: string }[]).map(({ uid }) => uid);
  };

  it("is filtered by whether an endpoint is failing, on all pages", async () => {
    await eventually(async () => expect(await names("health=failing")).toEqual(["bad"]));
    expect(await names("health=healthy")).toEqual(["good", "mixed", "empty"]);
    expect(await names("health=healthy&exclude_apps_with_no_endpoints=true&limit=1")).toEqual(["good"]);
    expect((await tenant.call("GET", "app?health=unknown")).status).toBe(400);
  });

  it("does not count the failing target of a replay, which is no endpoint of the application", async () => {
    const replay = { since: new Date(Date.now() - 60_000).toISOString(), target: { url: `${receiver.url}/bad` } };
    expect((await tenant.call("POST", "app/good/replay", replay)).status).toBe(202);
    await storeFailure({ replayOf: "good" });
    expect(await names("health=failing")).toEqual(["bad"]);
    expect((await figures(["good"]))[0]).toMatchObject({ endpoints: 1, failing: 0 });
  });
});

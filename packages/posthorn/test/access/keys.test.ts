/** API keys with scopes, applications, networks and an expiry, over HTTP. */
import { eventually } from "@posthorn/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startNode, type TestNode } from "../support/posthorn.ts";
import { temporaryFolder } from "../support/store.ts";
import { Tenant } from "../support/tenant.ts";

const ENV = { POSTHORN_TRUSTED_PROXIES: "127.0.0.1,::1" };
const KEYS = "auth/api-key";
const DAY_MS = 86_400_000;
const MESSAGE = { eventType: "a", payload: { n: 1 } };

const folder = temporaryFolder();
let node: TestNode;
let owner: Tenant;

beforeAll(async () => {
  node = await startNode(folder.path, { env: ENV });
  owner = new Tenant(node);
  for (const uid of ["one", "two"]) {
    await owner.call("POST", "app", { name: `App ${uid}`, uid });
    await owner.call("POST", `app/${uid}/endpoint`, { url: "http://127.0.0.1:8080/", uid: "ep", disabled: true });
    await owner.call("POST", `app/${uid}/msg`, MESSAGE);
  }
});

afterAll(async () => {
  await node[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

async function create(fields: object, creator = owner) {
  const { status, json, text } = await creator.call("POST", KEYS, { name: "Key", ...fields });
  if (status !== 201) throw new Error(`${status} ${text}`);
  return { key: owner.as(json["token"] as string), id: json["id"] as string, json };
}

const statusOf = async (key: Tenant, method: string, path: string, body?: object): Promise<number> =>
  (await key.call(method, path, body)).status;
const idsOf = async (key: Tenant, path: string, field = "uid"): Promise<unknown[]> =>
  ((await key.call("GET", path)).json["data"] as Record<string, unknown>[]).map((row) => row[field]);

describe("a key without scopes", () => {
  it("has every permission in its organisation", async () => {
    const { key, json } = await create({});
    expect(json).toMatchObject({ scopes: null, applications: null, networks: null, owner: null, lastUsedAt: null });
    expect(json["summary"]).toBe("Can do everything in the whole organisation.");
    expect(await idsOf(key, "app")).toEqual(["one", "two"]);
    expect(await statusOf(key, "POST", "app", { name: "Three", uid: "three" })).toBe(201);
    expect(await statusOf(key, "DELETE", "app/three")).toBe(204);
  });
});

describe("a key with scopes", () => {
  it("has only their permissions", async () => {
    const { key, json } = await create({ scopes: ["messages:publish"], description: "Billing" });
    expect(json["summary"]).toBe(
      "Can publish messages in the whole organisation. It cannot read settings, lists and statistics, read payloads, read secrets, change endpoints or manage API keys.",
    );
    expect(json["description"]).toBe("Billing");
    expect(await statusOf(key, "POST", "app/one/msg", MESSAGE)).toBe(202);
    expect(await statusOf(key, "POST", "app/one/msg", MESSAGE)).toBe(202);
    expect(await statusOf(key, "GET", "app")).toBe(403);
    expect(await statusOf(key, "POST", "app/one/endpoint", { url: "http://127.0.0.1:8080/" })).toBe(403);
  });

  it("publishes to existing applications, and cannot create one without applications:write", async () => {
    const { key } = await create({ scopes: ["messages:publish"] });
    const withApp = { ...MESSAGE, application: { name: "New", uid: "new" } };
    expect(await statusOf(key, "POST", "app/new/msg", withApp)).toBe(403);
    const { key: both } = await create({ scopes: ["messages:publish", "applications:write"] });
    expect(await statusOf(both, "POST", "app/new/msg", withApp)).toBe(202);
    await owner.call("DELETE", "app/new");
  });

  it.each([
    [["everything"], '"everything" is not a scope'],
    [["read", "app:nowhere"], "There is no application or source of this name: app:nowhere."],
    [["app:one"], "Name at least one permission"],
  ])("cannot have the scopes %j", async (scopes, problem) => {
    const { status, text } = await owner.call("POST", KEYS, { name: "Key", scopes });
    expect(status).toBe(422);
    expect(JSON.parse(text)).toMatchObject({ detail: [{ msg: expect.stringContaining(problem) as string }] });
  });
});

describe("a key of one application", () => {
  it("publishes to it, and to no other one", async () => {
    const { key, json } = await create({ scopes: ["messages:publish", "app:one"] });
    expect(json["summary"]).toContain("publish messages only in App one");
    for (const _ of [1, 2]) {
      expect(await statusOf(key, "POST", "app/one/msg", MESSAGE)).toBe(202);
      expect(await statusOf(key, "POST", "app/two/msg", MESSAGE)).toBe(404);
    }
    const batch = {
      messages: [
        { app: "one", ...MESSAGE },
        { app: "two", ...MESSAGE },
      ],
    };
    expect(await statusOf(key, "POST", "msg/batch", batch)).toBeLessThan(300);
    expect(await idsOf(owner, "app/two/msg", "eventType")).toHaveLength(1);
  });

  it("sees nothing of the others", async () => {
    const { key } = await create({ scopes: ["read", "payloads:read", "endpoints:write", "app:one"] });
    expect(await idsOf(key, "app")).toEqual(["one"]);
    expect(new Set(await idsOf(key, "message", "appUid"))).toEqual(new Set(["one"]));
    expect(await statusOf(key, "GET", "app/two")).toBe(404);
    expect(await statusOf(key, "GET", "app/two/endpoint/ep")).toBe(404);
    expect(await statusOf(key, "GET", "message?app_id=two")).toBe(404);
    expect(await statusOf(key, "PUT", "app/two", { name: "Mine" })).toBe(403);
    const counted = async (caller: Tenant) => (await caller.call("GET", "stats/summary")).json["messages"];
    // Messages of previous tests may be counted between two calls.
    await eventually(async () => {
      const own = (await owner.call("GET", "stats/summary?app_id=one")).json["messages"];
      expect(await counted(key)).toBe(own);
      expect(await counted(owner)).toBeGreaterThan(own as number);
    });
    expect(await statusOf(key, "GET", "stats/series?step=minute")).toBe(400);
  });

  it("cannot call operations of the whole organisation", async () => {
    const scopes = ["read", "applications:write", "event-types:write", "settings:write", "keys:manage", "app:one"];
    const { key } = await create({ scopes });
    expect(await statusOf(key, "POST", "app", { name: "Three", uid: "three" })).toBe(403);
    expect(await statusOf(key, "PUT", "app/three", { name: "Three" })).toBe(404);
    expect(await statusOf(key, "POST", "event-type", { name: "x", description: "" })).toBe(403);
    expect(await statusOf(key, "GET", "operational-webhook/endpoint")).toBe(403);
    expect(await statusOf(key, "GET", "stats/storage")).toBe(403);
    expect(await statusOf(key, "GET", KEYS)).toBe(403);
  });

  it("broadcasts only to it, and sees its own broadcast", async () => {
    const { key } = await create({ scopes: ["read", "messages:publish", "app:one"] });
    const { key: other } = await create({ scopes: ["read", "app:one"] });
    const { status, json } = await key.call("POST", "msg/broadcast", { ...MESSAGE, eventType: "broadcast" });
    expect(status).toBe(202);
    const path = `background-task/${json["id"] as string}`;
    const done = await eventually(async () => {
      const task = await key.call("GET", path);
      if (task.json["status"] !== "finished") throw new Error(task.text);
      return task.json["data"];
    });
    expect(done).toMatchObject({ messagesSent: 1 });
    expect(await statusOf(other, "GET", path)).toBe(404);
    expect(await idsOf(owner, "app/two/msg?event_types=broadcast", "id")).toEqual([]);
  });
});

describe("a key limited to networks", () => {
  const from = async (token: string, address: string): Promise<number> => {
    const headers = { authorization: `Bearer ${token}`, "x-forwarded-for": address };
    return (await fetch(`${node.url}/api/v1/app`, { headers })).status;
  };

  it("works from them, with the address that a trusted proxy reports", async () => {
    const { json } = await create({ networks: ["192.0.2.0/24", "2001:db8::/32"] });
    const token = json["token"] as string;
    expect(json["summary"]).toContain("from 192.0.2.0/24 or 2001:db8::/32");
    expect(await from(token, "192.0.2.7")).toBe(200);
    expect(await from(token, "2001:db8::1")).toBe(200);
    expect(await from(token, "198.51.100.1")).toBe(403);
    expect(await from(token, "192.0.2.7")).toBe(200);
  });

  it("cannot publish from elsewhere, whichever requests were made before", async () => {
    const { key, json } = await create({ networks: ["192.0.2.0/24"] });
    expect(await from(json["token"] as string, "192.0.2.7")).toBe(200);
    expect(await statusOf(key, "POST", "app/one/msg", MESSAGE)).toBe(403);
  });
});

describe("creating keys", () => {
  it("cannot grant permissions that the creator does not have", async () => {
    const { key } = await create({ scopes: ["keys:manage", "read"] });
    expect(await statusOf(key, "POST", KEYS, { name: "Wide" })).toBe(403);
    expect(await statusOf(key, "POST", KEYS, { name: "Wide", scopes: ["messages:publish"] })).toBe(403);
    const { json, id } = await create({ scopes: ["read", "app:one"] }, key);
    expect(json["owner"]).toMatch(/^key_/);
    expect(await statusOf(key, "PATCH", `${KEYS}/${id}`, { scopes: ["read", "payloads:read"] })).toBe(403);
    expect(await statusOf(key, "PATCH", `${KEYS}/${id}`, { scopes: null })).toBe(403);
    expect(await statusOf(key, "PATCH", `${KEYS}/${id}`, { scopes: ["read"] })).toBe(200);
  });

  it("keeps the expiry and the networks of the creator", async () => {
    const expiresAt = new Date(Date.now() + DAY_MS).toISOString();
    const { key } = await create({ expiresAt, networks: ["127.0.0.0/8", "::1"] });
    const { json, id } = await create({}, key);
    expect(json).toMatchObject({ expiresAt, networks: ["127.0.0.0/8", "::1"] });
    const later = new Date(Date.now() + 2 * DAY_MS).toISOString();
    expect(await statusOf(key, "POST", KEYS, { name: "K", expiresAt: later })).toBe(403);
    expect(await statusOf(key, "POST", KEYS, { name: "K", networks: ["0.0.0.0/0"] })).toBe(403);
    expect(await statusOf(key, "POST", KEYS, { name: "K", networks: ["127.0.0.1"] })).toBe(201);
    expect(await statusOf(key, "PATCH", `${KEYS}/${id}`, { networks: null })).toBe(403);
    expect(await statusOf(key, "PATCH", `${KEYS}/${id}`, { expiresAt: null })).toBe(403);
  });

  it("gives customers' tokens no more permissions than the creator has, and only for its applications", async () => {
    const { key: bare } = await create({ scopes: ["tokens:issue"] });
    expect(await statusOf(bare, "POST", "auth/app-portal-access/one", {})).toBe(403);
    const { key } = await create({ scopes: ["tokens:issue", "read", "payloads:read", "app:one"] });
    expect(await statusOf(key, "POST", "auth/app-portal-access/two", {})).toBe(404);
    const wide = { capabilities: ["ViewBase", "ManageEndpoint"] };
    expect(await statusOf(key, "POST", "auth/app-portal-access/one", wide)).toBe(403);
    const { json } = await key.call("POST", "auth/app-portal-access/one", {});
    const portal = await owner.as(json["token"] as string).call("GET", "portal");
    expect(portal.json["capabilities"]).toEqual(["ViewBase"]);
  });
});

describe("changing a key", () => {
  it("applies to its next request", async () => {
    const { key, id } = await create({ scopes: ["read"] });
    expect(await statusOf(key, "GET", "app/two")).toBe(200);
    const { status, json } = await owner.call("PATCH", `${KEYS}/${id}`, { name: "One", scopes: ["read", "app:one"] });
    expect(status).toBe(200);
    expect(json).toMatchObject({ name: "One", scopes: ["read", expect.stringMatching(/^app:app_/)] });
    expect(await statusOf(key, "GET", "app/two")).toBe(404);
    expect((await owner.call("GET", `${KEYS}/${id}`)).json).toMatchObject({ name: "One" });
  });
});

describe("the last use of a key", () => {
  it("is recorded within seconds, once", async () => {
    const { key, id } = await create({ scopes: ["messages:publish"] });
    await key.call("POST", "app/one/msg", MESSAGE);
    const at = await eventually(async () => {
      const { lastUsedAt } = (await owner.call("GET", `${KEYS}/${id}`)).json;
      if (lastUsedAt === null) throw new Error("not recorded yet");
      return lastUsedAt;
    });
    await key.call("POST", "app/one/msg", MESSAGE);
    expect(Date.now() - Date.parse(at as string)).toBeLessThan(60_000);
  });
});

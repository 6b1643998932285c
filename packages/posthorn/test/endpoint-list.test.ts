/** List of the endpoints of all applications, over HTTP. */
import { eventually, startReceiver } from "@posthorn/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startNode, type TestNode } from "./support/posthorn.ts";
import { temporaryFolder } from "./support/store.ts";
import { Tenant } from "./support/tenant.ts";

const stack = new AsyncDisposableStack();
let node: TestNode;
let tenant: Tenant;
let receiverUrl: string;

beforeAll(async () => {
  const folder = stack.use(temporaryFolder());
  const receiver = stack.use(await startReceiver({ response: { status: 204 } }));
  receiver.respondWith(({ path, body }) => (path === "/bad" || body.includes("refuse") ? 500 : 204));
  receiverUrl = receiver.url;
  node = stack.use(
    await startNode(folder.path, {
      env: { POSTHORN_RETRY_SCHEDULE: "3600", POSTHORN_INGEST_URL: "https://hooks.example.com" },
    }),
  );
  tenant = new Tenant(node);
  await tenant.call("POST", "event-type", { name: "other", description: "" });
  for (const uid of ["acme", "globex"]) await tenant.call("POST", "app", { name: uid, uid });
  await tenant.call("POST", "app/acme/endpoint", { url: `${receiver.url}/good`, uid: "good" });
  await tenant.call("POST", "app/globex/endpoint", { url: `${receiver.url}/bad`, uid: "bad" });
  await tenant.call("POST", "app/globex/endpoint", { url: `${receiver.url}/idle`, uid: "idle", eventTypes: ["other"] });
  const { json } = await tenant.at("ingest/api/v1", "POST", "source", {
    name: "GitHub",
    type: "github",
    secrets: ["s"],
  });
  await tenant.at("ingest/api/v1", "POST", `source/${String(json["id"])}/endpoint`, { url: `${receiver.url}/route` });
  await tenant.call("POST", "operational-webhook/endpoint", { url: `${receiver.url}/operational` });
  for (const app of ["acme", "globex"]) await tenant.call("POST", `app/${app}/msg`, { eventType: "a", payload: {} });
});

afterAll(() => stack.disposeAsync());

interface Listed {
  readonly id: string;
  readonly url: string;
  readonly uid: string | null;
  readonly appName: string;
}

async function list(query = "", as = tenant): Promise<readonly Listed[]> {
  const { status, json, text } = await as.call("GET", `endpoint${query}`);
  expect([status, status === 200 ? "" : text]).toEqual([200, ""]);
  return json["data"] as Listed[];
}

const paths = (rows: readonly Listed[]): readonly string[] => rows.map(({ url }) => new URL(url).pathname);

describe("the list of all endpoints", () => {
  it("has those of applications and sources with their figures, and none of operational webhooks", async () => {
    await eventually(async () => {
      const rows = await list();
      expect(paths(rows)).toEqual(["/route", "/idle", "/bad", "/good"]);
      const [route, idle, bad, good] = rows;
      const now = { state: "active", queued: 0 };
      expect(route).toMatchObject({ ...now, appName: "GitHub", health: "idle", successRate: null, lastEventAt: null });
      expect(idle).toMatchObject({ ...now, appName: "globex", health: "idle", failingSince: null });
      expect(bad).toMatchObject({ health: "failing", successRate: 0, queued: 1, failingSince: expect.any(String) });
      expect(good).toMatchObject({
        ...now,
        uid: "good",
        health: "healthy",
        successRate: 1,
        lastEventAt: expect.any(String),
      });
      expect((good as unknown as { hours: object[] }).hours.at(-1)).toEqual({ succeeded: 1, failed: 0 });
    });
  });

  it("shows a pause at once, and finds it", async () => {
    await tenant.call("POST", "app/acme/endpoint/good/pause", {});
    expect(await list("?state=paused")).toMatchObject([{ uid: "good", state: "paused" }]);
    await tenant.call("POST", "app/acme/endpoint/good/resume", {});
    expect(await list("?state=paused")).toEqual([]);
  });

  it("is paged, with filters combined", async () => {
    const { json } = await tenant.call("GET", "endpoint?limit=3&host=127.0.0.1");
    expect([json["done"], paths(json["data"] as Listed[])]).toEqual([false, ["/route", "/idle", "/bad"]]);
    expect(paths(await list(`?limit=3&host=127.0.0.1&iterator=${String(json["iterator"])}`))).toEqual(["/good"]);
    expect(await list("?host=example.com")).toEqual([]);
  });

  it.each(["sort=health", "host=a%20b", "iterator=app_1", "state=open", "limit=0"])("rejects %s", async (query) => {
    expect([400, 422]).toContain((await tenant.call("GET", `endpoint?${query}`)).status);
  });

  it("shows only what the caller may see: its organisation, and its applications", async () => {
    expect(await list("", tenant.as(await node.tokenOf("org_0000000000000000000000other")))).toEqual([]);
    const { json } = await tenant.call("POST", "auth/api-key", { name: "Acme", scopes: ["read", "app:acme"] });
    expect(paths(await list("", tenant.as(json["token"] as string)))).toEqual(["/good"]);
    expect((await (await tenant.portal(["ViewBase"], "acme")).call("GET", "endpoint")).status).toBe(403);
  });
});

describe("the health of an endpoint", () => {
  it("is degraded below the success rate in its policy", async () => {
    await tenant.call("POST", "app", { name: "initech", uid: "initech" });
    await tenant.call("POST", "app/initech/endpoint", { url: `${receiverUrl}/mixed`, uid: "mixed" });
    const listed = async () => (await list("?host=127.0.0.1&search=mixed"))[0];
    const publish = (payload: object) => tenant.call("POST", "app/initech/msg", { eventType: "a", payload });
    await publish({ please: "refuse" });
    await eventually(async () => expect(await listed()).toMatchObject({ health: "failing", successRate: 0 }));
    await publish({});
    await eventually(async () => expect(await listed()).toMatchObject({ health: "degraded", successRate: 0.5 }));
    const setLeast = (successPercent: number) =>
      tenant.call("PATCH", "app/initech/endpoint/mixed/policy", { attention: { successPercent } });
    expect((await setLeast(50)).status).toBe(200);
    expect(await listed()).toMatchObject({ health: "healthy", successRate: 0.5 });
    await setLeast(51);
    expect(await listed()).toMatchObject({ health: "degraded" });
  });
});

/** Organisations of people: list, create, rename and switch, over HTTP. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { join, ownerOf, type TestBrowser } from "../support/browser-session.ts";
import { startNode, type TestNode } from "../support/posthorn.ts";
import { temporaryFolder } from "../support/store.ts";
import { Tenant } from "../support/tenant.ts";

const folder = temporaryFolder();
let node: TestNode;
let owner: TestBrowser;
let viewer: TestBrowser;
let first: string;

beforeAll(async () => {
  node = await startNode(folder.path, { env: { POSTHORN_INGEST_URL: "https://hooks.example.com" } });
  owner = await ownerOf(node);
  viewer = await join(node, owner, { email: "viewer@engines.example", role: "viewer" });
  first = (await listOf(owner))[0]!["id"] as string;
  await owner.send("POST", "app", { name: "Live", uid: "live" });
});
afterAll(async () => {
  await node[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

const listOf = async (browser: TestBrowser): Promise<Record<string, unknown>[]> =>
  (await browser.send("GET", "organisation")).json["data"] as Record<string, unknown>[];
const switchTo = async (browser: TestBrowser, organisation: unknown): Promise<number> =>
  (await browser.send("POST", "session/current/organisation", { organisation })).status;
const appsOf = async (browser: TestBrowser): Promise<unknown[]> =>
  ((await browser.send("GET", "app")).json["data"] as { uid: string }[]).map(({ uid }) => uid);

describe("an owner", () => {
  it("creates a second organisation, switches to it and back", async () => {
    const { status, json } = await owner.send("POST", "organisation", { name: "Test" });
    expect(status).toBe(201);
    expect(json).toMatchObject({ name: "Test", role: "owner", current: false });
    expect(await listOf(owner)).toMatchObject([
      { id: first, name: "", role: "owner", current: true },
      { id: json["id"], name: "Test", role: "owner", current: false },
    ]);
    expect(await switchTo(owner, json["id"])).toBe(204);
    expect(await appsOf(owner)).toEqual([]);
    expect((await owner.send("GET", "app/live")).status).toBe(404);
    expect((await owner.send("GET", "user")).json["data"]).toHaveLength(1);
    expect(await switchTo(owner, first)).toBe(204);
    expect(await appsOf(owner)).toEqual(["live"]);
  });

  it("renames the organisation of the session, and no other", async () => {
    const other = (await listOf(owner)).find(({ current }) => current === false)!;
    expect((await owner.send("PATCH", `organisation/${first}`, { name: " Production " })).json["name"]).toBe(
      "Production",
    );
    expect((await owner.send("PATCH", `organisation/${other["id"] as string}`, { name: "x" })).status).toBe(404);
    expect((await owner.send("PATCH", `organisation/${first}`, { name: "  " })).status).toBe(422);
  });
});

describe("a member of one organisation", () => {
  it("sees no other, and cannot switch to one or create one", async () => {
    const other = (await listOf(owner)).find(({ current }) => current === false)!;
    expect(await listOf(viewer)).toMatchObject([{ id: first, role: "viewer", current: true }]);
    expect(await switchTo(viewer, other["id"])).toBe(404);
    expect((await viewer.send("POST", "organisation", { name: "Mine" })).status).toBe(403);
    expect(await appsOf(viewer)).toEqual(["live"]);
  });

  it("has the role of the other organisation after the switch", async () => {
    const other = (await listOf(owner)).find(({ current }) => current === false)!;
    await switchTo(owner, other["id"]);
    const { json } = await owner.send("POST", "invitation", { email: "viewer@engines.example", role: "developer" });
    await switchTo(owner, first);
    const code = String(json["url"]).split("#code=")[1]!;
    expect((await viewer.send("POST", "profile/invitation", { code })).status).toBe(204);
    expect((await viewer.send("POST", "app", { name: "a", uid: "a" })).status).toBe(403);
    expect(await switchTo(viewer, other["id"])).toBe(204);
    expect((await viewer.send("POST", "app", { name: "a", uid: "a" })).status).toBe(201);
    expect(await switchTo(viewer, first)).toBe(204);
    expect((await viewer.send("POST", "app", { name: "b", uid: "b" })).status).toBe(403);
  });
});

describe("a token", () => {
  it("lists its own organisation, and cannot create or switch", async () => {
    const tenant = new Tenant(node);
    expect((await tenant.call("GET", "organisation")).json["data"]).toMatchObject([{ id: first, role: null }]);
    expect((await tenant.call("POST", "organisation", { name: "x" })).status).toBe(403);
    expect((await tenant.call("POST", "session/current/organisation", { organisation: first })).status).toBe(403);
  });
});

it("a second organisation cannot be created while inbound webhooks share the origin of the dashboard", async () => {
  using own = temporaryFolder();
  await using shared = await startNode(own.path);
  const { status, json } = await (await ownerOf(shared)).send("POST", "organisation", { name: "x" });
  expect([status, json["code"]]).toEqual([403, "separate_origin_required"]);
});

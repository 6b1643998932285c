/** Views of lists: their owners, who sees them, and who may change them. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { MAX_VIEWS } from "../src/domain/saved-view/view.ts";
import { join, ownerOf, type TestBrowser } from "./support/browser-session.ts";
import { startNode, type TestNode } from "./support/posthorn.ts";
import { temporaryFolder } from "./support/store.ts";
import { Tenant } from "./support/tenant.ts";

const folder = temporaryFolder();
let node: TestNode;
let tenant: Tenant;
let owner: TestBrowser;
let developer: TestBrowser;
let viewer: TestBrowser;

beforeAll(async () => {
  node = await startNode(folder.path);
  tenant = new Tenant(node);
  await tenant.call("POST", "app", { name: "One", uid: "one" });
  owner = await ownerOf(node);
  developer = await join(node, owner, { email: "dev@engines.example", role: "developer" });
  viewer = await join(node, owner, { email: "viewer@engines.example", role: "viewer" });
});

afterAll(async () => {
  await node?.[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

type Caller = Pick<TestBrowser, "send">;
interface View {
  readonly id: string;
  readonly name: string;
  readonly query: string;
  readonly shared: boolean;
  readonly own: boolean;
  readonly mayChange: boolean;
  readonly default: boolean;
  readonly owner: { readonly kind: string; readonly name: string | null };
}

async function save(caller: Caller, fields: object = {}): Promise<View> {
  const body = { list: "messages", name: "Failed today", query: "state=failed&range=24h", ...fields };
  const { status, json } = await caller.send("POST", "saved-view", body);
  if (status !== 201) throw new Error(`${status} ${JSON.stringify(json)}`);
  return json as unknown as View;
}

async function seen(caller: Caller, query = ""): Promise<readonly View[]> {
  const { json } = await caller.send("GET", `saved-view?limit=250${query}`);
  return json["data"] as readonly View[];
}

const find = async (caller: Caller, id: string): Promise<View | undefined> =>
  (await seen(caller)).find((view) => view.id === id);

describe("a private view", () => {
  it("is visible only to its owner, who can change and delete it without any other permission to change", async () => {
    const { id } = await save(viewer, { name: "  Mine  " });
    expect(await find(viewer, id)).toMatchObject({ name: "Mine", shared: false, own: true, mayChange: true });
    for (const other of [owner, developer]) {
      expect(await find(other, id)).toBeUndefined();
      expect((await other.send("GET", `saved-view/${id}`)).status).toBe(404);
      expect((await other.send("PATCH", `saved-view/${id}`, { name: "Taken" })).status).toBe(404);
      expect((await other.send("DELETE", `saved-view/${id}`)).status).toBe(404);
    }
    const { json } = await viewer.send("PATCH", `saved-view/${id}`, { name: "Renamed", query: "?state=held" });
    expect(json).toMatchObject({ name: "Renamed", query: "state=held" });
    expect((await viewer.send("DELETE", `saved-view/${id}`)).status).toBe(204);
    expect(await find(viewer, id)).toBeUndefined();
  });

  it("is listed only with the views of its list", async () => {
    const { id } = await save(viewer, { list: "endpoints", query: "health=failing" });
    expect((await seen(viewer, "&list=endpoints")).map((view) => view.id)).toContain(id);
    expect((await seen(viewer, "&list=messages")).map((view) => view.id)).not.toContain(id);
  });
});

describe("a shared view", () => {
  it("is visible to everyone in the organisation, and can be changed by its owner and people who may change settings", async () => {
    const { id } = await save(developer, { shared: true });
    expect(await find(viewer, id)).toMatchObject({ own: false, mayChange: false, owner: { kind: "user" } });
    expect((await viewer.send("PATCH", `saved-view/${id}`, { name: "x" })).status).toBe(403);
    expect((await viewer.send("DELETE", `saved-view/${id}`)).status).toBe(403);
    expect((await developer.send("PATCH", `saved-view/${id}`, { name: "By its owner" })).status).toBe(200);
    expect((await owner.send("PATCH", `saved-view/${id}`, { name: "By an admin" })).status).toBe(200);
    expect((await owner.send("PATCH", `saved-view/${id}`, { shared: false })).status).toBe(409);
    expect((await owner.send("DELETE", `saved-view/${id}`)).status).toBe(204);
  });

  it("needs a permission that viewers lack", async () => {
    const body = { list: "messages", name: "For all", shared: true };
    expect((await viewer.send("POST", "saved-view", body)).status).toBe(403);
    const { id } = await save(viewer);
    expect((await viewer.send("PATCH", `saved-view/${id}`, { shared: true })).status).toBe(403);
  });

  it("can neither be seen nor created by people who see only single applications", async () => {
    const limited = await join(node, owner, { email: "one@engines.example", role: "developer", app: "one" });
    const { id } = await save(developer, { shared: true, name: "Globex failures", query: "app=app_globex" });
    expect(await find(limited, id)).toBeUndefined();
    expect((await limited.send("GET", "search?q=globex")).json["data"]).toEqual([]);
    expect((await limited.send("POST", "saved-view", { list: "messages", name: "x", shared: true })).status).toBe(403);
    await save(limited);
    expect(await seen(limited)).toHaveLength(1);
  });

  it("remains when its owner is removed, without their name; their private views are deleted", async () => {
    const leaver = await join(node, owner, { email: "leaver@engines.example", role: "developer" });
    const [shared, own] = [await save(leaver, { shared: true }), await save(leaver)];
    const { json } = await owner.send("GET", "user?limit=250");
    const users = json["data"] as { readonly id: string; readonly email: string }[];
    const { id } = users.find(({ email }) => email === "leaver@engines.example")!;
    expect((await find(owner, shared.id))?.owner.name).not.toBeNull();
    expect((await owner.send("DELETE", `user/${id}`)).status).toBe(204);
    expect(await find(owner, shared.id)).toMatchObject({ owner: { name: null }, mayChange: true });
    const { store } = node.services;
    const kept = await store.db.selectFrom("saved_view").select("public_id").where("owner_id", "=", id).execute();
    expect(kept.map(({ public_id }) => public_id)).toEqual([shared.id]);
    expect(own.id).not.toBe(shared.id);
  });
});

describe("a shared view of an owner who may no longer share", () => {
  it("can be made private and deleted by the owner, but not edited while it is shared", async () => {
    const demoted = await join(node, owner, { email: "demoted@engines.example", role: "developer" });
    const [first, second] = [await save(demoted, { shared: true }), await save(demoted, { shared: true })];
    const { json } = await owner.send("GET", "user?limit=250");
    const users = json["data"] as { readonly id: string; readonly email: string }[];
    const { id } = users.find(({ email }) => email === "demoted@engines.example")!;
    expect((await owner.send("PATCH", `user/${id}`, { role: "viewer" })).status).toBe(200);
    expect(await find(demoted, first.id)).toMatchObject({ own: true, mayChange: false });
    const change = async (fields: object): Promise<number> =>
      (await demoted.send("PATCH", `saved-view/${first.id}`, fields)).status;
    expect(await change({ name: "For all" })).toBe(403);
    expect(await change({ name: "For all", shared: true })).toBe(403);
    expect(await change({ shared: false })).toBe(200);
    expect(await find(owner, first.id)).toBeUndefined();
    expect(await change({ name: "Mine again" })).toBe(200);
    expect(await change({ shared: true })).toBe(403);
    expect((await demoted.send("DELETE", `saved-view/${second.id}`)).status).toBe(204);
  });
});

describe("a shared view that searches in payloads", () => {
  it("is visible to its owner and people who may read payloads, in lists, individually and in the search", async () => {
    const views = await Promise.all(
      ["q=ada%40engines.example", "range=24h&q=ada"].map((query) =>
        save(developer, { query, name: "Hunt", shared: true }),
      ),
    );
    const elsewhere = await save(developer, { list: "endpoints", query: "q=x", name: "Hunt", shared: true });
    const similar = await save(developer, { query: "type=q%3D1%26q%3D2&eq=1", name: "Hunt", shared: true });
    const support = await join(node, owner, { email: "support@engines.example", role: "support" });
    const own = await save(support, { query: "q=msg_1", name: "Hunt", shared: true });
    const idsFor = async (caller: Caller): Promise<readonly string[]> =>
      ((await caller.send("GET", "search?q=hunt")).json["data"] as View[]).map(({ id }) => id).toSorted();
    const all = [...views, elsewhere, similar, own].map(({ id }) => id).toSorted();
    for (const caller of [owner, developer]) expect(await idsFor(caller)).toEqual(all);
    expect(await idsFor(viewer)).toEqual([elsewhere.id, similar.id].toSorted());
    expect(await idsFor(support)).toEqual([elsewhere.id, similar.id, own.id].toSorted());
    for (const { id } of views) {
      expect(await find(viewer, id)).toBeUndefined();
      expect((await viewer.send("GET", `saved-view/${id}`)).status).toBe(404);
      expect((await viewer.send("POST", `saved-view/${id}/default`)).status).toBe(404);
      expect(await find(owner, id)).toMatchObject({ id });
    }
  });
});

describe("the filters of a view", () => {
  it("are limited in their stored form, so that a view that was read can be saved", async () => {
    const body = { list: "messages", name: "Umlauts" };
    expect((await viewer.send("POST", "saved-view", { ...body, query: `q=${"ü".repeat(1998)}` })).status).toBe(422);
    const { id, query } = await save(viewer, { query: `q=${"ü".repeat(333)}` });
    expect(query).toHaveLength(2000);
    expect((await viewer.send("PATCH", `saved-view/${id}`, { query })).status).toBe(200);
    expect((await viewer.send("PATCH", `saved-view/${id}`, { query: `${query}ü` })).status).toBe(422);
    expect((await viewer.send("DELETE", `saved-view/${id}`)).status).toBe(204);
  });
});

describe("the view with which a list opens", () => {
  it("is one per list and caller", async () => {
    const [first, second, other] = [
      await save(developer, { shared: true, name: "First" }),
      await save(developer, { shared: true, name: "Second" }),
      await save(developer, { list: "endpoints", name: "Endpoints" }),
    ];
    for (const { id } of [first, other, second])
      expect((await developer.send("POST", `saved-view/${id}/default`)).status).toBe(204);
    expect((await viewer.send("POST", `saved-view/${first.id}/default`)).status).toBe(204);
    const defaults = async (caller: Caller): Promise<readonly string[]> =>
      (await seen(caller)).filter((view) => view.default).map(({ name }) => name);
    expect((await defaults(developer)).toSorted()).toEqual(["Endpoints", "Second"]);
    expect(await defaults(viewer)).toEqual(["First"]);
    // A view that is no longer shared has no effect.
    await developer.send("PATCH", `saved-view/${first.id}`, { shared: false });
    expect(await defaults(viewer)).toEqual([]);
    await developer.send("PATCH", `saved-view/${first.id}`, { shared: true });
    expect(await defaults(viewer)).toEqual([]);
    expect((await developer.send("DELETE", `saved-view/${second.id}/default`)).status).toBe(204);
    expect((await developer.send("DELETE", `saved-view/${second.id}/default`)).status).toBe(404);
    expect(await defaults(developer)).toEqual(["Endpoints"]);
  });
});

describe("views", () => {
  it("are found by their name, with their list and filters", async () => {
    await save(developer, { name: "Nightly exports", list: "endpoints", query: "health=failing" });
    const [found] = (await developer.send("GET", "search?q=nightly")).json["data"] as object[];
    expect(found).toMatchObject({ kind: "view", name: "Nightly exports", detail: "endpoints?health=failing" });
    expect((await viewer.send("GET", "search?q=nightly")).json["data"]).toEqual([]);
  });

  it("are rejected with an invalid name, list or filters", async () => {
    const wrong = [
      { name: "" },
      { name: "   " },
      { name: "x".repeat(81) },
      { list: "no-list" },
      { query: "x".repeat(2001) },
    ];
    for (const fields of wrong) {
      const body = { list: "messages", name: "Name", ...fields };
      expect((await tenant.call("POST", "saved-view", body)).status).toBe(422);
    }
  });

  it(`are limited to ${MAX_VIEWS} of each owner`, async () => {
    const { json } = await tenant.call("POST", "auth/api-key", { name: "Bot", scopes: ["read"] });
    const bot = tenant.as(json["token"] as string);
    const body = { list: "messages", name: "One of many" };
    const { json: first } = await bot.call("POST", "saved-view", body);
    const { store, ids } = node.services;
    const row = store.db
      .selectFrom("saved_view")
      .selectAll()
      .where("public_id", "=", first["id"] as string);
    const copied = await row.executeTakeFirstOrThrow();
    const rows = Array.from({ length: MAX_VIEWS - 1 }, () => {
      const { key, id } = ids.next("view_");
      return { ...copied, id: key, public_id: id };
    });
    await store.transaction(({ db }) => db.insertInto("saved_view").values(rows).execute());
    const { status, json: refusal } = await bot.call("POST", "saved-view", body);
    expect([status, refusal["code"]]).toEqual([400, "limit_reached"]);
    // They are deleted with the key.
    expect((await tenant.call("DELETE", `auth/api-key/${json["id"] as string}`)).text).toBe("");
    const left = await store.db.selectFrom("saved_view").select("id").where("owner_kind", "=", "key").execute();
    expect(left).toEqual([]);
  });

  it("have entries in the audit log that contain the name of the view, but no filters", async () => {
    const { id } = await save(developer, { name: "Audited" });
    await developer.send("PATCH", `saved-view/${id}`, { query: "q=ada%40example.com" });
    const { json } = await owner.send("GET", "audit?limit=1&action=v1.saved-view.patch");
    const [entry] = json["data"] as { readonly target: object; readonly detail: object }[];
    expect(entry?.target).toMatchObject({ kind: "saved-view", id, name: "Audited" });
    expect(entry?.detail).toEqual({ changes: [{ field: "query" }], fields: ["query"] });
  });
});

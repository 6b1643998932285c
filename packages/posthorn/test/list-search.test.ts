/** Lists that the server searches and filters by text: users, API keys, incidents, replays. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { join, ownerOf, type TestBrowser } from "./support/browser-session.ts";
import { startNode, type TestNode } from "./support/posthorn.ts";
import { temporaryFolder } from "./support/store.ts";
import { Tenant } from "./support/tenant.ts";

const folder = temporaryFolder();
let node: TestNode;
let tenant: Tenant;
let owner: TestBrowser;

beforeAll(async () => {
  node = await startNode(folder.path);
  tenant = new Tenant(node);
  owner = await ownerOf(node);
});

afterAll(async () => {
  await node?.[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

async function listed(path: string, field: string): Promise<readonly unknown[]> {
  const { status, json, text } = await tenant.call("GET", path);
  if (status !== 200) throw new Error(text);
  return (json["data"] as Readonly<Record<string, unknown>>[]).map((row) => row[field]);
}

it("users are found by a part of their name or address, and by whether they are disabled", async () => {
  for (const name of ["grace", "alan"]) await join(node, owner, { email: `${name}@engines.example`, role: "viewer" });
  expect(await listed("user?search=GRACE", "email")).toEqual(["grace@engines.example"]);
  expect(await listed("user?search=%25", "email")).toEqual([]);
  const [id] = await listed("user?search=alan", "id");
  expect((await owner.send("PATCH", `user/${String(id)}`, { disabled: true })).status).toBe(200);
  expect(await listed("user?disabled=true", "email")).toEqual(["alan@engines.example"]);
  expect(await listed("user?disabled=false&search=alan", "email")).toEqual([]);
});

it("API keys are found by a part of their name, description or ID", async () => {
  const { json } = await tenant.call("POST", "auth/api-key", { name: "Billing", description: "Nightly export" });
  await tenant.call("POST", "auth/api-key", { name: "Other" });
  expect(await listed("auth/api-key?search=billing", "name")).toEqual(["Billing"]);
  expect(await listed("auth/api-key?search=nightly", "name")).toEqual(["Billing"]);
  expect(await listed(`auth/api-key?search=${String(json["id"])}`, "name")).toEqual(["Billing"]);
});

it("replays are listed by application and state", async () => {
  for (const uid of ["one", "two"]) {
    await tenant.call("POST", "app", { name: uid, uid });
    await tenant.call("POST", `app/${uid}/endpoint`, { url: "https://127.0.0.1/", disabled: true });
    await tenant.call("POST", `app/${uid}/replay`, { since: new Date(0).toISOString(), reason: uid });
  }
  expect(await listed("replay?app_id=one", "reason")).toEqual(["one"]);
  expect(await listed("replay?app_id=one&status=canceled", "reason")).toEqual([]);
  expect((await tenant.call("GET", "replay?app_id=missing")).status).toBe(404);
});

it("users, API keys and replays are listed in both orders of creation, with paging", async () => {
  for (const list of ["user", "auth/api-key", "replay", "app/one/replay"]) {
    const ids: string[] = [];
    for (let iterator = "", done = false; !done;) {
      const { json } = await tenant.call("GET", `${list}?order=ascending&limit=1${iterator}`);
      ids.push(...(json["data"] as { readonly id: string }[]).map(({ id }) => id));
      iterator = `&iterator=${String(json["iterator"])}`;
      done = json["done"] === true;
    }
    expect(ids).toEqual(ids.toSorted());
    expect(await listed(`${list}?order=descending`, "id")).toEqual(ids.toReversed());
  }
  expect(await listed("user", "id")).toEqual(await listed("user?order=ascending", "id"));
  expect(await listed("auth/api-key", "id")).toEqual(await listed("auth/api-key?order=ascending", "id"));
  expect(await listed("replay", "id")).toEqual(await listed("replay?order=descending", "id"));
});

it("applications are sorted by name, in any case and both orders, with paging", async () => {
  for (const name of ["delta", "Bravo", "alpha", "Charlie", "bravo"]) await tenant.call("POST", "app", { name });
  const pages = async (query: string): Promise<readonly unknown[]> => {
    const names: unknown[] = [];
    for (let iterator = ""; ;) {
      const { json } = await tenant.call("GET", `app?sort=name&limit=2&search=a${query}${iterator}`);
      names.push(...(json["data"] as { readonly name: string }[]).map(({ name }) => name));
      if (json["done"] === true) return names;
      iterator = `&iterator=${String(json["iterator"])}`;
    }
  };
  const sorted = ["alpha", "Bravo", "bravo", "Charlie", "delta"];
  // Other tests have created "one" and "two", whose IDs may contain the letter.
  const own = (names: readonly unknown[]) => names.filter((name) => sorted.includes(String(name)));
  expect(own(await pages(""))).toEqual(sorted);
  expect(own(await pages("&order=descending"))).toEqual(sorted.toReversed());
  // Back from the third.
  const { json } = await tenant.call("GET", "app?sort=name&search=bravo&limit=1");
  const next = await tenant.call("GET", `app?sort=name&search=bravo&limit=1&iterator=${String(json["iterator"])}`);
  const back = await tenant.call("GET", `app?sort=name&search=bravo&iterator=${String(next.json["prevIterator"])}`);
  expect((back.json["data"] as { readonly name: string }[]).map(({ name }) => name)).toEqual(["Bravo"]);
});

/** Search over applications, endpoints, sources, event types and messages. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startNode, type TestNode } from "./support/posthorn.ts";
import { temporaryFolder } from "./support/store.ts";
import { Tenant } from "./support/tenant.ts";

const stack = new AsyncDisposableStack();
let node: TestNode;
let tenant: Tenant;
let message: string;

beforeAll(async () => {
  const folder = stack.use(temporaryFolder());
  node = stack.use(await startNode(folder.path, { env: { POSTHORN_INGEST_URL: "https://hooks.example.com" } }));
  tenant = new Tenant(node);
  await tenant.call("POST", "event-type", { name: "parcel.sent", description: "A parcel left the warehouse" });
  await tenant.call("POST", "app", { name: "Acme Logistics", uid: "acme", metadata: { plan: "gold-2026" } });
  await tenant.call("POST", "app", { name: "Globex", uid: "globex" });
  await tenant.call("POST", "app/acme/endpoint", {
    url: "https://warehouse.example.com/hooks",
    description: "ERP of Acme",
  });
  await tenant.call("POST", "app/globex/endpoint", { url: "https://warehouse.example.com/globex", uid: "main" });
  await tenant.at("ingest/api/v1", "POST", "source", { name: "Warehouse robots", type: "github", secrets: ["s"] });
  const { json } = await tenant.call("POST", "app/acme/msg", {
    eventType: "parcel.sent",
    payload: { note: "needle-in-the-payload" },
  });
  message = json["id"] as string;
});

afterAll(() => stack.disposeAsync());

interface Found {
  readonly kind: string;
  readonly id: string;
  readonly name: string;
  readonly appName: string | null;
}

async function find(query: Readonly<Record<string, string>>, as = tenant) {
  const { status, json, text } = await as.call("GET", `search?${new URLSearchParams(query)}`);
  expect([status, status === 200 ? "" : text]).toEqual([200, ""]);
  return json as unknown as { data: Found[]; iterator: string | null; done: boolean };
}

async function namesOf(q: string, as = tenant): Promise<string[]> {
  return (await find({ q }, as)).data.map(({ kind, name }) => `${kind} ${name}`);
}

describe("a search", () => {
  it("finds each kind by parts of its texts, in any case and order, and the kinds in a fixed order", async () => {
    expect(await namesOf("WAREHOUSE")).toEqual([
      "endpoint https://warehouse.example.com/globex",
      "endpoint ERP of Acme",
      "source Warehouse robots",
      "event_type parcel.sent",
    ]);
    expect(await namesOf("logistics acm")).toEqual(["application Acme Logistics"]);
    expect(await namesOf("gold-2026")).toEqual(["application Acme Logistics"]);
    expect(await namesOf("main")).toEqual(["endpoint https://warehouse.example.com/globex"]);
  });

  it("finds objects by ID, and a message by its own", async () => {
    const { data } = await find({ q: "acme", kinds: "application" });
    expect(await namesOf(data[0]!.id)).toEqual(["application Acme Logistics"]);
    expect((await find({ q: message })).data).toMatchObject([
      { kind: "message", id: message, name: "parcel.sent", appName: "Acme Logistics" },
    ]);
  });

  it("does not find event types that were deleted, which archives them", async () => {
    await tenant.call("POST", "event-type", { name: "parcel.lost", description: "The carrier cannot find it" });
    expect(await namesOf("parcel.lost")).toEqual(["event_type parcel.lost"]);
    expect((await tenant.call("DELETE", "event-type/parcel.lost")).status).toBe(204);
    expect(await namesOf("parcel.lost")).toEqual([]);
  });

  it("treats wildcards and quotes literally, and never reads payloads", async () => {
    for (const q of ["%", "_cme", "acme' OR 1=1", "needle-in-the-payload"]) expect(await namesOf(q)).toEqual([]);
  });

  it("continues on the next page across kinds, without repetitions or gaps", async () => {
    const all = (await find({ q: "warehouse" })).data.map(({ id }) => id);
    const paged: string[] = [];
    let iterator: string | null = null;
    do {
      const page = await find({ q: "warehouse", limit: "1", ...(iterator === null ? {} : { iterator }) });
      paged.push(...page.data.map(({ id }) => id));
      iterator = page.iterator;
      expect(page.done).toBe(iterator === null);
    } while (iterator !== null);
    expect(paged).toEqual(all);
  });

  it.each([
    ["q=a&iterator=app_123", 422],
    ["q=a&kinds=source&iterator=endpoint:5", 422],
    ["q=%20", 422],
    ["q=a&kinds=nothing", 400],
    ["", 422],
  ])("rejects %s", async (query, expected) => {
    expect((await tenant.call("GET", `search?${query}`)).status).toBe(expected);
  });

  it("shows only what the caller may see: its organisation, and its applications", async () => {
    expect(await namesOf("warehouse", tenant.as(await node.tokenOf("org_0000000000000000000000other")))).toEqual([]);
    const { json } = await tenant.call("POST", "auth/api-key", { name: "Globex only", scopes: ["read", "app:globex"] });
    const limited = tenant.as(json["token"] as string);
    expect(await namesOf("warehouse", limited)).not.toContain("endpoint ERP of Acme");
    expect(await namesOf("warehouse", limited)).toContain("endpoint https://warehouse.example.com/globex");
    expect(await namesOf("acme", limited)).toEqual([]);
    expect(await namesOf(message, limited)).toEqual([]);
  });
});

describe("the list of event types", () => {
  it("is searched by name and description, in any case, literally, and page by page in both orders", async () => {
    for (const [name, description] of [
      ["tray.full", "A TRAY is full"],
      ["tray.empty", ""],
      ["box.full", "Not a tray: 100%"],
    ] as const) {
      await tenant.call("POST", "event-type", { name, description });
    }
    const names = async (query: string): Promise<readonly string[]> => {
      const { json } = await tenant.call("GET", `event-type?${query}`);
      return (json["data"] as { name: string }[]).map(({ name }) => name);
    };
    expect(await names("search=Tray")).toEqual(["box.full", "tray.empty", "tray.full"]);
    expect(await names("search=tray&order=descending&limit=2")).toEqual(["tray.full", "tray.empty"]);
    expect(await names("search=tray&order=descending&limit=2&iterator=tray.empty")).toEqual(["box.full"]);
    expect(await names("search=100%25")).toEqual(["box.full"]);
    expect(await names("search=t_ay")).toEqual([]);
    expect((await tenant.call("GET", "event-type?search=")).status).toBe(422);
  });
});

/** Export of lists as CSV and NDJSON, over HTTP. */
import { once } from "node:events";
import { setImmediate as turn } from "node:timers/promises";
import { eventually, type Receiver, startReceiver } from "@posthorn/testkit";
import Fastify, { type FastifyRequest } from "fastify";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { OPEN_READERS } from "../src/api/feed/readers.ts";
import { registerListExports } from "../src/api/list-export/export.ts";
import { systemActor } from "../src/domain/access.ts";
import { startNode, type TestNode } from "./support/posthorn.ts";
import { temporaryFolder } from "./support/store.ts";
import { Tenant } from "./support/tenant.ts";

/** More than a page. */
const APPLICATIONS = 260;
const stack = new AsyncDisposableStack();
let node: TestNode;
let tenant: Tenant;
let receiver: Receiver;

beforeAll(async () => {
  const folder = stack.use(temporaryFolder());
  receiver = stack.use(await startReceiver({ response: { status: 204 } }));
  node = stack.use(await startNode(folder.path));
  tenant = new Tenant(node);
  for (let index = 0; index < APPLICATIONS; index++) {
    await tenant.call("POST", "app", { name: index === 0 ? "=HYPERLINK(1)" : `Customer ${index}`, uid: `c${index}` });
  }
  await tenant.call("POST", "app/c1/endpoint", { url: `${receiver.url}/one`, uid: "one", description: '-2, or "two"' });
  await tenant.call("POST", "app/c2/endpoint", { url: `${receiver.url}/two` });
  await tenant.call("POST", "app/c1/msg", { eventType: "order.paid", payload: { secret: "needle" }, tags: ["a", "b"] });
  await eventually(async () => {
    const { json } = await tenant.call("GET", "app/c1/attempt/endpoint/one");
    if ((json["data"] as unknown[]).length === 0) throw new Error("no attempt yet");
  });
}, 120_000);

afterAll(() => stack.disposeAsync());

async function fetched(path: string, token = node.token): Promise<Response> {
  return fetch(`${node.url}/api/v1/export/${path}`, { headers: { authorization: `Bearer ${token}` } });
}

async function lines(path: string, token?: string): Promise<readonly string[]> {
  const response = await fetched(path, token);
  const text = await response.text();
  expect([response.status, response.ok ? "" : text]).toEqual([200, ""]);
  return text.split(/\r?\n/).slice(0, -1);
}

async function keyWith(scopes: readonly string[]): Promise<string> {
  const { json } = await tenant.call("POST", "auth/api-key", { name: "Key", scopes });
  return json["token"] as string;
}

describe("an export", () => {
  it("has each row of all pages once, as CSV in which no cell is a formula", async () => {
    const [head, ...rows] = await lines("applications");
    expect(head).toBe("id,uid,name,metadata,createdAt,updatedAt");
    expect(rows.map((row) => row.split(",")[1])).toEqual(
      Array.from({ length: APPLICATIONS }, (_, index) => `c${index}`),
    );
    expect(rows[0]).toContain(",'=HYPERLINK(1),{},");
    const [, two, one] = await lines("endpoints");
    expect([two, one]).toEqual([
      expect.stringContaining("/two,,http,"),
      expect.stringContaining(`,"'-2, or ""two""",http,`),
    ]);
  });

  it("has the rows as JSON, with the filters and the order of the list", async () => {
    const rows = (await lines("applications?format=ndjson&search=customer%2025&order=descending")).map(
      (line) => (JSON.parse(line) as { uid: string }).uid,
    );
    expect(rows).toEqual(["c259", "c258", "c257", "c256", "c255", "c254", "c253", "c252", "c251", "c250", "c25"]);
    expect(await lines("events?format=ndjson")).toEqual([]);
  });

  it("has messages and attempts without their contents", async () => {
    const [head, message] = await lines("messages?app_id=c1");
    expect(message!.split(",")[head!.split(",").indexOf("eventType")]).toBe("order.paid");
    expect(message).toContain(`"[""a"",""b""]"`);
    const [attempt] = await lines("attempts?app_id=c1&endpoint_id=one&format=ndjson");
    expect(JSON.parse(attempt!)).toMatchObject({ responseStatusCode: 204, statusText: "success", response: "{}" });
    expect(`${message}${attempt}`).not.toContain("needle");
  });

  it("has sources, event types, incidents and replays, with the filters of their lists", async () => {
    for (const name of ["one", "two"]) {
      await tenant.call("POST", "event-type", { name: `parcel.${name}`, description: "=1" });
      await tenant.call("POST", "app/c1/replay", { since: new Date(0).toISOString(), reason: name });
      const source = { name, uid: name, type: "github", secrets: ["s3cret"] };
      const { status } = await tenant.at("ingest/api/v1", "POST", "source", source);
      expect(status).toBe(201);
    }
    expect(await lines("event-types?search=parcel&order=descending")).toEqual([
      "name,description,archived,deprecated,groupName,featureFlags,createdAt,updatedAt",
      expect.stringMatching(/^parcel\.two,'=1,false,false,,/),
      expect.stringMatching(/^parcel\.one,'=1,false,false,,/),
    ]);
    const [, ...replays] = await lines("replays?app_id=c1&order=ascending");
    expect(replays.map((row) => row.split(",")[3])).toEqual(["one", "two"]);
    const [eventType] = await lines("event-types?search=parcel.one&format=ndjson");
    expect(JSON.parse(eventType!)).not.toHaveProperty("schemas");
    const [, ...sources] = await lines("sources?search=two");
    expect(sources).toEqual([expect.stringMatching(/^src_\w+,two,two,github,webhook,,\{\},/)]);
    expect(await lines("incidents?state=resolved")).toEqual([
      "id,host,cause,state,applications,endpoints,events,attempts,firstAt,lastAt,mutedUntil,resolvedAt",
    ]);
  });

  it("has what the list of sources shows the caller, except the URLs, and no secret", async () => {
    const config = { url: receiver.url, auth: "bearer", token: "hidden-token" };
    for (const source of [
      { uid: "signed", type: "github", secrets: ["hidden-secret"] },
      { uid: "polled", kind: "http", config },
    ]) {
      const { status, text } = await tenant.at("ingest/api/v1", "POST", "source", { name: source.uid, ...source });
      expect([status, status === 201 ? "" : text]).toEqual([201, ""]);
    }
    // So that its state does not change between the two requests.
    await tenant.at("ingest/api/v1", "POST", "source/polled/pause");
    for (const scopes of [["read"], ["read", "secrets:read"]]) {
      const token = await keyWith(scopes);
      const response = await fetch(`${node.url}/ingest/api/v1/source?limit=250`, {
        headers: { authorization: `Bearer ${token}` },
      });
      const { data } = (await response.json()) as { data: Record<string, unknown>[] };
      const exported = await lines("sources?format=ndjson", token);
      expect(exported.map((line) => JSON.parse(line) as object)).toEqual(
        data.map(({ ingestUrl: _ingestUrl, ...row }) => row),
      );
      expect(data.map(({ uid }) => uid)).toEqual(expect.arrayContaining(["signed", "polled"]));
      const text = `${exported.join()}${(await lines("sources", token)).join()}`;
      expect(text).not.toMatch(/hidden|\/in\/|ingestUrl/);
    }
  });

  it.each(["sources", "event-types", "incidents", "replays"])("needs the permission to read: %s", async (name) => {
    expect((await fetched(name, await keyWith(["messages:publish"]))).status).toBe(403);
    expect((await fetched(name, await keyWith(["read"]))).status).toBe(200);
    const { json } = await tenant.call("POST", "auth/app-portal-access/c1", {});
    // The portal shows event types.
    expect((await fetched(name, json["token"] as string)).status).toBe(name === "event-types" ? 200 : 403);
  });

  it("has no source, replay or incident of other applications for a key that is limited to one", async () => {
    const limited = await keyWith(["read", "app:c2"]);
    expect(await lines("sources?format=ndjson", limited)).toEqual([]);
    expect(await lines("replays?format=ndjson", limited)).toEqual([]);
    expect((await fetched("incidents", limited)).status).toBe(403);
  });

  it("is a download, and has one entry in the audit log", async () => {
    const response = await fetched("endpoints?host=127.0.0.1");
    expect(response.headers.get("content-type")).toBe("text/csv; charset=utf-8");
    expect(response.headers.get("content-disposition")).toBe('attachment; filename="endpoints.csv"');
    await response.text();
    const { json } = await tenant.call("GET", "audit?action=v1.export.endpoints&limit=250");
    const entries = json["data"] as { type: string; detail: { facts: { filters: string[] } } }[];
    expect(entries.filter(({ detail }) => detail.facts.filters.includes("host"))).toMatchObject([
      { type: "view", detail: { facts: { format: "csv", filters: ["host"] } } },
    ]);
  });

  it("shows a caller the same values as the list, and masks the same ones", async () => {
    const limited = await keyWith(["read", "app:c2"]);
    expect(await lines("endpoints?format=ndjson", limited)).toEqual([expect.stringContaining("/two")]);
    expect((await fetched("attempts?app_id=c1&endpoint_id=one", limited)).status).toBe(404);
    expect((await fetched("endpoints", await keyWith(["messages:publish"]))).status).toBe(403);
    const { json } = await tenant.call("POST", "auth/app-portal-access/c1", {});
    expect((await fetched("endpoints", json["token"] as string)).status).toBe(403);
    expect((await fetched("endpoints", "nothing")).status).toBe(401);
  });

  it.each([
    ["endpoints?format=xml", 400],
    ["endpoints?limit=5", 422],
    ["endpoints?host=a%20b", 422],
    ["attempts?app_id=c1", 422],
    ["attempts?app_id=c1&endpoint_id=nothing", 404],
    ["nothing", 404],
  ])("rejects %s", async (path, status) => {
    expect((await fetched(path)).status).toBe(status);
  });

  it("reads nothing for a HEAD request, for which reading would continue after the response", async () => {
    const headers = { authorization: `Bearer ${node.token}` };
    for (const path of ["export/applications", "audit/export"]) {
      const { status } = await fetch(`${node.url}/api/v1/${path}`, { method: "HEAD", headers });
      expect(status).toBe(404);
    }
  });

  it("is not cached", async () => {
    const response = await fetched("endpoints");
    await response.text();
    expect(response.headers.get("cache-control")).toBe("no-store");
  });

  it("does not count as open if the client disconnected before it began", async () => {
    await using app = Fastify();
    const { store } = node.services;
    const organisation = await store.db
      .selectFrom("organisation")
      .select(["id", "public_id"])
      .executeTakeFirstOrThrow();
    const actor = systemActor(organisation.id, organisation.public_id);
    const { promise: sent, resolve: noteSent } = Promise.withResolvers<number>();
    const identify = async ({ raw }: FastifyRequest) => {
      const { socket } = raw;
      if (!socket.destroyed) await once(socket.destroy(), "close");
      await turn();
      return { actor, expiresAt: Number.POSITIVE_INFINITY };
    };
    app.addHook("onSend", async (_request, { statusCode }) => noteSent(statusCode));
    registerListExports(app, { services: node.services, identify });
    const url = await app.listen({ host: "127.0.0.1", port: 0 });
    await expect(fetch(`${url}/api/v1/export/applications`)).rejects.toThrow("fetch failed");
    expect(await sent).toBe(200);
    using readers = new DisposableStack();
    for (let count = 0; count < 500; count++) readers.use(OPEN_READERS.enter(actor));
  });

  it("stops reading when the client disconnects", async () => {
    const abort = new AbortController();
    const headers = { authorization: `Bearer ${node.token}` };
    const response = await fetch(`${node.url}/api/v1/export/applications`, { headers, signal: abort.signal });
    abort.abort();
    await expect(response.text()).rejects.toThrow("abort");
    expect(await lines("applications?format=ndjson&search=customer%20259")).toHaveLength(1);
  });
});

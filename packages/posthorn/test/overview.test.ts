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
});

afterAll(async () => {
  await node[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

type Row = Record<string, unknown>;

async function search(query: Record<string, string>, by = tenant): Promise<{ data: Row[]; iterator: string | null }> {
  const { json, status, text } = await by.call("GET", `message?${new URLSearchParams(query).toString()}`);
  if (status !== 200) throw new Error(text);
  return json as unknown as { data: Row[]; iterator: string | null };
}

async function publish(app: string, fields: object): Promise<string> {
  const { json } = await tenant.call("POST", `app/${app}/msg`, { eventType: "a.b", payload: { n: 1 }, ...fields });
  return String(json["id"]);
}

function idsOf({ data }: { readonly data: readonly Row[] }): readonly unknown[] {
  return data.map((row) => row["id"]);
}

describe("the search over all applications", () => {
  it("finds messages by ID, event ID, type, application, and exact text of the payload", async () => {
    await tenant.call("POST", "app", { name: "One", uid: "one" });
    await tenant.call("POST", "app", { name: "Two", uid: "two" });
    const first = await publish("one", { eventId: "order-7", payload: { name: "Zoë", price: 1.5 } });
    const second = await publish("two", { eventType: "c.d", channels: ["eu"], tags: ["vip"] });
    expect(idsOf(await search({}))).toEqual([second, first]);
    expect(idsOf(await search({ message_id: first }))).toEqual([first]);
    expect(idsOf(await search({ message_id: "order-7" }))).toEqual([first]);
    expect(idsOf(await search({ event_types: "c.d" }))).toEqual([second]);
    expect(idsOf(await search({ app_id: "one" }))).toEqual([first]);
    expect(idsOf(await search({ channel: "eu", tag: "vip" }))).toEqual([second]);
    expect(idsOf(await search({ text: "Zoë" }))).toEqual([first]);
    expect(idsOf(await search({ text: "zoë" }))).toEqual([]);
    expect((await search({ message_id: first })).data[0]).toMatchObject({
      appName: "One",
      appUid: "one",
      eventId: "order-7",
      deliveries: { succeeded: 0, failed: 0, retrying: 0, pending: 0, held: 0, canceled: 0 },
    });
  });

  it("finds an old message by its ID, its event ID within its application, and one of its attempts, in one call", async () => {
    await using receiver = await startReceiver();
    await tenant.call("POST", "app", { name: "Old", uid: "old" });
    await tenant.call("POST", "app/old/endpoint", { url: receiver.url });
    const old = await publish("old", { eventId: "the-first" });
    const attempt = await eventually(async () => {
      const { json } = await tenant.call("GET", `app/old/attempt/msg/${old}`);
      const [made] = json["data"] as { id: string }[];
      expect(made).toBeDefined();
      return made!.id;
    });
    await tenant.call("POST", "app", { name: "Busy", uid: "busy" });
    const messages = Array.from({ length: 1000 }, () => ({ eventType: "a.b", payload: {} }));
    for (let batch = 0; batch < 5; batch++) {
      expect(await tenant.call("POST", "app/busy/msg/batch", { messages })).toMatchObject({ status: 202 });
    }
    for (const query of [
      { message_id: old },
      { message_id: attempt },
      { message_id: "the-first", app_id: "old" },
      { message_id: attempt, app_id: "old" },
    ]) {
      const page = await search(query);
      expect([query, idsOf(page), page.iterator]).toEqual([query, [old], null]);
    }
    expect(idsOf(await search({ message_id: attempt, app_id: "busy" }))).toEqual([]);
    expect(idsOf(await search({ message_id: old.replace(/.$/, (last) => (last === "0" ? "1" : "0")) }))).toEqual([]);
  });

  it("reports the state of deliveries, and finds messages by it", async () => {
    await using receiver = await startReceiver({ response: ({ path }) => (path === "/bad" ? 500 : 204) });
    await tenant.call("POST", "app", { name: "States", uid: "states" });
    for (const uid of ["good", "bad"]) {
      await tenant.call("POST", "app/states/endpoint", { uid, url: `${receiver.url}/${uid}`, channels: [uid, "both"] });
    }
    const [good, bad, both, unmatched] = await Promise.all(
      ["good", "bad", "both", "none"].map((channel) => publish("states", { channels: [channel] })),
    );
    await eventually(async () => {
      const found = await search({ app_id: "states", state: "retrying" });
      expect(new Set(idsOf(found))).toEqual(new Set([bad, both]));
      expect(idsOf(await search({ app_id: "states", state: "succeeded" }))).toEqual([good]);
    });
    expect(idsOf(await search({ app_id: "states", state: "unmatched" }))).toEqual([unmatched]);
    expect(idsOf(await search({ app_id: "states", endpoint_id: "good", state: "succeeded" }))).toHaveLength(2);
    expect((await search({ message_id: both! })).data[0]).toMatchObject({
      deliveries: { succeeded: 1, retrying: 1, failed: 0 },
    });
  });

  it("pages through all messages, each once", async () => {
    await tenant.call("POST", "app", { name: "Pages", uid: "pages" });
    const published = await Promise.all(Array.from({ length: 7 }, (_, n) => publish("pages", { payload: { n } })));
    for (const filter of [{}, { text: '"n":' }] as Record<string, string>[]) {
      const seen: unknown[] = [];
      let iterator: string | null = null;
      do {
        const page = await search({
          app_id: "pages",
          limit: "3",
          ...filter,
          ...(iterator === null ? {} : { iterator }),
        });
        seen.push(...idsOf(page));
        ({ iterator } = page);
      } while (iterator !== null);
      expect(seen).toHaveLength(published.length);
      expect(new Set(seen)).toEqual(new Set(published));
    }
  });

  it("shows a token of an application only its own messages, and rejects filters for others", async () => {
    await tenant.call("POST", "app", { name: "Other", uid: "other" });
    await publish("other", {});
    await tenant.call("POST", "app", { name: "Mine", uid: "app" });
    const mine = await publish("app", {});
    const portal = await tenant.portal(["ViewBase"]);
    expect(idsOf(await search({}, portal))).toEqual([mine]);
    expect((await portal.call("GET", "message?app_id=other")).status).toBe(404);
  });

  it("rejects an iterator that it did not create", async () => {
    expect((await tenant.call("GET", "message?iterator=nonsense")).status).toBe(422);
  });
});

describe("issues", () => {
  it("are failures of one endpoint with one cause, and show whether it still fails", async () => {
    let broken = true;
    await using receiver = await startReceiver({ response: () => (broken ? 503 : 204) });
    await tenant.call("POST", "app", { name: "Broken", uid: "broken" });
    await tenant.call("POST", "app/broken/endpoint", { uid: "ep", url: receiver.url });
    const messages = [await publish("broken", {}), await publish("broken", {})];
    const issues = async (): Promise<Row[]> => {
      const { json } = await tenant.call("GET", "issue?app_id=broken");
      return json["data"] as Row[];
    };
    await eventually(async () => {
      expect(await issues()).toMatchObject([
        { appName: "Broken", responseStatusCode: 503, attempts: 2, messages: 2, failing: true },
      ]);
    });
    expect(messages).toContain((await issues())[0]!["lastMessageId"]);
    broken = false;
    await publish("broken", {});
    await eventually(async () => expect(await issues()).toMatchObject([{ attempts: 2, failing: false }]));
  });

  it("are not available to tokens of an application", async () => {
    const portal = await tenant.portal(["ViewBase"]);
    for (const path of ["issue", "replay"]) expect((await portal.call("GET", path)).status).toBe(403);
  });
});

describe("the address checker", () => {
  it("reports whether a URL would be allowed, and which rule blocks it", async () => {
    const check = async (body: object): Promise<Row> => (await tenant.call("POST", "egress/check", body)).json;
    expect(await check({ url: "http://169.254.169.254/" })).toMatchObject({ allowed: false, addresses: [] });
    expect((await check({ url: "http://169.254.169.254/" }))["detail"]).toEqual(expect.stringContaining("169.254"));
    expect(await check({ url: "http://127.0.0.1:8080/" })).toMatchObject({ allowed: true, addresses: ["127.0.0.1"] });
    await tenant.call("POST", "app", { name: "Strict", uid: "strict" });
    await tenant.call("PUT", "app/strict/egress", { allow: "external" });
    expect(await check({ url: "http://127.0.0.1:8080/", appId: "strict" })).toMatchObject({ allowed: false });
  });

  it("is not available to tokens of an application", async () => {
    const portal = await tenant.portal(["ViewBase"]);
    expect((await portal.call("POST", "egress/check", { url: "http://example.com" })).status).toBe(403);
  });
});

describe("replays of all applications", () => {
  it("show their application", async () => {
    await tenant.call("POST", "app/states/replay", { since: new Date(0).toISOString(), reason: "again" });
    const { json } = await tenant.call("GET", "replay");
    expect(json["data"]).toMatchObject([{ appName: "States", reason: "again" }]);
  });
});

/** Feeds and named consumers over HTTP. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startNode, type TestNode } from "../support/posthorn.ts";
import { temporaryFolder } from "../support/store.ts";

interface Page {
  readonly data: {
    readonly id: string;
    readonly offset: number;
    readonly payload: unknown;
    readonly rawPayload?: string;
  }[];
  readonly cursor: string;
  readonly done: boolean;
}

interface Consumer {
  readonly behind: number;
  readonly leases: number;
  readonly leaseEndsAt: string | null;
  readonly cursor: string;
}

describe("feeds over HTTP", () => {
  let folder: ReturnType<typeof temporaryFolder>;
  let node: TestNode;
  let count = 0;

  beforeAll(async () => {
    folder = temporaryFolder();
    node = await startNode(folder.path);
  });
  afterAll(async () => {
    await node[Symbol.asyncDispose]();
    folder[Symbol.dispose]();
  });

  async function call(method: string, path: string, body?: object, token = node.token) {
    const response = await fetch(`${node.url}/api/v1${path}`, {
      method,
      headers: { authorization: `Bearer ${token}` },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, text, json: (text === "" ? null : JSON.parse(text)) as unknown };
  }
  const get = async <T>(path: string): Promise<T> => (await call("GET", path)).json as T;

  async function newApp(): Promise<{ app: string; publish: (n: number) => Promise<string[]> }> {
    const app = `app-${count++}`;
    expect((await call("POST", "/app", { name: app, uid: app })).status).toBe(201);
    const publish = async (n: number): Promise<string[]> => {
      const ids: string[] = [];
      for (let at = 0; at < n; at++) {
        const body = { eventType: at % 2 === 0 ? "even.one" : "odd.one", payload: { at } };
        ids.push(((await call("POST", `/app/${app}/msg`, body)).json as { id: string }).id);
      }
      return ids;
    };
    return { app, publish };
  }

  /** Polls until there are messages: the last ones take a moment to get their final position. */
  async function poll(path: string, body: object = {}): Promise<Page> {
    const { status, json } = await call("POST", `${path}/poll`, { waitSeconds: 10, ...body });
    expect({ status, json }).toMatchObject({ status: 200 });
    return json as Page;
  }

  async function take(path: string, n: number): Promise<Page["data"]> {
    const taken: Page["data"] = [];
    while (taken.length < n) taken.push(...(await poll(path, { limit: n })).data);
    return taken;
  }

  it("reads every message of an application once, from cursor to cursor", async () => {
    const { app, publish } = await newApp();
    const ids = await publish(7);
    const found: string[] = [];
    let cursor = "";
    while (found.length < 7) {
      const page: Page = await get(`/app/${app}/feed?limit=3&wait=10&cursor=${cursor}`);
      found.push(...page.data.map(({ id }) => id));
      cursor = page.cursor;
    }
    expect(found).toEqual(ids);
    const [next] = await publish(1);
    const last: Page = await get(`/app/${app}/feed?wait=10&cursor=${cursor}`);
    expect(last.data.map(({ id }) => id)).toEqual([next]);
  });

  it("filters by event type, and begins at the end or at a time on request", async () => {
    const { app, publish } = await newApp();
    const ids = await publish(4);
    const typed: string[] = [];
    for (let cursor = ""; typed.length < 2;) {
      const page: Page = await get(`/app/${app}/feed?wait=10&event_types=odd.one&cursor=${cursor}`);
      typed.push(...page.data.map(({ id }) => id));
      cursor = page.cursor;
    }
    expect(typed).toEqual([ids[1], ids[3]]);
    const end: Page = await get(`/app/${app}/feed?starting_position=latest`);
    expect(end).toMatchObject({ data: [], done: true });
    const [next] = await publish(1);
    expect((await get<Page>(`/app/${app}/feed?wait=10&cursor=${end.cursor}`)).data.map(({ id }) => id)).toEqual([next]);
    const later = new Date(Date.now() + 60_000).toISOString();
    expect((await get<Page>(`/app/${app}/feed?after=${later}`)).data).toEqual([]);
  });

  it("keeps payloads byte for byte, as JSON or in base64", async () => {
    const { app } = await newApp();
    const raw = Buffer.from([0xff, 0x00, 0x41]).toString("base64");
    const first = await call("POST", `/app/${app}/msg`, {
      eventType: "raw.one",
      payload: {},
      transformationsParams: { rawPayload: raw, rawPayloadEncoding: "base64" },
    });
    const number = '{"eventType":"a.b","payload":{"n":1.0,  "big":123456789012345678901234567890}}';
    const second = await fetch(`${node.url}/api/v1/app/${app}/msg`, {
      method: "POST",
      headers: { authorization: `Bearer ${node.token}` },
      body: number,
    });
    expect([first.status, second.status]).toEqual([202, 202]);
    await expect.poll(async () => (await get<Page>(`/app/${app}/feed`)).data.length).toBe(2);
    const { text, json } = await call("GET", `/app/${app}/feed`);
    expect((json as Page).data[0]).toMatchObject({ rawPayload: raw, rawPayloadEncoding: "base64", payload: {} });
    expect(text).toContain('"payload":{"n":1.0,  "big":123456789012345678901234567890}');
    const all: Page = await get(`/app/${app}/feed?raw=true`);
    expect(Buffer.from(all.data[1]!.rawPayload!, "base64").toString()).toBe(
      '{"n":1.0,  "big":123456789012345678901234567890}',
    );
  });

  it("rejects a cursor of another feed, and an invalid one", async () => {
    const [one, other] = [await newApp(), await newApp()];
    const { cursor } = await get<Page>(`/app/${one.app}/feed`);
    expect((await call("GET", `/app/${other.app}/feed?cursor=${cursor}`)).status).toBe(422);
    expect((await call("GET", `/app/${one.app}/feed?cursor=nonsense`)).status).toBe(422);
  });

  it("responds to a cursor whose messages were deleted with a 410 that says how to continue", async () => {
    const { app, publish } = await newApp();
    await publish(1);
    const first: Page = await get(`/app/${app}/feed?wait=10`);
    const { services } = node;
    await services.store.transaction(async ({ db }) => {
      await db
        .insertInto("sweep")
        .values({ name: "message", cursor: first.data[0]!.offset + 1 })
        .execute();
    });
    try {
      const zero = Buffer.from([1, 0, 0, 0, 0].join(".")).toString("base64url");
      expect((await call("GET", `/app/${app}/feed?cursor=${zero}`)).status).toBe(422);
      const expired = Buffer.from(first.cursor, "base64url").toString().split(".");
      expired[3] = "5";
      const old = Buffer.from(expired.join(".")).toString("base64url");
      const refused = await call("GET", `/app/${app}/feed?cursor=${old}`);
      expect(refused).toMatchObject({ status: 410, json: { code: "cursor_expired" } });
      expect(refused.text).toContain("earliest");
      expect((await call("GET", `/app/${app}/feed`)).status).toBe(200);
    } finally {
      await services.store.transaction(async ({ db }) => {
        await db.deleteFrom("sweep").where("name", "=", "message").execute();
      });
    }
  });

  describe("a stream", () => {
    /** Reads events until there are `wanted` messages, and disconnects. */
    async function stream(path: string, wanted: number, lastEventId?: string) {
      const abort = new AbortController();
      const response = await fetch(`${node.url}/api/v1${path}`, {
        headers: {
          authorization: `Bearer ${node.token}`,
          ...(lastEventId === undefined ? {} : { "last-event-id": lastEventId }),
        },
        signal: abort.signal,
      });
      expect(response.headers.get("content-type")).toBe("text/event-stream");
      let text = "";
      const messages: { readonly id: string; readonly cursor: string }[] = [];
      const decoder = new TextDecoder();
      for await (const chunk of response.body!) {
        text += decoder.decode(chunk, { stream: true });
        const events = text.split("\n\n");
        text = events.pop()!;
        for (const event of events) {
          const found = /^id: (.*)\nevent: message\ndata: (.*)$/.exec(event);
          if (found !== null) messages.push({ cursor: found[1]!, id: (JSON.parse(found[2]!) as { id: string }).id });
        }
        if (messages.length >= wanted) break;
      }
      abort.abort();
      return messages;
    }

    it("has the stored messages, and those that are published later", async () => {
      const { app, publish } = await newApp();
      const ids = await publish(2);
      const reading = stream(`/app/${app}/feed/stream`, 3);
      const [later] = await publish(1);
      expect((await reading).map(({ id }) => id)).toEqual([...ids, later]);
    });

    it("continues after the last event that the client received", async () => {
      const { app, publish } = await newApp();
      const ids = await publish(5);
      const first = await stream(`/app/${app}/feed/stream`, 2);
      const rest = await stream(`/app/${app}/feed/stream`, 3, first[1]!.cursor);
      expect(rest.map(({ id }) => id)).toEqual(ids.slice(2));
    });

    it("needs a token, and a cursor of this feed", async () => {
      const { app } = await newApp();
      expect((await call("GET", `/app/${app}/feed/stream`, undefined, "nonsense")).status).toBe(401);
      expect((await call("GET", `/app/${app}/feed/stream?cursor=nonsense`)).status).toBe(422);
    });
  });

  describe("a consumer", () => {
    it("receives each message once while it commits, and uncommitted messages again after their lease", async () => {
      const { app, publish } = await newApp();
      const ids = await publish(6);
      const path = `/app/${app}/feed/consumer/one`;
      const first = await take(path, 4);
      expect(first.map(({ id }) => id)).toEqual(ids.slice(0, first.length));
      // The two may have been returned by different polls.
      for (const { offset } of first.slice(0, 2))
        expect((await call("POST", `${path}/commit`, { offset })).status).toBe(204);
      await endLeases();
      const again = await take(path, 4);
      expect(again.map(({ id }) => id)).toEqual(ids.slice(2));
      for (const { offset } of again) expect((await call("POST", `${path}/commit`, { offset })).status).toBe(204);
      await endLeases();
      expect((await poll(path, { waitSeconds: 0 })).data).toEqual([]);
    });

    it("is shared by workers, each of which gets different messages", async () => {
      const { app, publish } = await newApp();
      const ids = await publish(40);
      const path = `/app/${app}/feed/consumer/shared`;
      const seen: string[] = [];
      const work = async (): Promise<void> => {
        while (seen.length < 40) {
          const { data } = await poll(path, { limit: 3, waitSeconds: 0 });
          seen.push(...data.map(({ id }) => id));
          const last = data.at(-1);
          if (last !== undefined) await call("POST", `${path}/commit`, { offset: last.offset });
        }
      };
      await Promise.all([work(), work(), work()]);
      expect(seen.toSorted()).toEqual(ids.toSorted());
    });

    it("does not affect other consumers, nor deliveries", async () => {
      const { app, publish } = await newApp();
      const ids = await publish(3);
      await take(`/app/${app}/feed/consumer/a`, 3);
      expect((await take(`/app/${app}/feed/consumer/b`, 3)).map(({ id }) => id)).toEqual(ids);
    });

    it("shows its position and lag, and can be moved and deleted", async () => {
      const { app, publish } = await newApp();
      const ids = await publish(3);
      const path = `/app/${app}/feed/consumer/mine`;
      const data = await take(path, 3);
      const state: Consumer = await get(path);
      expect(state).toMatchObject({ id: "mine", behind: 3 });
      expect(state.leases).toBeGreaterThan(0);
      expect(Date.parse(state.leaseEndsAt!)).toBeGreaterThan(Date.now());
      for (const { offset } of data) expect((await call("POST", `${path}/commit`, { offset })).status).toBe(204);
      expect(await get(path)).toMatchObject({ behind: 0, leases: 0, leaseEndsAt: null, oldestPending: null });
      expect(await get(`/app/${app}/feed/consumer`)).toMatchObject({ data: [{ id: "mine" }], done: true });
      expect((await call("POST", `${path}/reset`, { startingPosition: "earliest" })).json).toMatchObject({ behind: 3 });
      expect((await take(path, 3)).map(({ id }) => id)).toEqual(ids);
      expect((await call("POST", `${path}/reset`, {})).status).toBe(422);
      expect((await call("DELETE", path)).status).toBe(204);
      expect((await call("GET", path)).status).toBe(404);
    });

    it("has no lease left once the last message of a page is committed, even if the page ends at the horizon", async () => {
      const { app, publish } = await newApp();
      const path = `/app/${app}/feed/consumer/short`;
      for (let n = 0; n < 3; n++) {
        await publish(1);
        const { data } = await poll(path, { limit: 50 });
        expect((await call("POST", `${path}/commit`, { offset: data.at(-1)!.offset })).status).toBe(204);
        expect(await get(path)).toMatchObject({ behind: 0, leases: 0, leaseEndsAt: null });
      }
    });

    it("rejects an offset that it was not given, and ignores one that is committed", async () => {
      const { app, publish } = await newApp();
      await publish(2);
      const path = `/app/${app}/feed/consumer/strict`;
      const [first] = await take(path, 1);
      expect((await call("POST", `${path}/commit`, { offset: 12345 })).status).toBe(422);
      for (let n = 0; n < 2; n++)
        expect((await call("POST", `${path}/commit`, { offset: first!.offset })).status).toBe(204);
      expect((await call("POST", `/app/${app}/feed/consumer/none/commit`, { offset: 1 })).status).toBe(404);
    });

    it("ends after 30 days without use", async () => {
      const { app, publish } = await newApp();
      await publish(1);
      const path = `/app/${app}/feed/consumer/idle`;
      await take(path, 1);
      await node.services.store.transaction(async ({ db }) => {
        await db
          .updateTable("feed_consumer")
          .set({ used_at: Date.now() - 31 * 86_400_000 })
          .where("name", "=", "idle")
          .execute();
      });
      expect((await call("GET", path)).status).toBe(404);
      expect(await take(path, 1)).toHaveLength(1);
    });
  });

  async function endLeases(): Promise<void> {
    await node.services.store.transaction(async ({ db }) => {
      await db.updateTable("feed_lease").set({ until: 0 }).execute();
    });
  }
});

/** Watches over HTTP, on a running node. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startNode, type TestNode } from "./support/posthorn.ts";
import { temporaryFolder } from "./support/store.ts";

interface Event {
  readonly eventType: string;
  readonly payload: Readonly<Record<string, unknown>>;
  readonly eventId: string | null;
}

describe("watches over HTTP", () => {
  let folder: ReturnType<typeof temporaryFolder>;
  let node: TestNode;
  let count = 0;

  beforeAll(async () => {
    folder = temporaryFolder();
    node = await startNode(folder.path, { env: { POSTHORN_MAX_WATCHES: "40", POSTHORN_MAX_WATCH_KEYS: "500" } });
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
    return { status: response.status, json: (text === "" ? null : JSON.parse(text)) as never };
  }
  async function expectOk<T>(method: string, path: string, body?: object): Promise<T> {
    const { status, json } = await call(method, path, body);
    expect({ status, json }).toMatchObject({ status: expect.toSatisfy((code: number) => code < 300) as number });
    return json;
  }
  async function newApp(): Promise<string> {
    const app = `watched-${count++}`;
    await expectOk("POST", "/app", { name: app, uid: app });
    return app;
  }
  const publish = (app: string, payload: object, eventType = "reading"): Promise<{ id: string }> =>
    expectOk("POST", `/app/${app}/msg`, { eventType, payload });
  const newWatch = (app: string, rule: object, more: object = {}): Promise<{ id: string; version: number }> =>
    expectOk("POST", `/app/${app}/watch`, { name: "Freezer", emit: { type: "freezer.warm" }, rule, ...more });

  /** Waits until an application has `n` events, and returns them. */
  async function events(app: string, n: number): Promise<readonly Event[]> {
    const found: Event[] = [];
    let cursor = "";
    while (found.length < n) {
      const page = await expectOk<{ data: Event[]; cursor: string }>(
        "GET",
        `/app/${app}/feed?wait=10&cursor=${cursor}`,
      );
      found.push(...page.data.filter(({ eventType }) => eventType !== "reading"));
      cursor = page.cursor;
    }
    return found;
  }

  it("publish one event for each transition, with the sample that caused it", async () => {
    const app = await newApp();
    const watch = await newWatch(app, {
      read: { value: "$.t", key: "$.device" },
      when: { above: -12 },
      until: { below: -15 },
    });
    for (const t of [-20, -11, -13, -10]) await publish(app, { device: "a", t });
    const { id } = await publish(app, { device: "a", t: -16 });
    const [raised, cleared, ...others] = await events(app, 2);
    expect(others).toEqual([]);
    expect(raised).toMatchObject({
      eventType: "freezer.warm.raised",
      payload: {
        watch: { id: watch.id, name: "Freezer", version: 1 },
        key: "a",
        value: -11,
        previous: -20,
        number: 1,
        sample: { eventType: "reading", data: { device: "a", t: -11 } },
      },
    });
    expect(cleared).toMatchObject({ eventType: "freezer.warm.cleared", payload: { number: 2, sample: { id } } });
    const keys = await expectOk<{ data: object[] }>("GET", `/app/${app}/watch/${watch.id}/key`);
    expect(keys.data).toMatchObject([{ key: "a", phase: "clear", value: -16, transitions: 2, messageId: id }]);
    const { data } = await expectOk<{ data: { phase: string; messageId: string }[] }>(
      "GET",
      `/app/${app}/watch/${watch.id}/transition`,
    );
    expect(data.map(({ phase }) => phase)).toEqual(["cleared", "raised"]);
  });

  it("fire timers without a sample, and explain why a key is raised", async () => {
    const app = await newApp();
    const watch = await newWatch(app, {
      read: { key: "$.device" },
      when: { silent: "1s" },
      expect: ["never-heard"],
    });
    const [raised] = await events(app, 1);
    expect(raised).toMatchObject({ payload: { key: "never-heard", value: null, sample: null } });
    const detail = await expectOk("GET", `/app/${app}/watch/${watch.id}/key-state?key=never-heard`);
    expect(detail).toMatchObject({
      phase: "raised",
      expected: true,
      explanation: {
        text: expect.stringContaining("Raised at") as string,
        conditions: [{ path: "when", holds: true }],
      },
    });
    await expectOk("POST", `/app/${app}/watch/${watch.id}/reset`, { key: "never-heard" });
    const all = await events(app, 3);
    expect(all.slice(1)).toMatchObject([
      { eventType: "freezer.warm.cleared", payload: { reason: "reset" } },
      { eventType: "freezer.warm.raised" },
    ]);
  });

  it("ignore their own events, and stop after a chain of four watches", async () => {
    const app = await newApp();
    for (let link = 0; link < 6; link++) {
      await newWatch(
        app,
        {
          read: { value: "$.phase", key: "id" },
          when: { any: [{ is: "raised" }, { filter: { eventType: "reading" } }] },
        },
        {
          emit: { type: `link.${link}` },
          eventTypes: [link === 0 ? "reading" : `link.${link - 1}.raised`],
        },
      );
    }
    await newWatch(app, { read: { key: "id" }, when: { count: { over: "1h", above: 0 } } }, { emit: { type: "all" } });
    await publish(app, { phase: "x" });
    const found = await events(app, 8);
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect((await events(app, 8)).length).toBe(found.length);
    const types = found.map(({ eventType }) => eventType);
    expect(types.filter((type) => type.startsWith("link")).toSorted()).toEqual(
      [0, 1, 2, 3].map((link) => `link.${link}.raised`),
    );
    expect(types.filter((type) => type === "all.raised")).toHaveLength(4);
  });

  it("send to another application, and only from the event types they name", async () => {
    const [app, other] = [await newApp(), await newApp()];
    await newWatch(
      app,
      { read: { value: "$.t" }, when: { changed: true } },
      { emit: { type: "price", app: other }, eventTypes: ["priced"] },
    );
    await publish(app, { t: 1 });
    for (const t of [1, 2]) await publish(app, { t }, "priced");
    expect(await events(other, 1)).toMatchObject([{ eventType: "price.changed", payload: { previous: 1, value: 2 } }]);
  });

  it("ignore new keys beyond the limit and report that once", async () => {
    const app = await newApp();
    const watch = await newWatch(app, { read: { key: "$.k", value: "$.v" }, when: { above: 1 }, maxKeys: 3 });
    for (let k = 0; k < 6; k++) await publish(app, { k, v: 2 });
    const types = (await events(app, 4)).map(({ eventType }) => eventType);
    expect(types.filter((type) => type.endsWith(".overflow"))).toHaveLength(1);
    await expect.poll(() => expectOk("GET", `/app/${app}/watch/${watch.id}`)).toMatchObject({ keys: 3, ignored: 3 });
  });

  it("keep raised keys under a new rule, and evaluate messages that they missed while paused", async () => {
    const app = await newApp();
    const watch = await newWatch(app, { read: { value: "$.t" }, when: { above: 10 } });
    await publish(app, { t: 11 });
    await events(app, 1);
    const rule = { read: { value: "$.t" }, when: { above: 20 } };
    expect(await expectOk("PATCH", `/app/${app}/watch/${watch.id}`, { rule, paused: true })).toMatchObject({
      version: 2,
    });
    await publish(app, { t: 15 });
    await expectOk("PATCH", `/app/${app}/watch/${watch.id}`, { paused: false });
    expect((await events(app, 2))[1]).toMatchObject({ eventType: "freezer.warm.cleared", payload: { value: 15 } });
  });

  it("can be tested on stored messages, which publishes nothing", async () => {
    const app = await newApp();
    for (const t of [1, 20, 3]) await publish(app, { t });
    const result = await expectOk<{ transitions: object[] }>("POST", `/app/${app}/watch/dry-run`, {
      rule: { read: { value: "$.t" }, when: { above: 10 } },
    });
    expect(result).toMatchObject({
      messages: 3,
      samples: 3,
      transitions: [
        { phase: "raised", value: 20 },
        { phase: "cleared", value: 3 },
      ],
    });
    expect(await expectOk("GET", `/app/${app}/watch`)).toMatchObject({ data: [], done: true });
  });

  it("show the newest values first in a dry run, in pages of 1000", async () => {
    const app = await newApp();
    for (let message = 0; message < 3; message++) {
      await publish(app, { items: Array.from({ length: 900 }, (_, index) => ({ k: "a", v: message * 900 + index })) });
    }
    const page = async (valuePage?: number) => {
      const { values, valuePages } = await expectOk<{ values: { value: number }[]; valuePages: number }>(
        "POST",
        `/app/${app}/watch/dry-run`,
        { rule: { read: { items: "$.items[*]", value: "$.v", key: "$.k" }, when: { above: 10_000 } }, valuePage },
      );
      return { valuePages, count: values.length, first: values[0]?.value, last: values.at(-1)?.value };
    };
    expect(await page()).toEqual({ valuePages: 3, count: 1000, first: 1700, last: 2699 });
    expect(await page(1)).toEqual({ valuePages: 3, count: 1000, first: 700, last: 1699 });
    expect(await page(2)).toEqual({ valuePages: 3, count: 700, first: 0, last: 699 });
    expect(await page(3)).toEqual({ valuePages: 3, count: 0, first: undefined, last: undefined });
  });

  it("reject a rule with the location of the problem", async () => {
    const app = await newApp();
    const body = { name: "x", emit: { type: "x" }, rule: { when: { all: [{ abov: 3 }] } } };
    const { status, json } = await call("POST", `/app/${app}/watch`, body);
    expect({ status, json }).toMatchObject({
      status: 422,
      json: {
        detail: [
          {
            loc: ["body", "rule", "when", "all", "0", "abov"],
            msg: expect.stringContaining("Did you mean `above`?") as string,
          },
        ],
      },
    });
  });

  it("belong to their application, and are deleted with it", async () => {
    const app = await newApp();
    const watch = await newWatch(app, { when: { silent: "1h" } }, { uid: "mine" });
    expect(await expectOk("GET", `/app/${app}/watch/mine`)).toMatchObject({ id: watch.id });
    expect((await call("GET", `/app/${await newApp()}/watch/${watch.id}`)).status).toBe(404);
    expect(
      (
        await call("POST", `/app/${app}/watch`, {
          name: "x",
          uid: "mine",
          emit: { type: "x" },
          rule: { when: { silent: "1h" } },
        })
      ).status,
    ).toBe(409);
    await expectOk("DELETE", `/app/${app}`);
    const { db } = node.services.store;
    expect(await db.selectFrom("watch").select("id").where("public_id", "=", watch.id).execute()).toEqual([]);
  });

  it("need the capability ManageWatch, which no token has unless it is granted by name", async () => {
    const app = await newApp();
    const watch = await newWatch(app, { read: { value: "$.t" }, when: { above: 10 } });
    const rule = { when: { above: 10 } };
    const body = { name: "x", emit: { type: "x" }, rule };
    const own = `/app/${app}/watch`;
    const calls: readonly (readonly [method: string, path: string, body?: object])[] = [
      ["GET", own],
      ["POST", own, body],
      ["POST", `${own}/dry-run`, { rule }],
      ["GET", `${own}/${watch.id}`],
      ["PUT", `${own}/${watch.id}`, body],
      ["PATCH", `${own}/${watch.id}`, { name: "y" }],
      ["GET", `${own}/${watch.id}/key`],
      ["GET", `${own}/${watch.id}/key-state?key=`],
      ["GET", `${own}/${watch.id}/transition`],
      ["POST", `${own}/${watch.id}/reset`, { key: "" }],
      ["DELETE", `${own}/${watch.id}`],
    ];
    const others = ["ViewBase", "ViewEndpointSecret", "ManageEndpointSecret", "ManageTransformations"];
    const portal = async (capabilities: readonly string[] | null): Promise<string> =>
      (await expectOk<{ token: string }>("POST", `/auth/app-portal-access/${app}`, { capabilities })).token;
    const statuses = (token: string): Promise<readonly number[]> =>
      Promise.all(calls.map(async ([method, path, input]) => (await call(method, path, input, token)).status));

    for (const token of [await portal(null), await portal([...others, "CreateAttempts", "ManageEndpoint"])]) {
      expect(new Set(await statuses(token))).toEqual(new Set([403]));
    }
    const manager = await portal(["ManageWatch"]);
    for (const [method, path, input] of calls) {
      expect((await call(method, path, input, manager)).status, `${method} ${path}`).toBeLessThan(300);
    }
    expect((await call("GET", "/watch", undefined, manager)).status).toBe(403);
    const elsewhere = { ...body, emit: { type: "x", app: await newApp() } };
    expect((await call("POST", own, elsewhere, manager)).status).toBe(404);
    expect((await call("GET", `/app/${await newApp()}/watch`, undefined, manager)).status).toBe(404);
  });

  it("are listed over all applications, filtered by application, state and text, in pages", async () => {
    const [app, other] = [await newApp(), await newApp()];
    const name = `Boiler ${app}`;
    const rule = { read: { value: "$.t", key: "$.device" }, when: { above: 10 } };
    const hot = await newWatch(app, rule, { name: `${name} HOT` });
    const slow = await newWatch(app, { ...rule, for: "1h" }, { name: `${name} slow` });
    const cold = await newWatch(app, { ...rule, when: { above: 99 } }, { name: `${name} cold` });
    const paused = await newWatch(other, rule, { name: `${name} paused`, paused: true });
    await publish(app, { device: "a", t: 11 });
    await publish(app, { device: "b", t: 9 });
    const list = async (query: string) => {
      const { data } = await expectOk<{ data: { id: string }[] }>(
        "GET",
        `/watch?order=ascending&search=${encodeURIComponent(name.toLowerCase())}${query}`,
      );
      return data.map(({ id }) => id);
    };
    await expect.poll(() => list("&state=raised")).toEqual([hot.id]);
    await expect.poll(() => list("&state=pending")).toEqual([slow.id]);
    expect(await list("&state=clear")).toEqual([cold.id]);
    expect(await list("&state=paused")).toEqual([paused.id]);
    expect(await list("")).toEqual([hot.id, slow.id, cold.id, paused.id]);
    expect(await list(`&app=${other}`)).toEqual([paused.id]);
    expect(await list("&limit=2")).toEqual([hot.id, slow.id]);
    await expect
      .poll(() => expectOk("GET", `/app/${app}/watch?state=raised&search=hot`))
      .toMatchObject({
        data: [{ id: hot.id, app: { name: app }, keys: 2, phases: { clear: 1, pending: 0, raised: 1, clearing: 0 } }],
        done: true,
      });
    expect((await call("GET", "/watch?state=loud")).status).toBe(400);
  });

  it("have a limit per organisation", async () => {
    const app = await newApp();
    const all = async (): Promise<number> => {
      const { status } = await call("POST", `/app/${app}/watch`, {
        name: "x",
        emit: { type: "x" },
        rule: { when: { silent: "1h" } },
      });
      return status === 201 ? all() : status;
    };
    expect(await all()).toBe(400);
  });
});

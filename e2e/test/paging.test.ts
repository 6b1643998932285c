/** Lists: order, pages in both directions, iterators, time ranges. */
import { organisationId, SEVERAL_ORGANISATIONS, uid } from "@posthorn/testkit";
import { beforeAll, describe, expect, test } from "vitest";
import { SDK_VERSIONS } from "../lib/sdk.ts";
import { useWorld } from "../lib/world.ts";

const world = useWorld({ env: SEVERAL_ORGANISATIONS });
const COUNT = 7;

/** A list with `COUNT` rows to which nothing else adds. */
interface Listed {
  readonly path: string;
  /** The page keys of the rows, in the default order of the list. */
  readonly ids: readonly string[];
  readonly row: string;
}

const lists: Record<string, Listed> = {};
let app: string;
let times: string[];

beforeAll(async () => {
  app = (await world.api.post("/api/v1/app", { name: "Paged" })).json.id;
  lists["endpoints"] = await fill(`/api/v1/app/${app}/endpoint`, "id", true, () => ({ url: world.receiver.url }));
  const target = (await world.api.post("/api/v1/app", { name: "Target" })).json.id;
  const endpoint = (await world.api.post(`/api/v1/app/${target}/endpoint`, { url: `${world.receiver.url}/t` })).json.id;
  lists["messages"] = await fill(`/api/v1/app/${target}/msg`, "id", true, () => ({ eventType: "a", payload: {} }));
  times = (await world.api.get(`/api/v1/app/${target}/msg`)).json.data.map(
    (row: { timestamp: string }) => row.timestamp,
  );
  lists["attempted messages"] = { ...lists["messages"], path: `/api/v1/app/${target}/endpoint/${endpoint}/msg` };
  await world.receiver.waitForCount(COUNT);
  lists["attempts of an endpoint"] = await existing(`/api/v1/app/${target}/attempt/endpoint/${endpoint}`, "id");
  const message = (await world.api.post(`/api/v1/app/${app}/msg`, { eventType: "a", payload: {} })).json.id;
  const ascending = lists["endpoints"].ids.toReversed();
  lists["endpoints of a message"] = { path: `/api/v1/app/${app}/msg/${message}/endpoint`, ids: ascending, row: "id" };
  lists["attempts of a message"] = await existing(`/api/v1/app/${app}/attempt/msg/${message}`, "id");
  const other = world.server.tokenOf(organisationId());
  lists["applications"] = await fill("/api/v1/app", "id", false, () => ({ name: "A" }), other);
  lists["event types"] = await fill(
    "/api/v1/event-type",
    "name",
    false,
    () => ({ name: uid("t"), description: "" }),
    other,
  );
  lists["event types"] = { ...lists["event types"], ids: lists["event types"].ids.toSorted() };
  lists["API keys"] = await fill("/api/v1/auth/api-key", "id", false, () => ({ name: "K" }), other);
  const since = new Date();
  const recover = `/api/v1/app/${target}/endpoint/${endpoint}/recover`;
  const tasks: string[] = [];
  for (let made = 0; made < COUNT; made++) tasks.push((await world.api.post(recover, { since })).json.id);
  lists["background tasks"] = { path: "/api/v1/background-task", ids: tasks.toReversed(), row: "id" };
  tokens.set("applications", other).set("event types", other).set("API keys", other);
});

const tokens = new Map<string, string>();

async function fill(
  path: string,
  row: string,
  newestFirst: boolean,
  body: () => object,
  token = world.api.token,
): Promise<Listed> {
  const ids: string[] = [];
  for (let made = 0; made < COUNT; made++) ids.push((await world.api.post(path, body(), { token })).json[row]);
  return { path, row, ids: newestFirst ? ids.toReversed() : ids };
}

/** A list of attempts, once all of them have ended. */
async function existing(path: string, row: string): Promise<Listed> {
  for (;;) {
    const { data } = (await world.api.get(path)).json;
    if (data.length >= COUNT) return { path, row, ids: data.map((entry: Record<string, string>) => entry[row]) };
  }
}

const NAMES = [
  "applications",
  "endpoints",
  "event types",
  "messages",
  "attempted messages",
  "attempts of an endpoint",
  "attempts of a message",
  "endpoints of a message",
  "API keys",
  "background tasks",
];

describe.each(NAMES)("%s", (name) => {
  const page = async (query: Record<string, string | number>) => {
    const { path, row } = lists[name]!;
    const search = new URLSearchParams(Object.entries(query).map(([key, value]) => [key, String(value)]));
    const token = tokens.get(name) ?? world.api.token;
    const { status, json } = await world.api.get(`${path}?${search}`, { token });
    expect(status).toBe(200);
    const ids: string[] = json.data.map((entry: Record<string, string>) => entry[row]);
    return {
      ids,
      iterator: json.iterator as string | null,
      prev: json.prevIterator as string | undefined,
      done: json.done as boolean,
    };
  };

  test("are in the order of the list, with the iterators of the last and the first row", async () => {
    const { ids } = lists[name]!;
    const all = await page({});
    expect(all).toEqual({ ids, iterator: ids.at(-1), prev: `-${ids[0]}`, done: true });
  });

  test("can be paged forwards, each row once", async () => {
    const { ids } = lists[name]!;
    const first = await page({ limit: 3 });
    expect(first).toEqual({ ids: ids.slice(0, 3), iterator: ids[2], prev: `-${ids[0]}`, done: false });
    const second = await page({ limit: 3, iterator: first.iterator! });
    expect(second).toEqual({ ids: ids.slice(3, 6), iterator: ids[5], prev: `-${ids[3]}`, done: false });
    const third = await page({ limit: 3, iterator: second.iterator! });
    expect(third).toEqual({ ids: ids.slice(6), iterator: ids[6], prev: `-${ids[6]}`, done: true });
  });

  test("end with an empty page with a null iterator and no previous page", async () => {
    const { ids } = lists[name]!;
    expect(await page({ iterator: ids.at(-1)! })).toEqual({ ids: [], iterator: null, prev: undefined, done: true });
  });

  test("report done on a full last page", async () => {
    const { ids } = lists[name]!;
    expect((await page({ limit: COUNT })).done).toBe(true);
    expect((await page({ limit: COUNT - 1 })).done).toBe(false);
    expect((await page({ limit: 3, iterator: ids[3]! })).done).toBe(true);
  });

  test("can be paged backwards, each page in the order of the list", async () => {
    const { ids } = lists[name]!;
    const last = await page({ limit: 3, iterator: `-${ids[6]}` });
    expect(last).toEqual({ ids: ids.slice(3, 6), iterator: ids[5], prev: `-${ids[3]}`, done: false });
    const middle = await page({ limit: 3, iterator: last.prev! });
    expect(middle).toEqual({ ids: ids.slice(0, 3), iterator: ids[2], prev: `-${ids[0]}`, done: true });
    expect(await page({ limit: 3, iterator: middle.prev! })).toMatchObject({ ids: [], iterator: null, done: true });
  });

  test("reject a malformed iterator with 422", async () => {
    const token = tokens.get(name) ?? world.api.token;
    for (const iterator of ["a b", "-", "-a b"]) {
      const { status } = await world.api.get(`${lists[name]!.path}?iterator=${encodeURIComponent(iterator)}`, {
        token,
      });
      expect([iterator, status]).toEqual([iterator, 422]);
    }
  });
});

test.each(["applications", "endpoints", "background tasks", "event types"])(
  "%s can be listed in both orders",
  async (name) => {
    const { path, ids, row } = lists[name]!;
    const token = tokens.get(name) ?? world.api.token;
    const listed = async (query: string): Promise<string[]> =>
      (await world.api.get(`${path}?${query}`, { token })).json.data.map((entry: Record<string, string>) => entry[row]);
    const ascending = ids.toSorted();
    expect(await listed("order=ascending")).toEqual(ascending);
    expect(await listed("order=descending")).toEqual(ascending.toReversed());
    expect(await listed(`order=descending&limit=2&iterator=${ascending[4]}`)).toEqual([ascending[3], ascending[2]]);
    expect(await listed(`order=ascending&limit=2&iterator=-${ascending[4]}`)).toEqual([ascending[2], ascending[3]]);
  },
);

describe("time ranges", () => {
  const listed = async (query: string): Promise<{ ids: string[]; done: boolean; prev: string }> => {
    const { json } = await world.api.get(`${lists["messages"]!.path}?${query}`);
    return { ids: json.data.map(({ id }: { id: string }) => id), done: json.done, prev: json.prevIterator };
  };
  const around = (index: number, ms: number): string => new Date(Date.parse(times[index]!) + ms).toISOString();

  test("before is exclusive and after is inclusive", async () => {
    const { ids } = lists["messages"]!;
    const before = await listed(`before=${around(0, 60_000)}`);
    expect(before.ids).toEqual(ids);
    expect((await listed(`before=${times[6]}`)).ids).not.toContain(ids[6]);
    expect((await listed(`after=${times[0]}`)).ids).toEqual([ids[0]]);
    expect((await listed(`after=${around(0, 1)}`)).ids).toEqual([]);
    expect((await listed(`before=${around(0, 60_000)}&after=${around(6, -60_000)}`)).ids).toEqual(ids);
    expect((await listed(`before=${around(6, -60_000)}`)).ids).toEqual([]);
  });

  test("with only after, the page has the oldest rows, newest first, and continues with prevIterator", async () => {
    const { ids } = lists["messages"]!;
    const after = around(6, -60_000);
    const first = await listed(`after=${after}&limit=3`);
    expect(first).toMatchObject({ ids: ids.slice(4), done: false });
    const second = await listed(`after=${after}&limit=3&iterator=${first.prev}`);
    expect(second).toMatchObject({ ids: ids.slice(1, 4), done: false });
    expect(await listed(`after=${after}&limit=3&iterator=${second.prev}`)).toMatchObject({ ids: [ids[0]], done: true });
  });
});

describe.each(SDK_VERSIONS)("SDK %i", (version) => {
  test("pages through a list with its iterators to the end", async () => {
    const sdk = world.sdk(version);
    const seen: string[] = [];
    let iterator: string | null | undefined;
    let done = false;
    while (!done) {
      const found = await sdk("endpoint.list", app, { limit: 2, iterator });
      seen.push(...found.data.map(({ id }: { id: string }) => id));
      ({ iterator, done } = found);
    }
    expect(seen).toEqual(lists["endpoints"]!.ids);
  });
});

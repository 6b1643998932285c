/** Tests of the rows that are scanned for a page of a filtered list. Nothing is timed: rows are counted, and query plans are read. */
import { type CompiledQuery, type KyselyPlugin, type RootOperationNode, sql } from "kysely";
import { describe, expect, it } from "vitest";
import { systemActor } from "../access.ts";
import { insertEndpoint, servicesOver } from "../../../test/support/services.ts";
import { acceptEntry, attemptRecord, onPostgres, openStore, successOutcome } from "../../../test/support/store.ts";
import { keyOfId, iteratorOfKey } from "../../lib/id.ts";
import type { AcceptEntry, Store } from "../../store/store.ts";
import { listAttemptsByEndpoint } from "../attempt/list.ts";
import type { OutsideContext } from "../context.ts";
import { listEndpointMessages } from "../delivery/list.ts";
import { listIssues } from "../overview/issues.ts";
import type { Page } from "../paging.ts";
import type { MessageFilter } from "./filter.ts";
import { listMessages } from "./list.ts";
import { searchMessages } from "./search.ts";
import { MAX_SCANNED_ROWS } from "./bounded-scan.ts";

/** More rows than are scanned for a page. */
const MANY = MAX_SCANNED_ROWS + 1000;
const NONE: MessageFilter = { eventTypes: null, channel: null, tag: null };
const TIMES = { before: null, after: null };
const REF = { app: "app", endpoint: "ep" };

/** Records the queries of the lists and counts their rows. */
class Watch implements KyselyPlugin {
  readonly nodes: RootOperationNode[] = [];
  rows = 0;

  transformQuery({ node }: { readonly node: RootOperationNode }): RootOperationNode {
    this.nodes.push(node);
    return node;
  }

  forget(): void {
    this.nodes.length = 0;
    this.rows = 0;
  }

  async transformResult<Result extends { readonly rows: readonly unknown[] }>({
    result,
  }: {
    readonly result: Result;
  }): Promise<Result> {
    this.rows += result.rows.length;
    return result;
  }
}

interface Scene extends AsyncDisposable {
  readonly store: Store;
  readonly watch: Watch;
  readonly ctx: OutsideContext;
}

/** Stores messages with these fields and the keys 1000, 1010 …, each sent once to endpoint `ep` of application `app`. */
async function openScene(messages: readonly Partial<AcceptEntry>[]): Promise<Scene> {
  const opened = await openStore();
  const { store } = opened;
  const { services } = servicesOver(store);
  await insertEndpoint(services, "https://example.com/", {});
  await store.transaction(async ({ db }) => {
    await db.updateTable("application").set({ uid: "app" }).execute();
    await db.updateTable("endpoint").set({ uid: "ep" }).execute();
  });
  const entries = messages.map((fields, index) => ({
    ...acceptEntry(1000 + 10 * index, fields),
    publicId: iteratorOfKey("msg_", 1000 + 10 * index),
  }));
  await store.acceptAll(entries);
  await Promise.all(
    entries.map(({ id }) =>
      store.record(
        successOutcome(id, { attempt: { ...attemptRecord(id + 1), publicId: iteratorOfKey("atmpt_", id + 1) } }),
      ),
    ),
  );
  if (onPostgres) await sql`ANALYZE`.execute(store.db);
  const watch = new Watch();
  const watched = Object.create(store, { db: { value: store.db.withPlugin(watch) } }) as Store;
  const actor = systemActor(1, "org_1");
  const ctx: OutsideContext = { services: { ...services, store: watched }, actor, tx: null };
  return { store, watch, ctx, [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose]() };
}

interface Ask extends Partial<MessageFilter> {
  readonly limit?: number;
  readonly iterator?: string | null;
  readonly before?: number | null;
  readonly after?: number | null;
}

type Lister = (ctx: OutsideContext, ask: Ask) => Promise<Page<string>>;

const asked = (ask: Ask) => ({ limit: 50, iterator: null, ...NONE, ...TIMES, ...ask });

/** The lists under test, each returning ids of messages. */
const LISTS: Readonly<Record<string, Lister>> = {
  "messages of an application": async (ctx, ask) => {
    const page = await listMessages({ ctx, input: { app: "app", withContent: true, ...asked(ask) } });
    return { ...page, rows: page.rows.map(({ id }) => id) };
  },
  "messages of an endpoint": async (ctx, ask) => {
    const input = { ...REF, status: null, withContent: false, ...asked(ask) };
    const page = await listEndpointMessages({ ctx, input });
    return { ...page, rows: page.rows.map(({ message }) => message.id) };
  },
  "attempts of an endpoint": async (ctx, ask) => {
    const input = { ...REF, status: null, statusCodeClass: null, withMessage: false, ...asked(ask) };
    const page = await listAttemptsByEndpoint({ ctx, input });
    return { ...page, rows: page.rows.map(({ messageId }) => messageId) };
  },
  search: async (ctx, ask) => {
    const none = { direction: null, endpoint: null, id: null, state: null, text: null };
    const { rows, next } = await searchMessages({ ctx, input: { app: "app", ...none, ...asked(ask) } });
    return { rows: rows.map(({ id }) => id), done: next === null, ...(next === null ? {} : { next }) };
  },
};

/** Number of rows of tables and indexes that a PostgreSQL plan scanned. */
function rowsOfPlan(plan: Record<string, unknown>): number {
  const parts = ((plan["Plans"] ?? []) as Record<string, unknown>[]).map(rowsOfPlan);
  const own = "Relation Name" in plan ? Number(plan["Actual Rows"]) + Number(plan["Rows Removed by Filter"] ?? 0) : 0;
  return parts.reduce((sum, rows) => sum + rows, own * Number(plan["Actual Loops"]));
}

async function explained({ db }: Store, query: CompiledQuery, how: string): Promise<Record<string, unknown>[]> {
  const { rows } = await db.executeQuery<Record<string, unknown>>({ ...query, sql: `${how} ${query.sql}` });
  return rows;
}

/** Number of rows that the statements scanned. SQLite only reports whether it scanned a whole table, which counts as all its rows. */
async function rowsLookedAt({ store, watch }: Scene): Promise<number> {
  let rows = watch.rows;
  const queries = watch.nodes.map((node) => store.db.getExecutor().compileQuery(node, { queryId: "explain" }));
  for (const query of queries) {
    if (onPostgres) {
      const [response] = await explained(store, query, "EXPLAIN (ANALYZE, FORMAT JSON)");
      const plans = response!["QUERY PLAN"] as { readonly Plan: Record<string, unknown> }[];
      rows += rowsOfPlan(plans[0]!.Plan);
      continue;
    }
    const steps = (await explained(store, query, "EXPLAIN QUERY PLAN")).map((row) => String(row["detail"]));
    if (steps.some((step) => /^SCAN (message|delivery|attempt)/.test(step))) rows += MANY;
    // This index selects all messages of the application, which is too many.
    if (steps.some((step) => /message_of_application/.test(step))) rows += MANY;
  }
  return rows;
}

/** Too many event types to read each of them by an index. */
const MANY_TYPES = ["type.1", ...Array.from({ length: 10 }, (_, index) => `other.${index}`)];
const FILTERS: readonly Partial<MessageFilter>[] = [
  { tag: "odd" },
  { tag: "tag2" },
  { channel: "c" },
  { eventTypes: ["type.1"] },
  { eventTypes: ["type.2", "type.0", "type.2"] },
  { eventTypes: ["type.1"], channel: "c" },
  { eventTypes: ["type.1"], channel: "c", tag: "odd" },
  { tag: "none" },
  { eventTypes: MANY_TYPES },
];

interface Fields {
  readonly eventType: string;
  readonly tagsJson: string | null;
  readonly channelsJson: string | null;
}

function fits(fields: Fields, { eventTypes = null, channel = null, tag = null }: Partial<MessageFilter>): boolean {
  if (eventTypes !== null && !eventTypes.includes(fields.eventType)) return false;
  if (channel !== null && !namesOf(fields.channelsJson).includes(channel)) return false;
  return tag === null || namesOf(fields.tagsJson).includes(tag);
}

const namesOf = (json: string | null): readonly string[] => (json === null ? [] : (JSON.parse(json) as string[]));

/** Iterator as the API builds it: from the last row, unless the page has its own. */
function nextOf(name: string, { rows, next }: Page<string>): string {
  if (next !== undefined) return next;
  const message = rows.at(-1)!;
  return name === "attempts of an endpoint" ? iteratorOfKey("atmpt_", keyOfId("msg_", message)! + 1) : message;
}

const labelled = { tagsJson: '["common"]', channelsJson: '["all"]' };
const common = Array.from({ length: MANY }, () => labelled);
const rare = { tagsJson: '["rare","common"]', channelsJson: '["all","few"]', eventType: "rare.type" };

describe("a list with a filter", () => {
  it("finds rare messages without scanning the rest, however old they are", async () => {
    await using scene = await openScene([rare, ...common]);
    const { ctx, watch } = scene;
    const id = iteratorOfKey("msg_", 1000);
    const filters: readonly Partial<MessageFilter>[] = [
      { tag: "rare" },
      { channel: "few" },
      { eventTypes: ["rare.type"] },
      { eventTypes: ["rare.type", "nothing.has.it"] },
      { eventTypes: ["test.event", "rare.type"], tag: "rare", channel: "all" },
    ];
    for (const [name, list] of Object.entries(LISTS)) {
      for (const filter of filters) {
        watch.forget();
        expect([name, filter, await list(ctx, filter)]).toEqual([name, filter, { rows: [id], done: true }]);
        expect([name, filter, (await rowsLookedAt(scene)) < 2000]).toEqual([name, filter, true]);
      }
    }
  });

  it("scans a bounded number of rows for a page, and returns where to continue", async () => {
    await using scene = await openScene([{ eventType: "type.1", ...labelled }, ...common]);
    const { ctx, watch } = scene;
    for (const [name, list] of Object.entries(LISTS)) {
      // With so many types search can only scan all messages, within its own bounds.
      if (name === "search") continue;
      watch.forget();
      const filter = { eventTypes: MANY_TYPES, ...(name === "attempts of an endpoint" ? { tag: "common" } : {}) };
      const first = await list(ctx, filter);
      expect([name, first]).toEqual([name, { rows: [], done: false, next: expect.any(String) }]);
      expect([name, watch.rows < 3 * MAX_SCANNED_ROWS]).toEqual([name, true]);
      const last = await list(ctx, { ...filter, iterator: first.next! });
      expect([name, last]).toEqual([name, { rows: [iteratorOfKey("msg_", 1000)], done: true }]);
      // In the other direction, from the oldest message.
      const oldest = await list(ctx, { ...filter, after: 0 });
      expect([name, oldest.rows, oldest.done]).toEqual([name, [iteratorOfKey("msg_", 1000)], false]);
      expect(oldest.next).toMatch(/^-/);
      expect(await list(ctx, { ...filter, after: 0, iterator: oldest.next! })).toEqual({ rows: [], done: true });
    }
  });

  it("returns every matching message exactly once, for any filter and query plan", async () => {
    const messages = Array.from({ length: 120 }, (_, index) => ({
      eventType: `type.${index % 3}`,
      tagsJson: index % 2 === 0 ? null : JSON.stringify([`tag${index % 5}`, "odd", "odd"]),
      channelsJson: index % 7 === 0 ? '["c"]' : null,
    }));
    await using scene = await openScene(messages);
    for (const filter of FILTERS) {
      const wanted = messages.flatMap((fields, index) =>
        fits(fields, filter) ? [iteratorOfKey("msg_", 1000 + 10 * index)] : [],
      );
      for (const [name, list] of Object.entries(LISTS)) {
        const found: string[] = [];
        let page = await list(scene.ctx, { ...filter, limit: 7 });
        for (; !page.done; page = await list(scene.ctx, { ...filter, limit: 7, iterator: nextOf(name, page) })) {
          found.push(...page.rows);
        }
        found.push(...page.rows);
        expect([name, filter, found]).toEqual([name, filter, wanted.toReversed()]);
      }
    }
  });
});

const MIB = 1024 * 1024;

describe("a search for a text", () => {
  const found = async ({ ctx }: Scene, text: string, ask: Ask = {}) => {
    const none = { app: null, direction: null, endpoint: null, id: null, state: null };
    const { rows, next } = await searchMessages({ ctx, input: { ...none, ...asked(ask), text } });
    return { rows: rows.map(({ id }) => id), next };
  };

  it("compares exact bytes in the database, so that only messages with the text leave it", async () => {
    const payloads = ["{}", '{"name":"Zoë"}', '{"name":"zoë"}', '{"name":"Zoe\u0308"}', '{"like":"%_"}'];
    const messages = Array.from({ length: 500 }, (_, index) => ({ payload: Buffer.from(payloads[index] ?? "{}") }));
    await using scene = await openScene(messages);
    const ids = [1000, 1010, 1020, 1030, 1040].map((key) => iteratorOfKey("msg_", key));
    scene.watch.forget();
    expect(await found(scene, "Zoë")).toEqual({ rows: [ids[1]], next: null });
    expect(scene.watch.rows).toBeLessThan(10);
    expect(await found(scene, "%_")).toEqual({ rows: [ids[4]], next: null });
    expect(await found(scene, "nothing has this")).toEqual({ rows: [], next: null });
    const first = await found(scene, "name", { limit: 2 });
    expect(first).toEqual({ rows: [ids[3], ids[2]], next: ids[2] });
    expect(await found(scene, "name", { limit: 2, iterator: first.next })).toEqual({ rows: [ids[1]], next: null });
  });

  it("stops after 16 MiB of payloads, and continues there", async () => {
    const large = { payload: Buffer.from(`{"x":"${"x".repeat(6 * MIB)}"}`) };
    await using scene = await openScene([{ payload: Buffer.from('{"here":1}') }, large, large, large, large]);
    const first = await found(scene, "here");
    expect(first).toEqual({ rows: [], next: iteratorOfKey("msg_", 1020) });
    const second = await found(scene, "here", { iterator: first.next });
    expect(second).toEqual({ rows: [iteratorOfKey("msg_", 1000)], next: null });
  });
});

describe("issues", () => {
  it.skipIf(onPostgres)("are read from the newest attempts, and not from the index of all", async () => {
    await using scene = await openScene([{}, {}]);
    scene.watch.forget();
    await listIssues({ ctx: scene.ctx, input: { since: 0, app: null, limit: 10 } });
    const { db } = scene.store;
    const plans = await Promise.all(
      scene.watch.nodes.map(async (node) => {
        const query = db.getExecutor().compileQuery(node, { queryId: "explain" });
        return (await explained(scene.store, query, "EXPLAIN QUERY PLAN")).map((row) => String(row["detail"]));
      }),
    );
    expect(plans).toHaveLength(2);
    expect(plans.flat().filter((step) => /attempt_of_endpoint/.test(step))).toEqual([]);
    for (const plan of plans) expect(plan).toContain("SEARCH attempt USING INTEGER PRIMARY KEY (rowid>?)");
  });
});

describe("labels of a message", () => {
  it("are deleted with it", async () => {
    await using scene = await openScene([rare, rare]);
    const labels = () =>
      scene.store.db.selectFrom("message_label").selectAll().orderBy("kind").orderBy("name").execute();
    expect(await labels()).toHaveLength(8);
    await scene.store.transaction(
      async ({ db }) => void (await db.deleteFrom("message").where("id", "=", 1000).execute()),
    );
    const left = { app_id: 1, message_id: 1010 };
    expect(await labels()).toEqual([
      { ...left, kind: 0, name: "all" },
      { ...left, kind: 0, name: "few" },
      { ...left, kind: 1, name: "common" },
      { ...left, kind: 1, name: "rare" },
    ]);
  });
});

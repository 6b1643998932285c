/** Tests of the list of all endpoints on both stores. Nothing is timed: plans are read, and statements and rows are counted. */
import { createHmac } from "node:crypto";
import { type CompiledQuery, type RootOperationNode, sql } from "kysely";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { servicesOver } from "../../../test/support/services.ts";
import { onPostgres, openStore } from "../../../test/support/store.ts";
import { watchQueries } from "../../../test/support/watched-store.ts";
import { iteratorOfKey } from "../../lib/id.ts";
import { systemActor } from "../access.ts";
import { FULL_GRANT } from "../grant.ts";
import type { OutsideContext } from "../context.ts";
import { type ListAllEndpoints, listAllEndpoints, scanIterator } from "./list-all.ts";

const COUNT = 4_000;
const NOW = Date.now();
const stack = new AsyncDisposableStack();
let nodes: RootOperationNode[];
let ctx: OutsideContext;
let opened: Awaited<ReturnType<typeof openStore>>;

/** Every 2nd endpoint belongs to another organisation. */
const orgOf = (index: number): number => (index % 2 === 0 ? 1 : 2);
const idOf = (index: number): string => iteratorOfKey("ep_", 10 * (index + 1));

beforeAll(async () => {
  opened = stack.use(await openStore());
  const { store } = opened;
  const { services } = servicesOver(store);
  const organisation = (id: number) => ({ id, public_id: `org_${id}`, created_at: NOW });
  const application = (id: number) => ({
    id,
    public_id: iteratorOfKey("app_", id),
    org_id: id,
    kind: 0,
    uid: null,
    name: `Customer ${id}`,
    throttle_rate: null,
    metadata_json: "{}",
    egress_allow: null,
    policy_json: null,
    egress_sealed: null,
    created_at: NOW,
    updated_at: NOW,
    deleted_at: null,
  });
  const endpoint = (index: number) => ({
    id: 10 * (index + 1),
    public_id: idOf(index),
    app_id: orgOf(index),
    uid: null,
    version: 1,
    url: `https://hooks.customer-${index % 7}.example.com/${COUNT - index}`,
    description: `Number ${index}`,
    throttle_rate: null,
    disabled: index === 40 ? 1 : 0,
    event_types_json: null,
    channels_json: null,
    metadata_json: "{}",
    headers_sealed: null,
    egress_sealed: null,
    policy_json: null,
    disabled_json: null,
    verification_json: null,
    filter_json: null,
    transformation_sealed: null,
    flow_json: FLOWS[index] ?? null,
    created_at: NOW,
    updated_at: NOW,
    deleted_at: index === 8 ? NOW : null,
  });
  await store.transaction(async ({ db }) => {
    await db.deleteFrom("organisation").execute();
    await db
      .insertInto("organisation")
      .values([organisation(1), organisation(2)])
      .execute();
    await db
      .insertInto("application")
      .values([application(1), application(2)])
      .execute();
    for (let from = 0; from < COUNT; from += 500) {
      const rows = Array.from({ length: 500 }, (_, place) => endpoint(from + place));
      await db.insertInto("endpoint").values(rows).execute();
    }
    const failure = { since: NOW - 60_000, failures: 3, last_at: NOW, warned: 0, updated_at: NOW };
    await db
      .insertInto("endpoint_failure")
      .values({ endpoint_id: 70 + 10, ...failure })
      .execute();
    await db
      .insertInto("endpoint_failure")
      .values({ endpoint_id: 60 + 10, ...failure })
      .execute();
  });
  if (onPostgres) await sql`ANALYZE`.execute(store.db);
  const watched = watchQueries(store);
  nodes = watched.queries;
  const proof = (purpose: string, text: string): string =>
    createHmac("sha256", "secret").update(`${purpose} ${text}`).digest("base64url");
  const tokens = { ...services.tokens, proof };
  ctx = { services: { ...services, store: watched.store, tokens }, actor: systemActor(1, "org_1"), tx: null };
}, 60_000);

afterAll(() => stack.disposeAsync());

/** Pauses: one that has not ended, one that has ended, one without an end, and a flow without a pause. */
const FLOWS: Readonly<Record<number, string>> = {
  10: JSON.stringify({ pausedUntil: NOW + 3_600_000, discardUpTo: null, newestFirst: false }),
  12: JSON.stringify({ pausedUntil: NOW - 1000, discardUpTo: null, newestFirst: false }),
  14: JSON.stringify({ pausedUntil: 8_640_000_000_000_000, discardUpTo: null, newestFirst: false }),
  16: JSON.stringify({ pausedUntil: null, discardUpTo: null, newestFirst: true }),
};

const NONE = {
  sort: "created",
  reverse: false,
  state: null,
  kind: null,
  host: null,
  health: null,
  search: null,
} as const;

async function page(ask: Partial<ListAllEndpoints> = {}) {
  return listAllEndpoints({ ctx, input: { limit: 50, iterator: null, ...NONE, ...ask } });
}

async function all(ask: Partial<ListAllEndpoints>): Promise<readonly string[]> {
  const found: string[] = [];
  let iterator: string | null = null;
  do {
    const { rows, done, next } = await page({ limit: 250, iterator, ...ask });
    found.push(...rows.map(({ id }) => id));
    iterator = done ? null : (next ?? rows.at(-1)!.id);
  } while (iterator !== null);
  return found;
}

const own = Array.from({ length: COUNT }, (_, index) => index).filter((index) => orgOf(index) === 1 && index !== 8);
const indexes = new Map(own.map((index) => [idOf(index), index]));
const numbers = (ids: readonly string[]): readonly (number | undefined)[] => ids.map((id) => indexes.get(id));

describe("the list of all endpoints", () => {
  it("has each endpoint of the organisation once, in the order of creation, and none of other organisations or that is deleted", async () => {
    expect(numbers(await all({}))).toEqual(own.toReversed());
    expect(numbers(await all({ reverse: true }))).toEqual(own);
  });

  it("is paged by URL without a repetition or a gap, in both directions", async () => {
    const byUrl = await all({ sort: "url" });
    expect(numbers(byUrl).toSorted((a, b) => a! - b!)).toEqual(own);
    expect(await all({ sort: "url", reverse: true })).toEqual(byUrl.toReversed());
    const { rows } = await page({ sort: "url", limit: 10, iterator: `-${byUrl[20]}` });
    expect(rows.map(({ id }) => id)).toEqual(byUrl.slice(10, 20));
  });

  it("does not reveal which URLs come after that of an endpoint that the caller does not see", async () => {
    const ids = async (iterator: string | null, as = ctx) => {
      const input = { limit: 5, ...NONE, sort: "url", iterator } as const;
      return (await listAllEndpoints({ ctx: as, input })).rows.map(({ id }) => id);
    };
    const first = await ids(null);
    const foreign = idOf(2_001);
    expect(await ids(foreign)).toEqual(first);
    const limited = {
      ...ctx,
      actor: { ...systemActor(2, "org_2"), grant: { ...FULL_GRANT, applications: new Set([9]) } },
    };
    expect(await ids(idOf(2_003), limited)).toEqual(await ids(null, limited));
    // A scan continues where it stopped, in the same organisation only.
    const stopped = scanIterator(ctx, foreign);
    expect(await ids(stopped)).not.toEqual(first);
    expect(await ids(`-${foreign}${stopped.slice(foreign.length)}`)).toHaveLength(5);
    await expect(ids(stopped, { ...ctx, actor: systemActor(2, "org_2") })).rejects.toThrow(/iterator/);
  });

  it.each<[string, Partial<ListAllEndpoints>, readonly number[]]>([
    ["paused now", { state: "paused" }, [14, 10]],
    ["disabled", { state: "disabled" }, [40]],
    ["failing", { health: "failing" }, [6]],
    ["of a host with its port", { host: "hooks.customer-3.example.com:443" }, []],
    ["of no host of which it is only an end", { host: "customer-3.example" }, []],
    ["with a text in any case", { search: "NUMBER 1234" }, [1234]],
    ["of another kind", { kind: "kafka" }, []],
  ])("finds endpoints %s", async (_, ask, expected) => {
    expect(numbers(await all(ask))).toEqual(expected);
  });

  it("finds all others by the opposite filter, and by a part of the domain", async () => {
    expect(await all({ state: "enabled" })).toHaveLength(own.length - 3);
    expect(await all({ health: "healthy" })).toHaveLength(own.length - 1);
    expect(await all({ host: "customer-3.example.com" })).toEqual(await all({ host: "hooks.customer-3.example.com" }));
    expect(numbers(await all({ host: "CUSTOMER-3.example.com" }))).toEqual(
      own.filter((index) => index % 7 === 3).toReversed(),
    );
  });

  it.each<[string, Partial<ListAllEndpoints>]>([
    ["the first page", {}],
    ["a page in the middle", { iterator: idOf(2_000) }],
    ["a page by URL", { sort: "url" }],
    ["a page by URL in the middle", { sort: "url", iterator: idOf(2_000) }],
  ])("reads %s in the order of an index, with a fixed number of statements", async (_, ask) => {
    nodes.length = 0;
    const { rows } = await page(ask);
    expect(rows).toHaveLength(50);
    // The place of an iterator, the end of the window, its rows, and the two statements of the figures.
    expect(nodes.length).toBeLessThanOrEqual(5);
    for (const node of nodes)
      await expectIndexed(ctx.services.store.db.getExecutor().compileQuery(node, { queryId: "x" }));
  });
});

/** Sorting, a whole table, or the counts of all endpoints. */
const COSTLY = /TEMP B-TREE|^SCAN (?:application|rollup|delivery)|^SEARCH rollup .*\(org_id=\?\)$|Sort|Seq Scan/;

/** Fails if a statement has to sort rows, or to read a whole table. */
async function expectIndexed(query: CompiledQuery): Promise<void> {
  const steps = await opened.store.transaction(async ({ db }) => {
    // With few rows, the planner prefers to sort. What matters is that it does not have to.
    if (onPostgres) for (const way of ["seqscan", "sort"]) await sql.raw(`SET LOCAL enable_${way} = off`).execute(db);
    const how = onPostgres ? "EXPLAIN" : "EXPLAIN QUERY PLAN";
    const { rows } = await db.executeQuery<Record<string, unknown>>({ ...query, sql: `${how} ${query.sql}` });
    return rows.map((row) => String(row["QUERY PLAN"] ?? row["detail"]));
  });
  expect(steps.filter((step) => COSTLY.test(step))).toEqual([]);
}

/** Statements to PostgreSQL per delivery, counted on the wire, so that the result does not depend on the speed of the machine. */
import { eventually, type Receiver, startReceiver, startWireCounter, type WireCounter } from "@posthorn/testkit";
import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import { describe, expect, it } from "vitest";
import { Pool, withClient } from "../src/store/postgres/connections.ts";
import { acceptTogether } from "../src/store/postgres/hot/accept.ts";
import { duePages } from "../src/store/postgres/hot/due.ts";
import { recordTogether } from "../src/store/postgres/hot/record.ts";
import { PostgresStore } from "../src/store/postgres/postgres-store.ts";
import type { Clock } from "../src/dispatch/types.ts";
import type { NodeFacts } from "../src/store/cluster.ts";
import type { PageSelection } from "../src/store/delivery.ts";
import { ManualClock } from "./support/manual-clock.ts";
import { startNode } from "./support/posthorn.ts";
import { borrowDatabase } from "./support/postgres.ts";
import { acceptEntry, attemptRecord, onPostgres, successOutcome, temporaryFolder } from "./support/store.ts";
import { Tenant } from "./support/tenant.ts";

const ENDPOINTS = 40;
/** Warm-up, until each node has loaded each endpoint. */
const FIRST = 400;
const MESSAGES = 2000;
/** Concurrent publishers: enough that simultaneous messages can be written together. */
const PUBLISHERS = 64;
/** Statements per delivery when many are written together. A statement per message, outcome or lane would be 1 or more. */
const MAX_PER_DELIVERY = 0.2;
/** Health probe, lease, search for work: statements that a node makes whether or not there is work. */
const MAX_PER_SECOND = 10;
/** With several nodes, each notifies the others, and pages for notifications: each at most 40 times a second. */
const MAX_PER_SECOND_WITH_SEVERAL_NODES = 80;

/** Each way of reading a page. */
const SELECTIONS: readonly (PageSelection | undefined)[] = [
  undefined,
  { kind: "newest", known: [] },
  { kind: "ordered", after: { due: -1, messageId: -1 }, known: [], keys: null },
  { kind: "ordered", after: { due: -1, messageId: -1 }, known: [], keys: ["a", "b"] },
];

const NODE: NodeFacts = {
  host: "here",
  version: "1",
  secretsMark: "same",
  process: null,
  kinds: [],
  hasEnded: () => false,
};
const REPORT = { draining: false, inFlight: 0, lanes: 0, lagMs: 0, settled: { messages: 0, attempts: 0 } };

interface Cluster {
  readonly nodes: readonly { readonly shards: number }[];
}

async function publish(tenants: readonly Tenant[], messages: number): Promise<void> {
  let next = 0;
  const publisher = async (): Promise<void> => {
    for (let number = next++; number < messages; number = next++) {
      const message = { eventType: "a", payload: { number }, channels: [`c${number % ENDPOINTS}`] };
      const { status, text } = await tenants[number % tenants.length]!.call("POST", "app/app/msg", message);
      if (status !== 202) throw new Error(`${status} ${text}`);
    }
  };
  await Promise.all(Array.from({ length: PUBLISHERS }, publisher));
}

async function makeEndpoints(tenant: Tenant, receiver: Receiver): Promise<void> {
  await tenant.call("POST", "app", { name: "Test", uid: "app" });
  for (let number = 0; number < ENDPOINTS; number++) {
    const endpoint = { url: `${receiver.url}/${number}`, channels: [`c${number}`] };
    const { status, text } = await tenant.call("POST", "app/app/endpoint", endpoint);
    if (status !== 201) throw new Error(text);
  }
}

describe.runIf(onPostgres)("hot statements", () => {
  it("are planned once per connection, and not again for each batch", async () => {
    await using database = await borrowDatabase();
    await using store = await PostgresStore.open({ url: database.url });
    const pool = new Pool({ url: database.url, use: "hot" }, 1);
    for (let id = 1; id <= 20; id++) {
      await acceptTogether(pool, [acceptEntry(id)]);
      for (const selection of SELECTIONS)
        await duePages(pool, [{ endpointId: 1, now: 1, newestDue: 0, limit: 10, selection }]);
      await withClient(pool, (client) => recordTogether(client, [successOutcome(id, { attempt: attemptRecord(id) })]));
    }
    const { rows } = await withClient(pool, (client) =>
      client.query("SELECT name, generic_plans, custom_plans FROM pg_prepared_statements"),
    );
    expect(rows.length).toBeGreaterThanOrEqual(6);
    for (const row of rows) expect(row).toMatchObject({ generic_plans: 20, custom_plans: 0 });
    await pool.end();
    expect(store.outage).toBeNull();
  });

  it("read pages from the start of an index: nothing is sorted, and only rows of the page are read", async () => {
    await using database = await borrowDatabase();
    await using store = await PostgresStore.open({ url: database.url });
    const pool = new Pool({ url: database.url, use: "hot" }, 1);
    const ids = Array.from({ length: 2000 }, (_, index) => index + 1);
    await Promise.all(ids.map((id) => store.accept(acceptEntry(id))));
    await withClient(pool, (client) => client.query("ANALYZE delivery"));
    for (const selection of SELECTIONS)
      await duePages(pool, [{ endpointId: 1, now: 1, newestDue: 0, limit: 10, selection }]);
    for (const explain of [
      `EXECUTE "due ASC" ('{1}', '{1}', '{11}', '{1}', '{1}', '{1}')`,
      `EXECUTE "due DESC" ('{1}', '{1}', '{11}', '{1}', '{1}', '{1}')`,
      `EXECUTE "ordered page" ('{1}', '{1}', '{-1}', '{-1}', '{1}', '{1}', '{1}')`,
    ]) {
      const { rows } = await withClient(pool, (client) => client.query<{ "QUERY PLAN": string }>(`EXPLAIN ${explain}`));
      const plan = rows.map((row) => row["QUERY PLAN"]).join("\n");
      expect(plan).toMatch(/Index (?:Only )?Scan (?:Backward )?using delivery_due on delivery/);
      expect(plan).not.toMatch(/Sort|Bitmap|JIT/);
    }
    const ofKeys = `EXPLAIN EXECUTE "ordered page of keys" ('{1}', '{1}', '{1}', '{1}', '{1}', '{a}', '{17}')`;
    const plan = await withClient(pool, (client) => client.query<{ "QUERY PLAN": string }>(ofKeys));
    // Both the next deliveries of the key and their predecessors.
    const text = plan.rows.map((row) => row["QUERY PLAN"]).join("\n");
    expect(text.match(/Index Scan (?:Backward )?using delivery_order on delivery/g)).toHaveLength(2);
    expect(text).not.toMatch(/Sort|Bitmap|JIT/);
    const { rows } = await withClient(pool, (client) =>
      client.query<{ "QUERY PLAN": string }>(`EXPLAIN EXECUTE "ordered jobs" ('{1}', '{1}')`),
    );
    // A queued delivery is found by its whole key, also by a plan from when the table was empty.
    expect(rows.map((row) => row["QUERY PLAN"]).join("\n")).not.toMatch(/delivery_due/);
    await pool.end();
  });
});

/** Number of statements during `work`. */
async function during(counter: WireCounter, work: () => Promise<unknown>): Promise<number> {
  const before = counter.statements;
  await work();
  return counter.statements - before;
}

describe.runIf(onPostgres)("simultaneous requests", () => {
  it("take one or a few statements, regardless of their number: messages, outcomes, pages of lanes, and notifications of other nodes", async () => {
    await using database = await borrowDatabase();
    await using counter = await startWireCounter(Number(new URL(database.url).port));
    await using store = await PostgresStore.open({ url: counter.through(database.url) });
    const ids = Array.from({ length: 900 }, (_, index) => index + 1);
    const endpoints = Array.from({ length: ENDPOINTS }, (_, index) => index);
    const of = (id: number): number => id % ENDPOINTS;
    const few = async (work: () => Promise<unknown>): Promise<void> =>
      expect(await during(counter, work)).toBeLessThan(10);
    await few(() =>
      Promise.all(
        ids.map((id) =>
          store.accept(acceptEntry(id, { endpointIds: [of(id)], orderKeys: [id % 3 === 0 ? "a" : "b"] })),
        ),
      ),
    );
    for (const selection of SELECTIONS) {
      let found = 0;
      await few(async () => {
        const pages = await Promise.all(endpoints.map((endpoint) => store.due(endpoint, 1, 100, selection)));
        found = pages.reduce((sum, { deliveries }) => sum + deliveries.length, 0);
      });
      expect(found).toBe(ids.length);
    }
    const outcome = (id: number) => successOutcome(id, { endpointId: of(id), attempt: attemptRecord(id) });
    await few(() => Promise.all(ids.map((id) => store.record(outcome(id)))));
    await using other = await PostgresStore.open({ url: database.url });
    const told = new Set<number>();
    other.onSignal((signals) => {
      for (const signal of signals) if (signal.kind === "due") for (const id of signal.endpointIds) told.add(id);
    });
    await few(async () => {
      for (const id of ids) store.signal({ kind: "due", endpointIds: [of(id)], from: id });
      await eventually(() => expect(told.size).toBe(ENDPOINTS));
    });
  });
});

describe.runIf(onPostgres)("under load, PostgreSQL runs a fraction of a statement per delivery", () => {
  it.each([1, 2])("with %i node(s), even if the lane is at a different node than the publisher", async (count) => {
    await using database = await borrowDatabase();
    await using counter = await startWireCounter(Number(new URL(database.url).port));
    await using receiver = await startReceiver();
    using folder = temporaryFolder();
    await using stack = new AsyncDisposableStack();
    const env = { POSTHORN_DATABASE_URL: counter.through(database.url) };
    const tenants: Tenant[] = [];
    for (let node = 0; node < count; node++) tenants.push(new Tenant(stack.use(await startNode(folder.path, { env }))));
    // Bypasses the counter.
    const client = new pg.Client(database.url);
    await client.connect();
    stack.defer(() => client.end());
    const delivered = async (messages: number): Promise<void> => {
      await receiver.waitForCount(messages, { timeoutMs: 120_000 });
      await eventually(async () => {
        const { rows } = await client.query("SELECT FROM posthorn.delivery WHERE due IS NOT NULL LIMIT 1");
        expect(rows).toEqual([]);
      });
    };
    await eventually(
      async () => {
        const { nodes } = (await tenants[0]!.call("GET", "cluster")).json as unknown as Cluster;
        expect(nodes.map(({ shards }) => shards)).toEqual(Array.from({ length: count }, () => 64 / count));
      },
      { timeoutMs: 40_000 },
    );
    await makeEndpoints(tenants[0]!, receiver);
    await publish(tenants, FIRST);
    await delivered(FIRST);
    const [statements, begun] = [counter.statements, performance.now()];
    await publish(tenants, MESSAGES);
    await delivered(FIRST + MESSAGES);
    const seconds = (performance.now() - begun) / 1000;
    const asked = counter.statements - statements;
    const ofASecond = count * (MAX_PER_SECOND + (count === 1 ? 0 : MAX_PER_SECOND_WITH_SEVERAL_NODES));
    expect(asked).toBeLessThan(MAX_PER_DELIVERY * MESSAGES + ofASecond * seconds);
  });
});

/** Statements of the background jobs in a minute without any event, including those of their transactions. */
const MAX_AT_REST = 230;

describe.runIf(onPostgres)("at rest", () => {
  it("a node renews its membership and reads the cluster with one statement", async () => {
    await using database = await borrowDatabase();
    await using counter = await startWireCounter(Number(new URL(database.url).port));
    await using store = await PostgresStore.open({ url: counter.through(database.url) });
    const { cluster } = store;
    const { id } = await cluster.join(NODE, 60_000);
    const renewals = await during(counter, async () => {
      for (let round = 0; round < 20; round++) expect((await cluster.renew(id, 60_000, REPORT))!.nodes).toHaveLength(1);
    });
    // The health probe may check in the meantime.
    expect(renewals).toBeLessThan(25);
  });

  it("background jobs look for work with few statements", async () => {
    await using database = await borrowDatabase();
    await using counter = await startWireCounter(Number(new URL(database.url).port));
    using folder = temporaryFolder();
    const clock = new ManualClock(Date.now());
    const workerClock: Clock = {
      now: () => clock.now(),
      setTimer: (ms, callback) => clock.setTimer(ms, callback),
    };
    const env = { POSTHORN_DATABASE_URL: counter.through(database.url) };
    await using node = await startNode(folder.path, { env, workerClock });
    await node.services.store.ping();
    await quiet(counter);
    const statements = await during(counter, async () => {
      for (let second = 0; second < 60; second++) {
        clock.advance(1000);
        await quiet(counter);
      }
    });
    expect(statements).toBeGreaterThan(0);
    expect(statements).toBeLessThan(MAX_AT_REST);
  });
});

/** Resolves when no statement has been answered for a moment. */
async function quiet(counter: WireCounter): Promise<void> {
  for (let before = -1; before !== counter.statements;) {
    before = counter.statements;
    await delay(20);
  }
}

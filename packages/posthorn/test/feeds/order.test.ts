/** The order of feeds in the store: readers find messages of concurrent writers once and in a single order. */
import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type FeedPage, NO_FILTER, readPage } from "../../src/domain/feed/page.ts";
import { compare, type Feed, FEED_START, type Position } from "../../src/domain/feed/position.ts";
import { settledHere } from "../../src/node/settled-keys.ts";
import { IdGenerator, keyAtTime } from "../../src/lib/id.ts";
import { saveFeedHorizon } from "../../src/store/feed-horizon.ts";
import { PostgresStore } from "../../src/store/postgres/postgres-store.ts";
import type { Store } from "../../src/store/store.ts";
import { borrowDatabase } from "../support/postgres.ts";
import { acceptEntry, onPostgres, openStore, type TestStore } from "../support/store.ts";

const OF_APPLICATION: Feed = { appKey: 1, endpointKey: 0 };
const OF_ENDPOINT: Feed = { appKey: 1, endpointKey: 1 };

/** A node, reduced to its store and its keys. */
interface Writer {
  readonly store: Store;
  readonly ids: IdGenerator;
}

function horizonAt({ store, ids }: Writer): Promise<number> {
  return store.feedHorizon(() => settledHere({ store, ids, attempts: () => 0 }).messages);
}

async function publish({ store, ids }: Writer, changes = {}): Promise<number> {
  const key = ids.next("msg_").key;
  await store.accept(acceptEntry(key, { due: 0, ...changes }));
  return key;
}

/** A message whose key was made `agoMs` ago by another process, as the outbox relay stores it. */
async function relay({ store, ids }: Writer, agoMs: number): Promise<number> {
  const key = keyAtTime(Date.now() - agoMs) + 9000 + (ids.next("msg_").key % 5000);
  await store.accept(acceptEntry(key, { hasEarlierKey: true }));
  return key;
}

async function pageFrom(writer: Writer, feed: Feed, from: Position, limit = 100): Promise<FeedPage> {
  const horizon = await horizonAt(writer);
  return readPage(writer.store.db, feed, { from, horizon, limit, filter: NO_FILTER });
}

const keysOf = ({ messages }: FeedPage): number[] => messages.map(({ message }) => message.key);

/** Reads until nothing is left, in pages of random size. */
async function readAll(writer: Writer, feed: Feed, from = FEED_START): Promise<{ keys: number[]; end: Position }> {
  const keys: number[] = [];
  for (let at = from; ;) {
    const page = await pageFrom(writer, feed, at, 1 + Math.floor(Math.random() * 20));
    keys.push(...keysOf(page));
    expect(compare(page.end, at)).toBeGreaterThanOrEqual(0);
    at = page.end;
    if (page.done) return { keys, end: at };
  }
}

/** Detects a horizon that does not move. */
const READ_MS = 60_000;

/** Reads until all these messages were found, from where each page ended. */
async function readUntil(
  writer: Writer,
  feed: Feed,
  wanted: number,
  from: Position,
): Promise<{ keys: number[]; end: Position }> {
  const keys: number[] = [];
  let at = from;
  for (const until = Date.now() + READ_MS; keys.length < wanted && Date.now() < until;) {
    const found = await readAll(writer, feed, at);
    keys.push(...found.keys);
    at = found.end;
    if (keys.length < wanted) await delay(20);
  }
  return { keys, end: at };
}

describe("a feed", () => {
  let opened: TestStore;
  let writer: Writer;

  beforeEach(async () => {
    opened = await openStore();
    writer = { store: opened.store, ids: new IdGenerator(Date.now, 0, onPostgres ? 1 : null) };
  });
  afterEach(() => opened[Symbol.asyncDispose]());

  it.each([
    ["the application", OF_APPLICATION],
    ["an endpoint", OF_ENDPOINT],
  ])("of %s has each message once, in the order in which they were published", async (_of, feed) => {
    const published: number[] = [];
    for (let n = 0; n < 30; n++) published.push(await publish(writer));
    expect((await readUntil(writer, feed, 30, FEED_START)).keys).toEqual(published);
  });

  it("of an endpoint has only messages that matched it and were not canceled", async () => {
    const matched = await publish(writer, { endpointIds: [1, 2] });
    await publish(writer, { endpointIds: [2] });
    const canceled = await publish(writer);
    await opened.store.transaction(async ({ db }) => {
      await db.updateTable("delivery").set({ state: 3 }).where("message_id", "=", canceled).execute();
    });
    const last = await publish(writer, { endpointIds: [1] });
    expect((await readUntil(writer, OF_ENDPOINT, 2, FEED_START)).keys).toEqual([matched, last]);
  });

  it("shows a message that was stored with an earlier key after those that a reader could have passed", async () => {
    const first = await publish(writer);
    const { end } = await readUntil(writer, OF_APPLICATION, 1, FEED_START);
    const late = await relay(writer, 60_000);
    const next = await publish(writer);
    const after = await readUntil(writer, OF_APPLICATION, 2, end);
    expect(new Set(after.keys)).toEqual(new Set([late, next]));
    // A reader that starts later finds the same order.
    expect((await readUntil(writer, OF_APPLICATION, 3, FEED_START)).keys).toEqual([first, ...after.keys]);
  });

  it.runIf(onPostgres)(
    "skips a message of a node without feeds, and contains it for a reader that is moved back to the beginning of the upgrade",
    async () => {
      const beginning = { key: keyAtTime(Date.now() - 120_000), late: 0 };
      const own = await publish(writer);
      const { end } = await readUntil(writer, OF_APPLICATION, 1, FEED_START);
      // Such a node does not place the message after the readers.
      const passed = await relay(writer, 60_000);
      await opened.store.transaction(async ({ db }) => {
        await db.deleteFrom("feed_late").where("message_id", "=", passed).execute();
      });
      const next = await publish(writer);
      expect((await readUntil(writer, OF_APPLICATION, 1, end)).keys).toEqual([next]);
      expect((await readUntil(writer, OF_APPLICATION, 3, beginning)).keys).toEqual([passed, own, next]);
    },
  );

  it("writes nothing, and contacts no thread, while no message is published", async () => {
    await publish(writer);
    await readUntil(writer, OF_APPLICATION, 1, FEED_START);
    const horizon = await horizonAt(writer);
    const settled = vi.fn<() => number>(() => horizon + 1);
    expect(await writer.store.feedHorizon(settled)).toBe(horizon);
    expect(settled).not.toHaveBeenCalled();
  });

  it.each([0, keyAtTime(Date.now() - 7_200_000)])(
    "advances from %d without messages, so that the cursor of a waiting reader does not expire",
    async (old) => {
      await writer.store.transaction((tx) => saveFeedHorizon(tx, old));
      const { end } = await readAll(writer, OF_APPLICATION);
      expect(end.key).toBeGreaterThan(keyAtTime(Date.now() - 600_000));
    },
  );

  it("creates no key below the horizon after a restart with a clock that was set back", async () => {
    await publish(writer);
    await readUntil(writer, OF_APPLICATION, 1, FEED_START);
    const horizon = await horizonAt(writer);
    const store = await opened.reopen();
    const ids = new IdGenerator(() => Date.now() - 3_600_000, await store.lastKey());
    expect(ids.next("msg_").key).toBeGreaterThan(horizon);
  });
});

describe.runIf(onPostgres)("nodes that write at the same time", () => {
  const nodes: Writer[] = [];
  let client: pg.Client;

  beforeEach(async () => {
    const { url } = await borrowDatabase();
    for (let slot = 1; slot <= 3; slot++) {
      // The second node's clock is 3 s behind, the third's 2 s ahead.
      const skew = [0, -3000, 2000][slot - 1]!;
      nodes.push({ store: await PostgresStore.open({ url }), ids: new IdGenerator(() => Date.now() + skew, 0, slot) });
    }
    client = new pg.Client(url);
    await client.connect();
    await client.query("SET search_path = posthorn");
  });
  afterEach(async () => {
    await client.end();
    for (const { store } of nodes.splice(0)) await store[Symbol.asyncDispose]();
  });

  it(
    "cause no gaps or repetitions for readers, with slow commits, skewed clocks and late keys",
    { timeout: 180_000 },
    async () => {
      // Every eighth message delays its commit by up to 0.4 s, after its key and its place were chosen.
      await client.query(`
      CREATE FUNCTION slow_commit() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        IF NEW.message_id / 64 % 8 = 0 THEN PERFORM pg_sleep(random() * 0.4); END IF;
        RETURN NULL;
      END $$;
      CREATE CONSTRAINT TRIGGER slow_commit AFTER INSERT ON delivery DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW EXECUTE FUNCTION slow_commit();`);
      const published: number[] = [];
      let writing = nodes.length * 2;
      const work = async (node: Writer): Promise<void> => {
        for (let n = 0; n < 60; n++) {
          published.push(n % 10 === 9 ? await relay(node, 5000 * Math.random()) : await publish(node));
          await delay(Math.random() * 15);
        }
        writing--;
      };
      const writers = [...nodes, ...nodes].map(work);
      const reading = nodes.map(async (node, index) => {
        const feed = index === 0 ? OF_ENDPOINT : OF_APPLICATION;
        const keys: number[] = [];
        let at = FEED_START;
        // Long enough to find a message twice, and until all were found.
        for (let idle = 0; idle < 40 || (keys.length < published.length && idle < 3000);) {
          const found = await readAll(node, feed, at);
          keys.push(...found.keys);
          at = found.end;
          if (writing === 0) idle++;
          await delay(20);
        }
        return keys;
      });
      await Promise.all(writers);
      const orders = await Promise.all(reading);
      for (const keys of orders) {
        expect(keys).toHaveLength(published.length);
        expect(new Set(keys)).toEqual(new Set(published));
      }
      // All readers, and one that starts now, found the same order.
      const [first] = orders;
      expect(orders[1]).toEqual(first);
      expect(orders[2]).toEqual(first);
      expect((await readAll(nodes[1]!, OF_APPLICATION)).keys).toEqual(first);
    },
  );

  it("do not wait for each other: a transaction that stays open holds back readers, not writers", async () => {
    const [one, two] = [nodes[0]!, nodes[1]!];
    await publish(one);
    await readUntil(one, OF_APPLICATION, 1, FEED_START);
    // A node that freezes between its statement and its commit.
    await client.query("BEGIN");
    await client.query("SELECT feed_limit()");
    await delay(300);
    const { rows } = await client.query<{ next: string }>("SELECT last_value AS next FROM feed_next");
    const frozen = Number(rows[0]!.next) + 1;
    const published = [await publish(one), await publish(two)];
    expect((await readAll(one, OF_APPLICATION)).keys).toHaveLength(1);
    await client.query(
      `INSERT INTO message (id, public_id, app_id, event_type, content_type, payload) VALUES ($1, 'msg_frozen', 1, 'test.event', 'application/json', '{}')`,
      [frozen],
    );
    await client.query("COMMIT");
    const { keys } = await readUntil(one, OF_APPLICATION, 4, FEED_START);
    expect(new Set(keys)).toEqual(new Set([keys[0]!, frozen, ...published]));
  });

  it("places a message according to what was announced before its commit, even if the node was frozen since it created the key", async () => {
    const [one, two] = [nodes[0]!, nodes[1]!];
    const key = two.ids.next("msg_").key;
    await publish(one);
    const before = await readUntil(one, OF_APPLICATION, 1, FEED_START);
    await two.store.accept(acceptEntry(key));
    expect((await readUntil(one, OF_APPLICATION, 1, before.end)).keys).toEqual([key]);
  });
});

describe.runIf(onPostgres)("the plan of a page", () => {
  it("reads indexes only, in order, and stops at the limit", async () => {
    const { url } = await borrowDatabase();
    await using store = await PostgresStore.open({ url });
    const writer = { store, ids: new IdGenerator(Date.now, 0, 1) };
    await store.acceptAll(Array.from({ length: 400 }, () => acceptEntry(writer.ids.next("msg_").key)));
    const client = new pg.Client(url);
    await client.connect();
    try {
      await client.query("SET search_path = posthorn; SET enable_seqscan = off; ANALYZE");
      const pages = [
        "SELECT id FROM message WHERE app_id = 1 AND id > 5 AND id <= 9e15::bigint ORDER BY id LIMIT 50",
        "SELECT message_id, state FROM delivery WHERE endpoint_id = 1 AND message_id > 5 AND message_id <= 9e15::bigint ORDER BY message_id LIMIT 50",
        "SELECT after_key, message_id FROM feed_late WHERE app_id = 1 AND (after_key, message_id) > (5, 0) AND after_key < 9e15::bigint ORDER BY after_key, message_id LIMIT 50",
        "SELECT m.id FROM message m ORDER BY m.id DESC LIMIT 1",
      ];
      const plans: string[] = [];
      for (const page of pages) {
        const { rows } = await client.query<Record<string, string>>(`EXPLAIN (COSTS off) ${page}`);
        plans.push(rows.map((row) => row["QUERY PLAN"]).join("\n"));
      }
      for (const plan of plans) {
        expect(plan).toMatch(/Index (Only )?Scan/);
        expect(plan).not.toMatch(/Seq Scan|\bSort\b/);
      }
    } finally {
      await client.end();
    }
  });
});

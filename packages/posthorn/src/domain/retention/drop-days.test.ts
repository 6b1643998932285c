import { createDatabase, sharedPostgres } from "@posthorn/testkit";
import { describe, expect, it } from "vitest";
import { insertEndpoint, servicesOver } from "../../../test/support/services.ts";
import {
  acceptEntry,
  attemptRecord,
  onPostgres,
  openSqliteStore,
  successOutcome,
} from "../../../test/support/store.ts";
import { keyAtTime } from "../../lib/id.ts";
import pg from "pg";
import { clientConfig } from "../../store/postgres/connections.ts";
import { migrate } from "../../store/postgres/migrate.ts";
import { ensurePartitions, type PartitionedTable, partitionsOf } from "../../store/postgres/partitions.ts";
import { PostgresStore } from "../../store/postgres/postgres-store.ts";
import type { AcceptEntry, Store } from "../../store/store.ts";
import type { Services } from "../context.ts";
import { rollUp } from "../stats/roll-up.ts";
import { dropDays } from "./drop-days.ts";
import type { RetentionPeriods, SweepOptions } from "./retention.ts";
import { sweepAttempts } from "./sweep-attempts.ts";
import { sweepMessages } from "./sweep-messages.ts";
import { sweepPayloads } from "./sweep-payloads.ts";

const DAY = 86_400_000;
const NOW = Date.now();
/** Number of days before today that have a table. */
const HISTORY = 11;
const PERIODS: RetentionPeriods = { payloadMs: 3 * DAY, attemptMs: 3 * DAY, failureMs: 8 * DAY };
const ALL = { messages: Number.MAX_SAFE_INTEGER, attempts: Number.MAX_SAFE_INTEGER };

/** A key at noon, this many days ago. */
const key = (daysAgo: number, sequence = 0): number =>
  keyAtTime((Math.floor(NOW / DAY) - daysAgo + 0.5) * DAY) + sequence;

const sweepOf = (changes: Partial<SweepOptions> = {}): SweepOptions => ({
  periods: PERIODS,
  signal: new AbortController().signal,
  pause: () => Promise.resolve(),
  ...changes,
});

interface History extends AsyncDisposable {
  readonly store: PostgresStore;
  readonly client: pg.Client;
  /** Names of the tables of past days. */
  tables(table: PartitionedTable): Promise<readonly string[]>;
}

/** A store with tables for past days. */
async function openHistory(): Promise<History> {
  const stack = new AsyncDisposableStack();
  const { url } = stack.use(await createDatabase(await sharedPostgres()));
  const client = new pg.Client(clientConfig({ url, use: "schema" }));
  await client.connect();
  stack.defer(() => client.end());
  await migrate(client, NOW);
  await ensurePartitions(client, NOW, NOW - HISTORY * DAY);
  const store = stack.use(await PostgresStore.open({ url }));
  await insertEndpoint(servicesOver(store).services, "https://example.com/", {});
  const today = keyAtTime(Math.floor(NOW / DAY) * DAY);
  return {
    store,
    client,
    tables: async (table) =>
      (await partitionsOf(client, table))
        .filter(({ from, end }) => from !== null && end <= today)
        .map(({ name }) => name),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

/** Services with the clock at `now`, after everything was counted. */
async function counted(store: Store, now = NOW): Promise<Services> {
  const services = { ...servicesOver(store).services, now: () => now };
  await rollUp(services, ALL, new AbortController().signal);
  return services;
}

async function publish(
  store: Store,
  id: number,
  end: "succeeded" | "failed" | "pending",
  changes: Partial<AcceptEntry> = {},
): Promise<void> {
  await store.accept(acceptEntry(id, { tagsJson: '["a"]', ...changes }));
  if (end === "pending") return;
  const attempt = attemptRecord(id + 1000, { status: end === "succeeded" ? 0 : 2, response: "answer" });
  await store.record(successOutcome(id, { state: end === "succeeded" ? 1 : 2, attempt }));
}

async function idsIn(store: Store, table: "message" | "attempt"): Promise<readonly number[]> {
  const rows = await store.db.selectFrom(table).select("id").orderBy("id").execute();
  return rows.map(({ id }) => id);
}

async function labelledIn(store: Store): Promise<readonly number[]> {
  const rows = await store.db.selectFrom("message_label").select("message_id").orderBy("message_id").execute();
  return rows.map((row) => row.message_id);
}

async function deliveriesIn(store: Store): Promise<readonly number[]> {
  const rows = await store.db.selectFrom("delivery").select("message_id").orderBy("message_id").execute();
  return rows.map((row) => row.message_id);
}

async function storedIn(store: Store): Promise<Record<string, number>> {
  const rows = await store.db
    .selectFrom("storage_day")
    .select((eb) => ["kind", eb.fn.sum<number>("stored").as("stored")])
    .groupBy("kind")
    .execute();
  return Object.fromEntries(rows.map(({ kind, stored }) => [kind, stored]));
}

async function sweepAll(services: Services, sweep = sweepOf()): Promise<void> {
  await sweepPayloads(services, sweep);
  await sweepAttempts(services, sweep);
  await sweepMessages(services, sweep);
}

describe.runIf(onPostgres)("days past their retention", () => {
  it("are dropped as whole tables, except messages that failed, are pending, keep their payload or were attempted recently", async () => {
    await using history = await openHistory();
    const { store } = history;
    const kept = [key(5, 1), key(5, 2), key(5, 3), key(5, 4)] as const;
    await publish(store, key(5), "succeeded");
    await publish(store, kept[0], "failed");
    await publish(store, kept[1], "pending");
    await publish(store, kept[2], "succeeded", { expiresAt: NOW + DAY });
    await publish(store, kept[3], "succeeded");
    const again = key(1);
    await store.record(successOutcome(kept[3], { trigger: 1, attempt: attemptRecord(again) }));
    await publish(store, key(6), "succeeded");
    await publish(store, key(10), "failed");
    await publish(store, key(2), "succeeded");
    const services = await counted(store);
    expect(await dropDays(services, sweepOf())).toBeGreaterThan(0);
    expect(await idsIn(store, "message")).toEqual([...kept, key(2)]);
    expect(await labelledIn(store)).toEqual([...kept, key(2)]);
    expect(await deliveriesIn(store)).toEqual([...kept, key(2)]);
    // Expired attempts are kept if their delivery failed.
    expect(await idsIn(store, "attempt")).toEqual([kept[0] + 1000, key(2) + 1000, again]);
    expect(await storedIn(store)).toEqual({ attempt: 2, delivery: 5, failure: 1, message: 5, payload: 5 });
    // The table of the day with messages left, and those of days within the period.
    const days = await history.tables("message");
    expect(days.length).toBeLessThanOrEqual(5);
    expect(await history.tables("message_label")).toEqual(days.map((name) => name.replace("message", "message_label")));
    expect(await store.payload(kept[0])).toEqual(Buffer.from(`{"id":${kept[0]}}`));
    // Deleting messages with their attempts can leave a table of attempts empty.
    await dropDays(services, sweepOf());
    expect(await dropDays(services, sweepOf())).toBe(0);
  });

  it("are not touched by the sweeps until they are dropped; then the sweeps delete the rest and the table is dropped", async () => {
    await using history = await openHistory();
    const { store } = history;
    await publish(store, key(5), "succeeded");
    await publish(store, key(5, 1), "failed");
    const services = await counted(store);
    await sweepAll(services);
    expect(await idsIn(store, "message")).toEqual([key(5), key(5, 1)]);
    expect(await store.payload(key(5))).not.toBeNull();
    await dropDays(services, sweepOf());
    await sweepAll(services);
    expect(await idsIn(store, "message")).toEqual([key(5, 1)]);
    const later = await counted(store, NOW + 5 * DAY);
    const before = await history.tables("message");
    await sweepAll(later);
    await dropDays(later, sweepOf());
    expect([await idsIn(store, "message"), await idsIn(store, "attempt")]).toEqual([[], []]);
    expect(await labelledIn(store)).toEqual([]);
    expect((await history.tables("message")).length).toBeLessThan(before.length);
    await sweepAll(later);
    expect(await deliveriesIn(store)).toEqual([]);
  });

  it("are kept until they are counted", async () => {
    await using history = await openHistory();
    const { store } = history;
    await publish(store, key(6), "succeeded");
    await dropDays({ ...servicesOver(store).services, now: () => NOW }, sweepOf());
    expect(await idsIn(store, "message")).toEqual([key(6)]);
    expect(await idsIn(store, "attempt")).toEqual([key(6) + 1000]);
  });

  it("keep a message that is resent during the sweep", async () => {
    await using history = await openHistory();
    const { store } = history;
    await publish(store, key(5), "succeeded");
    await publish(store, key(5, 1), "succeeded");
    const services = await counted(store);
    const racing: Store = Object.create(store) as Store;
    racing.transaction = async (work) => {
      await store.transaction(({ db }) =>
        db.updateTable("delivery").set({ state: 0, due: NOW, manual: 1 }).where("message_id", "=", key(5)).execute(),
      );
      return store.transaction(work);
    };
    // The getters read private members, so their values come from the store itself.
    Object.defineProperties(racing, { db: { value: store.db }, hotDb: { value: store.hotDb } });
    await dropDays({ ...services, store: racing }, sweepOf());
    expect(await idsIn(store, "message")).toEqual([key(5)]);
    expect(await deliveriesIn(store)).toEqual([key(5)]);
  });

  it("are dropped from where an earlier run stopped, which frees their event IDs", async () => {
    await using history = await openHistory();
    const { store } = history;
    await publish(store, key(6), "succeeded", { eventId: "one" });
    await publish(store, key(5), "succeeded");
    await publish(store, key(5, 1), "failed", { eventId: "two" });
    const services = await counted(store);
    const abort = new AbortController();
    let done = 0;
    const pause = (): Promise<void> => {
      if (++done === 8) abort.abort();
      return Promise.resolve();
    };
    await dropDays(services, sweepOf({ signal: abort.signal, pause }));
    await dropDays(services, sweepOf());
    expect(await idsIn(store, "message")).toEqual([key(5, 1)]);
    expect(await deliveriesIn(store)).toEqual([key(5, 1)]);
    expect(await store.accept(acceptEntry(key(0), { eventId: "one" }))).toEqual({ kind: "stored" });
    expect(await store.accept(acceptEntry(key(0, 1), { eventId: "two" }))).toEqual({ kind: "duplicate_event_id" });
  });

  it("are dropped once when two nodes do it at the same time", async () => {
    await using history = await openHistory();
    const { store } = history;
    for (let day = 4; day < HISTORY; day++) {
      await publish(store, key(day), "succeeded");
      await publish(store, key(day, 1), "failed");
    }
    const services = await counted(store);
    await Promise.all([dropDays(services, sweepOf()), dropDays(services, sweepOf())]);
    const kept = Array.from({ length: HISTORY }, (_, day) => day).filter((day) => day >= 4 && day <= 8);
    expect(await idsIn(store, "message")).toEqual(kept.map((day) => key(day, 1)).toSorted((a, b) => a - b));
    expect(await deliveriesIn(store)).toHaveLength(kept.length);
  });

  it("are dropped alongside concurrent publishes and deliveries, of which none is lost", async () => {
    await using history = await openHistory();
    const { store } = history;
    for (let day = 4; day < HISTORY; day++) await publish(store, key(day), "succeeded");
    const services = await counted(store);
    const over = new AbortController();
    const published: number[] = [];
    const publisher = async (slot: number): Promise<void> => {
      for (let id = key(0, slot); !over.signal.aborted; id += 16) {
        await publish(store, id, "succeeded");
        published.push(id);
      }
    };
    const publishers = Array.from({ length: 8 }, (_, slot) => publisher(slot));
    await dropDays(services, sweepOf());
    over.abort();
    await Promise.all(publishers);
    expect(await idsIn(store, "message")).toEqual(published.toSorted((a, b) => a - b));
    expect(published.length).toBeGreaterThan(0);
  });

  it("with too many messages to keep are left to the sweeps", async () => {
    await using history = await openHistory();
    const { store, client } = history;
    await publish(store, key(5), "succeeded");
    await client.query(
      `INSERT INTO message (id, public_id, app_id, event_type, content_type)
       SELECT $1::bigint + n, 'm', 1, 'a', 'a' FROM generate_series(1, 20001) AS n`,
      [key(5)],
    );
    await client.query(
      `INSERT INTO delivery (message_id, endpoint_id, state, attempts, generation, manual)
       SELECT $1::bigint + n, 1, 2, 1, 0, 0 FROM generate_series(1, 20001) AS n`,
      [key(5)],
    );
    const services = await counted(store);
    await dropDays(services, sweepOf());
    expect(await idsIn(store, "message")).toHaveLength(20_002);
    // One step of the sweep is enough.
    const abort = new AbortController();
    await sweepMessages(services, sweepOf({ signal: abort.signal, pause: () => Promise.resolve(abort.abort()) }));
    expect(await idsIn(store, "message")).toHaveLength(20_001);
  });
});

describe("a history in one table", () => {
  it("has no days to drop", async () => {
    await using files = await openSqliteStore();
    expect(await dropDays(await counted(files.store), sweepOf())).toBe(0);
  });
});

/** Messages and outcomes of earlier attempts that are stored with one commit, on PostgreSQL. */
import { startWireCounter } from "@posthorn/testkit";
import pg from "pg";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { AcceptEntry } from "../src/store/store.ts";
import { PostgresStore } from "../src/store/postgres/postgres-store.ts";
import { borrowDatabase } from "./support/postgres.ts";
import { acceptEntry, attemptRecord, onPostgres, successOutcome } from "./support/store.ts";

const outcome = (messageId: number, attemptId = messageId + 1) => ({
  ...successOutcome(messageId, { attempt: attemptRecord(attemptId) }),
  mayWait: true,
});
const message = (id: number, more: Partial<AcceptEntry> = {}): AcceptEntry => acceptEntry(id, more);

async function open() {
  await using stack = new AsyncDisposableStack();
  const database = stack.use(await borrowDatabase());
  const counter = stack.use(await startWireCounter(Number(new URL(database.url).port)));
  const store = stack.use(await PostgresStore.open({ url: counter.through(database.url) }));
  const client = new pg.Client(database.url);
  await client.connect();
  stack.defer(() => client.end());
  const opened = stack.move();
  /** Runs the work, and returns how often the server was asked meanwhile. */
  const roundTripsOf = async (work: () => Promise<unknown>): Promise<number> => {
    const before = counter.roundTrips;
    await work();
    return counter.roundTrips - before;
  };
  const stored = async () => {
    const { rows } = await client.query<{ id: string; state: number; attempts: string }>(
      `SELECT m.id, d.state::int, (SELECT count(*) FROM posthorn.attempt a WHERE a.message_id = m.id) AS attempts
       FROM posthorn.message m JOIN posthorn.delivery d ON d.message_id = m.id ORDER BY m.id`,
    );
    return rows.map(({ id, state, attempts }) => [Number(id), state, Number(attempts)]);
  };
  return { store, client, roundTripsOf, stored, [Symbol.asyncDispose]: () => opened.disposeAsync() };
}

/** Lets an outcome wait for long enough that messages take it along. */
const wait = (): void => void vi.advanceTimersByTime(10);

describe.runIf(onPostgres)("an outcome that waits", () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ["performance"] }));
  afterEach(() => void vi.useRealTimers());

  it("is stored with the next message, in one round trip", async () => {
    await using db = await open();
    await db.store.accept(message(1));
    // Prepares the statements of this connection.
    const first = db.store.record(outcome(1));
    wait();
    await Promise.all([first, db.store.accept(message(10))]);
    const second = db.store.record(outcome(10));
    wait();
    expect(await db.roundTripsOf(() => Promise.all([second, db.store.accept(message(20))]))).toBe(1);
    expect(await db.stored()).toEqual([
      [1, 1, 1],
      [10, 1, 1],
      [20, 0, 0],
    ]);
    expect(db.store.counters).toMatchObject({ accepts: 3, records: 2, commits: 3 });
  });

  it("that is stored already does not prevent the message from being stored", async () => {
    await using db = await open();
    await db.store.accept(message(1));
    await db.store.record(outcome(1));
    const again = db.store.record(outcome(1));
    wait();
    await expect(db.store.accept(message(10))).resolves.toEqual({ kind: "stored" });
    await again;
    expect(await db.stored()).toEqual([
      [1, 1, 1],
      [10, 0, 0],
    ]);
  });

  it("is stored if the message is refused", async () => {
    await using db = await open();
    await db.store.accept(message(1));
    const recorded = db.store.record(outcome(1));
    wait();
    const refused = db.store.accept(message(10, { eventType: "a\0b" }));
    await expect(refused).rejects.toMatchObject({ code: "bad_request" });
    await recorded;
    expect(await db.stored()).toEqual([[1, 1, 1]]);
  });

  it.each([
    ["its delivery is locked", "SELECT FROM posthorn.delivery WHERE message_id = 1 FOR UPDATE"],
    ["the owner of its shard changes", "SELECT pg_advisory_xact_lock(1886352244, 1000 + 3)"],
  ])("does not delay the message while %s", async (_, lock) => {
    await using db = await open();
    await db.store.accept(message(1));
    await db.client.query(
      "INSERT INTO posthorn.shard (id, fence) VALUES (3, 7) ON CONFLICT (id) DO UPDATE SET fence = 7",
    );
    await db.client.query(`BEGIN; ${lock}`);
    const recorded = db.store.record({ ...outcome(1), lease: { shard: 3, fence: 7 } });
    wait();
    await expect(db.store.accept(message(10))).resolves.toEqual({ kind: "stored" });
    await db.client.query("COMMIT");
    await recorded;
    expect(await db.stored()).toEqual([
      [1, 1, 1],
      [10, 0, 0],
    ]);
  });
});

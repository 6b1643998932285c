/** The database's cost of a delivery, in counts that do not depend on the machine. See `support/recorded-costs.ts`. */
import { startWireCounter } from "@posthorn/testkit";
import fs, { statSync, writeFileSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { join } from "node:path";
import { DatabaseSync, StatementSync } from "node:sqlite";
import { describe, expect, it, vi } from "vitest";
import { PostgresStore } from "../src/store/postgres/postgres-store.ts";
import { lockFolder } from "../src/store/sqlite/folder-lock.ts";
import type { DatabaseThread } from "../src/store/sqlite/protocol.ts";
import { SqliteStore } from "../src/store/sqlite/sqlite-store.ts";
import type { Store } from "../src/store/store.ts";
import { emptyDatabase } from "./support/empty-database.ts";
import { borrowDatabase } from "./support/postgres.ts";
import { costRises, type Costs, risenCosts } from "./support/recorded-costs.ts";
import {
  acceptEntry,
  attemptRecord,
  inlineThread,
  onPostgres,
  rowsIn,
  successOutcome,
  temporaryFolder,
} from "./support/store.ts";

/** Number of deliveries that are counted for each pattern. Costs are given per thousand. */
const DELIVERIES = 192;
const PER_THOUSAND = 1000 / DELIVERIES;
const GROUP = 64;
const ENDPOINTS = 5;
/** As far apart as the keys of messages that are published every few milliseconds. */
const KEY_STEP = 1 << 20;

/** Longer than an outcome waits until messages take it along in PostgreSQL. */
const MESSAGE_EVERY_MS = 10;

const keyOf = (index: number): number => (index + 1) * KEY_STEP;
const endpointOf = (index: number): number => (index % ENDPOINTS) + 1;
const message = (index: number) =>
  acceptEntry(keyOf(index), {
    publicId: `msg_${String(index).padStart(27, "0")}`,
    appId: endpointOf(index),
    endpointIds: [endpointOf(index)],
    payload: Buffer.alloc(1024, 97),
  });
const outcome = (index: number) =>
  successOutcome(keyOf(index), {
    endpointId: endpointOf(index),
    attempt: attemptRecord(keyOf(index) + 1, {
      publicId: `atmpt_${String(index).padStart(27, "0")}`,
      detailJson: JSON.stringify({ headers: "x".repeat(400) }),
    }),
  });

/** Ways in which deliveries arrive. */
const PATTERNS: Readonly<Record<string, (store: Store) => Promise<void>>> = {
  "published alone": async (store) => {
    for (let index = 0; index < DELIVERIES; index++) {
      await store.accept(message(index));
      await store.record(outcome(index));
    }
  },
  "each outcome with the next message": async (store) => {
    let recorded = Promise.resolve();
    for (let index = 0; index < DELIVERIES; index++) {
      await Promise.all([store.accept(message(index)), recorded]);
      recorded = store.record({ ...outcome(index), mayWait: true });
      if (onPostgres) vi.advanceTimersByTime(MESSAGE_EVERY_MS);
      // Long enough for a separate commit, if it did not wait for the next message.
      for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate);
    }
    await Promise.all([store.commitWaiting(), recorded]);
  },
  [`${GROUP} at once`]: async (store) => {
    for (let from = 0; from < DELIVERIES; from += GROUP) {
      const group = Array.from({ length: GROUP }, (_, index) => from + index);
      await Promise.all(group.map((index) => store.accept(message(index))));
      await Promise.all(group.map((index) => store.record(outcome(index))));
    }
  },
};

/** Counts the statements that run on SQLite in this process. */
class StatementCounter implements Disposable {
  total = 0;
  readonly #restore: (() => void)[] = [];

  constructor() {
    const prototypes = { exec: DatabaseSync.prototype, run: StatementSync.prototype, get: StatementSync.prototype };
    for (const [name, prototype] of Object.entries({ ...prototypes, all: StatementSync.prototype })) {
      const methods = prototype as unknown as Record<string, (...parameters: unknown[]) => unknown>;
      const original = methods[name]!;
      const count = (): void => void this.total++;
      methods[name] = function counted(this: unknown, ...parameters) {
        count();
        return Reflect.apply(original, this, parameters);
      };
      this.#restore.push(() => (methods[name] = original));
    }
  }

  [Symbol.dispose](): void {
    for (const restore of this.#restore) restore();
  }
}

/** Counts the bytes and syncs of the commit journal. The database's files are written by SQLite, which is not counted here. */
class JournalCounter implements Disposable {
  bytes = 0;
  syncs = 0;
  readonly #original = { writeSync: fs.writeSync, fdatasyncSync: fs.fdatasyncSync };

  constructor() {
    const { writeSync, fdatasyncSync } = this.#original;
    fs.writeSync = ((...parameters: Parameters<typeof writeSync>) => {
      const written = writeSync(...parameters);
      this.bytes += written;
      return written;
    }) as typeof writeSync;
    fs.fdatasyncSync = (file) => {
      this.syncs++;
      fdatasyncSync(file);
    };
    syncBuiltinESMExports();
  }

  [Symbol.dispose](): void {
    Object.assign(fs, this.#original);
    syncBuiltinESMExports();
  }
}

/** A writer without a thread, which counts its requests. Its timer never fires, so that no delay splits a commit. */
async function countOnSqlite(run: (store: Store) => Promise<void>): Promise<Costs> {
  using folder = temporaryFolder();
  const path = join(folder.path, "posthorn.db");
  writeFileSync(path, emptyDatabase(), { mode: 0o600 });
  // Neither the timer of the open transaction fires, nor the one for the recorded length of the log.
  vi.useFakeTimers({ toFake: ["setTimeout"] });
  using _ = { [Symbol.dispose]: () => vi.useRealTimers() };
  let requests = 0;
  const thread = (role: "writer" | "reader"): DatabaseThread => {
    const opened = inlineThread(path, role, () => undefined);
    const request = opened.request.bind(opened);
    opened.request = (...parameters) => (requests++, request(...parameters));
    return opened;
  };
  await using store = new SqliteStore({
    path,
    lock: lockFolder(path),
    writer: thread("writer"),
    hotReader: thread("reader"),
    readers: [thread("reader")],
    setTimer: () => () => undefined,
    gather: () => new Promise(setImmediate),
  });
  // While it reads, the log is not restarted, so its size shows how much was written.
  const reader = new DatabaseSync(path, { readOnly: true });
  reader.exec("BEGIN; SELECT count(*) FROM sqlite_schema");
  // The first small batch creates the journal.
  for (let index = 0; index < 4; index++) await store.accept(message(DELIVERIES + index));
  await rowsIn(store, "message");
  using statements = new StatementCounter();
  using journal = new JournalCounter();
  const logBytes = statSync(`${path}-wal`).size;
  const before = { requests, commits: store.counters.commits };
  await run(store);
  await rowsIn(store, "message");
  const costs = {
    "KiB written to the log": (statSync(`${path}-wal`).size - logBytes) / 1024,
    "KiB written to the journal": journal.bytes / 1024,
    "syncs of the journal": journal.syncs,
    batches: store.counters.commits - before.commits,
    "messages to database threads": requests - before.requests,
    statements: statements.total,
  };
  reader.close();
  return perThousand(costs);
}

async function countOnPostgres(run: (store: Store) => Promise<void>): Promise<Costs> {
  await using database = await borrowDatabase();
  await using counter = await startWireCounter(Number(new URL(database.url).port));
  vi.useFakeTimers({ toFake: ["performance"] });
  using _ = { [Symbol.dispose]: () => vi.useRealTimers() };
  await using store = await PostgresStore.open({ url: counter.through(database.url) });
  const before = { statements: counter.statements, roundTrips: counter.roundTrips };
  await run(store);
  return perThousand({
    statements: counter.statements - before.statements,
    "round trips": counter.roundTrips - before.roundTrips,
  });
}

function perThousand(costs: Costs): Costs {
  return Object.fromEntries(Object.entries(costs).map(([name, cost]) => [name, Math.round(cost * PER_THOUSAND)]));
}

describe("a thousand deliveries cost the database no more than recorded", () => {
  it.each(Object.keys(PATTERNS))("%s", async (pattern) => {
    const count = onPostgres ? countOnPostgres : countOnSqlite;
    expect(
      costRises(
        `${onPostgres ? "PostgreSQL" : "SQLite"}, 1,000 deliveries, ${pattern}`,
        await count(PATTERNS[pattern]!),
      ),
    ).toBe("");
  });
});

describe("the comparison with recorded costs", () => {
  it("names a cost that is more than 10 % higher, or has no record", () => {
    const risen = risenCosts({ commits: 2211, statements: 2200, messages: 5 }, { commits: 2000, statements: 2000 });
    expect(risen).toEqual(["commits: 2211 instead of 2000, 11 % more", "messages: 5, and no record of it"]);
  });

  it("accepts a cost that is up to 10 % higher, or lower", () => {
    expect(risenCosts({ commits: 2200, statements: 1 }, { commits: 2000, statements: 2000 })).toEqual([]);
  });
});

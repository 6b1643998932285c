import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, it } from "vitest";
import {
  commitBatch,
  copyFiles,
  type JournaledWriter,
  openJournaledWriter,
  recover,
} from "../../../../test/support/journaled-writer.ts";
import { acceptEntry, attemptRecord, successOutcome, temporaryFolder } from "../../../../test/support/store.ts";

const outcome = (id: number) => successOutcome(id, { attempt: attemptRecord(1000 + id) });
const FULL = Object.assign(new Error("database or disk is full"), { errcode: 13 });

/** A writer whose steps fail when the test says so, and the IDs that it has confirmed. */
function openFailing(folder: string, also: readonly string[] = []) {
  const state: { failing: string | null; rollsBack: boolean } = { failing: null, rollsBack: false };
  const confirmed: number[] = [];
  const writer: JournaledWriter = openJournaledWriter(folder, (step) => {
    if (state.failing === null || (step !== state.failing && !also.includes(step))) return;
    if (state.rollsBack && writer.db.isTransaction) {
      const { failing } = state;
      state.failing = null;
      writer.db.exec("ROLLBACK");
      state.failing = failing;
    }
    throw FULL;
  });
  return {
    writer,
    confirmed,
    state,
    /** Returns whether the batch was confirmed. */
    publish(...ids: number[]): boolean {
      try {
        commitBatch(
          writer.handle,
          // A large batch of large payloads is committed at once.
          ids.map((id) => acceptEntry(id, ids.length === 1 ? {} : { payload: Buffer.alloc(5000) })),
          ids.length === 1 && confirmed.includes(ids[0]! - 1) ? [outcome(ids[0]! - 1)] : [],
        );
      } catch {
        return false;
      }
      confirmed.push(...ids);
      return true;
    },
    isVisible(id: number): boolean {
      using db = new DatabaseSync(join(folder, "posthorn.db"), { readOnly: true });
      return db.prepare("SELECT 1 FROM message WHERE id = ?").get(id) !== undefined;
    },
  };
}

const STEPS = [
  "before BEGIN IMMEDIATE",
  "before INSERT INTO message",
  "before INSERT INTO attempt",
  "before write",
  "within write",
  "after write",
  "after sync",
  "before COMMIT",
];
const LARGE = Array.from({ length: 20 }, (_, index) => 100 + index);

describe("a disk that fails", () => {
  it.each(
    STEPS.flatMap((step) =>
      [false, true].flatMap((rollsBack) => ["open", "committed"].map((earlier) => [step, rollsBack, earlier] as const)),
    ),
  )(
    "%s (the transaction is rolled back: %s; the batches before it are %s) loses nothing that was confirmed, and the next batch is stored",
    (step, rollsBack, earlier) => {
      using folder = temporaryFolder();
      const [live, dead] = [join(folder.path, "live"), join(folder.path, "dead")];
      mkdirSync(live);
      mkdirSync(dead);
      const { writer, state, publish, confirmed } = openFailing(live);
      using _ = writer;
      for (const id of [1, 2, 3]) expect(publish(id)).toBe(true);
      if (earlier === "committed") writer.handle({ op: "settle" });
      Object.assign(state, { failing: step, rollsBack });
      publish(4);
      publish(5);
      publish(...LARGE);
      copyFiles(live, dead);
      const before = [...confirmed];
      state.failing = null;
      expect(publish(6)).toBe(true);
      writer.handle({ op: "settle" });
      expect(
        writer.db
          .prepare("SELECT id FROM message ORDER BY id")
          .all()
          .map(({ id }) => id),
      ).toEqual(confirmed.toSorted((a, b) => a - b));
      writer.handle({ op: "close" });

      const killed = recover(dead);
      for (const id of before) expect(killed.messages).toContain(id);
      expect(killed.integrity).toBe("ok");
      expect(recover(live)).toMatchObject({ messages: confirmed.toSorted((a, b) => a - b), losses: [] });
    },
  );

  it("at the commit keeps confirmed batches in the journal until it works again, even across a clean stop", () => {
    using folder = temporaryFolder();
    const { writer, state, publish } = openFailing(folder.path);
    using _ = writer;
    for (const id of [1, 2, 3]) publish(id);
    Object.assign(state, { failing: "before COMMIT", rollsBack: true });
    expect(publish(...LARGE)).toBe(false);
    expect(publish(4)).toBe(false);
    writer.handle({ op: "close" });
    expect(recover(folder.path)).toMatchObject({ messages: [1, 2, 3], delivered: [1, 2], losses: [] });
  });
});

describe("a commit that reports an error", () => {
  it("although it took effect is not applied again, and the next batch is stored", () => {
    using folder = temporaryFolder();
    const { writer, state, publish, confirmed } = openFailing(folder.path);
    using _ = writer;
    for (const id of [1, 2, 3]) publish(id);
    state.failing = "after COMMIT";
    expect(() => writer.handle({ op: "settle" })).toThrow("full");
    state.failing = null;
    expect(publish(4)).toBe(true);
    writer.handle({ op: "close" });
    expect(recover(folder.path)).toMatchObject({ messages: confirmed, delivered: [1, 2, 3], losses: [] });
  });

  it("and cannot be rolled back either is not taken for one that took effect", () => {
    using folder = temporaryFolder();
    const { writer, state, publish, confirmed } = openFailing(folder.path, ["before ROLLBACK"]);
    using _ = writer;
    for (const id of [1, 2, 3]) publish(id);
    state.failing = "before COMMIT";
    for (const op of ["settle", "backlog", "settle"] as const)
      expect(() => writer.handle({ op })).toThrow(/full|within a transaction/);
    state.failing = null;
    expect(publish(4)).toBe(true);
    writer.handle({ op: "close" });
    expect(recover(folder.path)).toMatchObject({ messages: confirmed, delivered: [1, 2, 3], losses: [] });
  });
});

it("that fails while pending deliveries are inserted keeps their messages in the journal", () => {
  using folder = temporaryFolder();
  const { writer, state, publish, confirmed } = openFailing(folder.path);
  using _ = writer;
  for (const id of [1, 2, 3]) publish(id);
  state.failing = "before INSERT INTO delivery";
  expect(() => writer.handle({ op: "backlog" })).toThrow("full");
  expect(publish(4)).toBe(false);
  expect(() => writer.handle({ op: "settle" })).toThrow("full");
  expect(() => writer.handle({ op: "backlog" })).toThrow("full");
  state.failing = null;
  expect(publish(5)).toBe(true);
  expect(writer.handle({ op: "backlog" })).toMatchObject([{ endpointId: 1, due: 0 }]);
  writer.handle({ op: "close" });
  expect(recover(folder.path)).toMatchObject({ messages: confirmed, delivered: [1, 2], losses: [] });
});

it.each(["backlog", "batch", "settle"] as const)(
  "whose transaction was rolled back by SQLite is found by: %s",
  (found) => {
    using folder = temporaryFolder();
    const { writer, publish, confirmed } = openFailing(folder.path);
    using _ = writer;
    for (const id of [1, 2, 3]) publish(id);
    writer.db.exec("ROLLBACK");
    if (found === "batch") publish(4);
    else writer.handle({ op: found });
    expect(confirmed).toHaveLength(found === "batch" ? 4 : 3);
    expect(writer.handle({ op: "backlog" })).toMatchObject([{ endpointId: 1, due: 0 }]);
    writer.handle({ op: "close" });
    expect(recover(folder.path)).toMatchObject({ messages: confirmed, losses: [] });
  },
);

it("drops a batch that was rejected although it reached the journal, once other rows have changed", () => {
  using folder = temporaryFolder();
  const [live, dead] = [join(folder.path, "live"), join(folder.path, "dead")];
  mkdirSync(live);
  mkdirSync(dead);
  const { writer, state } = openFailing(live, ["before COMMIT"]);
  using _ = writer;
  commitBatch(writer.handle, [acceptEntry(1)]);
  writer.handle({ op: "settle" });
  state.failing = "after sync";
  expect(() => commitBatch(writer.handle, [acceptEntry(2)])).toThrow("full");
  state.failing = null;
  for (const sql of ["BEGIN IMMEDIATE", "DELETE FROM message WHERE id = 1", "COMMIT"])
    writer.handle({ op: "query", sql, parameters: [] });
  copyFiles(live, dead);
  expect(recover(dead)).toMatchObject({ messages: [], losses: [] });
});

describe("a batch with a row that fails", () => {
  it("leaves the batches before it and its other rows stored", () => {
    using folder = temporaryFolder();
    const { writer } = openFailing(folder.path);
    using _ = writer;
    commitBatch(writer.handle, [acceptEntry(1)]);
    const { accepts } = commitBatch(writer.handle, [acceptEntry(2), acceptEntry(1), acceptEntry(3)]);
    expect(accepts!.map((status) => typeof status)).toEqual(["string", "object", "string"]);
    expect(commitBatch(writer.handle, [acceptEntry(4)], [outcome(1)]).isOpen).toBe(true);
    writer.handle({ op: "close" });
    expect(recover(folder.path)).toMatchObject({ messages: [1, 2, 3, 4], delivered: [1] });
  });
});

describe("data in the journal", () => {
  it("is visible to other connections after `settle`, a transaction, and a large batch, and to the writer at once", () => {
    using folder = temporaryFolder();
    const { writer, publish, isVisible } = openFailing(folder.path);
    using _ = writer;
    const run = (sql: string): void => void writer.handle({ op: "query", sql, parameters: [] });
    publish(1);
    expect(isVisible(1)).toBe(false);
    expect(writer.handle({ op: "backlog" })).toMatchObject([{ endpointId: 1 }]);
    writer.handle({ op: "settle" });
    expect(isVisible(1)).toBe(true);
    publish(2);
    run("BEGIN IMMEDIATE");
    run("COMMIT");
    expect(isVisible(2)).toBe(true);
    publish(3);
    publish(...LARGE);
    expect(isVisible(3)).toBe(true);
  });

  it("is not written for a second when readers ask for nearly every batch", () => {
    using folder = temporaryFolder();
    let now = 5000;
    using writer = openJournaledWriter(folder.path, undefined, { now: () => now });
    let id = 0;
    const isOpen = (): boolean => commitBatch(writer.handle, [acceptEntry(++id)]).isOpen;
    const isOpenBeforeRead = (): boolean => {
      const wasOpen = isOpen();
      writer.handle({ op: "settle" });
      return wasOpen;
    };
    for (let reads = 0; reads < 16; reads++) expect(isOpenBeforeRead()).toBe(true);
    expect(isOpen()).toBe(false);
    now += 999;
    expect(isOpen()).toBe(false);
    now += 1;
    // Reads are still as frequent.
    expect(isOpenBeforeRead()).toBe(true);
    expect(isOpen()).toBe(false);
  });

  it("is still written when a background job reads several times", () => {
    using folder = temporaryFolder();
    using writer = openJournaledWriter(folder.path);
    let id = 0;
    const isOpen = (): boolean => commitBatch(writer.handle, [acceptEntry(++id)]).isOpen;
    for (let job = 0; job < 3; job++) {
      for (let reads = 0; reads < 15; reads++) {
        expect(isOpen()).toBe(true);
        writer.handle({ op: "settle" });
      }
      // Between two jobs, nothing is read.
      expect([isOpen(), isOpen(), isOpen(), isOpen()]).toEqual([true, true, true, true]);
      writer.handle({ op: "settle" });
    }
  });

  it("requires 64 MiB of free space, so that confirmed messages can be read on a full disk", () => {
    using folder = temporaryFolder();
    let freeBytes = 64 * 1024 * 1024 - 1;
    using writer = openJournaledWriter(folder.path, undefined, { freeBytes: () => freeBytes });
    const isOpen = (id: number): boolean => commitBatch(writer.handle, [acceptEntry(id)]).isOpen;
    expect(isOpen(1)).toBe(false);
    freeBytes++;
    expect(isOpen(2)).toBe(true);
    freeBytes = 0;
    writer.handle({ op: "settle" });
    expect(isOpen(3)).toBe(false);
  });
});

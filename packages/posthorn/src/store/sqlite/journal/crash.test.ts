import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { crc32 } from "node:zlib";
import { describe, expect, it } from "vitest";
import {
  commitBatch,
  copyFiles,
  journalIn,
  type JournaledWriter,
  openJournaledWriter,
  recover,
} from "../../../../test/support/journaled-writer.ts";
import { acceptEntry, attemptRecord, successOutcome, temporaryFolder } from "../../../../test/support/store.ts";
import { runMigrations } from "../../migrate.ts";
import { openWriter } from "../open-writer.ts";
import type { Handler } from "../reader.ts";
import type { WalLoss } from "../wal-loss.ts";
import { journalNumber } from "./apply.ts";
import { encodeEntry, entriesOf, ROOM_BYTES } from "./format.ts";

const outcome = (id: number) => successOutcome(id, { attempt: attemptRecord(1000 + id) });
const messages = (from: number, count: number) =>
  Array.from({ length: count }, (_, index) => acceptEntry(from + index));

/** Data that was confirmed to a client as stored. */
interface Confirmed {
  messages: number[];
  delivered: number[];
}

/** Every kind of work of the writer, one after the other. Calls back with the data that each confirms. */
function work({ handle }: JournaledWriter, begins: (inFlight: Confirmed) => void, confirmed: () => void): void {
  const batch = (accepts: number[], records: number[] = [], count = 1): void => {
    const entries = accepts.flatMap((id) => messages(id, count));
    begins({ messages: entries.map(({ id }) => id), delivered: records });
    commitBatch(handle, entries, records.map(outcome));
    confirmed();
  };
  const alone = (run: (handle: Handler) => void): void => {
    begins({ messages: [], delivered: [] });
    run(handle);
    confirmed();
  };
  batch([1]);
  batch([2], [1]);
  batch([], [2]);
  alone((on) => on({ op: "settle" }));
  batch([3, 4]);
  batch([5], [3]);
  // A large batch goes to the journal too, if its outcomes are of the transaction.
  batch([100], [4], 20);
  batch(
    [200],
    Array.from({ length: 20 }, (_, index) => 100 + index),
    20,
  );
  // One that is too large is committed with those before it.
  batch([300], [5], 257);
  batch([6], [200, 201, 202]);
  // Inserts the pending deliveries into the open transaction.
  alone((on) => on({ op: "backlog" }));
  batch([], [6, 300]);
  alone((on) => {
    for (const sql of ["BEGIN IMMEDIATE", "COMMIT"]) on({ op: "query", sql, parameters: [] });
  });
  batch([7]);
  alone((on) => on({ op: "free-space", step: { kind: "empty-log" } }));
  batch([8], [7]);
  alone((on) => on({ op: "close" }));
}

describe("a writer that is killed", () => {
  it("has stored, at each step, all confirmed batches, and all or none of the batch in progress", () => {
    using folder = temporaryFolder();
    const live = join(folder.path, "live");
    mkdirSync(live);
    const confirmed: Confirmed = { messages: [], delivered: [] };
    let inFlight: Confirmed = { messages: [], delivered: [] };
    const copies: { step: string; path: string; least: Confirmed; most: Confirmed }[] = [];
    const copy = (step: string): void => {
      // Its transaction is open before and after it.
      if (step.startsWith("before INSERT")) return;
      const path = join(folder.path, String(copies.length));
      mkdirSync(path);
      copyFiles(live, path);
      copies.push({
        step,
        path,
        least: structuredClone(confirmed),
        most: {
          messages: [...confirmed.messages, ...inFlight.messages],
          delivered: [...confirmed.delivered, ...inFlight.delivered],
        },
      });
    };
    using writer = openJournaledWriter(live, copy);
    work(
      writer,
      (next) => (inFlight = next),
      () => {
        confirmed.messages.push(...inFlight.messages);
        confirmed.delivered.push(...inFlight.delivered);
        inFlight = { messages: [], delivered: [] };
        copy("confirmed");
      },
    );

    expect(copies.length).toBeGreaterThan(100);
    for (const { step, path, least, most } of copies) {
      const found = recover(path);
      const sorted = (ids: readonly number[]) => ids.toSorted((a, b) => a - b);
      const isAll = found.messages.length > least.messages.length || found.delivered.length > least.delivered.length;
      const expected = isAll ? most : least;
      expect({ step, ...found }).toEqual({
        step,
        messages: sorted(expected.messages),
        delivered: sorted(expected.delivered),
        attempts: expected.delivered.length,
        integrity: "ok",
        losses: [],
      });
      expect(recover(path), `${step}, the second start`).toEqual(found);
    }
  });
});

/** Files of a writer that was killed with the batches 1 to 5 in its journal. */
function killed(folder: string): Buffer {
  const live = join(folder, "live");
  const dead = join(folder, "dead");
  mkdirSync(live);
  mkdirSync(dead);
  using writer = openJournaledWriter(live);
  for (const id of [1, 2, 3, 4, 5]) expect(commitBatch(writer.handle, [acceptEntry(id)]).isOpen).toBe(true);
  copyFiles(live, dead);
  return readFileSync(journalIn(dead));
}

/** Removes the confirmation of the entry with this payload, as if its writer had been killed before it was on disk. */
function unconfirmed(bytes: Buffer, payload: string): Buffer {
  const at = bytes.lastIndexOf("CFRM", bytes.indexOf(payload), "latin1");
  return bytes.fill(0, at, at + 8);
}

/** The same journal as an earlier version would have written it, whose files had half the room. Version 1 had no confirmations. */
function inEarlierFormat(bytes: Buffer, number: number, version: 1 | 2): Buffer {
  const { bodies, statements } = entriesOf(bytes, number);
  const json = Buffer.from(JSON.stringify({ statements }));
  const header = Buffer.alloc(bytes.indexOf("CFRM", 0, "latin1"));
  const at = header.write(`POSTHORN JOURNAL ${version}\n`, "latin1");
  header.writeUInt32LE(json.length, at);
  header.writeUInt32LE(crc32(json), at + 4);
  json.copy(header, at + 8);
  const entries = bodies.map((body, index) => encodeEntry({ number, index, body }).subarray(version === 1 ? 8 : 0));
  return Buffer.concat([header, ...entries], header.length + ROOM_BYTES / 2);
}

/** Number of the open transaction of the database in a folder. */
function numberIn(folder: string): number {
  using db = new DatabaseSync(join(folder, "posthorn.db"), { readOnly: true });
  return journalNumber(db)! + 1;
}

describe("a journal", () => {
  it("whose last entry was written in part loses only that entry, which was not confirmed", () => {
    using folder = temporaryFolder();
    const bytes = unconfirmed(killed(folder.path), '{"id":5}');
    const dead = join(folder.path, "dead");
    const last = bytes.indexOf('{"id":5}');
    bytes.fill(0, last);
    writeFileSync(journalIn(dead), bytes);
    expect(recover(dead)).toMatchObject({ messages: [1, 2, 3, 4], losses: [] });
  });

  it.each([1, 2] as const)("of an earlier version is applied: format %s", (version) => {
    using folder = temporaryFolder();
    const bytes = killed(folder.path);
    const dead = join(folder.path, "dead");
    writeFileSync(journalIn(dead), inEarlierFormat(bytes, numberIn(dead), version));
    expect(recover(dead)).toMatchObject({ messages: [1, 2, 3, 4, 5], losses: [] });
  });

  it("that is missing is reported once", () => {
    using folder = temporaryFolder();
    killed(folder.path);
    const dead = join(folder.path, "dead");
    const path = journalIn(dead);
    rmSync(path);
    const losses = [{ kind: "journal-missing", path, frames: 0, expectedFrames: null }];
    expect(recover(dead)).toMatchObject({ messages: [], losses, integrity: "ok" });
    expect(recover(dead)).toMatchObject({ messages: [], losses: [] });
  });

  it("is not reported as missing after a clean stop, which deletes it, even if another server had been killed before", () => {
    using folder = temporaryFolder();
    killed(folder.path);
    const dead = join(folder.path, "dead");
    expect(recover(dead)).toMatchObject({ messages: [1, 2, 3, 4, 5], losses: [] });
    expect(existsSync(journalIn(dead))).toBe(false);
    expect(recover(dead)).toMatchObject({ messages: [1, 2, 3, 4, 5], losses: [] });
  });

  it("that is shorter than when it was created is applied, and reported", () => {
    using folder = temporaryFolder();
    const bytes = killed(folder.path);
    const dead = join(folder.path, "dead");
    writeFileSync(journalIn(dead), bytes.subarray(0, -4096));
    expect(recover(dead)).toMatchObject({ messages: [1, 2, 3, 4, 5], losses: [{ kind: "journal", frames: 5 }] });
  });

  it.each([
    ["in an entry", '{"id":3}', [1, 2]],
    ["in the last confirmed entry", '{"id":5}', [1, 2, 3, 4]],
    ["in the header", "INSERT INTO message", []],
  ])("with a flipped bit %s is applied up to that point, and the loss is reported", (_, place, kept) => {
    using folder = temporaryFolder();
    const bytes = killed(folder.path);
    const dead = join(folder.path, "dead");
    bytes[bytes.indexOf(place) + 2]! ^= 4;
    writeFileSync(journalIn(dead), bytes);
    const path = journalIn(dead);
    expect(recover(dead)).toMatchObject({
      messages: kept,
      losses: [{ kind: "journal", path, frames: kept.length, expectedFrames: null }],
      integrity: "ok",
    });
  });

  it.each([
    ["was cut off", (bytes: Buffer) => bytes.subarray(0, 10)],
    ["is empty", () => Buffer.alloc(0)],
    ["was overwritten", ({ length }: Buffer) => Buffer.alloc(length, 7)],
  ])("that %s is not applied, and the loss is reported", (_, damaged) => {
    using folder = temporaryFolder();
    const bytes = killed(folder.path);
    const dead = join(folder.path, "dead");
    const path = journalIn(dead);
    writeFileSync(path, damaged(bytes));
    expect(recover(dead)).toMatchObject({
      messages: [],
      losses: [{ kind: "journal", path, frames: 0, expectedFrames: null }],
      integrity: "ok",
    });
  });

  it.each([
    ["whose header is damaged", (bytes: Buffer) => bytes.fill(7, 0, 100), 0],
    ["that is empty", () => Buffer.alloc(0), 0],
    [
      "whose first entry is damaged",
      (bytes: Buffer) => bytes.fill(7, bytes.indexOf('{"id":1}'), bytes.indexOf('{"id":1}') + 8),
      0,
    ],
    ["that is too short", (bytes: Buffer) => bytes.subarray(0, -4096), 5],
  ])("%s is reported once, even if the server is killed before it stores anything", async (_, damaged, kept) => {
    using folder = temporaryFolder();
    const bytes = killed(folder.path);
    const dead = join(folder.path, "dead");
    writeFileSync(journalIn(dead), damaged(bytes));
    const losses: WalLoss[] = [];
    const path = join(dead, "posthorn.db");
    const handle = openWriter({ path, role: "writer", maxPages: null }, (loss) => losses.push(loss));
    const again = join(folder.path, "again");
    mkdirSync(again);
    copyFiles(dead, again);
    handle({ op: "close" });
    expect(losses).toMatchObject([{ kind: "journal", frames: kept }]);
    await expect(runMigrations({ kind: "sqlite", path: join(again, "posthorn.db") }, 0)).resolves.toEqual([]);
    expect(recover(again)).toMatchObject({ losses: [], integrity: "ok" });
    expect(recover(again).messages).toHaveLength(kept);
  });

  it("of another database, or of another state of this one, is not applied", () => {
    using folder = temporaryFolder();
    killed(folder.path);
    const other = join(folder.path, "other");
    mkdirSync(other);
    using writer = openJournaledWriter(other);
    commitBatch(writer.handle, [acceptEntry(9)]);
    writer.handle({ op: "close" });
    writeFileSync(journalIn(other), readFileSync(journalIn(join(folder.path, "dead"))));
    expect(recover(other)).toMatchObject({ messages: [9], losses: [] });
  });
});

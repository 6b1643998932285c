import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { acceptEntry, successOutcome, temporaryFolder } from "../../../test/support/store.ts";
import type { AcceptEntry } from "../store.ts";
import { SqliteStore } from "./sqlite-store.ts";

function redactedEntry(id: number): AcceptEntry {
  const exact = { body: Buffer.from("exact"), spans: [0, 5], sealed: Buffer.from("sealed"), keepMs: 0 };
  return acceptEntry(id, { payload: Buffer.from('"[redacted]"'), exact });
}

describe("the trigger that destroys exact bodies", () => {
  let folder: ReturnType<typeof temporaryFolder>;
  beforeEach(() => {
    folder = temporaryFolder();
  });
  afterEach(() => folder[Symbol.dispose]());

  const open = () => SqliteStore.open({ path: join(folder.path, "posthorn.db") });
  const exists = (): boolean => {
    const db = new DatabaseSync(join(folder.path, "posthorn.db"), { readOnly: true });
    const found = db.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'delivery_ended'").get();
    db.close();
    return found !== undefined;
  };
  const bodies = (store: SqliteStore) => store.db.selectFrom("exact_body").select("message_id").execute();

  it("exists from the first exact body until a start without any", async () => {
    {
      await using store = await open();
      await store.accept(acceptEntry(1));
      expect(exists()).toBe(false);
      await store.accept(redactedEntry(2));
      expect(exists()).toBe(true);
    }
    {
      await using store = await open();
      expect(exists()).toBe(true);
      await store.record(successOutcome(2, { attempt: null }));
      expect(await bodies(store)).toEqual([]);
    }
    await using store = await open();
    expect(exists()).toBe(false);
    expect(await bodies(store)).toEqual([]);
  });

  it("is created again after the transaction that created it was rolled back", async () => {
    await using store = await open();
    await store.accept(acceptEntry(1));
    // The key of an existing message: the batch is rolled back, and its rows are stored one by one.
    const results = await store.acceptAll([redactedEntry(2), acceptEntry(1)]);
    expect(results.map(({ status }) => status)).toEqual(["fulfilled", "rejected"]);
    await store.record(successOutcome(2, { attempt: null }));
    expect(await bodies(store)).toEqual([]);
  });

  it("is created in a transaction that small batches have left open", async () => {
    await using store = await open();
    await store.accept(acceptEntry(1));
    await store.accept(acceptEntry(2));
    await store.accept(redactedEntry(3));
    await store.record(successOutcome(3, { attempt: null }));
    expect(await bodies(store)).toEqual([]);
  });
});

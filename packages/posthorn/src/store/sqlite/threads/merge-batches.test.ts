import { describe, expect, it } from "vitest";
import type { Batch, BatchResult } from "../protocol.ts";
import { NONE } from "./fences.ts";
import { commitMerged, type SharedBatch } from "./merge-batches.ts";

/** A batch whose cells are the names of its rows. */
function batch(
  accepts: readonly string[],
  records: readonly string[],
  leases: readonly number[] | null = null,
): SharedBatch {
  const payloads = Buffer.from(accepts.join(""));
  return { accepts, records, payloads, leases, counts: { accepts: accepts.length, records: records.length } };
}

const DONE: BatchResult = { accepts: null, records: null, announced: false, isOpen: true };

describe("batches of several threads", () => {
  it("are merged into one batch for the database, with rows, payloads and leases in order", () => {
    const seen: Batch[] = [];
    const batches = [batch(["a"], ["r", "s"]), batch(["b", "c"], ["t"], [5, 6])];
    const results = commitMerged(batches, (one) => {
      seen.push(one);
      return DONE;
    });
    expect(seen).toMatchObject([
      { accepts: ["a", "b", "c"], records: ["r", "s", "t"], leases: [NONE, NONE, NONE, NONE, 5, 6] },
    ]);
    expect(Buffer.from(seen[0]!.payloads).toString()).toBe("abc");
    expect(results).toEqual([DONE, DONE]);
  });

  it("each get the results of their own rows", () => {
    const failure = { message: "no", sqliteCode: null };
    const results = commitMerged([batch(["a"], ["r"]), batch([], ["s", "t"]), batch(["b"], [])], () => ({
      ...DONE,
      accepts: ["stored", 7],
      records: [null, failure, null],
    }));
    expect(results).toMatchObject([
      { accepts: ["stored"], records: [null] },
      { accepts: [], records: [failure, null] },
      { accepts: [7], records: [] },
    ]);
  });

  it("are not changed if there is only one", () => {
    const only = batch(["a"], []);
    const seen: Batch[] = [];
    commitMerged([only], (one) => {
      seen.push(one);
      return DONE;
    });
    expect(seen[0]).toBe(only);
  });
});

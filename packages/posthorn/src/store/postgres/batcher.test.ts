import pg from "pg";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Batcher, type Series } from "./batcher.ts";

/** A batcher whose commits the test completes, in any order. */
function openLine() {
  const commits: { readonly entries: readonly number[]; readonly ended: PromiseWithResolvers<void> }[] = [];
  const begun: (() => void)[] = [];
  const line = new Batcher<number, number>({
    commit: async (entries) => {
      const ended = Promise.withResolvers<void>();
      commits.push({ entries, ended });
      begun.splice(0).forEach((tell) => tell());
      await ended.promise;
      return entries;
    },
    namesOf: () => [],
    // Four entries fill a commit.
    bytesOf: () => 2 * 1024 * 1024,
    whenUnavailable: "refuse",
  });
  /** Waits until the commit with this index has started. */
  const commit = async (index: number) => {
    while (commits[index] === undefined) await new Promise<void>((resolve) => begun.push(resolve));
    return commits[index];
  };
  return { line, commits, commit };
}

function lockTimeout(): pg.DatabaseError {
  const error = new pg.DatabaseError("canceling statement due to lock timeout", 0, "error");
  error.code = "55P03";
  return error;
}

describe("entries in a series", () => {
  it("are never in two commits at a time, while other entries are not delayed", async () => {
    const { line, commits, commit } = openLine();
    const series: Series = { failure: null };
    const pushed = [1, 2, 3, 4, 5, 6].map((entry) => line.push(entry, series));
    const other = line.push(100);
    expect((await commit(0)).entries).toEqual([1, 2, 3, 4]);
    expect((await commit(1)).entries).toEqual([100]);
    commits[1]!.ended.resolve();
    await other;
    expect(commits).toHaveLength(2);
    commits[0]!.ended.resolve();
    expect((await commit(2)).entries).toEqual([5, 6]);
    commits[2]!.ended.resolve();
    expect(await Promise.all(pushed)).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it("are rejected after one that failed because of the database, in the same commit and in later ones", async () => {
    const { line, commit } = openLine();
    const series: Series = { failure: null };
    const pushed = Promise.allSettled([1, 2, 3, 4, 5, 6].map((entry) => line.push(entry, series)));
    (await commit(0)).ended.reject(lockTimeout());
    // After the failed commit each entry is committed alone: the first is stored, the second is not.
    (await commit(1)).ended.resolve();
    (await commit(2)).ended.reject(lockTimeout());
    const statuses = (await pushed).map(({ status }) => status);
    expect(statuses).toEqual(["fulfilled", "rejected", "rejected", "rejected", "rejected", "rejected"]);
  });

  it("are stored after one that was rejected for its own content", async () => {
    const { line, commit } = openLine();
    const series: Series = { failure: null };
    const pushed = Promise.allSettled([1, 2].map((entry) => line.push(entry, series)));
    const broken = new pg.DatabaseError("null value", 0, "error");
    broken.code = "23502";
    (await commit(0)).ended.reject(broken);
    (await commit(1)).ended.reject(broken);
    (await commit(2)).ended.resolve();
    expect((await pushed).map(({ status }) => status)).toEqual(["rejected", "fulfilled"]);
  });
});

describe("entries that wait for others", () => {
  /** A batcher of entries that may wait, with the commits that it made itself. */
  function openWaiting(whenUnavailable: "refuse" | "keep" = "keep") {
    const commits: (readonly number[])[] = [];
    const batcher = new Batcher<number, number>({
      commit: async (entries) => {
        commits.push(entries);
        return entries;
      },
      namesOf: () => [],
      bytesOf: () => 1,
      mayWait: () => true,
      whenUnavailable,
    });
    return { batcher, commits };
  }
  const any = (): boolean => true;

  beforeEach(() => void vi.useFakeTimers({ toFake: ["performance", "setTimeout", "clearTimeout"] }));
  afterEach(() => void vi.useRealTimers());

  it("are committed by another batcher that takes them, and not by their own", async () => {
    const { batcher, commits } = openWaiting();
    const pushed = [batcher.push(1), batcher.push(2)];
    vi.advanceTimersByTime(10);
    const taken = batcher.takeWaiting(10, any);
    expect(taken!.entries).toEqual([1, 2]);
    expect(batcher.takeWaiting(10, any)).toBeNull();
    taken!.committed([10, 20]);
    expect(await Promise.all(pushed)).toEqual([10, 20]);
    vi.advanceTimersByTime(100);
    await batcher.close();
    expect(commits).toEqual([]);
  });

  it("are not taken if a later commit can still take them, nor if one of them cannot be included", async () => {
    const { batcher, commits } = openWaiting();
    const pushed = [batcher.push(1), batcher.push(2)];
    expect(batcher.takeWaiting(10, any)).toBeNull();
    vi.advanceTimersByTime(10);
    expect(batcher.takeWaiting(4, any)).toBeNull();
    expect(batcher.takeWaiting(10, (entries) => !entries.includes(2))).toBeNull();
    vi.advanceTimersByTime(10);
    await Promise.all(pushed);
    expect(commits).toEqual([[1, 2]]);
  });

  it("get a commit of their own if the other one failed", async () => {
    const { batcher, commits } = openWaiting();
    const pushed = batcher.push(1);
    vi.advanceTimersByTime(10);
    batcher.takeWaiting(10, any)!.failed(lockTimeout());
    expect(await pushed).toBe(1);
    expect(commits).toEqual([[1]]);
  });

  it("are kept until the database is available again if the other commit lost its connection", async () => {
    const { batcher, commits } = openWaiting();
    const pushed = batcher.push(1);
    vi.advanceTimersByTime(10);
    batcher.takeWaiting(10, any)!.failed(new Error("Connection terminated"));
    await new Promise(setImmediate);
    expect(commits).toEqual([]);
    expect(batcher.takeWaiting(10, any)).toBeNull();
    batcher.resume();
    expect(await pushed).toBe(1);
    expect(commits).toEqual([[1]]);
  });
});

import { describe, expect, it } from "vitest";
import { LinkedSiblings } from "../../test/support/linked-siblings.ts";
import { openPostgresStore, openSqliteStore } from "../../test/support/store.ts";
import type { PassingTime } from "../lib/clock.ts";
import type { Store } from "./store.ts";
import { type LongTransaction, TransactionWatch } from "./transaction-watch.ts";

/** Time that passes only when the test advances it. */
class TestTime implements PassingTime {
  #now = 0;
  readonly #timers = new Map<() => void, number>();

  monotonic(): number {
    return this.#now;
  }

  setTimer(ms: number, callback: () => void): () => void {
    this.#timers.set(callback, this.#now + ms);
    return () => void this.#timers.delete(callback);
  }

  get timers(): number {
    return this.#timers.size;
  }

  pass(ms: number): void {
    this.#now += ms;
    for (const [callback, due] of this.#timers) {
      if (due > this.#now) continue;
      this.#timers.delete(callback);
      callback();
    }
  }

  /** Blocks the main thread for `ms`: no timer fires meanwhile. */
  block(ms: number): void {
    this.#now += ms;
  }
}

function reportsOf(store: Store): readonly LongTransaction[] {
  const reports: LongTransaction[] = [];
  store.onLongTransaction((report) => reports.push(report));
  return reports;
}

describe.each([
  ["SQLite", openSqliteStore],
  ["PostgreSQL", openPostgresStore],
])("a write transaction on %s", (_title, open) => {
  it("is reported with its operation while it is still open after 500 ms, and again when it has ended", async () => {
    const time = new TestTime();
    await using opened = await open({ time });
    const reports = reportsOf(opened.store);
    await opened.store.transaction(async () => {
      time.pass(499);
      expect(reports).toEqual([]);
      time.pass(1);
      expect(reports).toEqual([{ operation: "v1.test", openMs: 500, ended: false, first: true }]);
      time.pass(2500);
    }, "v1.test");
    expect(reports.slice(1)).toEqual([{ operation: "v1.test", openMs: 3000, ended: true, first: false }]);
  });

  it("is reported once if it has blocked the main thread for that long", async () => {
    const time = new TestTime();
    await using opened = await open({ time });
    const reports = reportsOf(opened.store);
    await opened.store.transaction(async () => time.block(800), "v1.test");
    expect(reports).toEqual([{ operation: "v1.test", openMs: 800, ended: true, first: true }]);
  });

  it("is reported when it fails, and leaves no timer behind", async () => {
    const time = new TestTime();
    await using opened = await open({ time });
    const reports = reportsOf(opened.store);
    const failing = opened.store.transaction(async () => {
      time.pass(600);
      throw new Error("refused");
    });
    await expect(failing).rejects.toThrow("refused");
    expect(reports.map(({ ended }) => ended)).toEqual([false, true]);
    expect(time.timers).toBe(0);
  });

  it("that is short is not reported, even if it waited long to start", async () => {
    const time = new TestTime();
    await using opened = await open({ time });
    const reports = reportsOf(opened.store);
    const gate = Promise.withResolvers<void>();
    const first = opened.store.transaction(() => gate.promise, "first");
    const second = opened.store.transaction(async () => undefined, "second");
    time.pass(10_000);
    gate.resolve();
    await Promise.all([first, second]);
    expect(new Set(reports.map(({ operation }) => operation))).not.toContain("second");
    expect(time.timers).toBe(0);
  });
});

it("the transaction of another thread is reported when it was rolled back because this one waited", () => {
  const reports: LongTransaction[] = [];
  const watch = new TransactionWatch(new TestTime());
  watch.onLong((report) => reports.push(report));
  watch.rolledBack(15_000.4);
  expect(reports).toEqual([{ operation: "another thread (rolled back)", openMs: 15_000, ended: true, first: true }]);
});

it("a write transaction is not reported for the time in which other threads apply its signals", async () => {
  const asked = Promise.withResolvers<void>();
  const told = Promise.withResolvers<void>();
  const siblings = new LinkedSiblings();
  siblings.tell = () => {
    asked.resolve();
    return told.promise;
  };
  const time = new TestTime();
  await using opened = await openSqliteStore({ time, siblings });
  const reports = reportsOf(opened.store);
  const done = opened.store.transaction(({ signal }) => Promise.resolve(signal({ kind: "tokens" })), "v1.test");
  await asked.promise;
  time.pass(2000);
  told.resolve();
  await done;
  expect(reports).toEqual([]);
});

import { describe, expect, it } from "vitest";
import { timeOfId } from "../lib/id.ts";
import { type ListPage, PAGE_SIZE, searchOf } from "./list.ts";

const NOW = Date.UTC(2026, 10, 25, 12, 0, 0, 8);
/** As the server made it then. */
const id = "msg_3Mb8eHMyuQpSkZrlmWSzfZ8mPSn";
const page = (rows: number, done = false): ListPage<number> => ({
  data: Array<number>(rows).fill(0),
  iterator: id,
  done,
});

describe("timeOfId", () => {
  it("is when the server made it, and nothing for what is no id", () => {
    expect(timeOfId(id)).toBe(NOW);
    expect(timeOfId("invoice.paid")).toBeNull();
  });
});

describe("a list of rare things", () => {
  it("says how far it was looked through while pages are short, and not when one was full or the last", () => {
    expect(searchOf([])).toBeNull();
    expect(searchOf([page(PAGE_SIZE)])).toBeNull();
    expect(searchOf([page(0), page(PAGE_SIZE)])).toBeNull();
    expect(searchOf([page(0), page(3, true)])).toBeNull();
    expect(searchOf([page(PAGE_SIZE), page(2)])).toEqual({ backTo: NOW, isPaused: false });
  });

  it("goes on by itself for ten pages, and again for ten each time the reader wants it", () => {
    const paused = Array.from({ length: 21 }, (_, short) =>
      searchOf([page(PAGE_SIZE), ...Array.from({ length: short }, () => page(1))]),
    ).flatMap((search, short) => (search?.isPaused === true ? [short] : []));
    expect(paused).toEqual([10, 20]);
  });
});

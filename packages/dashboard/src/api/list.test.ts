import { describe, expect, it } from "vitest";
import { timeOfId } from "../lib/id.ts";
import { type ListPage, PAGE_SIZE, searchOf } from "./list.ts";

const NOW = Date.UTC(2026, 10, 25, 12, 0, 0, 8);
/** An ID that the server created at that time. */
const id = "msg_3Mb8eHMyuQpSkZrlmWSzfZ8mPSn";
const page = (rows: number, done = false): ListPage<number> => ({
  data: Array<number>(rows).fill(0),
  iterator: id,
  done,
});

describe("timeOfId", () => {
  it("is the creation time of an ID, and null for other text", () => {
    expect(timeOfId(id)).toBe(NOW);
    expect(timeOfId("invoice.paid")).toBeNull();
  });
});

describe("a filtered list", () => {
  it("reports how far it has searched while its pages are short, and not after a full or last page", () => {
    expect(searchOf([])).toBeNull();
    expect(searchOf([page(PAGE_SIZE)])).toBeNull();
    expect(searchOf([page(0), page(PAGE_SIZE)])).toBeNull();
    expect(searchOf([page(0), page(3, true)])).toBeNull();
    expect(searchOf([page(PAGE_SIZE), page(2)])).toEqual({ backTo: NOW, isPaused: false });
  });

  it("loads ten short pages by itself, and ten more each time the reader asks", () => {
    const paused = Array.from({ length: 21 }, (_, short) =>
      searchOf([page(PAGE_SIZE), ...Array.from({ length: short }, () => page(1))]),
    ).flatMap((search, short) => (search?.isPaused === true ? [short] : []));
    expect(paused).toEqual([10, 20]);
  });
});

import { describe, expect, it } from "vitest";
import { type Page, readPage, type Slice } from "./paging.ts";

const ROWS = [1, 2, 3, 4, 5, 6, 7];

/** Reads a page of the list 7 … 1, newest first; the weight of a row is its number. */
function page(limit: number, iterator: string | null, max?: number): Promise<Page<number>> {
  const fetch = async ({ from, order, limit: count }: Slice<number>): Promise<number[]> => {
    const sorted = order === "asc" ? ROWS : ROWS.toReversed();
    return sorted.filter((row) => from === null || (order === "asc" ? row > from : row < from)).slice(0, count);
  };
  const list = { order: "desc", keyOf: (text: string) => (/^\d+$/.test(text) ? Number(text) : null) } as const;
  return readPage({ limit, iterator }, list, fetch, max === undefined ? undefined : { weigh: (row) => row, max });
}

describe("readPage", () => {
  it("walks forwards to the end and back to the beginning over the same rows", async () => {
    expect(await page(3, null)).toEqual({ rows: [7, 6, 5], done: false });
    expect(await page(3, "5")).toEqual({ rows: [4, 3, 2], done: false });
    expect(await page(3, "2")).toEqual({ rows: [1], done: true });
    expect(await page(3, "-1")).toEqual({ rows: [4, 3, 2], done: false });
    expect(await page(3, "-4")).toEqual({ rows: [7, 6, 5], done: true });
  });

  it("ends a page early when it becomes too large, and the next one continues without a gap, in both directions", async () => {
    expect(await page(7, null, 15)).toEqual({ rows: [7, 6], done: false });
    expect(await page(7, "6", 15)).toEqual({ rows: [5, 4, 3, 2, 1], done: true });
    expect(await page(7, "-1", 10)).toEqual({ rows: [4, 3, 2], done: false });
  });

  it("returns a row that is too large on a separate page", async () => {
    expect(await page(7, null, 1)).toEqual({ rows: [7], done: false });
  });
});

import { describe, expect, it } from "vitest";
import { runBulk } from "./bulk.ts";

describe("a bulk action", () => {
  it("runs once for each item, a few at a time, and reports failed items in their order", async () => {
    let now = 0;
    let most = 0;
    const seen: number[] = [];
    const progress: number[] = [];
    const items = Array.from({ length: 10 }, (_, index) => index + 1);
    const action = async (item: number): Promise<void> => {
      most = Math.max(most, ++now);
      await Promise.resolve();
      seen.push(item);
      now--;
      if (item % 4 === 0) throw new Error(`no ${item}`);
    };
    const failures = await runBulk(items, action, (done) => progress.push(done));
    expect(failures.map(([item, { message }]) => [item, message])).toEqual([
      [4, "no 4"],
      [8, "no 8"],
    ]);
    expect(seen.toSorted((a, b) => a - b)).toEqual(items);
    expect(progress).toEqual(items);
    expect(most).toBe(4);
  });
});

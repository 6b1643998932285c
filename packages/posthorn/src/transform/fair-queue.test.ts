import { describe, expect, it } from "vitest";
import { FairQueue } from "./fair-queue.ts";

const item = (tenant: number, endpoint: number, n = 0) => ({ tenant, endpoint, n });

function drained<T extends { tenant: number; endpoint: number }>(queue: FairQueue<T>): T[] {
  const items: T[] = [];
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) items.push(next);
  return items;
}

describe("a fair queue", () => {
  it("serves tenants round robin, the endpoints of each round robin, and each endpoint in order", () => {
    const queue = new FairQueue<ReturnType<typeof item>>();
    for (const n of [1, 2, 3]) queue.push(item(1, 1, n));
    queue.push(item(1, 2));
    queue.push(item(2, 3));
    expect(queue.size).toBe(5);
    expect(drained(queue)).toEqual([item(1, 1, 1), item(2, 3), item(1, 2), item(1, 1, 2), item(1, 1, 3)]);
    expect(queue.size).toBe(0);
  });

  it("skips tenants that may not run now", () => {
    const queue = new FairQueue<ReturnType<typeof item>>();
    queue.push(item(1, 1));
    queue.push(item(2, 2));
    expect(queue.shift(({ tenant }) => tenant !== 1)).toEqual(item(2, 2));
    expect(queue.shift(() => false)).toBeUndefined();
    expect(queue.shift()).toEqual(item(1, 1));
  });

  it("keeps no data of a removed item", () => {
    const queue = new FairQueue<ReturnType<typeof item>>();
    const [first, second] = [item(1, 1, 1), item(1, 1, 2)];
    queue.push(first);
    queue.push(second);
    expect(queue.remove(first)).toBe(true);
    expect(queue.remove(first)).toBe(false);
    expect(queue.shift()).toBe(second);
    expect(queue.remove(second)).toBe(false);
    expect(queue.size).toBe(0);
  });
});

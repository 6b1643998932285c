import { describe, expect, it } from "vitest";
import { boundedCache } from "./bounded-cache.ts";

describe("a bounded cache", () => {
  it("evicts the least recently used entries beyond its maximum", () => {
    const cache = boundedCache<number, string>(3);
    for (const key of [1, 2, 3]) cache.set(key, "value");
    cache.get(1);
    cache.set(4, "value");
    expect([...cache.keys()].toSorted((one, other) => one - other)).toEqual([1, 3, 4]);
  });

  it("counts an entry by its weight", () => {
    const cache = boundedCache<number, string>(4, { weight: (value) => value.length });
    cache.set(1, "two").set(2, "a");
    cache.set(3, "b");
    expect([...cache.keys()].toSorted((one, other) => one - other)).toEqual([2, 3]);
  });

  it("stays within its maximum over many insertions and deletions", () => {
    const cache = boundedCache<number, number>(100);
    for (let key = 0; key < 10_000; key++) {
      cache.set(key, key);
      if (key % 3 === 0) cache.delete(key - 50);
    }
    expect(cache.size).toBeLessThanOrEqual(100);
    expect(cache.get(9999)).toBe(9999);
  });
});
